"""Every sentence of the source in which a command stands, and how one is found again in what was printed."""

import ast
import re
from string import Formatter

from test_japanese import SOURCE, templates

COMMAND = re.compile(r"`([^`]*)`")
OTHERS = ("aws", "chmod", "kill", "ls", "pgrep", "sed", "sudo", "timedatectl", "ulimit", "unset")
RUNNABLE = re.compile(rf"(?:eval \"\$\()?(?:[A-Z_]+=\S+ )*(?:trayexec|{'|'.join(OTHERS)})\b|\{{command\}}")


def every() -> dict[str, str]:
    """Every template with a command in it, and the place that says it."""
    found: dict[str, str] = {}
    for path in sorted(SOURCE.rglob("*.py")):
        for template, place in templates(ast.parse(path.read_text("utf-8")), path.relative_to(SOURCE).as_posix()):
            if commands(template):
                found.setdefault(template, place)
    return found


def commands(text: str) -> list[str]:
    """The commands that stand in it, each once; what is in backquotes and is none is a sign or a word."""
    return list(dict.fromkeys(one for one in COMMAND.findall(text) if RUNNABLE.match(one)))


def pieces(template: str, text: str) -> list[str]:
    """All that `text` says by this template."""
    parts = [
        re.escape(words) + ("([^\\n]*?)" if hole is not None else "") for words, hole, *_ in Formatter().parse(template)
    ]
    return [one[0] for one in re.finditer("".join(parts) + ("$" if template.endswith("}") else ""), text, re.MULTILINE)]
