"""The step that puts the hook into the start file of the person's shell: AWS_PROFILE everywhere, and completion."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from trayexec.commands.setup import file_change
from trayexec.commands.setup.interview import Interview, SkippedError
from trayexec.commands.setup.situation import Situation
from trayexec.commands.setup.step import SetupStep
from trayexec.core.shell_words import word
from trayexec.light import own_command, paths
from trayexec.light.errors import Text
from trayexec.live.carry_home import own_text

REMARK = "# trayexec: AWS_PROFILE=account-a works in this shell, and completion"


def there(situation: Situation) -> Text | None:
    """That the start file has it, or that this shell has no hook."""
    shell = _shell(situation.environ)
    if shell is None:
        return Text("there is a hook for bash, zsh and fish; yours is another shell")
    file = _start_file(shell, situation.environ)
    if "trayexec" in own_text(Path(file)):
        return Text("{file} has it", file=file)
    return None


def plan(situation: Situation) -> Text:
    """Which file would get it."""
    shell = _shell(situation.environ) or ""
    return Text("Would offer to add one line to {file}.", file=_start_file(shell, situation.environ))


def take(situation: Situation, interview: Interview) -> None:
    """Show the line, and add it if the person agrees."""
    environ = situation.environ
    shell = _shell(environ) or ""
    line = line_of(shell, environ)
    interview.say(Text("With it AWS_PROFILE names any profile in every shell, and names and verbs are completed."))
    try:
        file_change.change(_start_file(shell, environ), lambda text: _added(text, line), interview)
    except SkippedError:
        interview.say(Text("This is the line, for whenever you like:"))
        interview.lines([line])
        raise
    interview.say(Text("It counts in shells that are started from now on."))


def start_files(environ: Mapping[str, str]) -> tuple[str, ...]:
    """The file that the person's shell reads when it starts, where we know it."""
    shell = _shell(environ)
    return () if shell is None else (_start_file(shell, environ),)


def _added(text: str, line: str) -> str:
    gap = "" if not text or text.endswith("\n\n") else "\n" if text.endswith("\n") else "\n\n"
    return f"{text}{gap}{REMARK}\n{line}\n"


def _shell(environ: Mapping[str, str]) -> str | None:
    name = os.path.basename(environ.get("SHELL", ""))  # noqa: PTH119 — a word, not a file
    return name if name in {"bash", "zsh", "fish"} else None


def _start_file(shell: str, environ: Mapping[str, str]) -> str:
    """Where this shell looks when it starts (bash(1), zsh(1), fish(1))."""
    home = paths.home(environ)
    if shell == "zsh":
        return f"{environ.get('ZDOTDIR') or home}/.zshrc"
    if shell == "fish":
        return f"{environ.get('XDG_CONFIG_HOME') or f'{home}/.config'}/fish/config.fish"
    return f"{home}/.bashrc"


def line_of(shell: str, environ: Mapping[str, str]) -> str:
    """What stands in the start file: as the README has it."""
    ours = (
        "trayexec" if shutil.which("trayexec", path=environ.get("PATH")) else " ".join(map(word, own_command.command()))
    )
    if shell == "fish":
        return f"{ours} hook fish | source"
    kept = word(f"{paths.state_folder(environ)}/hook.{shell}").replace(paths.home(environ) + "/", "~/", 1)
    return f'. {kept} 2>/dev/null || eval "$({ours} hook {shell})"'


STEP = SetupStep(Text("Your shell"), there, plan, take)
