"""Lets a person choose the profile that a command line does not name, from a list of all with how each stands."""

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from trayexec.adapters import profile_picker
from trayexec.adapters.ledger import Reader
from trayexec.adapters.profile_picker.listing import ProfileQuestion, Row
from trayexec.commands import own_settings, show_table, times
from trayexec.commands.agent_request import check_files
from trayexec.core.few import who
from trayexec.light import agent_client, context, paths, protocol, signs, stderr
from trayexec.light.errors import Text, TrayexecError, shown
from trayexec.light.translate import speaker

if TYPE_CHECKING:
    from trayexec.core.settings import Settings
    from trayexec.light.protocol_fields import IdentityStatus, ProfileStatus, StatusAnswer


def can_ask(wait: int, environ: Mapping[str, str]) -> bool:
    """Whether a person can be asked: there is a terminal, and nobody said not to wait for one."""
    return wait > 0 and profile_picker.there(environ)


def one(what: Sequence[str], environ: Mapping[str, str], *, nobody: Text | None = None) -> str | None:
    """The profile that the person chooses for `what`; None where there is none to choose from, or they choose `nobody`.

    Raises KeyboardInterrupt for Esc and Ctrl-C, TrayexecError (`picker`, and what `status` raises).
    """
    names = several(what, environ, most=1, nobody=nobody)
    return names[0] if names else None


def several(
    what: Sequence[str], environ: Mapping[str, str], *, most: int | None = None, nobody: Text | None = None
) -> list[str]:
    """The profiles that the person chooses for `what`, in the order of the list: any number, or `most`.

    Where `nobody` is what no profile means, it can be chosen, too. Raises as `one` does.
    """
    speak = speaker(environ)
    with profile_picker.ProfilePicker(environ) as picker:  # it starts while we gather
        request = protocol.status(context.surroundings(environ))
        document = protocol.read_status(agent_client.obtain(request, environ))
        check_files(document)
        found = in_order(document["profiles"], _recent(environ))
        if not found:
            return []
        settings = _settings(environ)
        first = () if nobody is None else (Row(speak(nobody)),)
        asked = ProfileQuestion(
            title=speak(Text("Profile for {what}", what=shown(shlex.join(what)))),
            keys=speak(
                Text("Enter chooses, Esc leaves") if most == 1 else Text("Enter chooses, Tab marks, Esc leaves")
            ),
            nothing=speak(Text("no profile matches")),
            rows=(*first, *_rows(document, found, settings, environ)),
            most=len(found) if most is None else most,
        )
        names = [found[number - len(first)]["name"] for number in picker.ask(asked) if number >= len(first)]
    if names:
        stderr.say(speak(Text("chosen: {profiles}", profiles=who(names))))
    return names


def in_order(found: Sequence["ProfileStatus"], recent: Mapping[str, int]) -> list["ProfileStatus"]:
    """The profiles that were used, the last one first, then the others in the order of the file."""
    return sorted(found, key=lambda each: -recent.get(each["name"], 0))


def _recent(environ: Mapping[str, str]) -> Mapping[str, int]:
    """When each profile was last given to somebody, as a number that grows; nothing where the ledger cannot be read."""
    try:
        with Reader(Path(paths.ledger_path(environ))) as reader:
            entries = enumerate(reader.entries(), 1)
            return {entry.profile: number for number, entry in entries if entry.answer == "ok"}
    except TrayexecError:
        return {}


def _settings(environ: Mapping[str, str]) -> "Settings | None":
    """What config.toml says; None, and a word on it, where it cannot be read: colours alone are missing then."""
    try:
        return own_settings.load(environ)
    except TrayexecError as error:
        stderr.complain(error)
        return None


def _rows(
    document: "StatusAnswer", found: Sequence["ProfileStatus"], settings: "Settings | None", environ: Mapping[str, str]
) -> list[Row]:
    speak = speaker(environ)
    states = show_table.states(document["identities"], {})
    brief = {each["name"]: _brief(each, states) for each in document["identities"]}
    rows = []
    for one in found:
        account, role = one["account"] or "", show_table.role_of(one)
        state = speak(show_table.profile_state(one, states))
        short = speak(show_table.profile_state(one, brief))
        where = (one["name"], account, role, one["region"] or "", one["identity"] or "", state)
        rows.append(
            Row(
                name=shown(one["name"]),
                account=account,
                role=shown(role) if role else "",
                state=short,
                problem=state if one["problem"] else "",
                colour=(settings.rule(one["name"]).colour if settings else None) or "",
                detail=signs.plain(" · ", environ).join(shown(part) for part in where if part),
            )
        )
    return rows


def _brief(one: "IdentityStatus", states: Mapping[str, Text]) -> Text:
    """An identity's state in as few words as there are: how long it is open, else what `list` says."""
    if one["phase"] == "open" and one["expires_at"]:
        return Text("{left} left", left=times.left(one["expires_at"]))
    return states[one["name"]]
