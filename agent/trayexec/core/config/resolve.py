"""Walks from a profile along its sources to the keys at the end. It must not know files or botocore.

It follows botocore's rules (credentials.AssumeRoleProvider; `sources` has their order), with two differences: the keys
are in the OS keychain under the name of the profile at the end of the chain, and the MFA serial is found anywhere along
it. Whatever cannot
be served is a problem of that one profile, never a fallback to another.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

from trayexec.core.config import (
    code_processes,
    foreign_settings,
    identities,
    mixing,
    ownership,
    problems,
    serials,
    session_names,
)
from trayexec.core.config.endpoints import (
    endpoint_of,
    first_region,
    inherits_region,
    reader_of,
    region_of,
    trusted_by,
)
from trayexec.core.config.partitions import PARTITIONS, is_elsewhere, partition_of
from trayexec.core.config.profiles import (
    Catalogue,
    CodeProcess,
    Identity,
    Profile,
    Provider,
    Role,
    SessionTags,
    StsEndpoint,
    Unserved,
)
from trayexec.core.config.providers import Variables, heard, provider_of
from trayexec.core.config.sections import ProfileError, Section, Sections, shown
from trayexec.core.config.session_tags import tags_of
from trayexec.core.config.sources import IN_FILES, LONGEST_CHAIN, NAMED, STATIC_KEYS, Source, is_role, without_role
from trayexec.core.suggest import Guesses, told
from trayexec.light.errors import Text, Trouble

# Grammar of the STS API (https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html and
# API_GetSessionToken.html); a role's path may hold any printable ASCII character.
_ROLE_ARN = re.compile(r"arn:(aws[a-z-]*):iam::[0-9]{12}:role/[!-~]+")
_ROLE_OF_NO_ACCOUNT = re.compile(r"arn:aws[a-z-]*:iam::(?![0-9]{12}:)[^:]*:role/[!-~]+")
_EXTERNAL_ID = re.compile(r"[\w+=,.@:/-]{2,1224}", re.ASCII)
_SESSION_NAME = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)  # where botocore sends it as it stands
_COMMENT = re.compile(r"\s[#;]")  # not one to any AWS tool, but meant as one
_ABSOLUTE = re.compile(r"/|[A-Za-z]:[/\\]")
_SECONDS = re.compile(r"[0-9]{1,9}")
_ARN_LENGTHS = range(20, 2049)
_DURATIONS = range(900, 43201)
_DEFAULT_SECONDS = 3600

_LESS_THAN_STORED = (Source.PROCESS, Source.NOTHING)  # keys that a person stored with us under the name win over it
# Whose credentials botocore is asked for.
_PROVIDED = frozenset({Source.WEB_IDENTITY, Source.SSO, Source.LOGIN, Source.PROCESS})
_ROLE_EXTRAS = ("session_tags", "transitive_session_tags", "source_identity")
_OURSELVES = frozenset({"trayexec", "trayexec-agent"})


@dataclass(frozen=True, slots=True)
class _Link:
    """One role on the way: what the section of `profile` asks AssumeRole for."""

    profile: str
    arn: str
    partition: str
    external_id: str | None
    session_name: str
    seconds: int
    tags: SessionTags


@dataclass(frozen=True, slots=True)
class _Chain:
    """The roles from the profile that was asked for down to the one nearest to the keys, then the keys' profile.

    The keys may be what another program or a service gives: then `kind` says by which way.
    """

    roles: tuple[_Link, ...]
    keys: str
    names: tuple[str, ...]  # every profile on the way, once each
    kind: Source | None = None  # of what is at the end in place of keys of ours


@dataclass(frozen=True, slots=True)
class _Work:
    """What is the same for every profile: found out once for a pair of files, not once for each.

    `used` are the profiles that roles have as their source, `ends` what is known of the identities found so far, by
    all that they are made of, `endpoints` those found so far likewise, `links` and `kinds` the roles and the ends of
    chains by profile, `variables` what the caller's environment says of each kind of source. `session_name` is that of
    a role which names none, `known` what may stand in others, `guesses` what may be meant by the name of a source that
    is not there. `printing` are the programs that print long-term keys.
    """

    sections: Sections
    session_name: str
    known: Mapping[str, str]
    used: AbstractSet[str]
    guesses: Guesses
    printing: AbstractSet[Provider]
    ends: dict[tuple[object, ...], tuple[Identity, Text | None]] = field(default_factory=dict)
    endpoints: dict[tuple[object, ...], StsEndpoint] = field(default_factory=dict)
    links: dict[str, _Link] = field(default_factory=dict)
    kinds: dict[str, Source | None] = field(default_factory=dict)
    variables: dict[Source, Variables] = field(default_factory=dict)
    possible: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Device:
    """Which profile says the serial, the serial, its partition, what prints its codes, and what the keys, if any."""

    said_in: str
    serial: str
    partition: str
    code: CodeProcess | None
    program: Provider | None


def resolve(
    sections: Sections,
    *,
    session_name: str,
    known: Mapping[str, str] | None = None,
    printing: AbstractSet[Provider] = frozenset(),
) -> Catalogue:
    """What every profile of `sections` leads to. Nothing is raised: what a section says wrong is its own problem.

    `session_name` is the role session name of roles that name none, `known` are the `user` and the `host` of others.
    `printing` are the programs that were found to print long-term keys: their profiles are identities.
    """
    sections = mixing.mixed(sections)
    guesses = Guesses(sections.profiles)
    work = _Work(sections, session_name, known or {}, identities.sources(sections), guesses, printing)
    found = {name: _resolved(work, name) for name in sections.profiles if name}  # [profile ""] nobody can ask for
    of_all = (each.identity for each in found.values() if isinstance(each, Profile))
    served = {id(one): one for one in of_all if one is not None}.values()  # hundreds of profiles have one and the same
    names = _identity_names(served)
    own = {one for one in served if not one.inherited}
    final = {(one, one.code): _named(one, names[one], inherited=one not in own) for one in reversed(served)}
    profiles = {name: _final(each, final) if isinstance(each, Profile) else each for name, each in found.items()}
    return Catalogue(profiles, session_name=session_name)


def _resolved(work: _Work, name: str) -> Profile | Unserved:
    sections = work.sections
    try:
        return _served(work, name)
    except ProfileError as fault:
        own = sections.profiles[name]
        why = _seen_from(sections, name, fault)
        # Where aws-mfa keeps a key, it keeps the device, too: if that is missed, the profile of the keys says so.
        aside = {"aws_mfa_device"} if why.code == "profile_longterm" else set()
        notes = tuple(foreign_settings.in_section(name, {key: own[key] for key in own if key not in aside}))
        endpoint = _endpoint_alone(work, name)
        return Unserved(name, why, _plain(own, "region"), _plain(own, "role_arn"), notes, endpoint)


def _endpoint_alone(work: _Work, name: str) -> StsEndpoint | None:
    """How STS is reached by the profile's own settings, whatever else is wrong with it; None where they are wrong."""
    region = _plain(work.sections.profiles[name], "region")
    try:
        return endpoint_of(work.sections, (name,), partition_of(region).name if region else "aws", work.endpoints)
    except ProfileError:
        return None


