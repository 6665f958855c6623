"""Types what a hint names: in a shell, on a terminal, as a person who answers what is asked."""

import re
import shlex
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from awssim.world import Key
from support.awscli import CLI_2
from support.desktop import program
from support.rig import COMMAND, Rig

# Names that a shell, an option parser or a config parser would take apart.
ODD = 'it\'s "$HOME" -x 日本'
DASHED = "-x"
# Words for people to replace, and what stands in their place when it is tried.
METAVARS = {
    "PROFILE": "account-a",
    "IDENTITY": "default",
    "CMD…": "true",
    "…": "true",
    "arn:aws:iam::ACCOUNT:mfa/DEVICE": "arn:aws:iam::111111111111:mfa/alice",
}
# It comes for the page, and does not go where that leads.
BROWSER = f"""\
#!{sys.executable}
import http.client, sys, urllib.parse
address = urllib.parse.urlsplit(sys.argv[1])
connection = http.client.HTTPConnection(address.netloc)
connection.request("GET", address.path)
connection.getresponse()
"""
PATIENCE = 60.0
STAYS = "Ctrl-C stops it"  # says an agent in the foreground
# Nobody who does what he is told hears this.
NEVER = (
    *("There is no profile", "There is no identity", "There is no verb", "There is no group", "several identities"),
    *(
        "Unknown word",
        "Too much on this line",
        "This is missing",
        "Traceback",
        "went wrong inside",
        "Usage:",
        "command not found",
    ),
    *("Unknown option", "syntax error", "could not be found", "No such file"),
)


@dataclass(slots=True)
class Person:
    """Somebody at a terminal of this rig, and what that shell has in its environment."""

    rig: Rig
    env: Mapping[str, str | None] = field(default_factory=dict)
    replaced: Mapping[str, str] = field(default_factory=dict)
    user: str = "alice"

    def type(self, command: str) -> tuple[int, str]:
        """Run the line as bash reads it, answering what is asked: its exit status, and all that was on the screen."""
        shim = self.rig.desk.home("bin/trayexec")
        if not shim.exists():  # a state may have put another version there
            self.rig.write("bin/trayexec", f'#!/bin/sh\nexec {shlex.join(COMMAND)} "$@"\n').chmod(0o755)
        aws = shim.with_name("aws")
        if not aws.is_symlink():
            aws.symlink_to(CLI_2)
        browser = self.rig.write("bin/browser", BROWSER)
        browser.chmod(0o755)
        env = {"SHELL": "/bin/true", "BROWSER": str(browser), "TERM": "dumb", **self.env}
        env["PATH"] = f"{shim.parent}:{self.rig.env['PATH']}"
        line = self._replaced(command)
        terminal = self.rig.terminal_for([program("bash"), "--norc", "-c", line], env=env)
        end, answered = time.monotonic() + PATIENCE, 0
        while terminal.process.poll() is None and time.monotonic() < end:
            terminal._look(0.1)
            answer = self._answer(terminal.screen[answered:])
            if answer is not None:
                answered = len(terminal.screen)
                terminal.type(f"{answer}\n")
            elif STAYS in terminal.screen[answered:]:
                answered = len(terminal.screen)
                terminal.type("\x03")
        status, screen = terminal.ended()
        return status, screen.replace("\r\n", "\n")

    def _replaced(self, command: str) -> str:
        for word, value in {**self.replaced, **METAVARS, **self.replaced}.items():
            command = re.sub(rf"(?<![\w:]){re.escape(word)}(?!\w)", value.replace("\\", r"\\"), command)
        return command

    def _answer(self, screen: str) -> str | None:
        world = self.rig.sim.world
        *_, key = [one for one in world.keys.values() if one.token is None and world.alive(one) and self._holds(one)]
        questions: Mapping[str, Callable[[], str]] = {
            r"MFA code of identity [^\n]*\): $": self._code,
            r"Access key id: $": lambda: key.id,
            r"Secret access key \(not shown\): $": lambda: key.secret,
            r"\[(?:y/N|Y/n)\] $": lambda: "y",
            r"(?:How do you sign in to AWS\?|Region[^\n]*:|Profile to try:) \[[^\n]*\] $": lambda: "",
            r"Role to work as[^\n]*: $": lambda: "",
        }
        return next((give() for question, give in questions.items() if re.search(question, screen)), None)

    def _holds(self, key: Key) -> bool:
        return key.holder.arn.endswith(f"/{self.user}")

    def _code(self) -> str:
        code = self.rig.fresh_code()
        self.rig._given.add(code)
        return code
