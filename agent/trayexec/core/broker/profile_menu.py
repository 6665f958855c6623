"""Tells the tray of the profiles: favourites and those in use first, the rest in menus of usable length.

It must not know any toolkit, nor change anything. Each profile is a menu of its own: as whom it acts, how it stands,
and what a person does with it. Where there are many, what is not at hand is made when somebody opens it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from math import ceil, sqrt

from trayexec.core import messages
from trayexec.core.broker.state import Broker
from trayexec.core.clock import Instant
from trayexec.core.config.long_roles import lengthened
from trayexec.core.config.profiles import Catalogue, Identity, Profile, Provider, Role, Unserved
from trayexec.core.config.session_policy import narrowed
from trayexec.core.settings import Settings
from trayexec.core.shell_words import profile
from trayexec.core.view import Entry, Item, LongSubmenu, Separator, Submenu
from trayexec.light.errors import Text, TrayexecError, Trouble

MOST = 20  # lines of a menu that an eye goes over
AT_ONCE = 50  # profiles whose menus are all made beforehand

_Profile = Profile | Unserved
_Target = Identity | Provider | Role


@dataclass(frozen=True, slots=True)
class _Standing:
    """How it stands with what is in memory of a role: until when it is good by the clock, and what AWS said last."""

    until: str = ""
    failure: Trouble | None = None


@dataclass(frozen=True, slots=True)
class _Source:
    """All that the lines are made of: equal ones make equal lines."""

    catalogue: Catalogue
    settings: Settings
    recent: tuple[str, ...]
    standing: Mapping[_Target, _Standing]


@dataclass(frozen=True, slots=True)
class _Group:
    """Profiles that belong together, and what they are called."""

    label: Text
    key: str
    profiles: tuple[_Profile, ...]


def profiles_menu(broker: Broker, catalogue: Catalogue, now: Instant) -> Submenu | None:
    """The menu of all profiles; None where there are none."""
    profiles = catalogue.profiles
    if not profiles:
        return None
    recent = tuple(dict.fromkeys(use.profile for use in broker.uses if use.profile in profiles))
    source = _Source(catalogue, broker.settings, recent, dict(_standing(broker, now)))
    wanted = (one for word in broker.settings.favourites for one in _members(word, broker.settings.groups, set()))
    favourites = _matching(wanted, profiles)
    is_short = len(profiles) <= MOST
    first = list(dict.fromkeys((*favourites, *(() if len(profiles) <= MOST // 2 else recent))))
    above = [_profile(source, profiles[name]) for name in first[:MOST]]
    if is_short:
        below: list[Entry] = [_profile(source, one) for name, one in profiles.items() if name not in first]
    else:
        below = _rest(source)
    line = [Separator()] if above and below else []
    return Submenu(Text("Profiles"), (*above, *line, *below))


def _standing(broker: Broker, now: Instant) -> Iterator[tuple[_Target, _Standing]]:
    for target, state in broker.roles.items():
        held = state.credentials
        until = held.expiry.clock(now) if held is not None and held.expiry.left(now) > 0 else ""
        failure = state.failure.why if state.failure is not None else None
        if until or failure is not None:
            yield target, _Standing(until, failure)
    for identity in broker.phases:
        session = broker.session(identity, now)
        if session is not None:
            yield identity, _Standing(session.expiry.clock(now))


# Which profile stands where


def _rest(source: _Source) -> list[Entry]:
    """All profiles by the groups of the settings, and who is in none of these by whose session serves it."""
    groups = list(_groups(source))
    if len(groups) == 1:
        return list(_pieces(source, groups[0]))
    return [_group(source, one) for one in groups]


def _groups(source: _Source) -> Iterator[_Group]:
    profiles, settings = source.catalogue.profiles, source.settings
    grouped: set[str] = set()
    for name in settings.groups:
        members = _matching(_members(f"@{name}", settings.groups, set()), profiles)
        grouped |= set(members)
        if members:
            yield _Group(Text("{name}", name=f"@{name}"), f"@{name}", tuple(profiles[one] for one in members))
    by_root: dict[object, list[_Profile]] = {}
    labels: dict[object, Text] = {}
    for name, one in profiles.items():
        if name not in grouped:
            label = _whose(one)
            by_root.setdefault(str(label), []).append(one)
            labels[str(label)] = label
    for key, members_of in by_root.items():
        yield _Group(labels[key], f"of {key}", tuple(members_of))


def _whose(one: _Profile) -> Text:
    if isinstance(one, Unserved):
        return Text("Cannot be used")
    root = one.root
    if isinstance(root, Identity):
        return Text("{whose}", whose=root.whose)
    if root.sign_in is not None:
        return Text("{whose}", whose=root.sign_in.name)
    return Text("Without a code")


def _matching(patterns: Iterable[str], profiles: Mapping[str, _Profile]) -> tuple[str, ...]:
    """The profiles that names and patterns mean: in the order of these, and each one's in the order of the file."""
    found: dict[str, None] = {}
    for pattern in patterns:
        if pattern in profiles:
            found[pattern] = None
        else:
            found |= dict.fromkeys(name for name in profiles if fnmatchcase(name, pattern))
    return tuple(found)