def _served(work: _Work, name: str) -> Profile:
    chain = _walk(work, name)
    return _of_keys(work, chain) if chain.kind is None else _provided(work, chain, chain.kind)


def _of_keys(work: _Work, chain: _Chain, program: Provider | None = None) -> Profile:
    """The profile of a chain that ends in keys of ours, or in those that a program prints, which a code opens."""
    sections = work.sections
    said_in, serial = _serial(work, chain, program)
    partition = _partition(sections, chain, serial)
    first = endpoint_of(sections, chain.names, partition, work.endpoints)
    code = code_processes.found(sections, chain.names, serial)
    identity, of_keys = _end(work, chain, _Device(said_in, serial, partition, code, program), first)
    profile = _profile(work, chain, (identity, first), partition)
    if of_keys is None and not identity.inherited:
        return profile
    notes = profile.notes if of_keys is None else (of_keys, *profile.notes)
    return replace(profile, inherits_serial=identity.inherited, notes=notes)


def _provided(work: _Work, chain: _Chain, kind: Source) -> Profile:
    """The profile of a chain that ends in credentials of others, for which nobody is asked."""
    sections = work.sections
    partition = _partition(sections, chain, "")
    first = endpoint_of(sections, chain.names, partition, work.endpoints)
    own = _along(work, (chain.keys,), partition, first)
    if kind not in work.variables:
        work.variables[kind] = heard(sections.environment, kind)
    provider = provider_of(sections, chain.keys, kind, endpoint=own, variables=work.variables[kind])
    if work.printing and provider in work.printing:
        return _of_keys(work, chain, provider)
    return _profile(work, chain, (provider, first), partition)


