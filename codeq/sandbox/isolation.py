"""What stands between a candidate and the machine, as far as the machine permits it.

Loaded inside the sandbox by path; standard library only; Linux. `enter` confines the server once:
own PID, network, IPC and mount namespaces and a private read-only root, directly as root or through
a user namespace; a container already has them. `Isolation.confine` then confines each candidate's process: rlimits, an
unprivileged uid of its own where possible, no capabilities, a system call filter (`filters`) and,
where there is no private root, Landlock. `Isolation.in_force` says what was obtained.
"""

import contextlib
import ctypes
import functools
import os
import resource
import select
import signal
import struct
import sys
import types
from collections.abc import Callable, Sequence

_CLONE_NEWNS, _CLONE_NEWUTS, _CLONE_NEWIPC = 0x20000, 0x4000000, 0x8000000
_CLONE_NEWUSER, _CLONE_NEWPID, _CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
_MS_RDONLY, _MS_NOSUID, _MS_NODEV, _MS_NOEXEC, _MS_BIND, _MS_REC, _MS_PRIVATE = 1, 2, 4, 8, 4096, 16384, 1 << 18
_MNT_DETACH = 2
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_SECCOMP, _PR_SET_CHILD_SUBREAPER, _PR_SET_NO_NEW_PRIVS = 1, 4, 22, 36, 38
# System calls without a wrapper in libc; from 424 on, numbers are the same on every architecture.
_MOUNT_SETATTR, _LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 442, 444, 445, 446
_AT_FDCWD, _AT_RECURSIVE = -100, 0x8000
_LANDLOCK_ALL, _LANDLOCK_READ = 0x1FFF, 0xC  # every right of ABI 1; READ_FILE and READ_DIR

_LIBRARIES = ("/lib", "/lib32", "/lib64", "/usr/lib", "/usr/lib32", "/usr/lib64")
_DEVICES = ("/dev/null", "/dev/zero", "/dev/random", "/dev/urandom")
_FIRST_UID, _FIRST_CONTAINER_UID, _UIDS = 1 << 30, 1 << 31, 1 << 10  # beyond people's uids; so many per server
_STACK_BYTES = 64 << 20
_OPEN_FILES = 64
_PROCESSES = 64
_OOM_COUNTERS = ("/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control")  # of cgroups v2 and v1

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


def _prctl(option: int, value: int, pointer: bytes | int = 0) -> None:
    _check(_libc.prctl(option, value, pointer, 0, 0))


def _mount(source: str, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    text = [None if part is None else part.encode() for part in (source, target, kind, data)]
    _check(_libc.mount(text[0], text[1], text[2], ctypes.c_ulong(flags), text[3]))


class Isolation:
    """What `enter` obtained, and how each candidate's process is confined on top of it.

    Everything the server can bear itself is put in force there and inherited: that costs a fork nothing.
    """

    def __init__(self, namespaces: str, first_uid: int, filters: types.ModuleType, memory_bytes: int) -> None:
        self.namespaces = namespaces != "none"
        self._container = namespaces == "docker"
        self._memory = MemoryGroup(_OOM_COUNTERS if self._container else ())
        self._ruleset = None if self.namespaces else _landlock()
        self._first_uid, self._served = first_uid, 0
        self._own_uid = namespaces != "user" and _rehearse(functools.partial(_probe_uid, first_uid))
        self._filter: Filter | None = None
        _limit_resources(memory_bytes, self._own_uid)
        if filters.supported(os.uname().machine):
            Filter(filters.for_server(read_only=not self.namespaces)).install()
            self._filter = Filter(*filters.for_candidate())
        filtered, landlock = self._filter is not None, self._ruleset is not None
        files = "read-only image" if self._container else "private read-only root"
        self.in_force = {
            "namespaces": namespaces,
            "network": "none" if self.namespaces or filtered else "open",
            "processes": "own PID namespace" if self.namespaces else "same PID namespace",
            "files": files if self.namespaces else "Landlock" if landlock else "host",
            "writes": "none" if self.namespaces or filtered or landlock else "host",
            "uid": "fresh" if self._own_uid else "same, without capabilities",
            "system calls": "filtered" if filtered else "open",
            "memory": "RLIMIT_AS and cgroup" if self._memory.known else "RLIMIT_AS",
        }

    def next_candidate(self) -> None:
        """Tell, in the server, that another candidate is about to be forked."""
        self._served += 1

    def oom_kills(self) -> int:
        """How many processes of this container the kernel has killed for want of memory; 0 where that is not known."""
        return self._memory.oom_kills()

    def confine(self, cpu_seconds: int) -> None:
        """Confine the calling process for good. Raises OSError where a layer cannot be put in force."""
        if self._container:
            # Of this process and the server, this one is killed.
            score = os.open("/proc/self/oom_score_adj", os.O_WRONLY)
            os.write(score, b"1000")
            os.close(score)
        resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds))
        if self._own_uid:
            _become(self._first_uid + self._served % _UIDS)  # and the capabilities are gone
        else:
            _check(_libc.capset(struct.pack("<Ii", 0x20080522, 0), bytes(24)))
        if not self.namespaces:
            _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            _prctl(_PR_SET_DUMPABLE, 0)
        if self._ruleset is not None:
            _check(_libc.syscall(_LANDLOCK_RESTRICT, self._ruleset, 0))
        if self._filter is not None:
            self._filter.install()


