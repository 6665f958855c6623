"""`test --desktops`: the tray's flows on other desktops than Xfce, in a Debian of their own in a folder.

The folder is made once and renewed when what belongs in it changes. What runs in it has mounts, processes and a network
of its own, which the kernel takes away with the last process: nothing stays, however it ends.
"""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from devtools.machine import TOP, NotReadyError, need, tell

TOOLS = ("debootstrap", "debian-archive-keyring", "util-linux")
RELEASE = "bookworm"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "trayexec-desktops"
FOLDER = CACHE / RELEASE
PICTURES = CACHE / "pictures"
FLOWS = "tests/desktops/flows.py"
DESKTOPS = {
    "lxqt": ("lxqt-panel", "lxqt-notificationd", "lxqt-themes", "openbox"),
    "mate": ("mate-panel", "mate-notification-daemon", "mate-themes", "marco", "mate-settings-daemon-common"),
    "sway": ("sway", "waybar", "mako-notifier"),
    "plasma": ("plasma-desktop", "plasma-workspace", "kwin-x11", "kded5", "breeze-icon-theme"),
    "gnome": ("gnome-shell", "gnome-shell-extension-appindicator", "python3-dbusmock", "gjs"),
}
COMMON = (
    "adwaita-icon-theme",
    "at-spi2-core",
    "ca-certificates",
    "dbus",
    "fonts-dejavu-core",
    "gir1.2-gtk-3.0",
    "gir1.2-gtk-4.0",
    "gnome-keyring",
    "iproute2",
    "libglib2.0-bin",
    "procps",
    "python3-gi",
    "python3-tk",
    "python3-venv",
    "x11-utils",
    "xclip",
    "xdotool",
    "xvfb",
)
PACKAGES = tuple(sorted({*COMMON, *(package for some in DESKTOPS.values() for package in some)}))

# Where things are inside.
TREE = "/opt/trayexec"
PYTHON = "/opt/venv/bin/python"
SHOWN = "/opt/pictures"
# An ordinary user, as whoever has a desktop is.
USER = ("setpriv", "--reuid", "1000", "--regid", "1000", "--clear-groups", "--no-new-privs")

# $1 the folder, $2 this tree, $3 where the pictures go; then what is to be run. The shell stays, as the process that
# takes leave of orphans.
ROOM = f"""
mount -t proc proc "$1/proc"
mount -t tmpfs -o mode=755 tmpfs "$1/dev"
for name in null zero full random urandom tty; do
    touch "$1/dev/$name"
    mount --bind "/dev/$name" "$1/dev/$name"
done
ln -s /proc/self/fd "$1/dev/fd"
ln -s pts/ptmx "$1/dev/ptmx"
mkdir "$1/dev/pts"
mount -t devpts -o newinstance,ptmxmode=666 devpts "$1/dev/pts"
mkdir -m 1777 "$1/dev/shm"
mount -t tmpfs -o mode=1777 tmpfs "$1/tmp"
mkdir -m 1777 "$1/tmp/.X11-unix"
mount --bind -o ro "$2" "$1{TREE}"
mount --bind "$3" "$1{SHOWN}"
folder=$1
shift 3
chroot "$folder" "$@"
"""
OWN_NETWORK = "ip link set lo up\n"


def test(arguments: Sequence[str]) -> int:
    """The flows on every desktop, or those that these arguments of pytest choose (`-k lxqt`). The exit status."""
    if os.geteuid() != 0:
        raise NotReadyError("a Debian in a folder is made and entered by root:\n  sudo packaging/dev test --desktops")
    PICTURES.mkdir(parents=True, exist_ok=True)
    _make()
    os.chown(PICTURES, 1000, 1000)
    for former in PICTURES.glob("*-failed.png"):
        former.unlink()
    tell(f"pictures go to {PICTURES}")
    chosen = ["-q", "-p", "no:cacheprovider", "-p", "no:randomly", FLOWS, *arguments]
    words = ["env", "-i", *_environment(), *USER, PYTHON, "-m", "pytest", *chosen]
    return _room(["sh", "-c", f'cd {TREE}; exec "$@"', "sh", *words], network=False)


def _environment() -> list[str]:
    paths = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    return [f"PATH={paths}", "HOME=/home/tester", "LANG=C.UTF-8", "CI=true", f"DESKTOP_PICTURES={SHOWN}"]


def _make() -> None:
    """The Debian with the desktops, and an environment for the tests. Raises NotReadyError where a step fails."""
    stamp, mark = FOLDER / "made-for", _fingerprint()
    if stamp.exists() and stamp.read_text() == mark:
        return
    tell(f"making {FOLDER}: a Debian with {', '.join(DESKTOPS)}. That takes some minutes")
    need(TOOLS)
    shutil.rmtree(FOLDER, ignore_errors=True)
    made = ["debootstrap", "--variant=minbase", RELEASE, str(FOLDER)]
    _judge(made, subprocess.run(made, stdin=subprocess.DEVNULL, stdout=2, check=False).returncode)
    (FOLDER / "etc/dpkg/dpkg.cfg.d/fast").write_text("force-unsafe-io\n")
    shutil.copy("/etc/resolv.conf", FOLDER / "etc/resolv.conf")
    for place in (TREE, SHOWN):
        (FOLDER / place[1:]).mkdir(parents=True)
    _do(["apt-get", "-q", "update"])
    _do(["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qy", "--no-install-recommends", "install", *PACKAGES])
    _do(["useradd", "--uid", "1000", "--create-home", "tester"])
    shutil.copy("/etc/ssl/certs/ca-certificates.crt", FOLDER / "etc/ssl/certs/ca-certificates.crt")
    _do(["python3", "-m", "venv", "/opt/venv"])
    _do([PYTHON, "-m", "pip", "-q", "install", "--upgrade", "pip>=25.1"])
    _do(["sh", "-c", f"cd {TREE}; {PYTHON} -m pip -q install --group fast --editable ."])
    stamp.write_text(mark)


def _do(argv: Sequence[str]) -> None:
    _judge(argv, _room(argv, network=True))


def _judge(argv: Sequence[str], status: int) -> None:
    if status:
        raise NotReadyError(f"this failed: {' '.join(argv)}")


def _room(argv: Sequence[str], *, network: bool) -> int:
    """Run this inside, with the network of this machine or only a loopback. Returns the exit status."""
    spaces = ["--mount", "--pid", "--ipc", "--fork", "--kill-child", *([] if network else ["--net"])]
    begin = ROOM if network else OWN_NETWORK + ROOM
    places = [str(FOLDER), str(TOP), str(PICTURES)]
    return subprocess.run(
        ["setpriv", "--pdeathsig", "KILL", "unshare", *spaces, "sh", "-ec", begin, "sh", *places, *argv],
        stdin=subprocess.DEVNULL,
        check=False,
    ).returncode


def _fingerprint() -> str:
    what = f"{RELEASE} {PACKAGES}\n".encode() + (TOP / "pyproject.toml").read_bytes()
    return hashlib.sha256(what).hexdigest()