def _profile(work: _Work, chain: _Chain, end: tuple[Identity | Provider, StsEndpoint], partition: str) -> Profile:
    """The profile whose chain leads to this end, and to STS there. Raises ProfileError."""
    sections = work.sections
    root, first = end
    if is_elsewhere(first.region, partition) and not first.url:
        there = partition_of(first.region).name
        why = problems.region_in_other_partition(chain.names[0], first.region, there=there, keys=partition)
        raise ProfileError(chain.names[0], why)
    target: Identity | Provider | Role = root
    for place, link in reversed(tuple(enumerate(chain.roles))):
        target = Role(
            arn=link.arn,
            source=target,
            session_name=link.session_name,
            external_id=link.external_id,
            seconds=link.seconds,
            endpoint=_along(work, chain.names[place:], partition, first) if place else first,
            tags=link.tags,
        )
    region = region_of(sections, chain.names, partition)
    others = [one for each in chain.names for one in foreign_settings.in_section(each, sections.profiles.get(each, {}))]
    return Profile(
        chain.names[0],
        region,
        target,
        notes=tuple(others),
        inherits_region=region is not None and inherits_region(sections, chain.names),
    )


def _along(work: _Work, names: Sequence[str], partition: str, first: StsEndpoint) -> StsEndpoint:
    """How STS is reached further along a chain that begins with `first`.

    One place for the whole chain, as with botocore, whose one client serves every step; all else is each profile's own,
    so that chains which meet share what they have in common. A region where nobody knows the keys is passed over.
    """
    own = endpoint_of(work.sections, names, partition, work.endpoints)
    lost = partition in PARTITIONS and is_elsewhere(own.region, partition) and not first.url
    if own is first and not lost:
        return own
    region = PARTITIONS[partition].first if lost else own.region
    bundle = first.ca_bundle if first.url else own.ca_bundle
    return replace(own, region=region, url=first.url, ca_bundle=bundle, proxy=first.proxy, no_proxy=first.no_proxy)


def _end(work: _Work, chain: _Chain, device: _Device, first: StsEndpoint) -> tuple[Identity, Text | None]:
    """Whose keys are at the end of a chain, and what a person should know of them. Raises ProfileError.

    Thousands of roles have one end.
    """
    sections = work.sections
    serial, program = device.serial, device.program
    inherited = device.said_in not in chain.names
    way = reader_of(first)
    bundle = first.ca_bundle if first.url else None
    made_of = (chain.keys, inherited, device, first.url, bundle, first.proxy, first.no_proxy, way)
    known = work.ends.get(made_of)
    if known is not None:
        return known
    stored = "" if program is not None else sections.stored.get(chain.keys, "")
    identity = Identity(
        keys=chain.keys,
        mfa_serial=serial,
        endpoint_url=first.url,
        name=shown(chain.keys),
        endpoint=_along(work, (chain.keys,), device.partition, first),
        trust=trusted_by(sections),
        way=way,
        program=program,
        owner=ownership.account_in(stored) if program is None else program.account,
        user=ownership.user_in(stored),
        inherited=inherited,
        aside=(identities.long_term_of(sections, chain.keys) or "") if program is None else "",
        code=device.code,
    )
    foreign = ownership.fault(
        identity, identity.owner, default=ownership.account_in(sections.stored.get("default", ""))
    )
    if foreign is not None:
        raise ProfileError(chain.keys if identity.inherited else device.said_in, foreign)
    work.ends[made_of] = identity, identities.note(sections, chain.keys) if program is None else None
    return work.ends[made_of]


def _walk(work: _Work, name: str) -> _Chain:
    sections = work.sections
    links: list[_Link] = []
    at = name
    while True:
        names = [link.profile for link in links]
        if at in names:
            circle = names[names.index(at) :]
            raise ProfileError(circle[0], problems.loop(circle))
        section = sections.profiles.get(at, {})
        _check_included(work, at, section)
        # A source that has keys of its own ends the chain even if it also names a role, as in botocore.
        if not is_role(section) or (links and _holds_keys(at, section)):
            if at not in work.kinds:
                work.kinds[at] = _end_of(sections, at, section)
            return _chain(links, at, work.kinds[at])
        _check_role(sections, at, section)
        if len(links) == LONGEST_CHAIN:
            raise ProfileError(name, problems.too_long(name))
        if "credential_source" in section:
            links.append(_link(work, at))
            return _chain(links, at, NAMED[str(section["credential_source"])])
        source = _source(work, at)
        links.append(_link(work, at))
        if source == at:
            if _end_of(sections, at, section) is not None and STATIC_KEYS.isdisjoint(section):
                raise ProfileError(at, problems.loop([at]))  # as botocore: it takes nothing but keys there
            return _chain(links, at, None)
        at = source


