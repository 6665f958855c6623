"""What has to be on this machine first: Debian packages, and the project's own virtual environment."""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
VENV = TOP / ".venv"

BUS = ("dbus", "gnome-keyring")
TESTS = (
    *BUS,
    "adwaita-icon-theme",
    "at-spi2-core",
    "awscli",
    "desktop-file-utils",
    "direnv",
    "dunst",
    "fish",
    "fonts-dejavu-core",
    "gcr",
    "gir1.2-gtk-3.0",
    "gir1.2-gtk-4.0",
    "golang-go",
    "kdialog",
    "libglib2.0-bin",
    "libnotify-bin",
    "libsecret-tools",
    "locales",
    "man-db",
    "nodejs",
    "npm",
    "openbox",
    "openssh-client",
    "openssh-server",
    "pinentry-gtk2",
    "pinentry-qt",
    "podman",
    "procps",
    "python3-gi",
    "python3-tk",
    "rclone",
    "runc",
    "systemd",
    "util-linux",
    "x11-utils",
    "xclip",
    "xdotool",
    "xfce4-notifyd",
    "xfce4-panel",
    "xterm",
    "xvfb",
    "zenity",
    "zsh",
)
# Node's own Debian package brings npm along, and conflicts with Debian's npm; Go is often installed by hand, and newer,
# and debootstrap is a script that runs from any folder. Where the program is, that will do.
FROM_ELSEWHERE = {"npm": "npm", "golang-go": "go", "debootstrap": "debootstrap"}


@dataclass(frozen=True, slots=True)
class Environment:
    """A virtual environment: where, of which Python, with which group of pyproject.toml and which versions."""

    folder: Path = VENV
    python: str = sys.executable
    group: str = "dev"
    versions: tuple[str, ...] = ()

    @property
    def programs(self) -> Path:
        """Its folder of programs."""
        return self.folder / "bin"


class NotReadyError(Exception):
    """Something is missing that a person has to see to. The text says what to type."""


def tell(sentence: str) -> None:
    """One line about what takes time now, on stderr."""
    sys.stderr.write(f"packaging/dev: {sentence}\n")
    sys.stderr.flush()


def need(packages: Sequence[str]) -> None:
    """See to it that these Debian packages are installed: quick when they are.

    Raises NotReadyError with the command to type where we may not install. Elsewhere than on Debian and its like
    there is nothing to ask: what is missing will be named when it is needed.
    """
    missing = _missing(packages)
    if not missing:
        return
    if os.geteuid() != 0:
        command = f"sudo apt-get install --no-install-recommends {' '.join(missing)}"
        raise NotReadyError(f"these Debian packages are missing: {', '.join(missing)}. Install them:\n  {command}")
    tell(f"installing {len(missing)} Debian packages: {' '.join(missing)}")
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    apt = ["apt-get", "-q", "-o", "DPkg::Lock::Timeout=300", "-o", "Acquire::Retries=3"]
    for argv in ([*apt, "update"], [*apt, "install", "-y", "--no-install-recommends", *missing]):
        done = subprocess.run(
            argv,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode:
            raise NotReadyError(f"{' '.join(argv)} failed:\n{done.stdout[-3000:]}")


def environment(wanted: Environment | None = None) -> Path:
    """The folder of programs of `.venv` or another one, made or renewed when pyproject.toml or its Python changed."""
    wanted = wanted or Environment()
    if Path(sys.prefix) == wanted.folder:
        return wanted.programs  # a test of ours asks, which runs in it: whoever started that has seen to it
    stamp = wanted.folder / "made-for"
    mark = _fingerprint(wanted)
    if stamp.exists() and stamp.read_text() == mark:
        return wanted.programs
    if _fails([wanted.python, "-c", "import ensurepip"]):
        if not wanted.python.startswith("/usr/bin/"):
            raise NotReadyError(f"{wanted.python} has no ensurepip, so it can make no virtual environment.")
        need(["python3-venv"])
    name = wanted.folder.name
    tell(
        f"renewing the virtual environment {name}" if stamp.exists() else f"making {name}, once: a virtual environment"
    )
    _run([wanted.python, "-m", "venv", *_clearing(wanted), str(wanted.folder)])
    pip = [str(wanted.programs / "python"), "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
    if os.geteuid() == 0:
        pip.append("--root-user-action=ignore")
    _run([*pip, "--upgrade", "pip>=25.1"])  # the first that knows --group
    _run([*pip, "--group", wanted.group, "--editable", ".", *wanted.versions])
    stamp.write_text(mark)
    return wanted.programs


def project() -> dict[str, list[str]]:
    """What pyproject.toml says of the project."""
    said: dict[str, list[str]] = tomllib.loads((TOP / "pyproject.toml").read_text())["project"]
    return said


def need_tk() -> None:
    """See to it that our Python has Tk. Raises NotReadyError when that is not python3-tk's Python."""
    if importlib.util.find_spec("_tkinter") is None and not sys.executable.startswith("/usr/bin/"):
        raise NotReadyError(
            f"{sys.executable} was built without Tk. Build it again with tk-dev installed, or use the system's Python:"
            "\n  rm -r .venv; /usr/bin/python3 packaging/dev test"
        )


def _missing(packages: Sequence[str]) -> list[str]:
    if shutil.which("dpkg-query") is None:
        return []
    asked = subprocess.run(
        ["dpkg-query", "-W", "-f", "${db:Status-Status} ${Package}\n", *packages],
        capture_output=True,
        text=True,
        check=False,  # it fails when one of them is unknown
    )
    installed = {line.split()[1] for line in asked.stdout.splitlines() if line.startswith("installed ")}
    return [one for one in packages if one not in installed and not shutil.which(FROM_ELSEWHERE.get(one, ""))]


def _fingerprint(wanted: Environment) -> str:
    """What the environment depends on; its own place too, as its programs name it in their first line."""
    what = f"{sys.version}\n{wanted}\n".encode() + (TOP / "pyproject.toml").read_bytes()
    return hashlib.sha256(what).hexdigest()


def _clearing(wanted: Environment) -> list[str]:
    """An environment of another Python, or with versions of its own, is of no use."""
    try:
        made = (wanted.folder / "pyvenv.cfg").read_text()
    except OSError:
        return []
    ours = wanted.python == sys.executable and f"version = {sys.version.split()[0]}" in made
    return [] if ours and not wanted.versions else ["--clear"]


def _fails(argv: Sequence[str]) -> bool:
    return subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, check=False).returncode != 0


def _run(argv: Sequence[str]) -> None:
    if subprocess.run(argv, cwd=TOP, stdin=subprocess.DEVNULL, stdout=sys.stderr, check=False).returncode:
        raise NotReadyError(f"this failed: {' '.join(argv)}")
