"""`demo`: the main job in a few steps, each with why, the command as one would type it, and its real output.

It checks itself: whatever does not do what it should ends the demo with a reason and a status that is not 0.
"""

import json
import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from devtools.machine import BUS, NotReadyError, environment, need
from devtools.scratch import Scratch, Terminal, eventually, scratch

WHO = ("aws", "sts", "get-caller-identity", "--query", "Arn", "--output", "text")
SHORT = 6  # seconds of the session that is to end before our eyes
REFUSED = 125
LEAST_SECRETS = 8  # the keys, the seed, a session and two roles: else the search would prove nothing


class Mode(Enum):
    """Who gives the codes."""

    ASKING = "the person, at the prompt or in the dialog"
    AUTO = "the demo"


class WrongError(Exception):
    """Something did not do what it should. The text says what."""


def show(mode: Mode) -> int:
    """Tell the whole story. Returns 0, or 1 when any step did not do what it should."""
    need(BUS)
    programs = environment()
    if mode is Mode.ASKING and not sys.stdin.isatty():
        raise NotReadyError("the demo asks for codes on a terminal, and there is none: packaging/dev demo --auto")
    display = dict(os.environ) if mode is Mode.ASKING and _has_display(os.environ) else None
    began = time.monotonic()
    with scratch(programs, display=display) as here:
        if mode is Mode.AUTO:
            here.env["LC_ALL"] = "C.UTF-8"
        try:
            _Story(here, _Page.on_terminal(), mode).tell()
        except (WrongError, NotReadyError, subprocess.TimeoutExpired) as error:
            print(f"\npackaging/dev: the demo went wrong: {error}\n\nThe agent's log:\n{here.log}", file=sys.stderr)
            return 1
    print(f"\nDone in {time.monotonic() - began:.0f} s; the throw-away home is gone.")
    return 0


