"""A pool of sandbox workers: programs and tests in, verdicts out."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self, TypeVar

from codeq.config import SandboxSettings
from codeq.errors import SandboxError
from codeq.sandbox import judge
from codeq.sandbox.process import ProcessWorker
from codeq.sandbox.protocol import (
    REFERENCE_TIMES,
    Execution,
    Observation,
    Program,
    Test,
    Verdict,
    Worker,
    WorkerLostError,
    write_request,
)

T = TypeVar("T")


def _starter(settings: SandboxSettings) -> Callable[[], Worker]:
    """What starts a worker of the chosen backend."""
    if settings.backend == "process":
        return lambda: ProcessWorker(settings)
    from codeq.sandbox import docker  # Docker's client takes a while to import

    return docker.starter(settings)


class Sandbox:
    """Executes candidates, `settings.workers` at once, each worker in a thread of its own.

    Use it as a context manager: leaving it kills the workers and everything in them.
    """

    def __init__(self, settings: SandboxSettings) -> None:
        """Start the workers. Raises SandboxError when the first does not come up."""
        self._start_worker = _starter(settings)
        self._test_timeout = settings.test_timeout_s
        self._mine = threading.local()
        self._lock = threading.Lock()
        self._workers: set[Worker] = set()
        self._closed = False
        self._most, self._unfinished = settings.workers, 0
        self._threads = ThreadPoolExecutor(settings.workers, thread_name_prefix="sandbox")
        first, *_ = [self._threads.submit(self._worker) for _ in range(settings.workers)]
        try:
            worker = first.result()
        except WorkerLostError as error:
            self.close()
            raise SandboxError(f"the sandbox ({settings.backend}) does not start: {error}") from error
        except BaseException:
            self.close()
            raise
        self.backend = worker.label
        self.isolation = worker.isolation

    def submit(self, program: Program, tests: Sequence[Test]) -> Future[Verdict]:
        """Judge a program on tests, in a worker.

        A test may take `test_timeout_s` of CPU time, or ten times what the slowest reference took if that is more.
        Raises DataError for a malformed test at once; the future raises SandboxError when the sandbox,
        not the candidate, failed twice.
        """
        judge.check_tests(program, tests)
        tests = tuple(tests)
        limits = [max(self._test_timeout, REFERENCE_TIMES * test.reference_seconds) for test in tests]
        request = write_request(program, [test.arguments for test in tests], limits)
        return self._start(lambda: judge.judge(tests, self._execute(request)))

    def judge(self, program: Program, tests: Sequence[Test]) -> Verdict:
        """The same, waiting for the verdict."""
        return self.submit(program, tests).result()

    def observe(self, program: Program, arguments: Sequence[str]) -> Future[list[Observation]]:
        """What a program returns on each list of arguments (`codeq.values` text); raises as `submit` does."""
        judge.check(program, arguments)
        request = write_request(program, arguments, [self._test_timeout] * len(arguments))
        return self._start(lambda: judge.observe(len(arguments), self._execute(request)))

    @property
    def executing(self) -> int:
        """How many workers are at work."""
        return min(self._unfinished, self._most)

    def close(self) -> None:
        """Cancel what waits, kill the workers and all they run."""
        with self._lock:
            self._closed = True
            workers = list(self._workers)
        for worker in workers:
            worker.kill()
        self._threads.shutdown(cancel_futures=True)
        for worker in self._workers:
            worker.close()
        self._workers.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _start(self, task: Callable[[], T]) -> Future[T]:
        if self._closed:
            raise SandboxError("the sandbox is closed; submit inside its `with` block")

        def counted() -> T:
            try:
                return task()
            finally:
                with self._lock:
                    self._unfinished -= 1

        with self._lock:
            self._unfinished += 1
        return self._threads.submit(counted)

    def _execute(self, request: bytes, retries: int = 1) -> Execution:
        """Execute in this thread's worker; once more in a new one when the first is lost."""
        try:
            return self._worker().execute(request)
        except WorkerLostError as error:
            self._discard()
            if self._closed:
                raise SandboxError("the sandbox was closed while it ran a candidate") from error
            if retries:
                return self._execute(request, retries - 1)
            raise SandboxError(
                f"two workers ({self.backend}) were lost on one candidate, so its verdict is unknown: {error}. "
                "Look for a lack of memory or processes on this machine, then rerun"
            ) from error

    def _worker(self) -> Worker:
        """This thread's worker, started when there is none."""
        worker: Worker | None = getattr(self._mine, "worker", None)
        if worker is None:
            worker = self._start_worker()
            with self._lock:
                if not self._closed:
                    self._workers.add(worker)
                    self._mine.worker = worker
                    return worker
            worker.close()
            raise WorkerLostError("the sandbox was closed")
        return worker

    def _discard(self) -> None:
        """Let go of this thread's worker, which is lost."""
        worker: Worker | None = getattr(self._mine, "worker", None)
        if worker is not None:  # None: it never started
            self._mine.worker = None
            with self._lock:
                self._workers.discard(worker)
            worker.close()