def _chain(links: Sequence[_Link], keys: str, kind: Source | None) -> _Chain:
    return _Chain(tuple(links), keys, tuple(dict.fromkeys((*(link.profile for link in links), keys))), kind)


def _source(work: _Work, profile: str) -> str:
    """The profile a role is assumed from."""
    sections = work.sections
    source = sections.text(profile, "source_profile")
    if source is None:
        raise ProfileError(profile, problems.no_source(profile, _possible_sources(work, profile)))
    # [default] may be a name in the keychain only: people who keep no key on disk have an empty file.
    if source in sections.profiles or source == "default":
        return source
    bare = _COMMENT.split(source, maxsplit=1)[0].strip().strip("\"'").strip()
    if bare in sections.profiles or bare == "default":
        raise ProfileError(profile, problems.source_with_more(profile, source, bare=bare))
    accounts = {name: _account_in(sections.profiles[name]) for name in work.guesses.near(bare, profile)}
    raise ProfileError(profile, problems.unknown_source(profile, source, near=told(accounts, accounts)))


def _possible_sources(work: _Work, profile: str) -> Sequence[str]:
    """Whose keys a role may be meant to be assumed with: its own; else [default]'s; else those of any identity."""
    sections = work.sections
    own = sections.profiles.get(profile, {})
    if profile == "default" or not STATIC_KEYS.isdisjoint(own):
        return (profile,)
    if "default" in sections.profiles and "role_arn" not in sections.profiles["default"]:
        return ("default",)
    if not work.possible:
        ends = (
            name
            for name, section in sections.profiles.items()
            if "role_arn" not in section and ("mfa_serial" in section or not STATIC_KEYS.isdisjoint(section))
        )
        work.possible.extend(ends)
        work.possible.extend(() if work.possible else ("default",))
    return work.possible


def _account_in(section: Section) -> str | None:
    """The account that a section's role is in, for a person who chooses among names."""
    match = _ROLE_ARN.fullmatch(_plain(section, "role_arn") or "")
    return match[0].split(":")[4] if match else None


def _link(work: _Work, profile: str) -> _Link:
    known = work.links.get(profile)
    if known is None:
        known = work.links[profile] = _new_link(work, profile)
    return known


def _new_link(work: _Work, profile: str) -> _Link:
    sections = work.sections
    arn = sections.text(profile, "role_arn") or ""
    match = _ROLE_ARN.fullmatch(arn)
    if not match or len(arn) not in _ARN_LENGTHS:
        why = problems.role_of_no_account if _ROLE_OF_NO_ACCOUNT.fullmatch(arn) else problems.no_role
        raise ProfileError(profile, why(profile, arn))
    return _Link(
        profile,
        arn,
        match[1],
        _matching(sections, profile, "external_id", _EXTERNAL_ID),
        _session_name(work, profile),
        _duration(sections, profile),
        tags_of(sections, profile),
    )


def _session_name(work: _Work, profile: str) -> str:
    """The role session name, with what is known of its placeholders in it. Raises ProfileError."""
    name = work.sections.text(profile, "role_session_name")
    if name is None:
        return work.session_name
    if session_names.is_name(name):
        return session_names.filled(name, work.known)
    raise ProfileError(profile, problems.not_allowed(profile, "role_session_name"))


def _matching(sections: Sections, profile: str, key: str, pattern: re.Pattern[str]) -> str | None:
    value = sections.text(profile, key)
    if value is None or pattern.fullmatch(value):
        return value
    raise ProfileError(profile, problems.not_allowed(profile, key))


def _duration(sections: Sections, profile: str) -> int:
    value = sections.text(profile, "duration_seconds")
    if value is None:
        return _DEFAULT_SECONDS
    if _SECONDS.fullmatch(value) and int(value) in _DURATIONS:
        return int(value)
    raise ProfileError(profile, problems.no_duration(profile, value))


