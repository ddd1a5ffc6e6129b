"""The sandbox: runs a candidate program on tests and says how it ended.

    with Sandbox(settings) as sandbox:
        verdict = sandbox.judge(Program(code, "add", "function"), tests)

Code and arguments go in, values come out, and the host compares them (`judge`): an expected value
never enters, so nothing that a candidate prints, replaces, forges or kills can make it pass. What it
returns must be exactly of the types of `codeq.values`; an object that claims to equal everything is
a failure. A pass needs each result once and in order, the end of the run, and exit status 0.
A worker that dies is replaced once; a second loss is a `SandboxError`, never a failed candidate.

A candidate is met as LeetCode meets it: names that need no import (`candidate.prelude`), linked lists and trees
as arguments and results, results in place (`structures`), and rules for results that are not unique (`comparisons`).

Backend ``process``: one fork server per worker (`server`), each candidate in a process of its own.

Covered, whatever the machine permits: memory (RLIMIT_AS), CPU time per test, wall time in all, file
size, open files, core dumps, printed and returned bytes; a session of its own, no descriptor of the
server, an environment of one variable; nothing of other candidates in the memory it inherits.
Covered on x86-64, by a system call filter: no sockets, no new processes or programs (threads are
fine), no signals to others, no tracing, no shared memory, no namespaces, no change of user.
Covered where namespaces are permitted (as root, or with user namespaces): own network, PID, IPC and
mount namespaces; a read-only root that holds the system's shared libraries and Python's standard
library, and no other file of the machine; its processes die together. (Of installed packages only
sortedcontainers, which LeetCode offers, can be imported: it is in memory.)
Covered as root, where any user can read the standard library: a fresh unprivileged uid per candidate.
Without namespaces: Landlock (Linux 5.13) closes all files but the libraries, packages installed beside
the standard library included; and the filter forbids every write, even to /dev/null.
`Sandbox.isolation` says which of these are in force; results should be labelled with it.

Not covered: flaws of the kernel, which serves host and candidate alike; side channels such as timing;
memory that the kernel spends on a candidate's behalf, and swap; a cap on all candidates together beyond
`workers` times the limit. A test is limited in CPU time, so a busy machine rejects no right program, until its
share is so small that the limits of wall time take hold: five times the CPU limit and 1 s per test, and
`timeout_s` in all.
Needs Linux 5.3 (pidfd). With neither namespaces nor Landlock a candidate reads the host's files, and could
find expected values that lie there readable. Without the filter as well (not x86-64), it shares the
network and, as the same user, can signal other processes and change files: do not run hostile code there.

Of the published attack cases (``sandbox/cases.json``) none passes. With namespaces every case gets its
exact verdict. Without them these differ:

- ``poison_check`` (expects pass) errs: it demands a ``/proc`` without other processes; Landlock closes
  ``/proc``, and without Landlock it shows the machine's processes.
- ``find_answer_files`` (expects fail) errs under Landlock, where listing ``/proc`` raises an exception that
  it does not catch; without Landlock it reads the machine's files until it is out of time or memory.
"""

from codeq.sandbox.pool import Sandbox
from codeq.sandbox.protocol import STATUSES, VERDICTS, Execution, Observation, Program, Test, TestResult, Verdict

__all__ = ["STATUSES", "VERDICTS", "Execution", "Observation", "Program", "Sandbox", "Test", "TestResult", "Verdict"]
