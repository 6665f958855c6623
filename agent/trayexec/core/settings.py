"""Reads our own settings, `config.toml`: what can be set, to what, and what holds otherwise. It must not know files.

Nothing is ignored: an unknown key or a value out of bounds is an error that names its line and what is allowed.
"""

import json
import re
import shlex
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from fnmatch import fnmatchcase
from math import inf
from typing import TypeVar

from trayexec.core.config import serials, session_policy
from trayexec.core.config.sections import shown
from trayexec.core.config.session_policy import SessionPolicy
from trayexec.core.suggest import near
from trayexec.core.toml_lines import Path, line_of, written_key
from trayexec.light.durations import format_duration, parse_duration
from trayexec.light.errors import Text, TrayexecError, Trouble, trouble

MINUTE = 60
HOUR = 60 * MINUTE

# AWS allows sessions of 15 minutes to 36 hours
# (https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html).
_SESSION = (15 * MINUTE, 36 * HOUR)
_WARNING = MINUTE
_PROMPT = (10, 10 * MINUTE)
_IDLE = (MINUTE, 36 * HOUR)
_CONFIRM = (MINUTE, 36 * HOUR)
UNTIL_LOCKED = inf  # seconds that an answer holds which only a lock ends

_TABLES = ("session", "prompt", "screen", "notify", "menu", "groups", "profile", "identity")
_COLOURS = ("red", "orange", "yellow", "green", "blue", "purple", "grey")
_RGB = re.compile(r"#[0-9a-fA-F]{6}")
_PINENTRY = re.compile(r"pinentry-[a-z0-9-]+")
_GROUP = re.compile(r"[^\s@,*?\[\]][^\s,*?\[\]]*")
_SYNTAX = re.compile(r"(?P<reason>.*) \(at (?:line (?P<line>[0-9]+), column [0-9]+|end of document)\)", re.DOTALL)
_LONGEST_GUESSED = 64
_CLOSE = 0.75  # how like a tool's name a command may look before it counts as a slip

Choice = TypeVar("Choice", bound=Enum)
Value = TypeVar("Value")
_Table = Mapping[str, object]


class OnLock(Enum):
    """What happens when the screen is locked."""

    REFUSE = "refuse"
    KEEP = "keep"
    WIPE = "wipe"


class DialogMethod(Enum):
    """Which dialog asks for the code."""

    AUTO = "auto"
    GTK3 = "gtk3"
    GTK4 = "gtk4"
    PINENTRY = "pinentry"
    ZENITY = "zenity"
    KDIALOG = "kdialog"
    TK = "tk"
    TERMINAL = "terminal"
    OSASCRIPT = "osascript"
    WINDOWS = "windows"


@dataclass(frozen=True, slots=True)
class Pinentry:
    """One of the pinentries by its own name, like `pinentry-qt`: what doctor says of the dialog can be set."""

    name: str

    @property
    def value(self) -> str:
        """As it is written."""
        return self.name


@dataclass(frozen=True, slots=True)
class Command:
    """A program and its words, as one that prints the code instead of a dialog; never run by a shell."""

    argv: tuple[str, ...]


class Delivery(Enum):
    """How a run of one profile gets its credentials; LONG is ENV with a role that a code of its own opens for hours."""

    ENV = "env"
    LIVE = "live"
    SERVER = "server"
    LONG = "long"


@dataclass(frozen=True, slots=True)
class ConfirmRule:
    """Whether a person is asked before a hand-out, and for how many seconds one answer may hold.

    None: nobody is asked; 0: each use is asked for; UNTIL_LOCKED: one answer may hold until something is locked.
    """

    every: float | None

    @property
    def word(self) -> str:
        """As config.toml has it."""
        if not self.every:
            return "never" if self.every is None else "always"
        return "session" if self.every == UNTIL_LOCKED else format_duration(int(self.every))

    @property
    def strictness(self) -> float:
        """Of two that hold for one role the one that is less."""
        return inf if self.every is None else self.every


@dataclass(frozen=True, slots=True)
class UseGuard:
    """What is wanted before something is handed out: a person's word, which may hold `holds` seconds.

    `holds` is as in `ConfirmRule`; `colour` is the profile's own in config.toml, empty for none.
    """

    holds: float
    colour: str = ""


