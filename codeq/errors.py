"""Typed errors. Each message names the file, row or key at fault and the remedy."""


class CodeqError(Exception):
    """Base of every error CodeQ raises on purpose."""


class ConfigError(CodeqError):
    """A study's configuration has an unknown key, a wrong type or an impossible value."""


class DataError(CodeqError):
    """An input table, shard or row is missing, malformed or inconsistent."""


class SandboxError(CodeqError):
    """The sandbox itself failed (never the candidate): the run must stop."""


class ModelError(CodeqError):
    """A model directory or hub id cannot be loaded, or an engine lost a request."""


class TrainingError(CodeqError):
    """Training cannot start or must stop (too few pairs, NaN, unchanged adapter)."""


class LineageError(CodeqError):
    """A lineage record is missing, unreadable or contradicts the disk."""