def _limit_resources(memory_bytes: int, own_uid: bool) -> None:
    limits = {
        resource.RLIMIT_AS: memory_bytes,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: _OPEN_FILES,
        resource.RLIMIT_STACK: _STACK_BYTES,
    }
    if own_uid:  # counts all processes of a uid: of use only where the uid is the candidate's own
        limits[resource.RLIMIT_NPROC] = _PROCESSES
    for which, limit in limits.items():
        hard = resource.getrlimit(which)[1]
        limit = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(which, (limit, limit))


class MemoryGroup:
    """The container's memory cgroup, as far as it can be read: who was killed for want of memory."""

    def __init__(self, paths: Sequence[str]) -> None:
        found = next((path for path in paths if os.access(path, os.R_OK)), None)
        self._descriptor = None if found is None else os.open(found, os.O_RDONLY)
        self.known = self._descriptor is not None

    def oom_kills(self) -> int:
        if self._descriptor is None:
            return 0
        words = os.pread(self._descriptor, 4096, 0).split()
        return int(words[words.index(b"oom_kill") + 1])


class Filter:
    """A seccomp filter, prepared once so that a candidate's process need only install it."""

    def __init__(self, program: bytes, own_process: Sequence[int] = ()) -> None:
        """`own_process`: where in the program the id of the process belongs that installs it."""
        self._buffer = ctypes.create_string_buffer(program, len(program))
        self._own_process = own_process
        self._header = struct.pack("HP", len(program) // 8, ctypes.addressof(self._buffer))  # struct sock_fprog

    def install(self) -> None:
        pid = os.getpid()
        for offset in self._own_process:
            struct.pack_into("I", self._buffer, offset, pid)
        _prctl(_PR_SET_SECCOMP, 2, self._header)


def _become(uid: int) -> None:
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def trim() -> None:
    """Give freed memory back to the kernel, where libc can: a fork, and its end, take time for every page held."""
    if hasattr(_libc, "malloc_trim"):
        _libc.malloc_trim(0)


def _probe_uid(uid: int) -> None:
    """A uid is of use only where it can still import from the standard library."""
    _become(uid)
    os.listdir(os.path.dirname(os.__file__))


def enter(filters: types.ModuleType, memory_bytes: int, container: int | None) -> Isolation:
    """Confine this process as far as the machine permits, and say how far.

    `container` is a number that no other container in use has; None outside of containers. With namespaces of its
    own the process continues as their PID 1; the one that was started stays outside, waits for it and ends with it.
    """
    # Uids are disjoint between servers: RLIMIT_NPROC counts a uid's processes across all containers.
    if container is not None:
        first_uid, chosen = _FIRST_CONTAINER_UID + container % (1 << 20) * _UIDS, "docker"
    else:
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        first_uid = _FIRST_UID + os.getpid() % (1 << 18) * _UIDS
        modes = ("root", "user") if os.geteuid() == 0 else ("user",)
        chosen = next((mode for mode in modes if _rehearse(functools.partial(_enter_namespaces, mode))), "none")
        if chosen != "none":
            _enter_namespaces(chosen)
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    _prctl(_PR_SET_DUMPABLE, 0)  # the server's memory and descriptors are closed to a process of the same uid
    return Isolation(chosen, first_uid, filters, memory_bytes)


def _rehearse(action: Callable[[], None]) -> bool:
    """Whether an action that cannot be undone succeeds, tried in a forked process."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            action()
            status = 0
        finally:
            os._exit(status)
    return os.waitpid(pid, 0)[1] == 0


def _enter_namespaces(mode: str) -> None:
    """Continue as PID 1 of new namespaces, in a private root; the caller's process waits and exits."""
    uid, gid = os.getuid(), os.getgid()
    own_user = _CLONE_NEWUSER if mode == "user" else 0
    _check(_libc.unshare(own_user | _CLONE_NEWNS | _CLONE_NEWPID | _CLONE_NEWNET | _CLONE_NEWIPC | _CLONE_NEWUTS))
    if own_user:
        for name, text in (("setgroups", "deny"), ("uid_map", f"0 {uid} 1"), ("gid_map", f"0 {gid} 1")):
            with open(f"/proc/self/{name}", "w") as file:
                file.write(text)
    lives, end = os.pipe()  # the process outside holds the other end for as long as it lives
    pid = os.fork()
    if pid:
        os._exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) & 0xFF)
    os.close(end)
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if select.select([lives], [], [], 0)[0]:  # it died before its death would have been told
        os._exit(1)
    os.close(lives)
    # PID 1 gets only signals for which it has a handler: with none, a candidate cannot signal it.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    _private_root()


