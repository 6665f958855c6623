"""Shows a long text by the person's pager."""

import subprocess
import sys
from collections.abc import Mapping

OURS = {"LESS": "FRX", "LV": "-c"}  # what is not set: a text that fits is just printed, and stays


def show(text: str, environ: Mapping[str, str]) -> None:
    """By PAGER, which a shell reads as for `man`, else by `less`; printed where there is none."""
    command = environ.get("PAGER") or "less"
    try:
        shown = subprocess.run(
            ["/bin/sh", "-c", f"command -v {command.split()[0]} >/dev/null || exit 127; exec {command}"],
            input=text.encode("utf-8", "replace"),
            env={**OURS, **environ},
            check=False,
        ).returncode
    except (OSError, KeyboardInterrupt):
        shown = 127
    if shown == 127:  # noqa: PLR2004 — not found, as a shell says
        sys.stdout.write(text)
