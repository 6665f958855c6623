"""The overlay without an agent: made here and now, by the same rules. In an agent, keeper.py keeps it up to date."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from trayexec.adapters import settings_file
from trayexec.adapters.aws_files import files_of_this_user
from trayexec.core.config.inifile import Parsed
from trayexec.core.config.profiles import Catalogue
from trayexec.core.config.surroundings import Surroundings
from trayexec.light import agent_environment, context, own_command, paths, stderr
from trayexec.light.errors import Text
from trayexec.light.translate import speaker
from trayexec.live import overlay_origin
from trayexec.live.carry_home import parsed
from trayexec.live.overlays import OverlayInputs, Overlays

if TYPE_CHECKING:
    from trayexec.light.protocol_fields import OverlayAnswer


def overlays(environ: Mapping[str, str]) -> Overlays:
    """The overlays of the user whose environment this is. What a person should know is said on stderr."""
    environ = overlay_origin.outside(environ)
    speak = speaker(environ)

    def groups() -> list[str]:
        return [f"@{name}" for name in settings_file.load(paths.settings_path(environ)).groups]

    def tell(text: Text) -> None:
        stderr.say(speak(text))

    session = agent_environment.session_of(environ)
    inputs = OverlayInputs(files_of_this_user(environ), own_command.command(), session, groups, tell)
    return Overlays(Path(paths.live_folder(environ)), inputs)


@dataclass(frozen=True, slots=True)
class FilesHere:
    """The AWS files of an environment: where they are, what they say, and what that leads to."""

    paths: tuple[str, str]
    parsed: tuple[Parsed, Parsed]
    catalogue: Catalogue


def files_of(environ: Mapping[str, str]) -> FilesHere:
    """The files of this environment, read here and now: with what was just written into their overlay, if there is one.

    Raises TrayexecError when they cannot be read.
    """
    catalogue = overlays(environ).load()
    where = files_of_this_user(overlay_origin.outside(environ)).paths(None, None)
    config, shared = (parsed(Path(path)) for path in where)
    return FilesHere(where, (config, shared), catalogue)


def made(environ: Mapping[str, str]) -> "OverlayAnswer":
    """The overlay of this environment's files, as the agent's answer to `overlay` has it. Raises TrayexecError."""
    files = context.files(environ)
    return overlays(environ).want(Surroundings(files.get("config"), files.get("shared"))).document()