def _serial(work: _Work, chain: _Chain, program: Provider | None) -> tuple[str, str]:
    """Which profile says the MFA device's serial, the first along the chain or else [default]; and the serial.

    For keys that are used without a code only a role's own section counts, as it does for AWS's tools; where none says
    one, there is no serial. Nor is there for a role that is marked so itself, whatever its sources say.
    """
    sections = work.sections
    if chain.names[0] in sections.unasked and chain.roles:
        if sections.text(chain.names[0], "mfa_serial") is not None:
            raise ProfileError(chain.names[0], problems.device_of_unasked(chain.names[0]))
        return chain.keys, ""
    unasked = chain.keys in sections.without_mfa
    names = [link.profile for link in chain.roles] if unasked else [*chain.names, "default"]
    profile = next((name for name in names if sections.text(name, "mfa_serial") is not None), None)
    if unasked and profile is None:
        return chain.keys, ""
    if profile is None and program is not None:
        raise ProfileError(chain.names[0], problems.no_serial_of_printed(chain.keys))
    if profile not in chain.names and program is None:
        nobody = identities.temporary(sections, chain.keys)
        if nobody is None and not chain.roles:
            nobody = identities.no_identity(sections, chain.keys, work.used)
        if nobody is not None:
            raise ProfileError(chain.keys, nobody)
    if profile is None:
        name = chain.names[0]
        why = identities.device_of_aws_mfa(sections, chain.keys) or problems.no_serial(name, chain.keys)
        raise ProfileError(name, why)
    serial = sections.text(profile, "mfa_serial") or ""
    wrong = serials.fault(serial, profile)
    if wrong is not None:
        raise ProfileError(profile, wrong)
    return profile, serial


def _partition(sections: Sections, chain: _Chain, serial: str) -> str:
    """The one AWS partition of the device (a hardware token's bare serial does not tell) and of every role.

    Where neither says one, it is that of the region.
    """
    partition = serials.partition_of(serial) or (chain.roles[-1].partition if chain.roles else None)
    if partition is None:
        return partition_of(first_region(sections, chain.names) or "").name
    for link in chain.roles:
        if link.partition != partition:
            why = problems.other_partition(link.profile, role=link.partition, keys=partition)
            raise ProfileError(link.profile, why)
    return partition


def _check_role(sections: Sections, profile: str, section: Section) -> None:
    """Refuse what we would otherwise have to ignore in a role: that could lead to another account or more rights."""
    if "source_profile" in section and "credential_source" in section:
        raise ProfileError(profile, problems.two_sources(profile))
    source = sections.text(profile, "credential_source")
    if source is not None and source not in NAMED:
        raise ProfileError(profile, problems.no_credential_source(profile, source))


def _check_extras(profile: str, section: Section) -> None:
    for key in _ROLE_EXTRAS:
        if key in section:
            raise ProfileError(profile, problems.not_sent(profile, key))


def _check_included(work: _Work, profile: str, section: Section) -> None:
    """What only aws-vault would mix in from another section, and we do not, its users would miss."""
    key = next((one for one in mixing.KEYS if one in section), None)
    if key is None:
        return
    sections = work.sections
    wrong = mixing.fault(sections, profile, work.guesses)
    if wrong is not None:
        raise ProfileError(profile, wrong)
    missed = mixing.missed(sections, profile)
    if missed is not None:
        value = sections.text(profile, key) or ""
        raise ProfileError(profile, problems.included(profile, key, value=value, missed=missed))


def _end_of(sections: Sections, profile: str, section: Section) -> Source | None:
    """What gives the credentials at a chain's end; None for keys of ours. Raises ProfileError for what is neither."""
    found = without_role(section, sections.keys_of(profile))
    if found in IN_FILES or (found in _LESS_THAN_STORED and profile in sections.stored):
        return None
    if found in _PROVIDED:
        _check_provided(sections, profile, found)
        return found
    # Half of a login gives botocore nothing; who has written a device beside it means keys with MFA.
    half = found is Source.NOTHING and "mfa_serial" in section
    if not half and any(key.startswith("sso_") for key in section):  # without these two, botocore gives nothing
        raise ProfileError(profile, problems.half_of_sso(profile, ["sso_account_id", "sso_role_name"]))
    if is_role(section):
        return None
    if "credential_source" in section and not half:
        raise ProfileError(profile, problems.from_elsewhere(profile, "credential_source"))
    _check_extras(profile, section)
    if sections.text(profile, "source_profile") not in {None, profile}:
        raise ProfileError(profile, problems.source_without_role(profile))
    return None


