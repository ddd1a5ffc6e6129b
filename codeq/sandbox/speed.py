"""How fast programs are judged: tiny programs in LeetCode's style, three tests each, timed one by one."""

import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from codeq import values
from codeq.errors import SandboxError
from codeq.sandbox.pool import Sandbox
from codeq.sandbox.protocol import Program, Test


@dataclass(frozen=True)
class Task:
    """A method of `Solution`, three lists of arguments and what it must return on them; it passes."""

    code: str
    entry_point: str
    arguments: tuple[list[object], ...]
    expected: tuple[object, ...]

    def tests(self) -> list[Test]:
        """These calls as exact tests."""
        return [
            Test(str(number), "public", values.dumps(arguments), values.dumps(expected), "exact")
            for number, (arguments, expected) in enumerate(zip(self.arguments, self.expected, strict=True))
        ]


TASKS = (
    Task(
        """class Solution:
    def twoSum(self, nums: List[int], target: int) -> List[int]:
        seen = {}
        for i, x in enumerate(nums):
            if target - x in seen:
                return [seen[target - x], i]
            seen[x] = i
""",
        "twoSum",
        ([[2, 7, 11, 15], 9], [[3, 2, 4], 6], [[3, 3], 6]),
        ([0, 1], [1, 2], [0, 1]),
    ),
    Task(
        """class Solution:
    def isPalindrome(self, x: int) -> bool:
        return str(x) == str(x)[::-1]
""",
        "isPalindrome",
        ([121], [-121], [10]),
        (True, False, False),
    ),
    Task(
        """class Solution:
    def maxSubArray(self, nums: List[int]) -> int:
        best = here = nums[0]
        for x in nums[1:]:
            here = max(x, here + x)
            best = max(best, here)
        return best
""",
        "maxSubArray",
        ([[-2, 1, -3, 4, -1, 2, 1, -5, 4]], [[1]], [[5, 4, -1, 7, 8]]),
        (6, 1, 23),
    ),
    Task(
        """class Solution:
    def isValid(self, s: str) -> bool:
        pairs, stack = {")": "(", "]": "[", "}": "{"}, []
        for c in s:
            if c not in pairs:
                stack.append(c)
            elif not stack or stack.pop() != pairs[c]:
                return False
        return not stack
""",
        "isValid",
        (["()[]{}"], ["(]"], ["([])"]),
        (True, False, True),
    ),
    Task(
        """class Solution:
    def firstUniqChar(self, s: str) -> int:
        count = Counter(s)
        return next((i for i, c in enumerate(s) if count[c] == 1), -1)
""",
        "firstUniqChar",
        (["leetcode"], ["loveleetcode"], ["aabb"]),
        (0, 2, -1),
    ),
)


@dataclass(frozen=True)
class Speed:
    """`milliseconds` of each execution, and `seconds` for all of them together."""

    seconds: float
    milliseconds: tuple[float, ...]

    def rounded(self) -> dict[str, float]:
        """Executions per second, median and 99th percentile."""
        ordered = sorted(self.milliseconds)
        return {
            "executions": len(ordered),
            "per_second": round(len(ordered) / self.seconds, 1),
            "p50_ms": round(statistics.median(ordered), 2),
            "p99_ms": round(ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)], 2),
        }


def judging(sandbox: Sandbox) -> Callable[[Task], None]:
    """A function that judges one task. It raises SandboxError unless the task passes."""
    suites = {task.entry_point: task.tests() for task in TASKS}

    def judge(task: Task) -> None:
        verdict = sandbox.judge(Program(task.code, task.entry_point, "method"), suites[task.entry_point])
        if not verdict.passed:
            raise SandboxError(f"a right program got {verdict.status!r}; run the tests of the sandbox")

    return judge


def measure(execute: Callable[[Task], None], executions: int, workers: int) -> Speed:
    """Time `execute` on so many tasks, one after the other in each of so many threads, once all have been warm."""

    def timed(number: int) -> float:
        started = time.perf_counter()
        execute(TASKS[number % len(TASKS)])
        return (time.perf_counter() - started) * 1000

    with ThreadPoolExecutor(workers) as threads:
        list(threads.map(timed, range(workers * len(TASKS))))
        started = time.perf_counter()
        milliseconds = tuple(threads.map(timed, range(executions)))
        return Speed(time.perf_counter() - started, milliseconds)
