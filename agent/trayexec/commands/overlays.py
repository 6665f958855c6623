"""The overlay without an agent: made here and now, by the same rules. The agent's own copy of this wiring is app.py."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from trayexec import cli, needed, origin, ourselves, paths
from trayexec.adapters import settingsfile
from trayexec.adapters.awsfiles import files_of_this_user
from trayexec.adapters.overlayfile import Means, Overlays, parsed
from trayexec.core.inifile import Parsed
from trayexec.core.profiles import Catalogue
from trayexec.core.surroundings import Surroundings
from trayexec.errors import Text
from trayexec.words import speaker


def overlays(environ: Mapping[str, str]) -> Overlays:
    """The overlays of the user whose environment this is. What a person should know is said on stderr."""
    environ = origin.outside(environ)
    speak = speaker(environ)

    def groups() -> list[str]:
        return [f"@{name}" for name in settingsfile.load(paths.settings_path(environ)).groups]

    def tell(text: Text) -> None:
        cli.say(speak(text))

    session = {name: environ[name] for name in needed.SESSION if environ.get(name)}
    files = files_of_this_user(environ)
    return Overlays(Path(paths.live_folder(environ)), Means(files, ourselves.command(), session, groups, tell))


@dataclass(frozen=True, slots=True)
class Read:
    """The AWS files of an environment: where they are, what they say, and what that leads to."""

    paths: tuple[str, str]
    parsed: tuple[Parsed, Parsed]
    catalogue: Catalogue


def files_of(environ: Mapping[str, str]) -> Read:
    """The files of this environment, read here and now: with what was just written into their overlay, if there is one.

    Raises TrayexecError when they cannot be read.
    """
    catalogue = overlays(environ).load()
    where = files_of_this_user(origin.outside(environ)).paths(None, None)
    config, shared = (parsed(Path(path)) for path in where)
    return Read(where, (config, shared), catalogue)


def made(environ: Mapping[str, str]) -> dict[str, str]:
    """The overlay of this environment's files, as the agent's answer to `overlay` has it. Raises TrayexecError."""
    files = cli.files(environ)
    return overlays(environ).want(Surroundings(files.get("config"), files.get("shared"))).document()
