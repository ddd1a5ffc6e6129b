"""The sandbox: runs a candidate program on tests and says how it ended."""

from codeq.sandbox.pool import Sandbox
from codeq.sandbox.protocol import STATUSES, VERDICTS, Execution, Program, Test, TestResult, Verdict

__all__ = ["STATUSES", "VERDICTS", "Execution", "Program", "Sandbox", "Test", "TestResult", "Verdict"]