@dataclass(frozen=True, slots=True)
class ProfileRule:
    """What is set for the profiles whose names match `pattern`; None where nothing is said."""

    pattern: str
    confirm: ConfirmRule | None = None
    delivery: Delivery | None = None
    colour: str | None = None
    policy: SessionPolicy | None = None
    browser: Command | None = None
    mfa: bool | None = None


class Renew(Enum):
    """Who renews a session before it ends: a person who is warned, or we by the command that gives the codes."""

    ASK = "ask"
    AUTO = "auto"


@dataclass(frozen=True, slots=True)
class IdentityRule:
    """What is set for one identity, by the name of its keys.

    `code` is the command that prints its code, None where a person is asked; with `renew` AUTO that or a profile's
    `mfa_process` renews its session. `keys` is the one that prints its keys, None where they are stored with us; `mfa`
    whether it is opened with a code at all. `devices` are serials of MFA devices that it has beside its mfa_serial.
    """

    code: Command | None = None
    renew: Renew = Renew.ASK
    keys: Command | None = None
    mfa: bool = True
    devices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set, durations in seconds; without arguments what holds when there is no file.

    `warn` counts from the end of the session backwards, longest first. `rules` are in the order of the file. With
    `idle_lock` everything is locked when nobody was at the machine for so long; None for never.
    `first_use` is whether a person is told when a program uses a profile for the first time in a session.
    `favourites` are names and patterns of profiles, and groups, in the order of the menu.
    """

    session_seconds: int = 12 * HOUR
    warn: tuple[int, ...] = (15 * MINUTE, 5 * MINUTE)
    prompt: DialogMethod | Pinentry | Command = DialogMethod.AUTO
    prompt_seconds: int = 90
    on_lock: OnLock = OnLock.REFUSE
    idle_lock: int | None = None
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    rules: tuple[ProfileRule, ...] = ()
    identities: Mapping[str, IdentityRule] = field(default_factory=dict)
    favourites: tuple[str, ...] = ()
    first_use: bool = True

    def code_command(self, identity: str) -> Command | None:
        """The command that prints the code of this identity; None where a person is asked."""
        rule = self.identities.get(identity)
        return rule.code if rule is not None else None

    def devices(self, identity: str) -> tuple[str, ...]:
        """The serials of the MFA devices that this identity has beside its own."""
        rule = self.identities.get(identity)
        return rule.devices if rule is not None else ()

    def renews(self, identity: str) -> bool:
        """Whether the session of this identity is renewed before it ends without anybody being asked."""
        rule = self.identities.get(identity)
        return rule is not None and rule.renew is Renew.AUTO

    def matching(self, profile: str) -> Iterator[ProfileRule]:
        """What is set for patterns that this profile's name matches, in the order of the file."""
        return (rule for rule in self.rules if fnmatchcase(profile, rule.pattern))

    def keys_command(self, identity: str) -> Command | None:
        """The command that prints the keys of this identity; None where they are stored with us."""
        rule = self.identities.get(identity)
        return rule.keys if rule is not None else None

    def unasked(self, profiles: Iterable[str]) -> frozenset[str]:
        """Which of these profiles are marked as needing no code."""
        if all(rule.mfa is None for rule in self.rules):
            return frozenset()
        return frozenset(name for name in profiles if self.rule(name).mfa is False)

    def rule(self, profile: str) -> ProfileRule:
        """What is set for this profile: of all that match, for each key what is said last."""
        found = ProfileRule(profile)
        for rule in self.matching(profile):
            found = ProfileRule(
                profile,
                rule.confirm or found.confirm,
                rule.delivery or found.delivery,
                rule.colour or found.colour,
                rule.policy or found.policy,  # as a whole: joined they would allow what either allows
                rule.browser or found.browser,
                found.mfa if rule.mfa is None else rule.mfa,
            )
        return found


@dataclass(frozen=True, slots=True)
class LoadedSettings:
    """The settings in force, the version of the file last seen, and what is wrong with that version, if anything."""

    settings: Settings
    version: object
    warning: Trouble | None = None