def _has_display(environ: Mapping[str, str]) -> bool:
    return bool(environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY"))


@dataclass(frozen=True, slots=True)
class _Page:
    """How things look on this terminal: without colours where nobody sees them."""

    bold: str = ""
    green: str = ""
    dim: str = ""
    plain: str = ""

    @classmethod
    def on_terminal(cls) -> "_Page":
        if sys.stdout.isatty() and not os.environ.get("NO_COLOR"):
            return cls("\033[1m", "\033[32m", "\033[2m", "\033[0m")
        return cls()

    def step(self, title: str, *why: str) -> None:
        print(f"\n{self.bold}{title}{self.plain}", *why, sep="\n", flush=True)

    def command(self, line: str) -> None:
        print(f"  {self.green}$ {line}{self.plain}", flush=True)

    def output(self, line: str) -> None:
        print(f"  {self.dim}{line}{self.plain}" if line else "", flush=True)


@dataclass(slots=True)
class _Story:
    """The steps, in order."""

    here: Scratch
    page: _Page
    mode: Mode

    def tell(self) -> None:
        page = self.page
        page.step(
            "trayexec: one MFA code, every AWS account, no key on disk",
            "A pretended AWS answers on this machine, for a throw-away home. Nothing of yours is read or written.",
        )
        self._config()
        self._keys()
        self._one_code()
        self._state()
        self._nothing_on_disk()
        self._evening()
        self._asked_again()
        self._end()

    def _config(self) -> None:
        self.page.step(
            "1  Your ~/.aws/config stays as it is",
            "It says which roles there are and which MFA device is yours. Nothing in it is secret.",
        )
        self._quoted("cat ~/.aws/config", (self.here.home / ".aws/config").read_text())

    def _keys(self) -> None:
        self.page.step(
            "2  Your long-term keys move into the keychain, once",
            "AWS is asked first whether they are good. From now on no file holds them.",
        )
        user = self.here.aws.user
        names = {"AWS_ACCESS_KEY_ID": user["access_key_id"], "AWS_SECRET_ACCESS_KEY": user["secret_access_key"]}
        self.here.env |= names
        try:
            said = self._do(["trayexec", "keys", "add", "default", "--env"])
        finally:
            for name in names:
                del self.here.env[name]
        self._expect(user["arn"] in said, "the keys were not stored")

    def _one_code(self) -> None:
        self.page.step(
            "3  One code opens the day",
            "The first command that needs AWS asks for the code of your MFA device; the agent that keeps the session",
            "starts by itself.",
        )
        self._device()
        self._who_after_code("account-a")
        self.page.step("4  Every other account just runs", "Another account, another role, no question.")
        self._who("account-b")
        opened = [call for call in self.here.aws.ask("calls")["calls"] if call["action"] == "GetSessionToken"]
        self._expect(len(opened) == 1, f"{len(opened)} sessions were opened instead of one")

    def _state(self) -> None:
        self.page.step("5  What is open, and what there is")
        self._do(["trayexec", "status"])
        self._do(["trayexec", "list"])

    def _nothing_on_disk(self) -> None:
        self.page.step(
            "6  Nothing secret lies around",
            "Every key, token and seed that exists, looked for in every file of this home:",
        )
        secrets = [one.encode() for one in self.here.aws.ask("secrets")["secrets"]]
        files = [path for path in self.here.home.rglob("*") if path.is_file()]
        found = {path.name for path in files if any(secret in path.read_bytes() for secret in secrets)}
        self.page.output(f"{len(secrets)} secrets, {len(files)} files, {len(found)} found")
        self._expect(not found and len(secrets) >= LEAST_SECRETS, f"secrets lie in {found}")

    def _evening(self) -> None:
        self.page.step(
            "7  The session ends, and you hear of it before",
            f"A session lives 12 hours. To see the end of one, this AWS now gives sessions of {SHORT} seconds.",
        )
        self._do(["trayexec", "lock"])
        self.here.aws.ask("lifetimes", {"session": SHORT})
        code = self._device("A code works only once. ")
        if self.mode is Mode.AUTO:
            self._give(code)
        else:
            self._do(["trayexec", "auth"])
        if self.mode is Mode.AUTO:
            print("Without a display the warning and the end are lines of the agent's log; with one, notifications:")
            self._notices("Expires at", "Expired: ")
        else:
            print("Now watch for the notification (without a desktop: a line in the agent's log):")
            eventually("the end of the session", self._locked)
            self._notices()
        self.here.aws.ask("lifetimes", {})

    def _asked_again(self) -> None:
        self.page.step(
            "8  After that it is locked again", "Nothing stale is handed out: a command that may not wait fails."
        )
        self._do(["trayexec", "--no-wait", "account-a", "--", *WHO], status=REFUSED)
        print("A command that may wait goes on as soon as there is a code.")
        self._device()
        self._who_after_code("account-a")

    def _end(self) -> None:
        self.page.step(
            "9  The end of the day", "Stopping the agent forgets everything; it had never written anything down."
        )
        self._do(["trayexec", "agent", "stop"])

    # Parts of steps

    def _device(self, before: str = "") -> str:
        """Show the code of the MFA device, and return it."""
        code = self.here.aws.code()
        print(f"{before}The device shows {self.page.bold}{code[:3]} {code[3:]}{self.page.plain}.", flush=True)
        return code

    def _give(self, code: str) -> None:
        self.page.command(f"echo {code} | trayexec auth --code-stdin")
        self._shown(self.here.run(["trayexec", "auth", "--code-stdin"], given=code), 0)

    def _who(self, profile: str) -> None:
        """Run the AWS CLI as this profile, and see that it is who it should be."""
        self._is(profile, self._do(["trayexec", profile, "--", *WHO]))

    def _who_after_code(self, profile: str) -> None:
        """The same while locked: the person types the code, or the demo gives it from another terminal."""
        if self.mode is Mode.ASKING:
            self._who(profile)
            return
        argv = ["trayexec", profile, "--", *WHO]
        self.page.command(shlex.join(argv))
        with self.here.start(argv) as waiting:
            assert waiting.stdout is not None  # noqa: S101 — a pipe, by `start`
            self.page.output(waiting.stdout.readline().rstrip())
            print("Meanwhile, in another terminal:")
            self._give(self.here.aws.code())
            print("And the first one goes on:")
            said = waiting.stdout.read()
            self.page.output(said.rstrip())
        self._is(profile, said)

    def _is(self, profile: str, said: str) -> None:
        account = self.here.aws.world["profiles"][profile].split(":")[4]
        self._expect(f":sts::{account}:assumed-role/" in said, f"{profile} is not in account {account}")

    def _do(self, argv: Sequence[str], *, status: int = 0) -> str:
        """Run a command, show it and what it says; it must end with `status`. What it said."""
        self.page.command(shlex.join(argv))
        if self.mode is Mode.AUTO:
            return self._shown(self.here.run(argv), status)
        # On the person's own terminal: the prompt for the code is the program's.
        said = []
        with self.here.start(argv, terminal=Terminal.OURS) as process:
            for line in process.stdout or ():
                self.page.output(line.rstrip())
                said.append(line)
        self._expect(process.returncode == status, f"{argv[0]} ended with {process.returncode} instead of {status}")
        return "".join(said)

    def _shown(self, done: "subprocess.CompletedProcess[str]", status: int) -> str:
        for line in (done.stderr + done.stdout).splitlines():
            self.page.output(line)
        self._expect(done.returncode == status, f"it ended with {done.returncode} instead of {status}")
        return done.stderr + done.stdout

    def _quoted(self, command: str, text: str) -> None:
        self.page.command(command)
        for line in text.strip().splitlines():
            self.page.output(line)

    def _notices(self, *expected: str) -> None:
        """What the agent's log says about the session, once all of it is there."""

        def lines() -> list[str]:
            return [line for line in self.here.log.splitlines() if re.search(r"AWS|\bsession\b", line)]

        eventually("the warning", lambda: all(any(part in line for line in lines()) for part in expected))
        for line in lines():
            self.page.output(line)

    def _locked(self) -> bool:
        status = json.loads(self.here.run(["trayexec", "status", "--json"]).stdout)
        return all(one["phase"] == "locked" for one in status["identities"])

    def _expect(self, held: object, otherwise: str) -> None:
        if not held:
            raise WrongError(otherwise)
