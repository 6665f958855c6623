"""Where things lie in a distribution's package: a private folder with what that lacks, and what is shared."""

import gzip
from pathlib import Path

from devtools.artefacts import source, wheels
from devtools.lock import Pin
from devtools.machine import TOP

SHARED = TOP / "packaging/linux"
PRIVATE = "usr/lib/trayexec"
# What Debian 12 or 13 lacks, or has too old, as the lock has it. Others have no more of it than they.
BROUGHT = (
    "backports-tarfile",
    "boto3",
    "botocore",
    "h11",
    "jaraco-classes",
    "jaraco-context",
    "jaraco-functools",
    "jeepney",
    "keyring",
    "plyer",
    "prompt-toolkit",
    "pystray",
    "s3transfer",
    "urllib3",
)
# Where bash, fish and desktops look.
_PLACES = {
    "completions/trayexec.bash": "usr/share/bash-completion/completions/trayexec",
    "completions/trayexec.fish": "usr/share/fish/vendor_completions.d/trayexec.fish",
    "trayexec.desktop": "usr/share/applications/trayexec.desktop",
    "io.github.trayexec.metainfo.xml": "usr/share/metainfo/io.github.trayexec.metainfo.xml",
}


def fill(root: Path, *, zsh: str, start: str, licences: Path | None = None) -> tuple[Pin, ...]:
    """Put it all there: zsh's completion at that place, two start scripts after that template, licences if wanted.

    Returns what is brought that is not ours. Raises NotReadyError.
    """
    private = root / PRIVATE
    for name in source.files():
        if name.startswith("agent/trayexec/"):
            put(private / name.removeprefix("agent/"), (TOP / name).read_bytes())
        elif name.startswith("packaging/linux/icons/"):
            put(root / "usr/share" / name.removeprefix("packaging/linux/"), (TOP / name).read_bytes())
    brought = wheels.unpack(BROUGHT, private, licences=licences)
    _keep_to_one_folder(private)
    for name, main in (("trayexec", "main"), ("trayexec-agent", "main_agent")):
        put(root / "usr/bin" / name, start.replace("@MAIN@", main).encode(), mode=0o755)
    for name, place in {**_PLACES, "completions/_trayexec": zsh}.items():
        put(root / place, (SHARED / name).read_bytes())
    manuals = root / "usr/share/man/man1"
    put(manuals / "trayexec.1.gz", zipped((SHARED / "trayexec.1").read_bytes()))
    (manuals / "trayexec-agent.1.gz").symlink_to("trayexec.1.gz")
    return brought


def _keep_to_one_folder(private: Path) -> None:
    """A name that several packages share is ours alone: the system's of the same name would hide what we bring."""
    for name in ("backports", "jaraco"):
        (private / name / "__init__.py").touch()


def put(place: Path, what: bytes, mode: int = 0o644) -> None:
    """Write a file, and the folders above it."""
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(what)
    place.chmod(mode)


def zipped(what: bytes) -> bytes:
    """The same gzip of the same bytes, whenever."""
    return gzip.compress(what, 9, mtime=0)
