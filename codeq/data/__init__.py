"""Benchmarks as tables: rows, bugs, tests, duplicates and splits."""
