"""Does what the menu offers outside of the agent: opens a file in the person's own program, fills the clipboard.

Blocking, as long as the desktop's own tool takes: for a worker. What is started has the environment of the agent, with
nothing secret in it.
"""

import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from trayexec.adapters import clipboard
from trayexec.core import settings
from trayexec.core.ports import Notice
from trayexec.light import agent_environment, private_files
from trayexec.light.errors import Text

SECONDS = 10.0  # for a tool that hands a file on to a program which is started first


@dataclass(frozen=True, slots=True)
class DesktopActions:
    """What a click on the menu leads to. `tell` is called from the worker with what a person has to know."""

    environ: Mapping[str, str]
    settings_file: str
    log_file: str
    tell: Callable[[Notice], None]

    def do(self, verb: str, value: str) -> None:
        """`settings`, `log`, or `copy` with what goes into the clipboard. Raises nothing."""
        if verb == "copy":
            if not clipboard.copy(value, self.environ):
                self._tell(Text("Nothing here fills the clipboard"), Text("{text}", text=value))
            return
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
        if path is None:
            return False
        try:
            done = subprocess.run(
                [path, file],
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


def _tools() -> tuple[str, ...]:
    """What hands a file to the program that the person has for it."""
    return ("open",) if sys.platform == "darwin" else ("xdg-open", "wslview")
