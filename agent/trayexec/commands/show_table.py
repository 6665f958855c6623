"""How identities and profiles stand, in words: `status` and `list` for people."""

import sys
from collections.abc import Iterable, Mapping, Sequence

from trayexec import __version__
from trayexec.commands import answer, table, times
from trayexec.commands.style import Style, width_of
from trayexec.core.few import who
from trayexec.light import context, signs, stderr
from trayexec.light.columns import folded
from trayexec.light.errors import Text, TrayexecError, Trouble, visible
from trayexec.light.translate import speaker

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trayexec.light.protocol_fields import (
        IdentityStatus,
        ProfileStatus,
        RoleRefusal,
        SignInStatus,
        SourceStatus,
        StatusAnswer,
    )

STATE, WHY = Text("{state}"), Text("{why}")
# What stands in a cell of a terminal for a state, None for the state itself, and what stands below the table.
BRIEF: "Mapping[str, tuple[str, Text | None, Text | None]]" = {
    "open until {when} ({left} left)": ("good", None, None),
    "ready: no code is asked for": ("good", None, None),
    "signed in": ("good", None, None),
    "problem: {why}": ("bad", Text("problem"), WHY),
    "denied at {when}: {why}": ("bad", Text("denied at {when}"), WHY),
    "failed at {when}: {why}": ("bad", Text("failed at {when}"), WHY),
    "locked; the last try failed: {why}": ("bad", Text("locked"), Text("the last try failed: {why}")),
    "the last try failed: {why}": ("bad", Text("failed"), Text("the last try failed: {why}")),
    "{state}; it could not be renewed: {why}": ("bad", STATE, Text("it could not be renewed: {why}")),
    "{state}; no longer in these AWS files": ("good", STATE, Text("no longer in these AWS files")),
    "no keys: run `trayexec keys add {name}`": (
        "bad",
        Text("no keys"),
        Text("no keys: run `trayexec keys add {name}`"),
    ),
    "locked; {why}": ("bad", Text("locked"), WHY),
    "locked; whether its keys are stored is not known: {why}": (
        "so",
        Text("locked"),
        Text("whether its keys are stored is not known: {why}"),
    ),
}

QUICK = 2.0  # seconds that the keychain may take to say whether there are keys


def identities(document: "StatusAnswer", environ: Mapping[str, str]) -> None:
    """The identities, and how each stands."""
    speak = speaker(environ)
    found = document["identities"]
    shut = unready(found, environ)
    rows = [StateRow((one["name"], one["account"] or "", one["mfa_serial"] or "-"), _state(one, shut)) for one in found]
    rows += [
        StateRow((one["profile"], one.get("account") or "", f"- {one['by']}"), _source_state(one))
        for one in document.get("sources", [])
        if one["kind"] != "sso"  # one sign-in stands for all its profiles
    ]
    rows += [
        StateRow((one["name"], "", "- IAM Identity Center"), _sign_in_state(one))
        for one in document.get("sign_ins", [])
    ]
    if rows:
        heads = (Text("IDENTITY"), Text("ACCOUNT"), Text("MFA DEVICE"), Text("STATE"))
        _show([speak(head) for head in heads], rows, environ, spare=(2,))
    else:
        stderr.say(speak(_nobody(document["profiles"], environ)))
    if document["agent"]["version"] != __version__:
        answer.say(speak(_of_another_version(document["agent"]["version"])))
    if document["agent"].get("screen") == "locked":
        answer.say(speak(Text("The desktop says that the screen is locked: no credentials are handed out.")))
    for one in document["identities"]:
        if one.get("keys_from") == "memory":
            sentence = Text("{identity}: its keys are in the agent's memory alone, until it ends", identity=one["name"])
            answer.say(speak(sentence))
        if one.get("endpoint"):  # a person has to see where codes and keys go
            sentence = Text(
                "{identity}: its codes go to {host}, which is not AWS", identity=one["name"], host=one["endpoint"]
            )
            answer.say(speak(sentence))
        if one.get("proxy"):
            sentence = Text("{identity}: STS is reached by the proxy {proxy}", identity=one["name"], proxy=one["proxy"])
            answer.say(speak(sentence))


def _of_another_version(theirs: str) -> Text:
    return Text(
        "The agent is version {theirs}, and this command is version {ours}. It takes over by itself once nobody waits, "
        "or: `trayexec agent restart`",
        theirs=theirs,
        ours=__version__,
    )


