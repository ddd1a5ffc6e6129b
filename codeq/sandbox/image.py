"""The image of the docker backend: Python 3.11 with its standard library, the server's files, and nothing else.

The server's files are copied into the image instead of being mounted: a worker that is replaced hours later then runs
the same server as the others, whatever has become of the checkout, and a candidate finds no path of the host's.
The image is tagged with a digest of what makes it, so it is built when there is none or that changed: on a new
base in about a minute, on one that is there in seconds. ``python -m codeq.sandbox.image`` builds it ahead of time.
"""

import contextlib
import hashlib
import io
import logging
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

import docker
import sortedcontainers
from docker.errors import BuildError, DockerException, ImageNotFound

from codeq.errors import SandboxError

TIMEOUT_S = 60  # of one call of Docker's, unless said otherwise
_BUILD_TIMEOUT_S = 900
_REPOSITORY = "codeq-sandbox"
REGISTRY_BASE = "python:3.11-slim"
_SUITE, _PACKAGES = "bookworm", "python3.11-minimal,libpython3.11-stdlib"
_BASE_LABEL = "codeq.sandbox.base"
_PACKAGE = Path(__file__).resolve().parents[1]
_FILES = (
    "values.py",
    *(f"sandbox/{name}.py" for name in ("server", "candidate", "structures", "isolation", "filters")),
)
PACKAGES = "/packages"  # the one installed package, off Python's path
# Debian's Python is compiled, the registry's is not; a candidate would compile each module that it imports.
_DOCKERFILE = f"""FROM {{base}}
COPY codeq /codeq
COPY packages {PACKAGES}
RUN ["python3.11", "-c", "import compileall, os; compileall.compile_dir(os.path.dirname(os.__file__), quiet=2)"]
ENTRYPOINT ["python3.11", "-s", "-S", "-P", "-X", "utf8", "/codeq/sandbox/server.py"]
LABEL {_BASE_LABEL}="{{base}}"
"""
_REMEDY = (
    f"Let Docker reach a registry that has {REGISTRY_BASE}; or install debootstrap and run `make sandbox-image` "
    "as root where Debian's packages can be reached; or carry the image over with `docker save` and `docker load`; "
    "or choose the backend 'process'"
)

log = logging.getLogger(__name__)


def connect(timeout: int = TIMEOUT_S) -> docker.DockerClient:
    """A client of the Docker that the environment names. Raises SandboxError where none answers."""
    try:
        return docker.from_env(timeout=timeout)
    except DockerException as error:
        raise SandboxError(
            f"Docker does not answer: {error}. Start its daemon and see that this user may use it (`docker version`), "
            "or choose the backend 'process'"
        ) from error


def tag() -> str:
    """The image's name and tag, by what makes it; whether it is there or not."""
    return f"{_REPOSITORY}:{_digest(_DOCKERFILE.encode(), _context('base'))}"


def ensure() -> tuple[str, str]:
    """The image's tag and what it was made from; built first if there is none. Raises SandboxError if it cannot be."""
    tagged = tag()
    with contextlib.closing(connect(_BUILD_TIMEOUT_S)) as client:
        try:
            try:
                image = client.images.get(tagged)
            except ImageNotFound:
                base = _registry_base(client) or _debian_base(client)
                log.info("sandbox image: building %s from %s", tagged, base)
                context = io.BytesIO(_context(base))
                client.images.build(fileobj=context, custom_context=True, tag=tagged, rm=True, network_mode="none")
                image = client.images.get(tagged)
        except (DockerException, BuildError, OSError) as error:
            raise SandboxError(f"the sandbox's image {tagged} cannot be built: {error}. {_REMEDY}") from error
        return tagged, image.labels[_BASE_LABEL]


def _digest(*parts: bytes) -> str:
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()[:12]


def _context(base: str) -> bytes:
    """What the build is sent: a tar archive of the Dockerfile and the files, the same bytes on every machine."""
    packages = Path(sortedcontainers.__file__).parent
    files = {f"codeq/{name}": _PACKAGE / name for name in _FILES}
    files |= {f"{PACKAGES[1:]}/{packages.name}/{file.name}": file for file in sorted(packages.glob("*.py"))}
    contents = {name: file.read_bytes() for name, file in files.items()}
    contents["Dockerfile"] = _DOCKERFILE.format(base=base).encode()
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for name, content in contents.items():
            entry = tarfile.TarInfo(name)  # owned by root, of 1970
            entry.size, entry.mode = len(content), 0o644
            tar.addfile(entry, io.BytesIO(content))
    return archive.getvalue()


def _registry_base(client: docker.DockerClient) -> str | None:
    """Python's own image by the digest that a registry gives it, or as it lies here; None where there is neither."""
    try:
        image = client.images.pull(REGISTRY_BASE)
    except DockerException as error:
        log.info("sandbox image: no registry (%s)", error)
        try:
            image = client.images.get(REGISTRY_BASE)
        except ImageNotFound:
            return None
    digests = image.attrs.get("RepoDigests") or [REGISTRY_BASE]
    return str(digests[0])


def _debian_base(client: docker.DockerClient) -> str:
    """A root of Debian's Python, without a shell or any other program. Needs root, debootstrap and a package mirror."""
    tag = f"debian-{_SUITE}-{_digest(_PACKAGES.encode())}"
    name = f"{_REPOSITORY}-base:{tag}"
    try:
        client.images.get(name)
    except ImageNotFound:
        log.info("sandbox image: installing Debian %s, which takes about a minute", _SUITE)
        with tempfile.TemporaryDirectory() as directory:
            client.api.import_image_from_file(str(_debian_root(Path(directory))), f"{_REPOSITORY}-base", tag)
    return name


def _debian_root(directory: Path) -> Path:
    """The tar archive of that root. Raises SandboxError with the last words of debootstrap."""
    program = shutil.which("debootstrap") or shutil.which("debootstrap", path="/usr/sbin")
    if program is None:
        raise SandboxError(f"no registry has {REGISTRY_BASE}, and there is no debootstrap. {_REMEDY}")
    root, archive = directory / "root", directory / "root.tar"
    # Its mounts and processes end with it, also when it is killed: what is removed afterwards is the root alone.
    confined = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
    command = [program, "--variant=minbase", f"--include={_PACKAGES}", _SUITE, str(root)]
    try:
        done = subprocess.run(confined + command, capture_output=True, text=True, timeout=_BUILD_TIMEOUT_S)
    except subprocess.TimeoutExpired as error:
        raise SandboxError(f"debootstrap did not end within {_BUILD_TIMEOUT_S} s. {_REMEDY}") from error
    if done.returncode:
        raise SandboxError(f"debootstrap failed: {(done.stdout + done.stderr).strip()[-500:]}. {_REMEDY}")
    with tarfile.open(archive, "w") as tar:
        for part in ("lib", "lib64", "usr/lib", "usr/lib64", "usr/bin/python3.11", "etc/ld.so.cache", "tmp"):
            if (root / part).exists() or (root / part).is_symlink():
                tar.add(root / part, part)
    return archive


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    print("image {} from {}".format(*ensure()))
