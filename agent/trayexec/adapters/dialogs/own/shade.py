"""Finds out whether this desktop is dark, for our own dialog.

It also runs in an older Python than ours: syntax of 3.9.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

PATIENCE = 1.0  # seconds for the desktop's own tool: a dialog that is light must not be late
_GNOME = ("get", "org.gnome.desktop.interface")
_MIDDLE = 128  # of 255: a window's background that is darker is dark


def is_dark(environ: Mapping[str, str]) -> bool:
    """Whether windows here are dark: by GNOME's setting and its theme, GTK's own settings, or KDE's colours."""
    theme = environ.get("GTK_THEME", "")
    if theme:
        return theme.lower().endswith((":dark", "-dark"))
    home = Path(environ.get("XDG_CONFIG_HOME") or Path(environ.get("HOME", "/")) / ".config")
    if "KDE" in environ.get("XDG_CURRENT_DESKTOP", "").upper().split(":"):
        return _kde(home / "kdeglobals")
    return _gnome(environ) or _gtk(home / "gtk-3.0/settings.ini")


def _gnome(environ: Mapping[str, str]) -> bool:
    tool = shutil.which("gsettings", path=environ.get("PATH"))
    if tool is None:
        return False
    for key, words in (("color-scheme", ("prefer-dark",)), ("gtk-theme", ("-dark",))):
        try:
            done = subprocess.run(
                [tool, *_GNOME, key], env=dict(environ), capture_output=True, timeout=PATIENCE, check=False
            )
        except (OSError, subprocess.TimeoutExpired):
            return False
        said = done.stdout.decode(errors="replace").strip().strip("'").lower()
        if said.endswith(words):
            return True
    return False


def _gtk(file: Path) -> bool:
    found = _values(file)
    wanted = found.get("gtk-application-prefer-dark-theme", "").lower() in {"1", "true"}
    return wanted or found.get("gtk-theme-name", "").lower().endswith("-dark")


def _kde(file: Path) -> bool:
    """KDE keeps each colour as `red,green,blue` (kdeglobals, [Colors:Window])."""
    parts = _values(file, "Colors:Window").get("BackgroundNormal", "").split(",")
    try:
        red, green, blue = (int(part) for part in parts)
    except ValueError:
        return False
    return (red * 299 + green * 587 + blue * 114) // 1000 < _MIDDLE


def _values(file: Path, section: str | None = None) -> dict[str, str]:
    try:
        lines = file.read_text(errors="replace").splitlines()
    except OSError:
        return {}
    values, here = {}, None
    for line in lines:
        if line.startswith("["):
            here = line.strip().strip("[]")
        elif section is None or here == section:
            key, _, value = line.partition("=")
            values[key.strip()] = value.strip()
    return values