def parse(text: str, *, file: str) -> Settings:
    """The settings that `text`, the content of `file`, says. Raises TrayexecError (`settings`) with file and line."""
    document = _document(text, file)
    source = _Source(text, file)
    root = source.table((), document, _TABLES)
    session = source.table(("session",), root.get("session", {}), ("duration", "warn"))
    prompt = source.table(("prompt",), root.get("prompt", {}), ("method", "timeout"))
    screen = source.table(("screen",), root.get("screen", {}), ("on_lock", "idle_lock"))
    notify = source.table(("notify",), root.get("notify", {}), ("first_use",))
    menu = source.table(("menu",), root.get("menu", {}), ("favourites",))
    groups = source.table(("groups",), root.get("groups", {}), None)
    profiles = source.table(("profile",), root.get("profile", {}), None)
    identities = source.table(("identity",), root.get("identity", {}), None)
    usual = Settings()
    seconds = source.get(session, ("session", "duration"), source.duration(_SESSION), usual.session_seconds)
    return Settings(
        session_seconds=seconds,
        warn=source.get(session, ("session", "warn"), source.warnings(seconds), _usual_warnings(usual, seconds)),
        prompt=source.get(prompt, ("prompt", "method"), source.method, usual.prompt),
        prompt_seconds=source.get(prompt, ("prompt", "timeout"), source.duration(_PROMPT), usual.prompt_seconds),
        on_lock=source.get(screen, ("screen", "on_lock"), source.choice(OnLock), usual.on_lock),
        idle_lock=source.get(screen, ("screen", "idle_lock"), source.duration(_IDLE), usual.idle_lock),
        groups={name: source.group(("groups", name), globs) for name, globs in groups.items()},
        rules=tuple(source.rule(("profile", glob), rule) for glob, rule in profiles.items()),
        identities={name: source.identity(("identity", name), rule) for name, rule in identities.items()},
        first_use=source.get(notify, ("notify", "first_use"), source.yes_or_no, usual.first_use),
        favourites=source.get(menu, ("menu", "favourites"), source.profiles, usual.favourites),
    )


def document(settings: Settings) -> Mapping[str, Mapping[str, object]]:
    """What is in force, by table and key, each value as it is written in the file."""
    prompt = settings.prompt
    rules = {
        rule.pattern: {
            key: value
            for key, value in (
                ("confirm", None if rule.confirm is None else rule.confirm.word),
                ("delivery", None if rule.delivery is None else rule.delivery.value),
                ("colour", rule.colour),
                ("policy", None if rule.policy is None else rule.policy.document),
                ("policy_arns", [*rule.policy.arns] if rule.policy is not None and rule.policy.arns else None),
                ("browser", None if rule.browser is None else list(rule.browser.argv)),
                ("mfa", rule.mfa),
            )
            if value is not None
        }
        for rule in settings.rules
    }
    return {
        "session": {
            "duration": format_duration(settings.session_seconds),
            "warn": [format_duration(one) for one in settings.warn],
        },
        "prompt": {
            "method": list(prompt.argv) if isinstance(prompt, Command) else prompt.value,
            "timeout": format_duration(settings.prompt_seconds),
        },
        "screen": {
            "on_lock": settings.on_lock.value,
            **({} if settings.idle_lock is None else {"idle_lock": format_duration(settings.idle_lock)}),
        },
        "notify": {"first_use": settings.first_use},
        "menu": {"favourites": list(settings.favourites)},
        "groups": {name: list(globs) for name, globs in settings.groups.items()},
        "profile": rules,
        "identity": {name: _identity_written(rule) for name, rule in settings.identities.items()},
    }


def written(tables: Mapping[str, Mapping[str, object]]) -> str:
    """Such a document as TOML, without tables that are empty."""
    blocks = []
    for table, said in tables.items():
        inner = {f"{table}.{written_key(key)}": value for key, value in said.items() if isinstance(value, Mapping)}
        for name, settings in inner.items() if inner else [(table, said)]:
            lines = [f"{written_key(key)} = {toml(value)}\n" for key, value in settings.items()]
            if lines or inner:
                blocks.append(f"[{name}]\n{''.join(lines)}")
    return "\n".join(blocks)