def profiles(document: "StatusAnswer", environ: Mapping[str, str]) -> None:
    """Every profile of the AWS config: where it leads, and how it stands, or why it cannot be served."""
    found = document["profiles"]
    speak = speaker(environ)
    stands = states(document["identities"], unready(document["identities"], environ))
    rows = [
        StateRow(
            (
                one["name"],
                one["account"] or "",
                role_of(one),
                one["region"] or "",
                one["identity"] or _source(one),
            ),
            profile_state(one, stands),
            _asked_first(one),
        )
        for one in found
    ]
    if rows:
        heads = (Text("PROFILE"), Text("ACCOUNT"), Text("ROLE"), Text("REGION"), Text("IDENTITY"), Text("STATE"))
        _show([speak(head) for head in heads], rows, environ, spare=(3, 4, 2))
    else:
        stderr.say(
            speak(Text("{file} has no profiles: `trayexec setup` leads you to a first one", file=_config(environ)))
        )


class StateRow:
    """A line of a table: its cells, the state that is the last one, and what else there is to say."""

    __slots__ = ("cells", "remark", "state")

    def __init__(self, cells: tuple[str, ...], state: Text, remark: Text | None = None) -> None:
        """Keep all three."""
        self.cells = cells
        self.state = state
        self.remark = remark

    @property
    def whole(self) -> Text:
        """State and remark in one."""
        return self.state if self.remark is None else Text("{state}; {remark}", state=self.state, remark=self.remark)


def _show(heads: Sequence[str], rows: Sequence[StateRow], environ: Mapping[str, str], *, spare: Sequence[int]) -> None:
    """The table. On a terminal it is as wide as that, and what is wrong stands below it; elsewhere a row is a line.

    `spare` are the columns that are left out, in turn, where there is no room for all.
    """
    speak, columns = speaker(environ), width_of(sys.stdout.fileno())
    if not columns:
        table.show(heads, [(*one.cells, speak(one.whole)) for one in rows])
        return
    style = Style(environ)
    cells: list[tuple[str, ...]] = []
    notes: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        sign, said, note = _brief(row.state, style)
        cells.append((*map(_short, row.cells, (row.cells[1],) * len(row.cells)), f"{sign} {speak(said)}"))
        if note is not None:
            notes.setdefault((sign, speak(note)), []).append(row.cells[0])
        if row.remark is not None:
            notes.setdefault((style.so, speak(row.remark)), []).append(row.cells[0])
    for line in table.drawn([heads, *cells], columns, style, spare):
        sys.stdout.write(f"{line}\n")
    for (sign, why), names in notes.items():
        named = style.coloured(folded(f"{sign} {who(names)}", columns))
        below = folded(f"  {signs.plain(visible(why), environ)}", columns)
        sys.stdout.write(f"\n{named}\n{below}\n")


def _short(cell: str, account: str) -> str:
    """An ARN of the account that stands beside it without what that says."""
    return cell.removeprefix(f"arn:aws:iam::{account}:") if account else cell


def _brief(state: Text, style: Style) -> tuple[str, Text, Text | None]:
    """A state for a cell: its sign, a few words, and what stands below the table of why it is so."""
    sign, said, why = BRIEF.get(state.template, ("so", state, None))
    short = state if said is None else said.with_values(state.values)
    return getattr(style, sign), short, None if why is None else why.with_values(state.values)


def _sign_in_state(one: "SignInStatus") -> Text:
    """How it stands with a sign-in, in words."""
    trouble = one.get("trouble")
    if one["phase"] == "signing-in":
        return Text("waiting for the sign-in in the browser")
    if one["phase"] == "open":
        return Text("signed in") if one["renews"] or not one["expires_at"] else _open(one["expires_at"])
    return Text("the last try failed: {why}", why=trouble["title"]) if trouble else Text("not signed in")


def _source_state(one: "SourceStatus") -> Text:
    """How it stands with credentials that need no code, in words."""
    trouble = one.get("trouble")
    if one["expires_at"]:
        return _open(one["expires_at"])
    return Text("the last try failed: {why}", why=trouble["title"]) if trouble else _ready(one)


def _ready(source: "SourceStatus") -> Text:
    """How it stands with what nobody has asked for yet."""
    if source.get("signed_in") is False:
        return Text("not signed in: the first command leads there")
    if source["kind"] == "login":
        return Text("ready while somebody is signed in with the AWS CLI")
    if source["kind"] in {"environment", "container"}:
        return Text("from the environment of whoever asks")
    return Text("ready: no code is asked for")


def _source(one: "ProfileStatus") -> str:
    """What gives a profile its credentials that needs no code, and by which profile where that is another one."""
    source = one.get("source")
    if source is None:
        return ""
    return source["by"] if source["profile"] == one["name"] else f"{source['by']} ({source['profile']})"


def _config(environ: Mapping[str, str]) -> str:
    return context.files(environ).get("config") or "~/.aws/config"


