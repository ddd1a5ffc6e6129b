"""What the policies achieve: one row per searched bug, statistics, tables, plots and the report."""
