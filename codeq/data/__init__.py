"""Benchmarks as tables: rows, bugs, tests, duplicates, splits and tasks."""
