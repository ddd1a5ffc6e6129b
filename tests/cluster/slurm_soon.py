"""Snakemake that asks after its Slurm jobs every three seconds; the executor waits ten more each time none ended."""

import runpy

from snakemake_executor_plugin_slurm import Executor

Executor.next_seconds_between_status_checks = property(lambda self: 3, lambda self, seconds: None)
runpy.run_module("snakemake", run_name="__main__", alter_sys=True)
