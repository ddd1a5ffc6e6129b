"""Checkpoints of a training under way, in a directory of their own until it has finished.

The directory is named by a fingerprint of everything that determines the training, so that only the same training
goes on from them.
"""

import shutil
from pathlib import Path

from transformers import TrainerState
from transformers.trainer import TRAINER_STATE_NAME


def last(directory: str | Path) -> Path | None:
    """The complete checkpoint of most steps, None if there is none."""
    complete = [path for path in _all(directory) if _state(path)]
    return max(complete, key=_step, default=None)


def clean(directory: Path) -> None:
    """Remove checkpoints that a killed process has left incomplete. One process at a time may do so."""
    for path in _all(directory):
        if _state(path) is None:
            shutil.rmtree(path)


def state(directory: Path) -> TrainerState | None:
    """The trainer's state, log and best checkpoint included, at the last checkpoint; None if there is none."""
    checkpoint = last(directory)
    return _state(checkpoint) if checkpoint else None


def _all(directory: str | Path) -> list[Path]:
    return list(Path(directory).glob("checkpoint-*"))


def _step(checkpoint: Path) -> int:
    return int(checkpoint.name.removeprefix("checkpoint-"))


def _state(checkpoint: Path) -> TrainerState | None:
    """The state is written last: a checkpoint without one, or with half of one, is incomplete."""
    try:
        return TrainerState.load_from_json(str(checkpoint / TRAINER_STATE_NAME))
    except (OSError, ValueError, TypeError):
        return None
