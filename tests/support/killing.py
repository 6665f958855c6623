"""Runs commands on a terminal, each killed before the n-th of what it does to files, to the keychain or to AWS.

One process loads the program and forks for each run, so that a run costs no start of Python.
"""

import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

from support.rig import COMMAND, Rig, Terminal

# Without arguments a run is typed as `N WORDS…`: of what is counted, all but the first N - 1 does not happen.
ZYGOTE = """\
import os, signal, sys
sys.path.insert(0, sys.argv[1])
import botocore.session, boto3
from trayexec import cli
from trayexec.adapters import sts, keychain, iam
from trayexec.commands import keys_import, keys_rotate, setup
from trayexec.light import private_files

NAMED = {"os.rename", "os.remove", "os.link", "os.symlink", "os.mkdir", "subprocess.Popen", "socket.connect"}
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
left = 0

def counts(event, args):
    if event == "open":
        path, _, flags = args
        return isinstance(flags, int) and flags & WRITES and not str(path).startswith("/dev/")
    return event in NAMED

def hook(event, args):
    global left
    if left and counts(event, args):
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)

keys_rotate.rotation.PAUSE = 0.01  # seconds between two looks whether AWS takes a key
private_files.SETTLED = private_files.FORGOTTEN = 0.0  # seconds: whoever was killed is gone when the next one runs
print("ready", flush=True)
while line := os.read(0, 4096):  # a line of the terminal; sys.stdin is new to each child
    number, *words = line.decode().split()
    child = os.fork()
    if not child:
        sys.argv[:] = ["trayexec", *words]
        sys.addaudithook(hook)
        left = int(number)
        try:
            status = cli.main()
        except SystemExit as error:
            status = error.code
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(int(status or 0))
    _, status = os.waitpid(child, 0)
    print(f"ended {os.waitstatus_to_exitcode(status)}.", flush=True)
"""
ENDED = re.compile(r"ended (-?\d+)\.\r\n")


@dataclass(slots=True)
class Killer:
    """Runs trayexec over and over in this rig."""

    rig: Rig
    terminal: Terminal = field(init=False)

    def __post_init__(self) -> None:
        """Start the process that forks."""
        script = self.rig.write("zygote.py", ZYGOTE)
        agent = Path(COMMAND[1]).parents[2] / "agent"
        self.terminal = self.rig.terminal_for([sys.executable, "-B", str(script), str(agent)])
        self.terminal.wait_for("ready\r\n")

    def run(self, number: int, *words: str, answers: tuple[tuple[str, str], ...] = ()) -> int:
        """Run these words, killed before the deed of this number; of 0, not at all. Returns the exit status.

        Each question that is asked is answered, however often it comes.
        """
        self.terminal.type(f"{number} {' '.join(words)}\n")
        questions = [ENDED.pattern, *(question for question, _ in answers)]
        while True:
            screen = self.terminal.wait_for("|".join(f"(?:{one})" for one in questions))
            end = ENDED.search(screen)
            if end is not None:
                return int(end[1])
            said = next(said for question, said in answers if re.search(question, screen, re.DOTALL))
            self.terminal.type(f"{said}\n")
