"""`autostart`: start the agent, and so its icon, when the person logs in; or not any more; or say how that stands."""

import os
import shlex
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import assert_never

from trayexec.adapters import autostart
from trayexec.adapters.autostart import LoginEntry, Standing, StartAtLogin
from trayexec.commands import answer, as_json, file_diff
from trayexec.commands.reading import Options
from trayexec.light import exits, own_command, signs, stderr
from trayexec.light.errors import Text, TrayexecError, shown, trouble
from trayexec.light.translate import speaker


def enable(_options: Options, environ: Mapping[str, str]) -> int:
    """`autostart enable`. Raises TrayexecError."""
    speak = speaker(environ)
    found = look(environ)
    if found.standing is Standing.ON:
        stderr.say(speak(Text("the agent starts at login already")))
        _say_line_for_config(found, environ)
        return exits.OK
    for line in changes(found):
        sys.stderr.write(signs.plain(f"{line}\n", environ))
    for backup in put_in_place(found, environ):
        stderr.say(speak(_kept(backup)))
    stderr.say(speak(Text("the agent starts at your next login; `trayexec autostart disable` undoes it")))
    _say_line_for_config(found, environ)
    return exits.OK


def _say_line_for_config(found: StartAtLogin, environ: Mapping[str, str]) -> None:
    more = line_for_config(found, environ)
    if more is not None:
        stderr.say(speaker(environ)(more))


def disable(_options: Options, environ: Mapping[str, str]) -> int:
    """`autostart disable`: take away what is there, whatever it starts. Raises TrayexecError."""
    speak = speaker(environ)
    there = [one for one in look(environ).entries if one.found is not None]
    for one in reversed(there):  # the link before what it leads to
        for line in file_diff.lines(one.found or "", "", one.place):
            sys.stderr.write(signs.plain(f"{line}\n", environ))
        backup = _backup(one)
        try:
            autostart.remove(one, backup)
        except OSError as error:
            raise unwritable(one.place, error) from None
        if backup is not None:
            stderr.say(speak(_kept(backup)))
    if there:
        autostart.reload(environ)
        stderr.say(speak(Text("the agent does not start at login any more; one that runs goes on")))
    else:
        stderr.say(speak(Text("the agent does not start at login")))
    return exits.OK


def status(options: Options, environ: Mapping[str, str]) -> int:
    """`autostart status`: whether it starts, and by what."""
    found = look(environ)
    there = [one for one in found.entries if one.found is not None]
    if options.json:
        starts = next((one.starts for one in there if one.starts), None)
        as_json.show(
            {
                "state": found.standing.value,
                "command": starts,
                "entries": [{"place": one.place, "there": one.found is not None} for one in found.entries],
            }
        )
        return exits.OK
    speak = speaker(environ)
    said, hint = told(found)
    lines = [speak(said), *(f"  {shown(one.place)}" for one in there), *([speak(hint)] if hint is not None else [])]
    answer.say("\n".join(lines))
    return exits.OK


def look(environ: Mapping[str, str]) -> StartAtLogin:
    """What is there, and what is to be. Raises TrayexecError."""
    command = (*own_command.command(), "agent")
    if not all(word.isprintable() for word in command):
        raise TrayexecError(
            trouble(
                "autostart",
                "The path of trayexec has signs in it that no file for start at login can hold.",
                "Install it in a folder with a plain name.",
            )
        )
    return StartAtLogin(command, autostart.entries(environ, command))


def changes(found: StartAtLogin) -> Iterator[str]:
    """The lines that `put_in_place` changes, as a person may see them."""
    for one in found.wrong:
        yield from file_diff.lines(one.found or "", one.wanted, one.place)


def put_in_place(found: StartAtLogin, environ: Mapping[str, str]) -> list[Path]:
    """Let the agent start at login. Returns where the text is of files that somebody else has edited.

    Raises TrayexecError.
    """
    kept = []
    for one in found.wrong:
        backup = _backup(one)
        try:
            autostart.write(one, backup)
        except OSError as error:
            raise unwritable(one.place, error) from None
        kept += [backup] if backup is not None else []
    autostart.reload(environ)
    return kept


def told(found: StartAtLogin) -> tuple[Text, Text | None]:
    """How it stands, and what can be done about it."""
    odd = found.odd
    command = shown(shlex.join(odd.starts or ()))
    match found.standing:
        case Standing.ON:
            return Text("the agent starts at login"), None
        case Standing.OFF:
            return Text("the agent does not start at login"), Text("`trayexec autostart enable` lets it.")
        case Standing.PARTLY:
            said = Text("{place} is missing, without which some desktops start no agent", place=found.missing[0].place)
        case Standing.SWITCHED_OFF if not odd.found:
            said = Text("{place} is empty or a link to /dev/null, which switches it off", place=odd.place)
        case Standing.SWITCHED_OFF:
            said = Text("{place} is switched off in the settings of the desktop", place=odd.place)
        case Standing.OTHER:
            said = Text("at login another one is started than this: {command}", command=command)
        case Standing.GONE:
            said = Text("{place} starts what is not there any more: {command}", place=odd.place, command=command)
        case _:
            assert_never(found.standing)
    return said, Text("`trayexec autostart enable` corrects it, `trayexec autostart disable` takes it away.")


# Desktops that are known to start nothing by themselves: their own config says what is started.
BY_THEIR_CONFIG = frozenset({"sway", "i3", "hyprland", "river", "bspwm", "awesome", "dwm", "openbox"})


def line_for_config(found: StartAtLogin, environ: Mapping[str, str]) -> Text | None:
    """The line for the config of a desktop that starts nothing by itself; None for others."""
    desktop = environ.get("XDG_CURRENT_DESKTOP", "").casefold().partition(":")[0]
    if desktop not in BY_THEIR_CONFIG:
        return None
    return Text(
        "where {desktop} starts neither systemd's graphical-session.target nor XDG autostart, its config needs a line: "
        "exec {command}",
        desktop=desktop,
        command=shlex.join(found.command),
    )


def _backup(entry: LoginEntry) -> Path | None:
    return file_diff.free(Path(os.path.realpath(entry.place)), "autostart") if entry.is_edited else None


def _kept(backup: Path) -> Text:
    return Text("what somebody had changed there is in {backup}", backup=str(backup))


def unwritable(place: str, error: OSError) -> TrayexecError:
    """Why nothing could be written there: or that what stands in place of a folder above it is none."""
    if isinstance(error, FileExistsError | NotADirectoryError) and isinstance(error.filename, str):
        return TrayexecError(
            trouble("file", "{file} is no folder.", "Move it away, and try again.", file=error.filename)
        )
    return TrayexecError(
        trouble(
            "file",
            "{file} cannot be written: {why}.",
            "Make it writable, and try again.",
            file=place,
            why=error.strerror or type(error).__name__,
        )
    )
