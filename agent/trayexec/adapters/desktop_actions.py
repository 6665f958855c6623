"""Does what the menu offers outside of the agent: opens files, consoles and terminals, fills the clipboard.

Blocking, as long as the desktop's own tool takes, or a person: for a worker. What is started has the environment of the
agent, with nothing secret in it.
"""

import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from trayexec.adapters import autostart, clipboard, terminals
from trayexec.adapters.autostart import Standing, StartAtLogin
from trayexec.adapters.user_manager import ways_to_start
from trayexec.core import settings
from trayexec.core.ports import Notice
from trayexec.core.shell_words import argument
from trayexec.light import agent_environment, own_command, private_files
from trayexec.light.errors import Text, TrayexecError

SECONDS = 10.0  # for a tool that hands a file on to a program which is started first
CONSOLE = 600.0  # for a sign-in to the console: a person enters a code, signs in, and the browser starts
# What a terminal shows when no shell came of it stays there until somebody has read it; a shell's own end is an end.
_STAYS = 'said=$1; shift; "$@"; status=$?; [ $status -ne 125 ] || { printf "%s " "$said"; read -r _; }; exit $status'


@dataclass(frozen=True, slots=True)
class DesktopActions:
    """What a click on the menu leads to. `tell` is called from the worker with what a person has to know.

    `login` is called from there with whether the agent starts at login, after each look.
    """

    environ: Mapping[str, str]
    settings_file: str
    log_file: str
    tell: Callable[[Notice], None]
    login: Callable[[bool | None], None] = lambda _: None
    speak: Callable[[Text], str] = str

    def do(self, verb: str, value: str) -> None:
        """`settings`, `log`, `help`, `login`; `copy` with a text, `console` and `terminal` with a profile.

        Raises nothing.
        """
        match verb:
            case "copy":
                if not clipboard.copy(value, self.environ):
                    self._tell(Text("Nothing here fills the clipboard"), Text("{text}", text=value))
            case "console":
                self._open_console(value)
            case "terminal":
                self._open_terminal(value)
            case "login":
                self._switch_login()
            case "help":
                if not terminals.open_terminal([*own_command.command(), "help", "all"], self.environ):
                    self.tell(no_help())
            case _:
                self._open_file(verb)

    def _open_console(self, profile: str) -> None:
        """Sign in as `trayexec console` does; what it says where that came to nothing is for the person."""
        said = self._run([*own_command.command(), "console", "--profile", profile], CONSOLE)
        if said:
            self._tell(Text("The console of {profile} did not open", profile=profile), Text("{text}", text=said))

    def _open_terminal(self, profile: str) -> None:
        said = self.speak(Text("Enter closes this window."))
        command = ("/bin/sh", "-c", _STAYS, "sh", said, *own_command.command(), "shell", "--profile", profile)
        if not terminals.open_terminal(command, self.environ):
            self.tell(no_terminal(profile))

    def look(self) -> None:
        """See whether the agent starts at login."""
        self.login(self.at_login())

    def at_login(self) -> bool | None:
        """Whether the agent starts at login; None where that cannot be read."""
        try:
            command = (*own_command.command(), "agent")
            standing = StartAtLogin(command, autostart.entries(self.environ, command)).standing
        except (OSError, TrayexecError):
            return None
        return standing in {Standing.ON, Standing.PARTLY}

    def _switch_login(self) -> None:
        """Do what `trayexec autostart` does, and say what it says where that failed."""
        verb = "disable" if self.at_login() else "enable"
        done = self._run([*own_command.command(), "autostart", verb], SECONDS)
        if done:
            self._tell(Text("Start at login could not be switched"), Text("{text}", text=done))
        self.look()

    def _run(self, argv: list[str], seconds: float) -> str:
        """Run a command of ours; what it says of what went wrong, or nothing."""
        try:
            done = subprocess.run(
                argv,
                env=agent_environment.of(self.environ),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                timeout=seconds,
                start_new_session=True,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return type(error).__name__
        said = done.stderr.decode(errors="replace").rpartition("trayexec: ")[2]  # after what it waited for
        return " ".join(said.split()) if done.returncode else ""

    def _open_file(self, verb: str) -> None:
        file = self.settings_file if verb == "settings" else self.log_file
        if verb == "settings" and not self._has_settings():
            return
        if not any(self._hands_over(tool, file) for tool in _tools()):
            self._tell(Text("No program opens it here"), Text("It is {file}", file=file))

    def _has_settings(self) -> bool:
        """Whether there is such a file by now: the first time it is made, with every setting explained."""
        path = Path(self.settings_file)
        try:
            if not path.exists():
                private_files.own_folder(str(path.parent))
                private_files.put(str(path), settings.example().encode())
        except OSError as error:
            why = error.strerror or type(error).__name__
            self._tell(Text("The settings cannot be made"), Text("{file}: {why}", file=self.settings_file, why=why))
            return False
        return True

    def _hands_over(self, tool: str, file: str) -> bool:
        path = shutil.which(tool, path=self.environ.get("PATH"))
        return path is not None and any(map(self._opens, ways_to_start([path, file], self.environ)))

    def _opens(self, argv: list[str]) -> bool:
        try:
            done = subprocess.run(
                argv,
                env=agent_environment.of(self.environ),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=SECONDS,
                start_new_session=True,
                check=False,
            )
        except subprocess.TimeoutExpired:  # some desktops' tool stays as long as the program that it started
            return True
        except OSError:
            return False
        return done.returncode == 0

    def _tell(self, title: Text, body: Text) -> None:
        self.tell(Notice("desktop", title, body))


def no_terminal(profile: str) -> Notice:
    """No terminal could be opened for a profile: say what to type in one."""
    body = Text("In one of your own: `trayexec shell {word}`", word=argument(profile))
    return Notice("desktop", Text("No terminal opens here"), body)


def no_help() -> Notice:
    """No terminal could be opened for the help: say what to type in one."""
    return Notice("desktop", Text("No terminal opens here"), Text("In one of your own: `trayexec help all`"))


def _tools() -> tuple[str, ...]:
    """What hands a file to the program that the person has for it."""
    return ("open",) if sys.platform == "darwin" else ("xdg-open", "wslview")
