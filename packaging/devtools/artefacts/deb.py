"""The Debian package: one for every Debian from 12 on. Why it is made as it is stands in packaging/debian/README.md."""

import hashlib
import io
import lzma
import re
import tarfile
import tempfile
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

from devtools.archive import plain
from devtools.artefacts import layout, source, wheels
from devtools.machine import TOP, NotReadyError

INPUTS = TOP / "packaging/debian"
DOCUMENTS = "usr/share/doc/trayexec"
# What both have new enough, or what is no Python alone: its mending is Debian's.
OF_DEBIAN = {
    "cryptography": "python3-cryptography",
    "importlib-metadata": "python3 (>= 3.12) | python3-importlib-metadata",
    "jmespath": "python3-jmespath",
    "more-itertools": "python3-more-itertools",
    "pillow": "python3-pil",
    "python-dateutil": "python3-dateutil",
    "python-xlib": "python3-xlib",
    "secretstorage": "python3-secretstorage",
    "six": "python3-six",
    "wcwidth": "python3-wcwidth",
}
BEHIND_THEM = frozenset({"cffi", "lazy-importer", "pycparser", "zipp"})
ZSH = "usr/share/zsh/vendor-completions/_trayexec"
SCRIPTS = ("postinst", "prerm")


def build(out: Path) -> tuple[Path, ...]:
    """Make the package in this folder. Raises NotReadyError."""
    _decided()
    with tempfile.TemporaryDirectory() as made:
        root, control = Path(made, "root"), Path(made, "control")
        _fill(root)
        _control(control, root)
        name = f"trayexec_{source.version()}_all.deb"
        (Path(made) / name).write_bytes(archive(control, root))
        return source.keep(out, [Path(made) / name])


def _decided() -> None:
    """Raises NotReadyError for a dependency of which nobody has said where it comes from."""
    unknown = wheels.on_linux() - {*layout.BROUGHT, *OF_DEBIAN, *BEHIND_THEM}
    if unknown:
        raise NotReadyError(f"{', '.join(sorted(unknown))}: brought or Debian's? Say so in devtools/artefacts/deb.py")


def _fill(root: Path) -> None:
    """What the package puts on a machine."""
    # Isolated and without `site`: what a package adds to that costs time, and can bend the path.
    layout.fill(root, zsh=ZSH, start=(INPUTS / "start").read_text())
    documents = root / DOCUMENTS
    layout.put(documents / "copyright", _copyright())
    layout.put(
        documents / "changelog.gz", layout.zipped(changelog((TOP / ".github/CHANGELOG.md").read_text()).encode())
    )
    layout.put(root / "usr/share/lintian/overrides/trayexec", (INPUTS / "lintian-overrides").read_bytes())
    layout.put(root / "usr/share/python3/runtime.d/trayexec.rtupdate", (INPUTS / "rtupdate").read_bytes(), mode=0o755)


def _copyright() -> bytes:
    said = (INPUTS / "copyright").read_text()
    absent = [name for name in layout.BROUGHT if f"\n# {name}\n" not in said]
    if absent:
        raise NotReadyError(f"packaging/debian/copyright says nothing of {', '.join(absent)}")
    return "".join(line for line in said.splitlines(keepends=True) if not line.startswith("# ")).encode()


def _control(control: Path, root: Path) -> None:
    """What dpkg reads, and what it runs."""
    sizes = [-(-one.lstat().st_size // 1024) for one in root.rglob("*") if one.is_file()]
    said = (INPUTS / "control").read_text()
    said = said.replace("@VERSION@", source.version()).replace("@SIZE@", str(sum(sizes)))
    said = said.replace("@OF_DEBIAN@", ", ".join(OF_DEBIAN.values()))
    layout.put(control / "control", said.encode())
    files = sorted(one for one in root.rglob("*") if one.is_file() and not one.is_symlink())
    sums = [f"{hashlib.md5(one.read_bytes()).hexdigest()}  {one.relative_to(root)}\n" for one in files]  # noqa: S324 — dpkg's format
    layout.put(control / "md5sums", "".join(sums).encode())
    for name in SCRIPTS:
        layout.put(control / name, (INPUTS / name).read_bytes(), mode=0o755)


def changelog(said: str) -> str:
    """Our changelog as Debian writes one."""
    return "".join(_releases(said))


_SECTION = re.compile(
    r"^## \[(?P<version>[^\]]+)\](?: - (?P<date>[0-9-]+))?\n(?P<body>.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL
)
_MAINTAINER = re.compile(r"^Maintainer: (.*)$", re.MULTILINE)


def _releases(said: str) -> Iterator[str]:
    """What is not released yet goes by this tree's version and date."""
    who = _MAINTAINER.search((INPUTS / "control").read_text())
    for found in _SECTION.finditer(said):
        number = source.version() if found["version"] == "Unreleased" else found["version"]
        when = time.strptime(found["date"], "%Y-%m-%d") if found["date"] else time.gmtime(source.epoch())
        if not found["body"].strip():
            continue
        body = "\n\n".join(_changes(found["body"]))
        date = time.strftime("%a, %d %b %Y %H:%M:%S +0000", when)
        yield f"trayexec ({number}) unstable; urgency=medium\n\n{body}\n\n -- {who[1] if who else ''}  {date}\n\n"


def _changes(body: str) -> Iterator[str]:
    for block in re.split(r"\n(?=- |### )|\n\n", body.strip()):
        words = " ".join(block.split())
        if words.startswith("### "):
            yield f"  [ {words.removeprefix('### ')} ]"
        elif words:
            sentence = words.removeprefix("- ")
            yield textwrap.fill(
                sentence,
                80,
                initial_indent="  * ",
                subsequent_indent="    ",
                break_long_words=False,
                break_on_hyphens=False,
            )


def archive(control: Path, root: Path) -> bytes:
    """An `ar` of the version of the format, and of two archives: what dpkg reads, and what goes on the machine."""
    members = {
        "debian-binary": b"2.0\n",
        "control.tar.xz": _packed(control),
        "data.tar.xz": _packed(root),
    }
    return b"!<arch>\n" + b"".join(_member(name, what) for name, what in members.items())


def _member(name: str, what: bytes) -> bytes:
    head = f"{name:<16}{source.epoch():<12}{0:<6}{0:<6}{0o100644:<8o}{len(what):<10}`\n".encode()
    return head + what + b"\n" * (len(what) % 2)


def _packed(folder: Path) -> bytes:
    """Sorted, root's, all of one date: the same from any machine."""
    written, epoch = io.BytesIO(), source.epoch()
    with tarfile.open(fileobj=written, mode="w", format=tarfile.GNU_FORMAT) as packed:
        for one in (folder, *sorted(folder.rglob("*"))):
            name = f"./{one.relative_to(folder)}" if one != folder else "./"
            entry = plain(packed.gettarinfo(one, name), epoch)
            if entry.isreg():
                with one.open("rb") as file:
                    packed.addfile(entry, file)
            else:
                packed.addfile(entry)
    return lzma.compress(written.getvalue(), preset=6)
