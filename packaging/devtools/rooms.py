"""A Debian in a folder, made once, and rooms in it: what runs in one has files and mounts of its own.

The kernel takes them away with the last process of the room, however that ends: nothing stays mounted.
"""

import contextlib
import hashlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from devtools.machine import NotReadyError, need, tell

TOOLS = ("debootstrap", "debian-archive-keyring", "iproute2", "util-linux")
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
TESTER = 1000  # an ordinary user, as whoever has a desktop is
PATIENCE = 60.0  # seconds for a room to be ready

# $1 the folder, $2 a place for what is written ("" = into the folder itself), then pairs of a folder of this machine
# and its place inside. The shell stays, as the process that takes leave of orphans; it ends with its standard input.
ROOM = """
root=$1
if [ -n "$2" ]; then
    mount -t tmpfs tmpfs "$2"
    mkdir "$2/written" "$2/work" "$2/root"
    mount -t overlay -o "lowerdir=$1,upperdir=$2/written,workdir=$2/work" overlay "$2/root"
    root=$2/root
fi
shift 2
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for name in null zero full random urandom tty; do
    touch "$root/dev/$name"
    mount --bind "/dev/$name" "$root/dev/$name"
done
ln -s /proc/self/fd "$root/dev/fd"
ln -s pts/ptmx "$root/dev/ptmx"
mkdir "$root/dev/pts"
mount -t devpts -o newinstance,ptmxmode=666 devpts "$root/dev/pts"
mkdir -m 1777 "$root/dev/shm"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mkdir -m 1777 "$root/tmp/.X11-unix"
while [ $# -gt 0 ]; do
    mkdir -p "$root$2"
    mount --bind "$1" "$root$2"
    shift 2
done
exec chroot "$root" sh -c 'echo ready; cat >/dev/null'
"""
OWN_NETWORK = "ip link set lo up\n"


class Reach(Enum):
    """What is to be seen from a room, beside its files."""

    MACHINE = "this machine's processes and network"
    NOTHING = "only its own: what is started in it ends with it"


class Writes(Enum):
    """Where what is written in a room goes, outside of the folders that are lent to it."""

    AWAY = "away with the room"
    FOLDER = "into the folder, for good"


@dataclass(frozen=True, slots=True)
class Debian:
    """A Debian in a folder: where, of which release, with which packages, and what is done there then, as root."""

    folder: Path
    release: str
    packages: tuple[str, ...]
    steps: tuple[tuple[str, ...], ...] = ()
    lent: tuple[tuple[Path, str], ...] = ()  # what the steps need, and its place inside
    because: bytes = b""  # what else it depends on

    def make(self) -> None:
        """Make it, unless it is there as it should be. Raises NotReadyError where a step fails."""
        if os.geteuid() != 0:
            raise NotReadyError("a Debian in a folder is made and entered by root: put sudo before it")
        stamp, mark = self.folder / "made-for", self._fingerprint()
        if stamp.exists() and stamp.read_text() == mark:
            return
        tell(f"making {self.folder}: a Debian {self.release}. With a desktop that takes some minutes")
        need(TOOLS)
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        made = ["debootstrap", "--variant=minbase", self.release, str(self.folder)]
        _judge(made, subprocess.run(made, stdin=subprocess.DEVNULL, stdout=2, check=False).returncode)
        (self.folder / "etc/dpkg/dpkg.cfg.d/fast").write_text("force-unsafe-io\n")
        shutil.copy("/etc/resolv.conf", self.folder / "etc/resolv.conf")
        with room(self.folder, lent=self.lent, reach=Reach.MACHINE, writes=Writes.FOLDER) as inside:
            for command in (["apt-get", "-q", "update"], apt_install(*self.packages)):
                _judge(command, inside.run(command))
            shutil.copy(CERTIFICATES, f"{self.folder}{CERTIFICATES}")  # whom this machine believes, the steps do
            for step in self.steps:
                _judge(step, inside.run(step))
        stamp.write_text(mark)

    def _fingerprint(self) -> str:
        what = f"{self.release} {self.packages} {self.steps}\n".encode() + self.because
        return hashlib.sha256(what).hexdigest()


def apt_install(*packages: str) -> list[str]:
    """The command that installs these packages, without what they only recommend."""
    return ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qy", "--no-install-recommends", "install", *packages]


@dataclass(frozen=True, slots=True)
class Room:
    """Where programs are run: get it from `room`."""

    pid: int  # of its first process, as this machine counts

    def path(self, place: str) -> Path:
        """A file in it, as this machine sees it while the room lasts."""
        return Path(f"/proc/{self.pid}/root{place}")

    def command(self, argv: Sequence[str], *, user: int = 0, folder: str = "/") -> list[str]:
        """What this machine runs, so that the room runs `argv` as root or another user."""
        entering = ["nsenter", "--target", str(self.pid), *("--mount", "--pid", "--ipc", "--net", "--root", "--wd")]
        lowered = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", "--no-new-privs"] if user else []
        return [*entering, *lowered, "env", f"--chdir={folder}", *argv]

    def run(
        self, argv: Sequence[str], *, user: int = 0, env: Mapping[str, str] | None = None, folder: str = "/"
    ) -> int:
        """Run a program to its end; what it says comes where we say something. Returns its exit status."""
        command = self.command(argv, user=user, folder=folder)
        given = {"PATH": PATH, "LANG": "C.UTF-8", **(env or {})}
        return subprocess.run(command, env=given, stdin=subprocess.DEVNULL, check=False).returncode


@contextlib.contextmanager
def room(
    folder: Path,
    *,
    lent: Sequence[tuple[Path, str]] = (),
    reach: Reach = Reach.NOTHING,
    writes: Writes = Writes.AWAY,
) -> Iterator[Room]:
    """A room in this Debian, with folders of this machine at their places. Raises NotReadyError."""
    begin, spaces = ROOM, ["--mount", "--fork", "--kill-child"]
    if reach is Reach.NOTHING:
        begin, spaces = OWN_NETWORK + ROOM, [*spaces, "--pid", "--ipc", "--net"]
    written = Path(f"{folder}.written") if writes is Writes.AWAY else None
    if written is not None:
        written.mkdir(exist_ok=True)
    places = [word for pair in lent for word in map(str, pair)]
    entering = ["setpriv", "--pdeathsig", "KILL", "unshare", *spaces, "sh", "-ec", begin, "sh"]
    with subprocess.Popen(
        [*entering, str(folder), str(written or ""), *places], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        try:
            if process.stdout is None or process.stdout.readline() != b"ready\n":
                raise NotReadyError(f"{folder} could not be entered: see above. A container has to be a privileged one")
            yield Room(_only_child(process.pid))
        finally:
            process.kill()  # and the kernel all that is in it


def _only_child(pid: int) -> int:
    """The process that `unshare` started: the first one of the room."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        if children:
            return int(children[0])
        time.sleep(0.01)
    raise NotReadyError("the room's first process is not found")


def _judge(argv: Sequence[str], status: int) -> None:
    if status:
        raise NotReadyError(f"this failed: {' '.join(argv)}")
