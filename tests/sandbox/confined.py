"""Runs candidates on a machine that permits less: prints the isolation, then a JSON line per candidate.

``python confined.py RIGHTS < CANDIDATES``, where RIGHTS names what to give up before the sandbox starts:
``user`` (root: a user namespace in which this process is uid 1000 without privileges), ``namespaces`` (unshare is
refused), ``landlock`` (refused). CANDIDATES is a JSON list of ``{"id", "code", "tests"}``.
"""

import ctypes
import errno
import json
import os
import struct
import sys

from codeq.config import SandboxSettings
from codeq.sandbox import Program, Sandbox, Test

_libc = ctypes.CDLL(None, use_errno=True)


def become_user() -> None:
    assert _libc.unshare(0x10000000) == 0, os.strerror(ctypes.get_errno())
    for name, text in (("setgroups", "deny"), ("uid_map", "1000 0 1"), ("gid_map", "1000 0 1")):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)
    assert _libc.capset(struct.pack("<Ii", 0x20080522, 0), bytes(24)) == 0


def refuse(*system_calls: int) -> None:
    code = [(0x20, 0, 0, 0)]
    for number in system_calls:
        code += [(0x15, 0, 1, number), (0x06, 0, 0, 0x50000 | errno.EPERM)]
    program = b"".join(struct.pack("HBBI", *step) for step in [*code, (0x06, 0, 0, 0x7FFF0000)])
    buffer = ctypes.create_string_buffer(program, len(program))
    assert _libc.prctl(38, 1, 0, 0, 0) == 0
    assert _libc.prctl(22, 2, struct.pack("HP", len(program) // 8, ctypes.addressof(buffer)), 0, 0) == 0


if __name__ == "__main__":
    rights = sys.argv[1].split(",")
    if "user" in rights and os.getuid() == 0:
        become_user()
    refuse(*((272,) if "namespaces" in rights else ()), *((444,) if "landlock" in rights else ()))
    candidates = json.load(sys.stdin)
    with Sandbox(SandboxSettings(workers=1)) as sandbox:
        print(json.dumps(sandbox.isolation), flush=True)
        for candidate in candidates:
            tests = [Test(**test) for test in candidate["tests"]]
            verdict = sandbox.judge(Program(candidate["code"], "add", "function"), tests)
            canary = sandbox.judge(Program("def add(a, b):\n    return a + b\n", "add", "function"), tests)
            row = {"id": candidate["id"], "status": verdict.status, "canary": canary.status}
            row["returned"] = [result.returned for result in verdict.results]
            print(json.dumps(row), flush=True)
