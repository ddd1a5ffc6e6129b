"""When training stops: at the first value that is not finite, below chance, or when it no longer improves.

Each error names the step, the pairs of its batch and what to try. Nothing is saved as finished then, and the last
checkpoint before it stays.
"""

import logging
import math
from typing import Any, NoReturn

import torch
import transformers

from codeq.errors import TrainingError
from codeq.training import checkpoints

logger = logging.getLogger("codeq.training")

BEST = "eval_rewards/accuracies"  # the metric that chooses the checkpoint
LOWER = "Try a lower dpo.learning_rate, a higher dpo.warmup_ratio or dpo.dtype float32"


class Stops(transformers.TrainerCallback):  # type: ignore[misc]
    """Logs training and ends it; `patience` is in evaluations without a better reward accuracy, None for ever."""

    def __init__(self, patience: int | None = None) -> None:
        self.patience = patience
        self.batch: list[str] = []  # ids of the pairs of this optimiser step, of this process

    def on_step_begin(self, *_: Any, **__: Any) -> None:
        self.batch = []

    def see(self, args: Any, state: Any, pairs: list[str], losses: torch.Tensor) -> None:
        """Called by the trainer with the loss (nats) of each pair, shape (pairs,)."""
        self.batch += pairs
        finite = losses.isfinite().tolist()
        if not all(finite):
            self.batch = [pair for pair, good in zip(pairs, finite, strict=True) if not good]
            self.stop(args, state.global_step + 1, f"loss is {losses[~losses.isfinite()][0].item()}", LOWER)

    def on_pre_optimizer_step(self, args: Any, state: Any, control: Any, model: Any, **_: Any) -> None:
        if not _finite([weight.grad for weight in model.parameters() if weight.grad is not None]):
            self.stop(args, state.global_step + 1, "the gradient is NaN or infinite", LOWER)

    def on_step_end(self, args: Any, state: Any, control: Any, model: Any, **_: Any) -> None:
        if not _finite([weight.detach() for weight in model.parameters() if weight.requires_grad]):
            self.stop(args, state.global_step, "a parameter of the adapter is NaN or infinite", LOWER)

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, float], **_: Any) -> None:
        if state.is_world_process_zero:
            values = ", ".join(f"{name} {value:.4g}" for name, value in logs.items())
            logger.info("step %d/%d: %s", state.global_step, state.max_steps, values)
        if state.global_step == 1 and abs(logs.get("loss", math.log(2)) - math.log(2)) > 0.05:
            self.stop(
                args, 1, f"the first loss is {logs['loss']:.4f}, not ln 2: the reference is not this policy",
                "Delete reference.parquet and run its rule again, on the kind of machine that trains",
            )  # fmt: skip

    def on_epoch_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        epoch = round(state.epoch)
        if abs(state.epoch - epoch) > 1e-6:
            return  # stopped on the way
        rows = [row for row in state.log_history if "rewards/accuracies" in row]
        rows = [row for row in rows if epoch - 1 + 1e-6 < row["epoch"] < epoch + 1e-6]
        pairs = sum(row["pairs"] for row in rows)
        accuracy = sum(row["rewards/accuracies"] * row["pairs"] for row in rows) / pairs
        # An untrained adapter has 0.5 on average: under chance is what one in a hundred of those would show.
        bound = 0.5 - 2.326 * math.sqrt(0.25 / pairs)
        if accuracy < bound:
            self.stop(
                args, state.global_step, f"reward accuracy over epoch {epoch} is {accuracy:.3f}, under chance "
                f"(below {bound:.3f} of {pairs:.0f} pairs)",
                "Check that chosen and rejected are not swapped or contradictory; try a lower dpo.learning_rate",
            )  # fmt: skip

    def on_evaluate(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if exhausted(state, self.patience):
            logger.info("step %d: no better %s in %s evaluations", state.global_step, BEST, self.patience)
            control.should_training_stop = True

    def stop(self, args: Any, step: int, what: str, remedy: str) -> NoReturn:
        last = checkpoints.last(args.output_dir)
        raise TrainingError(
            f"step {step}: {what}; pairs of the batch: {', '.join(self.batch) or 'none'}. {remedy}. Nothing was saved "
            f"as finished; the last good checkpoint is {last or 'the policy itself'}"
        )


def exhausted(state: Any, patience: int | None) -> bool:
    """Whether the last `patience` evaluations were no better than the best before them."""
    values = [row[BEST] for row in state.log_history if BEST in row]
    if patience is None or not values:
        return False
    return len(values) - 1 - values.index(max(values)) >= patience


def _finite(tensors: list[torch.Tensor]) -> bool:
    return bool(torch.stack(torch._foreach_norm(tensors, math.inf)).isfinite().all())
