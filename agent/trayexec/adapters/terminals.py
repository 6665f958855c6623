"""Opens the person's terminal with a command in it.

Each terminal has its own way to be given a command. The one that the person or the system names comes first, then the
one of the desktop, then what is there. Blocking for a moment: for a worker.
"""

import shlex
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

from trayexec.adapters.user_manager import ways_to_start
from trayexec.light import agent_environment

UMASK = 0o022  # the usual one: the agent's own is for its own files
AT_ONCE = 2.0  # seconds in which one that cannot start ends; one that hands over to a server ends well in them, too

# What stands between the terminal and the words of the command.
# From https://github.com/Vladimir-csp/xdg-terminal-exec, and from each one's own manual.
BEFORE_COMMAND: Mapping[str, Sequence[str]] = {
    "xdg-terminal-exec": (),
    "x-terminal-emulator": ("-e",),  # Debian policy 11.8.3
    "ptyxis": ("--",),
    "kgx": ("--",),
    "gnome-terminal": ("--",),
    "konsole": ("-e",),
    "xfce4-terminal": ("-x",),
    "mate-terminal": ("-x",),
    "qterminal": ("-e",),
    "lxterminal": ("-e",),
    "tilix": ("-e",),
    "terminator": ("-x",),
    "ghostty": ("-e",),
    "kitty": (),
    "alacritty": ("-e",),
    "foot": (),
    "wezterm": ("start", "--"),
    "urxvt": ("-e",),
    "st": ("-e",),
    "xterm": ("-e",),
}
NAMED = "xdg-terminal-exec"  # leads to the one that the person has chosen for all programs
# By a word of XDG_CURRENT_DESKTOP.
OF_DESKTOP: Mapping[str, Sequence[str]] = {
    "GNOME": ("ptyxis", "kgx", "gnome-terminal"),
    "KDE": ("konsole",),
    "XFCE": ("xfce4-terminal",),
    "MATE": ("mate-terminal",),
    "LXQt": ("qterminal",),
    "LXDE": ("lxterminal",),
}
# `open` gives a new window no command: Terminal is told by its own script.
_MACOS = (
    *("osascript", "-e", "on run argv", "-e", 'tell application "Terminal"', "-e", "activate"),
    *("-e", "do script (item 1 of argv)", "-e", "end tell", "-e", "end run"),
)


def command_lines(command: Sequence[str], environ: Mapping[str, str]) -> Iterator[list[str]]:
    """The command lines that may open a terminal with this command, the most fitting first."""
    if sys.platform == "darwin":
        yield [*_MACOS, shlex.join(command)]
        return
    own = tuple(environ.get("TERMINAL", "").split())
    others = dict.fromkeys((*_of_desktop(environ), *BEFORE_COMMAND))
    for named, *options in ((NAMED,), *([own] if own else []), *((name,) for name in others if name != NAMED)):
        path = shutil.which(named, path=environ.get("PATH"))
        if path is not None:
            yield [path, *options, *BEFORE_COMMAND.get(named.rpartition("/")[2], ("-e",)), *command]


def open_terminal(command: Sequence[str], environ: Mapping[str, str]) -> bool:
    """Open a terminal with this command in the home folder. False where none is there, or none starts.

    It has what the agent and its dialogs have of the desktop's environment, and nothing else; it outlives the agent.
    """
    if sys.platform == "win32":
        return False  # nobody has tried one there
    return any(
        _starts(argv, environ)
        for terminal in command_lines(command, environ)
        for argv in ways_to_start(terminal, environ)
    )


def _of_desktop(environ: Mapping[str, str]) -> Iterator[str]:
    for word in environ.get("XDG_CURRENT_DESKTOP", "").split(":"):
        yield from OF_DESKTOP.get(word, ())


def _starts(argv: Sequence[str], environ: Mapping[str, str]) -> bool:
    env = agent_environment.of(environ)
    try:
        terminal = subprocess.Popen(
            argv,
            cwd=env.get("HOME"),
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            umask=UMASK,
        )
    except OSError:
        return False
    with suppress(subprocess.TimeoutExpired):
        return terminal.wait(AT_ONCE) == 0
    threading.Thread(target=terminal.wait, name="terminal", daemon=True).start()  # so that it leaves no zombie
    return True