def _nobody(found: Iterable["ProfileStatus"], environ: Mapping[str, str]) -> Text:
    """Why there is no identity: what is written is wrong, or nothing is written yet."""
    if any(one["problem"] for one in found):
        return Text(
            "no identity yet: no profile of {file} can be used. `trayexec list` says of each what to do, `trayexec "
            "setup` leads you through it",
            file=_config(environ),
        )
    return Text("{file} leads to no identity yet: `trayexec setup` leads you to one", file=_config(environ))


# How it stands


def states(found: Iterable["IdentityStatus"], unready: Mapping[str, Text]) -> Mapping[str, Text]:
    """Each identity's state, in words; `unready` are those that a code alone would not open, as far as is known."""
    return {one["name"]: _state(one, unready) for one in found}


def _state(one: "IdentityStatus", unready: Mapping[str, Text]) -> Text:
    """An identity's state, in words."""
    if one["phase"] == "locked":
        return _locked(one, unready)
    if one["phase"] == "prompting":
        return Text("waiting for the code")
    if one["phase"] == "opening":
        return Text("asking AWS")
    trouble = one.get("trouble")
    if trouble:
        why = str(trouble["title"])
        return Text("{state}; it could not be renewed: {why}", state=_open(str(one["expires_at"])), why=why)
    if one.get("configured", True):
        return _open(str(one["expires_at"]))
    return Text("{state}; no longer in these AWS files", state=_open(str(one["expires_at"])))


def _locked(one: "IdentityStatus", unready: Mapping[str, Text]) -> Text:
    """What was found out by a try says more than a look, but for keys that are not there."""
    trouble = one.get("trouble")
    if trouble and (one["name"] not in unready or trouble["code"] != "keys_missing"):
        return Text("locked; the last try failed: {why}", why=str(trouble["title"]))
    return unready.get(one["name"], Text("locked") if one["mfa_serial"] else Text("ready: no code is asked for"))


def profile_state(one: "ProfileStatus", identities: Mapping[str, Text]) -> Text:
    """A profile's state, in words: its own problem, what AWS answered for its role, or how its identity stands."""
    if one["problem"]:
        return Text("problem: {why}", why=str(one["problem"]))
    refused = one.get("refused")
    if refused and not one["expires_at"]:
        return refusal(refused)
    source = one.get("source")
    if source:
        return _open(one["expires_at"]) if one["expires_at"] else _ready(source)
    return identities.get(str(one["identity"]), Text("locked"))


def _asked_first(one: "ProfileStatus") -> Text | None:
    """That a person is asked before anybody gets its credentials."""
    word = one.get("confirm", "never")
    if word == "never":
        return None
    from trayexec.core.messages import asked_first  # noqa: PLC0415 — few have such profiles

    return asked_first(word)


def refusal(refused: "RoleRefusal") -> Text:
    """What AWS answered last for a role, in words."""
    when, why = times.clock(str(refused["at"])), str(refused["title"])
    if refused["denied"]:
        return Text("denied at {when}: {why}", when=when, why=why)
    return Text("failed at {when}: {why}", when=when, why=why)


def _open(until: str) -> Text:
    return Text("open until {when} ({left} left)", when=times.clock(until), left=times.left(until))


def unready(identities: Iterable["IdentityStatus"], environ: Mapping[str, str]) -> Mapping[str, Text]:
    """How the locked identities stand that no code alone would open, as far as can be seen from here.

    A keychain that is locked, slow or not there tells nothing, and is not asked twice.
    """
    locked = [one for one in identities if one["phase"] == "locked" and one.get("keys_from", "keychain") == "keychain"]
    if not locked:
        return {}
    from trayexec.adapters.keychain import SystemKeychain  # noqa: PLC0415 — it takes longer than all the rest
    from trayexec.core.shell_words import argument  # noqa: PLC0415 — likewise

    found: dict[str, Text] = {}
    silent: Trouble | None = None
    keychain = SystemKeychain(environ, seconds=QUICK)
    for one in locked:
        keys = str(one.get("keys") or one["name"])
        if silent is None:
            try:
                keychain.peek(keys)
                continue
            except TrayexecError as error:
                if error.trouble.code == "keys_missing":
                    found[one["name"]] = Text("no keys: run `trayexec keys add {name}`", name=argument(keys))
                    continue
                if error.trouble.code == "keys_damaged":
                    found[one["name"]] = Text("locked; {why}", why=error.trouble.title)
                    continue
                silent = error.trouble
        found[one["name"]] = Text("locked; whether its keys are stored is not known: {why}", why=silent.title)
    return found


def role_of(one: "ProfileStatus") -> str:
    """The name of a profile's role, or nothing."""
    source = one.get("source")
    return (one["role"] or "").partition("/")[2] or (source.get("role") or "" if source is not None else "")
