"""The sandbox: runs a candidate program on tests and says how it ended.

    with Sandbox(settings) as sandbox:
        verdict = sandbox.judge(Program(code, "add", "function"), tests)

Code and arguments go in, values come out, and the host compares them (`judge`): an expected value
never enters, so nothing that a candidate prints, replaces, forges or kills can make it pass. What it
returns must be exactly of the types of `codeq.values`; an object that claims to equal everything is
a failure. A pass needs each result once and in order, the end of the run, and exit status 0.
A worker that dies is replaced once; a second loss is a `SandboxError`, never a failed candidate.

Backend ``process``: one fork server per worker (`server`), each candidate in a process of its own.

Covered, whatever the machine permits: memory (RLIMIT_AS), CPU time, wall time per test and in all, file
size, open files, core dumps, printed and returned bytes; a session of its own, no descriptor of the
server, an environment of one variable; nothing of other candidates in the memory it inherits.
Covered on x86-64 Linux, by a system call filter: no sockets, no new processes or programs (threads
are fine), no signals to others, no tracing, no shared memory, no namespaces, no change of user.
Covered where namespaces are permitted (as root, or with user namespaces): own network, PID, IPC and mount
namespaces; a read-only root that holds Python's standard library (without installed packages) and
the system's shared libraries, and no other file of the machine; all processes die at once.
Covered as root: an unprivileged uid of its own for each candidate.
Without namespaces, Landlock closes the file system instead (from Linux 5.13; installed packages inside
the standard library's directory stay readable), else the filter makes it read-only.
`Sandbox.isolation` says which of these are in force; results should be labelled with it.

Not covered: flaws of the kernel or of CPython's system calls (one kernel serves host and candidate);
side channels such as timing; memory that the kernel spends on a candidate's behalf, and swap; a cap
on all candidates together beyond `workers` times the limit. The caps on time are wall time: on an
overloaded machine a slow candidate times out. Needs Linux 5.3 (pidfd); without filter and
namespaces alike (neither x86-64 nor user namespaces), a candidate shares the network, can read the
host's files, and as the same user can signal other processes: run only trusted code there.

Of the published attack cases (``sandbox/cases.json``), none passes. With namespaces every case gets its exact
verdict. Without them these differ:

- ``poison_check`` (expects pass) errs: it must list ``/proc``, which shows the machine's processes or is closed.
- ``find_answer_files`` (expects fail) errs under Landlock, where listing ``/proc`` raises an exception that it
  does not catch, and times out without, while it reads the machine's files.
"""

from codeq.sandbox.pool import Sandbox
from codeq.sandbox.protocol import STATUSES, VERDICTS, Execution, Program, Test, TestResult, Verdict

__all__ = ["STATUSES", "VERDICTS", "Execution", "Program", "Sandbox", "Test", "TestResult", "Verdict"]
