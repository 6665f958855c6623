"""A folder in an archive that is the same whenever, wherever and by whomever it is made."""

import gzip
import tarfile
from pathlib import Path


def pack(folder: Path, archive: Path, *, epoch: int) -> Path:
    """Write this folder into a `.tar.gz`, all of it root's and of one date. Returns the archive.

    The date is in seconds since 1970 UTC.
    """
    with (
        archive.open("wb") as file,
        gzip.GzipFile("", "wb", fileobj=file, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        tar.add(folder, folder.name, filter=lambda entry: plain(entry, epoch))  # by name, as `add` does it
    return archive


def plain(entry: tarfile.TarInfo, epoch: int) -> tarfile.TarInfo:
    """The entry as root's, of this date, with no more rights than everybody has to read and start it."""
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = "root"
    entry.mtime = epoch
    entry.mode = 0o755 if entry.isdir() or entry.mode & 0o100 else 0o644
    return entry
