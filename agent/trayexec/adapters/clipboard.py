"""Puts a text into the desktop's clipboard, by the program that this desktop has for it."""

import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence

SECONDS = 5.0  # that such a program may take; those that stay to answer do so in the background


def tools(environ: Mapping[str, str]) -> list[Sequence[str]]:
    """The command lines that may do it here, the most fitting first; each reads the text on its standard input."""
    known: list[tuple[bool, Sequence[str]]] = [
        (sys.platform == "darwin", ("pbcopy",)),
        (bool(environ.get("WAYLAND_DISPLAY")), ("wl-copy",)),
        (bool(environ.get("DISPLAY")), ("xclip", "-selection", "clipboard")),
        (bool(environ.get("DISPLAY")), ("xsel", "--clipboard", "--input")),
        (bool(environ.get("WSL_DISTRO_NAME")), ("clip.exe",)),
    ]
    return [argv for fits, argv in known if fits and shutil.which(argv[0], path=environ.get("PATH"))]


def copy(text: str, environ: Mapping[str, str]) -> bool:
    """Put the text there; it never stands on a command line. False where no program did it."""
    for argv in tools(environ):
        try:
            done = subprocess.run(
                argv,
                input=text.encode(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=dict(environ),
                timeout=SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            continue
        if done.returncode == 0:
            return True
    return False
