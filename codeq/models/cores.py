"""The cores that a model on a CPU shares with the sandbox."""

import os
from collections.abc import Callable

import torch


def leave_cores(model: torch.nn.Module, busy: Callable[[], int]) -> None:
    """Let every forward pass use the cores that `busy` other processes leave: at least one, at most torch's threads.

    The threads of an operation wait for each other: one that shares its core with another process holds up all.
    """
    threads, cores = torch.get_num_threads(), len(os.sched_getaffinity(0))
    model.register_forward_pre_hook(lambda *_: torch.set_num_threads(min(threads, max(1, cores - busy()))))
