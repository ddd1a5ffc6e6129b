"""A seccomp filter (classic BPF) that denies a candidate the system calls no solution needs.

Loaded inside the sandbox by path; standard library only. Sources: seccomp(2), linux/filter.h,
linux/audit.h and the system call table of x86-64; other architectures get no filter.
"""

import errno
import struct

_ARCHITECTURE = 0xC000003E  # AUDIT_ARCH_X86_64
_X32 = 0x40000000  # the x32 ABI renumbers every call
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_NUMBER, _ARCH, _ARGUMENT = 0, 4, 16  # offsets in struct seccomp_data; arguments are 8 bytes each
_CLONE_THREAD = 0x10000

_SERVER_DENIED = {
    # sockets (socketpair stays: asyncio needs it) and io_uring, which could open them too
    *(41, 425, 426, 427),
    # programs, and other processes: ptrace, process_vm_*, kcmp, pidfd_send_signal, pidfd_getfd
    *(59, 322, 101, 310, 311, 312, 424, 438),
    # namespaces and mounts
    *(155, 161, 165, 166, 272, 308, 428, 429, 430, 431, 432, 433, 442),
    # shared memory, queues, semaphores, memory files and keys: they outlive a process or escape its rlimits
    *(29, 30, 31, 64, 68, 240, 319, 447, 248, 249, 250),
    # device nodes, file handles, and the kernel's own interfaces
    *(133, 259, 304, 135, 163, 167, 169, 170, 175, 176, 179, 246, 298, 300, 313, 320, 321, 323),
}
_CANDIDATE_DENIED = {
    # processes, and handles on them
    *(57, 58, 434),
    # users and capabilities
    *(105, 106, 113, 114, 116, 117, 119, 122, 123, 126),
}
_SIGNALS = (62, 129, 200, 234, 297)  # kill, rt_sigqueueinfo, tkill, tgkill, rt_tgsigqueueinfo: to itself only
_ITSELF = 0x7E57C0DE  # stands for the process id
_CLONE, _CLONE3, _OPENAT2 = 56, 435, 437
_OPEN, _OPENAT = (2, 1), (257, 2)  # system call, position of its flags
_WRITING = 0o1 | 0o2 | 0o100 | 0o1000  # O_WRONLY, O_RDWR (with O_TMPFILE), O_CREAT, O_TRUNC
_PATH_CHANGES = {
    *(76, 77, 82, 83, 84, 85, 86, 87, 88, 90, 91, 92, 93, 94, 132, 235, 261, 280, 452),  # truncate ... fchmodat2
    *(188, 189, 190, 197, 198, 199, 258, 260, 263, 264, 265, 266, 268, 285, 316, 463, 466),  # xattrs, *at
}

_Step = tuple[int, int, int, int]  # struct sock_filter: code, jump if true, jump if false, constant


def supported(machine: str) -> bool:
    return machine == "x86_64"


def for_server(read_only: bool) -> bytes:
    """What neither the server nor, by inheritance, any candidate does: an array of ``struct sock_filter``.

    `read_only` also denies every change of the file system, for where no private root does.
    """
    code = _deny(_SERVER_DENIED, errno.EPERM) + _deny({_CLONE3}, errno.ENOSYS)  # libc then uses clone
    if read_only:
        code += _deny(_PATH_CHANGES | {_OPENAT2}, errno.EROFS)
        for number, position in (_OPEN, _OPENAT):
            code += _unless(number, position, (_ANY_BIT, 0, 1, _WRITING), errno.EROFS)
    return _assemble(code)


def for_candidate() -> tuple[bytes, list[int]]:
    """What a candidate's process may not do besides: fork, change user, or signal another process.

    Also the offsets at which its process id, a native 32-bit number, has yet to be written.
    """
    code = _deny(_CANDIDATE_DENIED, errno.EPERM)
    code += _unless(_CLONE, 0, (_ANY_BIT, 1, 0, _CLONE_THREAD), errno.EPERM)
    for number in _SIGNALS:
        code += _unless(number, 0, (_EQUAL, 1, 0, _ITSELF), errno.EPERM)
    program = _assemble(code)
    own = struct.pack("I", _ITSELF)
    return program, [at for at in range(0, len(program), 4) if program[at : at + 4] == own]


def _assemble(code: list[_Step]) -> bytes:
    guard = [
        *((_LOAD, 0, 0, _ARCH), (_EQUAL, 1, 0, _ARCHITECTURE), (_RETURN, 0, 0, _KILL)),
        *((_LOAD, 0, 0, _NUMBER), (_AT_LEAST, 0, 1, _X32), (_RETURN, 0, 0, _ERRNO | errno.EPERM)),
    ]
    return b"".join(struct.pack("HBBI", *step) for step in [*guard, *code, (_RETURN, 0, 0, _ALLOW)])


def _deny(numbers: set[int], error: int) -> list[_Step]:
    return [step for number in sorted(numbers) for step in ((_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ERRNO | error))]


def _unless(number: int, position: int, test: _Step, error: int) -> list[_Step]:
    """For one system call: allow it where the test of an argument (its low 32 bits) skips the error."""
    return [
        (_EQUAL, 0, 4, number),
        (_LOAD, 0, 0, _ARGUMENT + 8 * position),
        test,
        (_RETURN, 0, 0, _ERRNO | error),
        (_RETURN, 0, 0, _ALLOW),
    ]
