"""`status --format`: how it stands in a few words, for a prompt. It starts no agent, asks nobody, never complains."""

import sys
import time

from trayexec.core.stamps import local, unix
from trayexec.light import agent_connection, context, exits, protocol
from trayexec.light.errors import TrayexecError, shown, trouble, visible
from trayexec.light.translate import take_times

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from trayexec.light.protocol_fields import StatusAnswer

PLACES = ("profile", "account", "identity", "phase", "left", "until")
PATIENCE = 1.0  # seconds that a prompt may be held up by an agent that hangs


def show(text: str, environ: "Mapping[str, str]") -> int:
    """A line for the profile that the environment names, else one for each identity; none where no agent answers.

    Raises TrayexecError (`usage`) for a place that there is not, and for two variables that name two profiles.
    """
    pieces = _pieces(text)
    take_times()
    profile = context.chosen(environ) or environ.get("TRAYEXEC_PROFILE")
    try:
        document = _document(environ)
    except TrayexecError:
        return exits.FAILED
    for values in _of_profile(document, profile) if profile else _of_identities(document):
        said = "".join(values[piece] if is_place else piece for piece, is_place in pieces)
        sys.stdout.write(f"{said}\n")
    return exits.OK


def _pieces(text: str) -> list[tuple[str, bool]]:
    """The text in its parts, and whether each is a place. Raises TrayexecError (`usage`)."""
    first, *rest = text.split("{")
    pieces = [(first, False)]
    for part in rest:
        name, end, after = part.partition("}")
        if not end or name not in PLACES:
            raise TrayexecError(
                trouble(
                    "usage",
                    "There is no place {name} in a format.",
                    "There are: {places}",
                    name=shown("{" + name + end),
                    places=" ".join("{" + one + "}" for one in PLACES),
                )
            )
        pieces += ((name, True), (after, False))
    return pieces


def _document(environ: "Mapping[str, str]") -> "StatusAnswer":
    connection = agent_connection.connect(environ)
    try:
        final: Mapping[str, object] = {}
        for line in agent_connection.ask(connection, protocol.status(context.surroundings(environ)), patience=PATIENCE):
            final = line
        return protocol.read_status(agent_connection.outcome(final))
    finally:
        connection.close()


def _of_profile(document: "StatusAnswer", name: str) -> "Iterator[Mapping[str, str]]":
    """The profile, and how what opens it stands."""
    for one in document["profiles"]:
        if one["name"] == name and one["problem"] is None:
            opener = next((each for each in document["identities"] if each["name"] == one["identity"]), None)
            ends = one["expires_at"] if opener is None else opener["expires_at"]
            phase = ("open" if ends else "locked") if opener is None else opener["phase"]
            yield _values(name, one["account"] or "", one["identity"] or "", phase, ends)


def _of_identities(document: "StatusAnswer") -> "Iterator[Mapping[str, str]]":
    for one in document["identities"]:
        yield _values("", one["account"] or "", one["name"], one["phase"], one["expires_at"])


def _values(profile: str, account: str, identity: str, phase: str, ends: str | None) -> "Mapping[str, str]":
    """What stands in each place; without a time to say the last two are empty."""
    now = time.time()
    minutes = 0 if ends is None else max(0, int(unix(ends) - now) // 60)
    left = f"{minutes // 60}h{minutes % 60:02}m" if minutes >= 60 else f"{minutes}m"  # noqa: PLR2004 — of an hour
    return {
        "profile": visible(profile),
        "account": account,
        "identity": visible(identity),
        "phase": phase,
        "left": "" if ends is None else left,
        "until": "" if ends is None else local(unix(ends), now),
    }