def _private_root() -> None:
    """Change to a read-only root that holds the standard library, shared libraries, /proc and /dev/null.

    Nothing of the machine's other files can be named from inside: no data set, no table of expected
    values, no installed package, no socket. The standard library lies under ``/usr``.
    """
    base = "/proc"  # the one directory that is sure to exist and is not needed itself
    _mount("none", "/", None, _MS_REC | _MS_PRIVATE)
    _mount("tmpfs", base, "tmpfs", _MS_NOSUID | _MS_NODEV, "mode=0755,size=1m")
    prefix = os.path.join(sys.base_prefix, "lib")
    binds = {path: path for path in _LIBRARIES if os.path.isdir(path) and not os.path.islink(path)}
    inside = os.path.realpath(prefix)
    if inside not in binds:
        inside = binds[prefix] = "/usr/local/lib"
    for source, target in binds.items():
        os.makedirs(base + target)
        _mount(source, base + target, None, _MS_BIND | _MS_REC)
    for path in _LIBRARIES:
        if os.path.islink(path):
            os.symlink(os.readlink(path), base + path)
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    for packages in (f"{inside}/{version}/site-packages", f"{inside}/{version}/dist-packages", "/usr/lib/python3"):
        if os.path.isdir(base + packages):
            _mount("tmpfs", base + packages, "tmpfs", _MS_NOSUID | _MS_NODEV, "mode=0755,size=1m")
    os.makedirs(base + "/dev")
    for device in _DEVICES:
        with open(base + device, "w"):
            _mount(device, base + device, None, _MS_BIND)
    os.makedirs(base + "/etc")
    if os.path.exists("/etc/ld.so.cache"):
        with open("/etc/ld.so.cache", "rb") as cache, open(base + "/etc/ld.so.cache", "wb") as copy:
            copy.write(cache.read())
    os.makedirs(base + "/proc")
    with contextlib.suppress(OSError):  # refused in a user namespace where parts of /proc are hidden
        _mount("proc", base + "/proc", "proc", _MS_NOSUID | _MS_NODEV | _MS_NOEXEC)
    os.makedirs(base + "/tmp")
    read_only = struct.pack("<QQQQ", _MS_RDONLY | _MS_NOSUID, 0, 0, 0)
    _check(_libc.syscall(_MOUNT_SETATTR, _AT_FDCWD, base.encode(), _AT_RECURSIVE, read_only, len(read_only)))
    os.chdir(base)
    _check(_libc.pivot_root(b".", b"."))
    _check(_libc.umount2(b".", _MNT_DETACH))
    os.chdir("/tmp")
    _relocate(prefix, inside)


def _relocate(old: str, new: str) -> None:
    """Tell Python, and the modules that it has imported, that the standard library moved."""
    sys.path[:] = [path.replace(old, new, 1) for path in sys.path if path.startswith(old)]
    for module in list(sys.modules.values()):
        if (file := getattr(module, "__file__", None)) is not None:
            module.__file__ = file.replace(old, new, 1)
        if hasattr(module, "__path__"):
            module.__path__ = [path.replace(old, new, 1) for path in module.__path__]


def _landlock() -> int | None:
    """A ruleset that opens the standard and shared libraries and the devices for reading, and nothing else."""
    handled = struct.pack("<Q", _LANDLOCK_ALL)
    ruleset = _libc.syscall(_LANDLOCK_CREATE, handled, len(handled), 0)
    if ruleset < 0:
        return None
    for path in (*_LIBRARIES, *_DEVICES, os.path.dirname(os.__file__), "/etc/ld.so.cache"):
        if not os.path.exists(path):
            continue
        descriptor = os.open(path, os.O_PATH)
        rights = _LANDLOCK_READ if os.path.isdir(path) else _LANDLOCK_READ & 0x4
        _check(_libc.syscall(_LANDLOCK_ADD, ruleset, 1, struct.pack("<Qi", rights, descriptor), 0))
        os.close(descriptor)
    return int(ruleset)
