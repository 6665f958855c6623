"""What is made of this tree for people to install. A module each; it is made by `build(out)`, which names its files."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from devtools.artefacts import deb, folder, rpm, wheel

ARTEFACTS: Mapping[str, Callable[[Path], tuple[Path, ...]]] = MappingProxyType(
    {"deb": deb.build, "folder": folder.build, "rpm": rpm.build, "wheel": wheel.build}
)
