"""States of an agent that hangs, fails, is full or is of another version, and of a command that is: a copy of ours."""

import contextlib
import os
import shutil
import signal
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from hints.follow import Person
from hints.state import Look, State
from hints.states import BASE, files
from support.rig import Rig
from test_japanese import SOURCE

STOP = "End its process, whose number is in its lock file: `kill -9 $(cat {lock})`"
SILENT = "Stop it with `trayexec agent stop`, or end its process, then try again."
GARBLED = "Agent and command may be of different versions: run `trayexec agent stop`, then try again."
MISSING = "Run `trayexec agent` in a terminal to see more. Where parts of trayexec are missing, install it again."
KILLED = "Run `trayexec agent` in a terminal: it says why."
STARTER = """\
#!{python} -I
import sys
sys.path.insert(0, {root!r})
from trayexec.cli import main
main()
"""


def other(rig: Rig, module: str, more: str) -> Path:
    """A copy of trayexec in which a module has some lines more at its end: its start script."""
    root = rig.desk.home("other")
    shutil.copytree(SOURCE, root / "trayexec", ignore=shutil.ignore_patterns("__pycache__"))
    with (root / "trayexec" / module).open("a") as file:
        file.write(f"\n{more}\n")
    path = rig.write("other/start", STARTER.format(python=sys.executable, root=str(root)))
    path.chmod(0o755)
    return path


def with_command(module: str, more: str) -> Callable[[Rig], Look]:
    """What such a copy says that wants an agent; the person has no other."""

    def make(rig: Rig) -> Look:
        rig.desk.home("bin").mkdir(exist_ok=True)
        rig.desk.home("bin/trayexec").symlink_to(other(rig, module, more))
        return lambda: Person(rig).type("trayexec auth --no-wait")[1]

    return make


def newer(rig: Rig) -> Look:
    """The command speaks another version than the agent that runs."""
    files(BASE)(rig)
    rig.start_agent()
    return with_command("light/protocol.py", "VERSION = 2")(rig)


def garbling(rig: Rig) -> Look:
    """The agent speaks what nobody understands."""
    files(BASE)(rig)
    path = other(rig, "light/protocol.py", GARBLING)
    rig.desk.run([str(path), "agent", "start"])
    return lambda: rig.run("status").err + rig.run("account-a", "spare", "--no-wait", "--", "true").err


GARBLING = """
def encode(message):
    return b"?\\n"
"""


def hanging(rig: Rig) -> Look:
    """Its process does not go on."""
    files(BASE)(rig)
    os.kill(rig.start_agent(), signal.SIGSTOP)
    return lambda: rig.run("status").err + rig.run("hook", "bash").err


def full(rig: Rig) -> Look:
    """As many callers as it has room for, who have yet to say what they want, until they are ended."""
    files(BASE)(rig)
    Person(rig).type("ulimit -n 128; trayexec agent start")
    LEFT.clear()

    def look() -> str:
        said = ""
        for _ in range(10):  # each caller has two seconds for its line, and a busy machine may need them for this one's
            for _ in range(0 if LEFT.is_set() else 70):
                CALLERS.enter_context(one := socket.socket(socket.AF_UNIX))
                one.connect(str(rig.socket))
            said = rig.run("status").err
            if said or LEFT.is_set():
                break
        return said

    return look


def leave(_: Rig) -> None:
    """The callers end."""
    LEFT.set()
    CALLERS.close()


CALLERS = contextlib.ExitStack()
LEFT = threading.Event()


STATES = (
    State(
        "an agent that hangs",
        hanging,
        (SILENT,),
        gone=True,
        leaves={"trayexec agent stop": 125},
        leads=(STOP,),
    ),
    State("an agent that garbles", garbling, (GARBLED,), gone=True),
    State(
        "an agent of an older version",
        newer,
        (
            (
                "It is trayexec {version} and speaks version {ours}, you sent version {theirs}. After an update, "
                "run `trayexec agent stop`: the next command starts the new agent."
            ),
        ),
        gone=True,
        leaves={"trayexec agent stop": 125},
        leads=(STOP,),
    ),
    State(
        "an agent with a part missing",
        with_command("daemon/app.py", "import missing_part"),
        (MISSING,),
        leaves={"trayexec agent": 125},
    ),
    State(
        "an agent that is killed",
        with_command("daemon/app.py", "import os; os.kill(os.getpid(), 9)"),
        (KILLED,),
        leaves={"trayexec agent": -9},
    ),
    State(
        "an agent with no room",
        full,
        ("End those that are not needed (`pgrep -af trayexec` lists them), or try again in a moment.",),
        gone=True,
        then=leave,
    ),
)