def _check_provided(sections: Sections, profile: str, kind: Source) -> None:
    """Refuse a program that asks us, what AWS would refuse, and a file that is another one in each folder."""
    if kind is Source.PROCESS:
        if _calls_us(sections.text(profile, "credential_process") or ""):
            raise ProfileError(profile, problems.by_ourselves(profile))
        return
    if kind in {Source.SSO, Source.LOGIN}:
        return
    arn = sections.text(profile, "role_arn") or ""
    if not _ROLE_ARN.fullmatch(arn):
        raise ProfileError(profile, problems.no_role(profile, arn))
    _matching(sections, profile, "role_session_name", _SESSION_NAME)
    file = sections.text(profile, "web_identity_token_file") or ""
    if not _ABSOLUTE.match(file):
        raise ProfileError(profile, problems.relative_token(profile, file))


def _holds_keys(profile: str, section: Section) -> bool:
    """Whether a source ends the chain: it has static keys, or it names itself, which says the same."""
    return not STATIC_KEYS.isdisjoint(section) or section.get("source_profile") == profile


def _calls_us(command: str) -> bool:
    """Whether a credential_process line starts trayexec, however it is quoted and whatever folder it is in."""
    words = re.split(r"[\s\"']+", command.lower())
    return any(re.split(r"[/\\]", word)[-1].removesuffix(".exe") in _OURSELVES for word in words)


def _seen_from(sections: Sections, name: str, fault: ProfileError) -> Trouble:
    """The fault as the problem of profile `name`: its own, or that of a source further along, with the way there."""
    way = _way(sections, name, fault.profile)
    if not way:
        return fault.trouble
    return problems.of_a_source(name, fault.trouble, way=way)


def _way(sections: Sections, start: str, end: str) -> tuple[str, ...]:
    """The profiles from `start` to another one along its sources; empty if it is not among them."""
    way = [start]
    while way[-1] != end and len(way) <= LONGEST_CHAIN:
        source = sections.profiles.get(way[-1], {}).get("source_profile")
        if not isinstance(source, str) or source in way:
            return ()
        way.append(source)
    return tuple(way) if len(way) > 1 and way[-1] == end else ()


def _plain(section: Section, key: str) -> str | None:
    value = section.get(key)
    return value if isinstance(value, str) and value else None


def _identity_names(identities: Iterable[Identity]) -> Mapping[Identity, str]:
    """What people call each identity: its keys, and as much of the rest as it takes to tell it from the others."""
    distinct = tuple(dict.fromkeys(identities))
    alike = Counter((one.keys, one.mfa_serial) for one in distinct)  # in several places
    serials = Counter(keys for keys, serial in alike if serial)
    devices = Counter((keys, _device(serial)) for keys, serial in alike)
    names: dict[Identity, str] = {}
    for one in distinct:
        keys, serial, device = one.keys, one.mfa_serial, _device(one.mfa_serial)
        name = shown(keys)
        if not serial and serials[keys]:
            name += " (no MFA)"
        elif serials[keys] > 1:
            name += f" ({serial if devices[keys, device] > 1 else device})"
        if one.endpoint_url and alike[keys, serial] > 1:
            name += f" at {shown(one.endpoint_url)}"
        names[one] = name
    return names


def _device(serial: str) -> str:
    return serial.rpartition("/")[2] or serial


def _named(identity: Identity, name: str, *, inherited: bool) -> Identity:
    """The identity as all profiles together make it: itself, where that is what it is already."""
    if identity.name == name and identity.inherited == inherited:
        return identity
    return replace(identity, name=name, inherited=inherited)


def _final(profile: Profile, identities: Mapping[tuple[Identity, CodeProcess | None], Identity]) -> Profile:
    """The profile with its identity as all profiles together make it; how codes are had stays the profile's own."""
    own = profile.identity
    final = None if own is None else identities[own, own.code]
    return profile if final is None or final is own else replace(profile, target=_with(profile.target, final))


def _with(target: Identity | Provider | Role, identity: Identity) -> Identity | Provider | Role:
    if isinstance(target, Role):
        return replace(target, source=_with(target.source, identity))
    return identity if isinstance(target, Identity) else target
