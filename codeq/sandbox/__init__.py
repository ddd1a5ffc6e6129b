"""The sandbox: runs a candidate program on tests and says how it ended.

    with Sandbox(settings) as sandbox:
        verdict = sandbox.judge(Program(code, "add", "function"), tests)

Code and arguments go in, values come out, and the host compares them (`judge`): an expected value
never enters, so nothing that a candidate prints, replaces, forges or kills can make it pass. What it
returns must be exactly of the types of `codeq.values`; an object that claims to equal everything is
a failure. A pass needs each result once and in order, the end of the run, and exit status 0.
A `Verdict` says of each test how it ended, what it returned, raised (type, message, line) and printed and how long it
took, and of the candidate how much memory it took at most, all measured from outside.
A worker that dies is replaced once; a second loss is a `SandboxError`, never a failed candidate.

A candidate is met as LeetCode meets it: names that need no import (`candidate.prelude`), linked lists and trees
as arguments and results, results in place (`structures`), and rules for results that are not unique (`comparisons`).

Both backends are the same fork server (`server`), one per worker, with each candidate in a process of its own.
``docker``, the study's, runs it as the first process of a container (`docker`, `image`); ``process`` as a local
process, isolated as far as the machine permits. `Sandbox.backend` and `Sandbox.isolation` say what is in force;
results are labelled with it.

Covered by both, whatever the machine permits: memory (RLIMIT_AS), CPU time per test, wall time in all, file
size, open files, core dumps, printed and returned bytes; a session of its own, no descriptor of the
server, an empty environment; nothing of other candidates in the memory it inherits.
Covered by both on x86-64, by a system call filter: no sockets, no new processes or programs (threads are
fine), no signals to others, no tracing, no shared memory, no namespaces, no change of user.

Covered by ``docker``, besides: own network (none), PID, IPC and mount namespaces; a read-only image of Python, its
standard library and the server, without a writable path; no file of the host's, whose only trace is the socket on
which it no longer listens; 512 MB for server and candidate together, swap and the kernel's own memory included; 64
processes; no capabilities but those with which the server gives each candidate a fresh uid, from a range that no
other container has; Docker's own filter of system calls. The kernel kills the candidate, not the server, when memory
runs out (verdict ``oom``). A container ends with its owner, however that ends, and Docker removes it.
Where Docker maps users (rootless, userns-remap), a candidate is root in its container, without capabilities: it could
leave an empty file in ``/dev``. Where Docker has no cgroups to set (rootless on v1), memory is limited by RLIMIT_AS
alone. `isolation` says so.

Covered by ``process`` where namespaces are permitted (as root, or with user namespaces): own network, PID, IPC and
mount namespaces; a read-only root that holds the system's shared libraries and Python's standard
library, and no other file of the machine; its processes die together. (Of installed packages only
sortedcontainers, which LeetCode offers, can be imported: it is in memory.)
Covered as root, where any user can read the standard library: a fresh unprivileged uid per candidate.
Without namespaces: Landlock (Linux 5.13) closes all files but the libraries, packages installed beside
the standard library included; and the filter forbids every write, even to /dev/null.

Covered by neither: flaws of the kernel, which serves host and candidate alike; side channels such as timing.
By ``process``: memory that the kernel spends on a candidate's behalf, and swap; a cap on all candidates together
beyond `workers` times the limit. A test is limited in CPU time, so a busy machine rejects no right program, until its
share is so small that the limits of wall time take hold: five times the CPU limit and 1 s per test, and
`timeout_s` in all. Who may use Docker's socket is root on the machine: that is the host's user, never a candidate.
Needs Linux 5.3 (pidfd), and Docker 20.10. With neither namespaces nor Landlock a candidate of ``process`` reads the
host's files, and could find expected values that lie there readable. Without the filter as well (not x86-64), it
shares the network and, as the same user, can signal other processes and change files: do not run hostile code there.

Of the published attack cases (``sandbox/cases.json``) none passes. With ``docker``, and with namespaces, every case
gets its exact verdict, with ``docker`` also where there is no filter of system calls. Without namespaces these differ:

- ``poison_check`` (expects pass) errs: it demands a ``/proc`` without other processes; Landlock closes
  ``/proc``, and without Landlock it shows the machine's processes.
- ``find_answer_files`` (expects fail) errs under Landlock, where listing ``/proc`` raises an exception that
  it does not catch; without Landlock it reads the machine's files until it is out of time or memory.
"""

from codeq.sandbox.pool import Sandbox
from codeq.sandbox.protocol import STATUSES, VERDICTS, Execution, Observation, Program, Test, TestResult, Verdict

__all__ = ["STATUSES", "VERDICTS", "Execution", "Observation", "Program", "Sandbox", "Test", "TestResult", "Verdict"]