def example() -> str:
    """A file that changes nothing: what usually holds, as comments, with a group and a rule to go by."""
    rule = ProfileRule("prod-*", delivery=Delivery.LIVE, colour="red")
    usual = written(document(Settings(groups={"prod": ("prod-*", "account-a")}, rules=(rule,))))
    return "".join(f"# {line}".rstrip() + "\n" for line in usual.splitlines())


def _identity_written(rule: IdentityRule) -> Mapping[str, object]:
    return {
        **({} if rule.code is None else {"code": list(rule.code.argv)}),
        **({} if rule.code is None and rule.renew is Renew.ASK else {"renew": rule.renew.value}),
        **({} if rule.keys is None else {"keys": list(rule.keys.argv)}),
        **({} if rule.mfa else {"mfa": False}),
        **({"devices": list(rule.devices)} if rule.devices else {}),
    }


def toml(value: object) -> str:
    """A text, a list of texts, or yes and no: basic strings are JSON's, but for one character (toml.io/en/v1.0.0)."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, bool):
        return "true" if value else "false"
    assert isinstance(value, list)  # noqa: S101 — no setting is anything else
    return f"[{', '.join(map(toml, value))}]"


@dataclass(frozen=True, slots=True)
class _Source:
    """The text and the name of its file, to say where something is wrong; each method checks one kind of value."""

    text: str
    file: str

    def get(
        self, table: Mapping[str, object], path: Path, check: Callable[[Path, object], Value], usual: Value
    ) -> Value:
        """The checked value of the last part of `path` in `table`, or the usual one."""
        key = str(path[-1])
        return check(path, table[key]) if key in table else usual

    def table(self, path: Path, value: object, known: tuple[str, ...] | None) -> _Table:
        """A table with no keys but the `known` ones; None lets every key be."""
        if not isinstance(value, dict):
            raise self._wrong(
                path, value, Text("Write [{key}] on a line of its own and the settings below it.", key=_dotted(path))
            )
        for key in value:
            if known is not None and key not in known:
                raise self._unknown((*path, key), known)
        return value

    def duration(self, bounds: tuple[int, int]) -> Callable[[Path, object], int]:
        """A check for a duration between two numbers of seconds."""
        least, most = bounds

        def check(path: Path, value: object) -> int:
            seconds = _seconds(value)
            if seconds is not None and least <= seconds <= most:
                return seconds
            hint = Text(
                'Write a duration from {least} to {most}, like "45s", "15m" or "1h30m".',
                least=format_duration(least),
                most=format_duration(most),
            )
            raise self._wrong(path, value, hint)

        return check

    def choice(self, kind: type[Choice]) -> Callable[[Path, object], Choice]:
        """A check for one of the words of an enum."""

        def check(path: Path, value: object) -> Choice:
            for each in kind:
                if value == each.value:
                    return each
            raise self._wrong(
                path, value, Text("Write one of: {choices}", choices=_listed(each.value for each in kind))
            )

        return check

    def warnings(self, session: int) -> Callable[[Path, object], tuple[int, ...]]:
        """A check for a list of durations, each shorter than the session."""
        check_one = self.duration((_WARNING, session - MINUTE))

        def check(path: Path, value: object) -> tuple[int, ...]:
            if not isinstance(value, list):
                raise self._wrong(
                    path, value, Text('Write a list of durations, like ["15m", "5m"], or [] for no warning.')
                )
            return _descending(check_one((*path, index), each) for index, each in enumerate(value))

        return check

    def method(self, path: Path, value: object) -> DialogMethod | Pinentry | Command:
        """A dialog's name, or a command that prints the code."""
        names = [each.value for each in DialogMethod]
        if value in names:
            return DialogMethod(value)
        if isinstance(value, str) and _PINENTRY.fullmatch(value):
            return Pinentry(value)
        argv = _argv(value)
        slip = len(argv) == 1 and near(argv[0], names, least=_CLOSE)
        if argv and not slip:
            return Command(argv)
        hint = Text("Write one of: {choices}; or a command that prints the code.", choices=_listed(names))
        raise self._wrong(path, value, hint)

    def group(self, path: Path, value: object) -> tuple[str, ...]:
        """What a group means: a list of profile names and patterns."""
        if not _GROUP.fullmatch(str(path[-1])):
            raise self._wrong(
                path, path[-1], Text("Name a group without spaces, commas, @ in front, or the signs * ? [ ].")
            )
        return self.profiles(path, value)

    def profiles(self, path: Path, value: object) -> tuple[str, ...]:
        """A list of profile names and patterns."""
        if isinstance(value, list) and all(isinstance(each, str) and each for each in value):
            return tuple(value)
        raise self._wrong(path, value, Text('Write a list of profile names or patterns, like ["prod-*", "account-a"].'))

    def rule(self, path: Path, value: object) -> ProfileRule:
        """What is set for one pattern."""
        if not path[-1]:
            raise self._wrong(path, path[-1], Text('Write a profile name or a pattern, like [profile."prod-*"].'))
        table = self.table(path, value, ("confirm", "delivery", "colour", "policy", "policy_arns", "browser", "mfa"))
        document = self.get(table, (*path, "policy"), self._policy, None)
        usual: tuple[str, ...] = ()
        arns = self.get(table, (*path, "policy_arns"), self._policy_arns, usual)
        return ProfileRule(
            str(path[-1]),
            self.get(table, (*path, "confirm"), self._confirm, None),
            self.get(table, (*path, "delivery"), self.choice(Delivery), None),
            self.get(table, (*path, "colour"), self._colour, None),
            SessionPolicy(document, arns) if document is not None or arns else None,
            self.get(table, (*path, "browser"), self._browser, None),
            self.get(table, (*path, "mfa"), self.yes_or_no, None),
        )

    def identity(self, path: Path, value: object) -> IdentityRule:
        """What is set for one identity."""
        table = self.table(path, value, ("code", "renew", "keys", "mfa", "devices"))
        code = self.get(table, (*path, "code"), self._code, None)
        renew = self.get(table, (*path, "renew"), self.choice(Renew), Renew.ASK)
        return IdentityRule(
            code,
            renew,
            self.get(table, (*path, "keys"), self._keys, None),
            self.get(table, (*path, "mfa"), self.yes_or_no, True),
            self.get(table, (*path, "devices"), self._devices, ()),
        )

    def _devices(self, path: Path, value: object) -> tuple[str, ...]:
        if isinstance(value, list) and all(isinstance(each, str) and not serials.fault(each, "") for each in value):
            return tuple(dict.fromkeys(value))
        hint = Text('Write a list of serials of MFA devices, like ["arn:aws:iam::111111111111:mfa/phone"].')
        raise self._wrong(path, value, hint)

    def yes_or_no(self, path: Path, value: object) -> bool:
        """True or false."""
        if isinstance(value, bool):
            return value
        raise self._wrong(path, value, Text("Write true or false."))

    def _code(self, path: Path, value: object) -> Command | None:
        hint = Text('Write a command that prints the code, like "ykman oath accounts code -s aws".')
        return self._command(path, value, hint)

    def _keys(self, path: Path, value: object) -> Command | None:
        hint = Text('Write a command that prints the access key, like "op item get aws --format json".')
        return self._command(path, value, hint)

    def _command(self, path: Path, value: object, hint: Text) -> Command:
        argv = _argv(value)
        if argv:
            return Command(argv)
        raise self._wrong(path, value, hint)

    def _confirm(self, path: Path, value: object) -> ConfirmRule | None:
        if value == "never":
            return ConfirmRule(None)
        if value == "always":
            return ConfirmRule(0)
        if value == "session":
            return ConfirmRule(UNTIL_LOCKED)
        seconds = _seconds(value)
        if seconds is not None and _CONFIRM[0] <= seconds <= _CONFIRM[1]:
            return ConfirmRule(seconds)
        hint = Text('Write "never", "always", "session", or how long one answer may hold, from 1m to 36h, like "10m".')
        raise self._wrong(path, value, hint)

    def _policy(self, path: Path, value: object) -> str | None:
        try:
            return session_policy.packed(value if isinstance(value, str) else "")
        except TrayexecError as error:
            raise self._wrong(path, value, error.trouble.in_one_line) from None

    def _policy_arns(self, path: Path, value: object) -> tuple[str, ...]:
        words = value if isinstance(value, list) else []
        if words and len(words) <= session_policy.MOST_ARNS and all(map(self._names_policy, words)):
            return tuple(dict.fromkeys(words))
        hint = Text(
            'Write a list of at most {most} ARNs of policies, or names of AWS\'s own, like ["ReadOnlyAccess"].',
            most=session_policy.MOST_ARNS,
        )
        raise self._wrong(path, value, hint)

    @staticmethod
    def _names_policy(word: object) -> bool:
        return isinstance(word, str) and session_policy.is_named(word)

    def _colour(self, path: Path, value: object) -> str | None:
        if isinstance(value, str) and (value in _COLOURS or _RGB.fullmatch(value)):
            return value.lower()
        raise self._wrong(path, value, Text("Write one of: {choices}; or #rrggbb.", choices=_listed(_COLOURS)))

    def _browser(self, path: Path, value: object) -> Command | None:
        hint = Text('Write a command that opens the address behind it, like "firefox --new-window".')
        return self._command(path, value, hint)

    def _wrong(self, path: Path, value: object, hint: Text) -> TrayexecError:
        title = Text(
            "Line {line} of {file}: {key} cannot be {value}.",
            line=line_of(self.text, path),
            file=shown(self.file),
            key=_dotted(path),
            value=_written(value),
        )
        return TrayexecError(Trouble("settings", title, hint))

    def _unknown(self, path: Path, known: tuple[str, ...]) -> TrayexecError:
        title = Text(
            "Line {line} of {file}: there is no setting {key}.",
            line=line_of(self.text, path),
            file=shown(self.file),
            key=_dotted(path),
        )
        close = near(str(path[-1])[:_LONGEST_GUESSED], known)
        hint = (
            Text("Did you mean {guess}? Allowed here: {choices}", guess=_listed(close), choices=_listed(known))
            if close
            else Text("Remove it. Allowed here: {choices}", choices=_listed(known))
        )
        return TrayexecError(Trouble("settings", title, hint))