def _members(word: str, groups: Mapping[str, Sequence[str]], seen: set[str]) -> Iterator[str]:
    """What a group means, and the groups in it; one in itself counts once."""
    if not word.startswith("@"):
        yield word
    elif word not in seen:
        seen.add(word)
        for inner in groups.get(word[1:], ()):
            yield from _members(inner, groups, seen)


def _group(source: _Source, group: _Group) -> Entry:
    def make() -> tuple[Entry, ...]:
        return tuple(_pieces(source, group))

    if len(source.catalogue.profiles) <= AT_ONCE:
        return Submenu(group.label, make())
    return LongSubmenu(group.label, group.key, source, make)


def _pieces(source: _Source, group: _Group) -> Iterator[Entry]:
    """The profiles of a group; of more than an eye goes over, menus from one name to another."""
    if len(group.profiles) <= MOST:
        yield from (_profile(source, one) for one in group.profiles)
        return
    ordered = sorted(group.profiles, key=lambda one: one.name.casefold())
    pieces = ceil(len(ordered) / MOST)
    pieces = pieces if pieces <= MOST else ceil(sqrt(pieces))
    size = len(ordered) / pieces
    for number in range(pieces):
        some = tuple(ordered[round(number * size) : round((number + 1) * size)])
        label = Text("{first} … {last}", first=some[0].name, last=some[-1].name)
        yield _group(source, _Group(label, some[0].name, some))


# What stands behind one


def _profile(source: _Source, one: _Profile) -> Submenu:
    rule = source.settings.rule(one.name)
    try:
        one = one if isinstance(one, Unserved) else lengthened(narrowed(one, rule.policy), rule)
    except TrayexecError as error:
        one = Unserved(one.name, error.trouble)
    if isinstance(one, Unserved):
        label = Text("{profile} (cannot be used)", profile=one.name)
        return Submenu(label, tuple(trouble_lines(one.problem)), rule.colour)
    standing = source.standing.get(one.target, _Standing())
    label = Text("{profile}", profile=one.name)
    if standing.until:
        label = Text("{profile}  open until {time}", profile=one.name, time=standing.until)
    elif standing.failure is not None:
        label = Text("{profile} (refused)", profile=one.name)
    command = f"trayexec {profile(one.name)} -- "
    asks = rule.confirm.word if rule.confirm is not None else "never"
    lines = (
        Item(_acts_as(one)),
        *(() if asks == "never" else (Item(messages.asked_first(asks)),)),
        Item(Text("Open console"), f"console:{one.name}"),
        Item(Text("Open terminal"), f"terminal:{one.name}"),
        Item(Text("Copy {command}", command=command.rstrip()), f"copy:{command}"),
    )
    failed: tuple[Entry, ...] = (Separator(), *trouble_lines(standing.failure)) if standing.failure is not None else ()
    return Submenu(label, (*lines, *failed), rule.colour)


def _acts_as(one: Profile) -> Text:
    """As whom its commands act, and in which account."""
    match one.target:
        case Role(arn=arn, account=account):
            return Text("{role} in {account}", role=arn.partition("/")[2], account=account)
        case Identity(whose=whose):
            return Text("{whose}", whose=whose)
        case Provider() as provider if provider.role and provider.account:
            return Text("{role} in {account}", role=provider.role, account=provider.account)
        case Provider(by=by):
            return Text("{whose}", whose=by)


def trouble_lines(why: Trouble) -> Iterator[Item]:
    """What is wrong and its fix to read, with its command to copy where there is one."""
    yield Item(why.title)
    hint = str(why.hint)
    if hint:
        yield Item(why.hint)
    if hint.count("`") > 1:
        command = hint.split("`")[1]
        yield Item(Text("Copy {command}", command=command), f"copy:{command}")