def _document(text: str, file: str) -> _Table:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = _SYNTAX.fullmatch(str(error))
        line = int(found["line"]) if found and found["line"] else text.rstrip().count("\n") + 1
        reason: str | Text = shown(found["reason"] if found else str(error))
    except (RecursionError, ValueError):  # what tomllib lets through: lists in lists without end, endless numbers
        line = _first_bad_line(text)
        reason = Text("nested too deeply, or a number too long")
    raise TrayexecError(
        trouble(
            "settings",
            "Line {line} of {file} is not valid TOML: {reason}.",
            'Correct the line: settings are written like duration = "12h", with quotes around words.',
            line=line,
            file=shown(file),
            reason=reason,
        )
    )


def _first_bad_line(text: str) -> int:
    """The line that tomllib stumbles over without saying so: the last of the shortest beginning it cannot take."""
    lines = text.split("\n")
    good, bad = 0, len(lines)
    while bad - good > 1:
        middle = (good + bad) // 2
        try:
            tomllib.loads("\n".join(lines[:middle]))
        except tomllib.TOMLDecodeError:
            good = middle  # merely cut off in the middle of something
        except (RecursionError, ValueError):
            bad = middle
        else:
            good = middle
    return bad


def _seconds(value: object) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    try:
        return parse_duration(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _descending(seconds: Iterable[int]) -> tuple[int, ...]:
    return tuple(sorted(set(seconds), reverse=True))


def _usual_warnings(usual: Settings, session: int) -> tuple[int, ...]:
    return tuple(each for each in usual.warn if each < session)


def _argv(value: object) -> tuple[str, ...]:
    """The words of a command, none if it is not one."""
    try:
        words = shlex.split(value) if isinstance(value, str) else value
    except ValueError:
        return ()
    if not isinstance(words, list) or not all(isinstance(word, str) and "\0" not in word for word in words):
        return ()
    return tuple(words) if words and words[0].strip() else ()


def _dotted(path: Path) -> str:
    return shown(".".join(part for part in path if isinstance(part, str)))


def _listed(words: Iterable[str]) -> str:
    return ", ".join(words)


def _written(value: object) -> str:
    """A value as it stands in the file, as far as people care."""
    try:
        return shown(json.dumps(value, ensure_ascii=False, default=str))
    except (RecursionError, ValueError):
        return "…"
