"""`why`: how a profile resolves, each step with its line, and how it stands; neither AWS nor a person is asked."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import starmap
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trayexec.adapters.aws_parser import merged
from trayexec.commands import agent_request, answer, show_table, times, why_settings
from trayexec.commands.reading import Options
from trayexec.commands.why_settings import OwnSettings
from trayexec.core.config import adhoc, code_processes, foreign_settings, mixing
from trayexec.core.config.places import Place, Places
from trayexec.core.config.profiles import Catalogue, Identity, Profile, Provider, Role, Unserved
from trayexec.core.config.sections import Section, Sections, shown
from trayexec.core.config.sources import KEY, LONGEST_CHAIN, STATIC_KEYS, KeyNames, Source, all_of, is_role
from trayexec.light import context, exits, protocol
from trayexec.light.errors import Text, TrayexecError
from trayexec.light.translate import speaker
from trayexec.live.carry_home import own_text
from trayexec.live.without_agent import FilesHere, files_of

if TYPE_CHECKING:
    from trayexec.light.protocol_fields import IdentityStatus, ProfileStatus, StatusAnswer

# Seconds that AWS gives a role from a session ("role chaining", IAM user guide, id_roles_terms-and-concepts.html).
FROM_A_SESSION = 3600
SETTING = {
    Source.ROLE: "role_arn",
    Source.WEB_IDENTITY: "web_identity_token_file",
    Source.SSO: "sso_account_id",
    Source.CREDENTIALS_FILE: KEY,
    Source.LOGIN: "login_session",
    Source.PROCESS: "credential_process",
    Source.CONFIG_FILE: KEY,
    Source.INSTANCE: "credential_source",
    Source.ENVIRONMENT: "credential_source",
    Source.CONTAINER: "credential_source",
}


@dataclass(frozen=True, slots=True)
class Step:
    """A sentence, and the line of the AWS files that it is about, where there is one."""

    said: Text
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class _Written:
    """What stands in the AWS files: each profile's section with what it includes, where its keys are, and the lines.

    `own` is what stands in config.toml, `catalogue` what the AWS files lead to.
    """

    profiles: Mapping[str, Section]
    keys: Mapping[str, KeyNames]
    places: Places
    own: OwnSettings
    catalogue: Catalogue

    def line(self, profile: str, key: str) -> Place | None:
        """Where a setting stands: in the profile's own section, or in the nearest one of those that it includes."""
        seen: set[object] = set()
        at: object = profile
        while isinstance(at, str) and at not in seen:
            place = self.places.setting(at, key)
            if place is not None:
                return place
            seen.add(at)
            at = self.included(at)[1]
        return None

    def included(self, profile: str) -> tuple[str, object]:
        """Which setting of the profile includes another one, and which; None for none."""
        section = self.profiles.get(profile, {})
        return next(((key, section[key]) for key in mixing.KEYS if key in section), ("", None))


def why(options: Options, environ: Mapping[str, str]) -> int:
    """Print the steps from the profile to the keys, and how it stands; exit status 1 when it cannot be served.

    Raises TrayexecError (`unknown_profile`, `file`, `config_syntax`).
    """
    read = files_of(environ)
    found = read.catalogue.profiles.get(options.profile)
    if found is None or options.source is not None:
        found = adhoc.find(read.catalogue, options.profile, options.source)
    own = why_settings.read(environ)
    found = why_settings.applied(own, found, read.catalogue)
    steps = [*_steps(_written(read, own), found, options.source)]
    steps += map(Step, [*([own.wrong] if own.wrong else []), *foreign_settings.in_environment(environ)])
    document = _status(environ)
    state = None if isinstance(document, Text) else _state(found, document)
    is_served = isinstance(found, Profile)
    if is_served and state is not None and state["problem"]:  # as the agent knows from what a program printed
        is_served = False
        steps.insert(0, Step(show_table.profile_state(state, {})))
    speak = speaker(environ)
    if options.json:
        from trayexec.commands import as_json  # noqa: PLC0415 — seldom

        as_json.show(
            {
                "profile": options.profile,
                "served": is_served,
                "steps": [_told(speak(step.said), step.place) for step in steps],
                "identity": None if isinstance(document, Text) else _identity(found, document),
                "state": state,
            }
        )
    else:
        steps += map(Step, [document] if isinstance(document, Text) else _now(found, document, environ))
        for number, step in enumerate(steps, 1):
            where = "" if step.place is None else f" ({step.place.file}:{step.place.line})"
            answer.say(f"{number}. {speak(step.said)}{where}")
    return exits.OK if is_served else 1


def _told(said: str, place: Place | None) -> dict[str, Any]:
    return {
        "text": said,
        "file": None if place is None else place.file,
        "line": None if place is None else place.line,
    }


def _written(read: FilesHere, own: OwnSettings) -> _Written:
    config, shared = ((path, own_text(Path(path))) for path in read.paths)
    profiles, _, keys = merged(dict(read.parsed[0]), dict(read.parsed[1]))  # type: ignore[arg-type]  # as they were read
    mixed = mixing.mixed(Sections(profiles, {}, {}, keys)).profiles
    return _Written(mixed, keys, Places(config, shared), own, read.catalogue)


# From the profile to the keys


def _steps(written: _Written, found: Profile | Unserved, source: str | None) -> Iterator[Step]:
    """What the person has come for first: why not; then one profile after the other, and what all of them lead to."""
    if isinstance(found, Unserved):
        yield Step(found.problem.title)
        yield Step(found.problem.hint)
    target = found.target if isinstance(found, Profile) else None
    start: str | None = found.name
    if found.name not in written.profiles and isinstance(target, Role):  # it is named by its ARN
        yield from _role(written, None, target)
        target, start = target.source, source
    names = [] if start is None else _chain(written, start)
    for number, name in enumerate(names):
        yield from _sections(written, name)
        yield from _passed_over(written, name, number)
        if isinstance(target, Role):
            long = why_settings.long(written.own, name) if number == 0 else None
            yield from _role(written, name, target, long=long)
            target = target.source
    while isinstance(target, Role):
        yield from _role(written, None, target)
        target = target.source
    if isinstance(target, Identity):
        yield Step(Text("its session belongs to the identity {identity}", identity=target.name))
        yield from _code(written, names, target)
        yield from starmap(Step, why_settings.keys(written.own, target))
    elif isinstance(target, Provider):
        yield from _provided(written, target)
    if isinstance(found, Profile):
        yield from starmap(Step, why_settings.narrowing(written.own, found, written.catalogue))
        yield from starmap(Step, why_settings.asking(written.own, found, written.catalogue))
    yield from map(Step, found.notes)
    if isinstance(found, Profile):
        yield _region(written, names, found.region)


def _provided(written: _Written, provider: Provider) -> Iterator[Step]:
    """What gives the credentials, where no code is asked for."""
    said = Text("its credentials come from {source} of profile {profile}", source=provider.by, profile=provider.name)
    yield Step(said, _place(written, provider.profile, provider.kind))
    if provider.sign_in is not None:
        yield Step(
            Text(
                "as {role} of account {account}, by the sign-in to {name}",
                role=shown(provider.role),
                account=shown(provider.account),
                name=provider.sign_in.name,
            )
        )
    if provider.kind is Source.PROCESS:  # what it prints is known once it has run
        yield Step(Text("for which nobody is asked for an MFA code, unless the program prints long-term keys"))
    else:
        yield Step(Text("for which nobody is asked for an MFA code"))


def _chain(written: _Written, name: str) -> list[str]:
    """The profiles from this one along its sources, as far as they lead."""
    names: list[str] = []
    following: object = name
    while isinstance(following, str) and following not in names and len(names) <= LONGEST_CHAIN:
        names.append(following)
        section = written.profiles.get(following, {})
        ends = not is_role(section) or (len(names) > 1 and not STATIC_KEYS.isdisjoint(section))
        following = None if ends else section.get("source_profile")
    return names


def _sections(written: _Written, name: str) -> Iterator[Step]:
    places = written.places.sections(name)
    for place in places:
        yield Step(Text("profile {profile} stands in {file}", profile=name, file=place.file), place)
    if not places:
        yield Step(Text("profile {profile} has no section in either file", profile=name))
    key, other = written.included(name)
    if isinstance(other, str):
        yield Step(Text("and includes what it lacks from {profile}", profile=other), written.places.setting(name, key))


def _passed_over(written: _Written, name: str, number: int) -> Iterator[Step]:
    """The sources of credentials that do not count, for another comes before; `number` of profiles are before it."""
    section, keys = written.profiles.get(name, {}), written.keys.get(name, KeyNames())
    sources = all_of(section, keys)
    if number and not STATIC_KEYS.isdisjoint(section):  # keys beside a role are meant where it is another's source
        sources = tuple(sorted(sources, key=lambda one: one is Source.ROLE))
    for one in sources[1:]:
        said = Text("its {key} is passed over: {winner} comes first", key=SETTING[one], winner=_called(sources[0]))
        yield Step(said, _place(written, name, one))


def _called(source: Source) -> Text | str:
    if source is Source.CREDENTIALS_FILE:
        return Text("an access key in the credentials file")
    if source is Source.CONFIG_FILE:
        return Text("an access key in the config file")
    return SETTING[source]


def _place(written: _Written, name: str, source: Source) -> Place | None:
    if source is Source.CONFIG_FILE:
        return written.places.in_config(name, KEY)
    return written.line(name, SETTING[source])


def _role(written: _Written, name: str | None, role: Role, *, long: Place | None = None) -> Iterator[Step]:
    """What is asked of AWS for a role, which the section of `name` says, or a command line.

    `long` is the rule by which a code of its own opens it, where it can.
    """

    def line(key: str) -> Place | None:
        return None if name is None else written.line(name, key)

    at = role.endpoint
    where = at.url or Text("STS in {region}", region=at.region)
    said = Text(
        "it is the role {role}, session name {session}, assumed at {where}",
        role=role.arn,
        session=role.session_name,
        where=where,
    )
    yield Step(said, line("role_arn"))
    if role.external_id is not None:
        yield Step(Text("with the external id {id}", id=role.external_id), line("external_id"))
    if role.tags.tags:
        tags = ", ".join(f"{key}={value}" for key, value in role.tags.tags)
        yield Step(Text("with the session tags {tags}", tags=tags), line("session_tags"))
    if role.tags.source_identity is not None:
        said = Text("with the source identity {identity}", identity=role.tags.source_identity)
        yield Step(said, line("source_identity"))
    if role.seconds > FROM_A_SESSION:
        yield Step(_how_long(role, long), line("duration_seconds"))
    if role.seconds > FROM_A_SESSION and long is not None and isinstance(role.source, Identity):
        yield Step(Text("opened with the keys and a code of its own, as far as its own maximum goes"), long)
    source = None if name is None else written.profiles.get(name, {}).get("source_profile")
    if isinstance(source, str):
        yield Step(Text("with the credentials of {profile}", profile=source), line("source_profile"))


def _how_long(role: Role, long: Place | None) -> Text:
    """For how long the role is asked for, and what cuts that short."""
    if isinstance(role.source, Identity) and long is not None:
        return Text("for {wanted} s", wanted=role.seconds)
    text = (
        Text("for {wanted} s, of which it gets {most}: AWS gives no more to a role that another one assumes")
        if isinstance(role.source, Role)
        else Text("for {wanted} s, of which it gets {most}: AWS gives no more from a session")
    )
    return text.with_values({"wanted": role.seconds, "most": FROM_A_SESSION})


def _code(written: _Written, names: Sequence[str], identity: Identity) -> Iterator[Step]:
    """Whose codes open the identity, and what prints them; or that none does."""
    if not identity.needs_code:
        yield Step(Text("which is opened without a code"), why_settings.without_code(written.own, identity, names))
        return
    serial = _first(written, names, "mfa_serial")
    yield Step(Text("which is opened with a code of the device {serial}", serial=identity.mfa_serial), serial)
    yield from starmap(Step, why_settings.devices(written.own, identity, written.catalogue))
    process = None if identity.code is None else written.line(identity.code.profile, code_processes.KEY)
    yield from starmap(Step, why_settings.code(written.own, identity, process, written.catalogue))
    yield from _other_devices(written, names, identity)


def _other_devices(written: _Written, names: Iterable[str], identity: Identity) -> Iterator[Step]:
    """What prints the codes of another device, and so none for this one."""
    for name in names:
        section = written.profiles.get(name, {})
        if code_processes.KEY in section and section.get("mfa_serial", identity.mfa_serial) != identity.mfa_serial:
            said = Text("the mfa_process of {profile} is passed over: it is for another device", profile=shown(name))
            yield Step(said, written.line(name, code_processes.KEY))


def _first(written: _Written, names: Iterable[str], key: str) -> Place | None:
    """Where a setting stands that is looked for along the chain, and then in [default]."""
    places = (written.line(name, key) for name in (*names, "default"))
    return next((place for place in places if place is not None), None)


def _region(written: _Written, names: Sequence[str], region: str | None) -> Step:
    if not region:
        return Step(Text("nothing says a region: commands keep the one of your shell, if there is one"))
    saying = [name for name in (*names, "default") if written.profiles.get(name, {}).get("region") == region]
    return Step(Text("commands get the region {region}", region=region), _first(written, saying[:1], "region"))


# How it stands


def _status(environ: Mapping[str, str]) -> "StatusAnswer | Text":
    """The agent's status; in words, why there is none. No agent is started just to be asked."""
    try:
        answer = agent_request.ask(protocol.status(context.surroundings(environ)), environ)
        return Text("no agent runs: nothing is open") if answer is None else protocol.read_status(answer)
    except TrayexecError as error:
        return error.trouble.title


def _state(found: Profile | Unserved, document: "StatusAnswer") -> "ProfileStatus | None":
    return next((one for one in document["profiles"] if one["name"] == found.name), None)


def _identity(found: Profile | Unserved, document: "StatusAnswer") -> "IdentityStatus | None":
    identity = found.identity if isinstance(found, Profile) else None
    state = _state(found, document)
    name = identity.name if identity is not None else None if state is None else state["identity"]
    return next((one for one in document["identities"] if one["name"] == name), None)


def _now(found: Profile | Unserved, document: "StatusAnswer", environ: Mapping[str, str]) -> Iterator[Text]:
    identity, state = _identity(found, document), _state(found, document)
    if identity is not None:
        stands = show_table.states([identity], show_table.unready([identity], environ))
        yield Text("now: identity {identity}: {state}", identity=identity["name"], state=stands[identity["name"]])
        if identity.get("keys_from") == "memory":
            yield Text("now: its keys are in the agent's memory alone, until it ends")
        if identity.get("keys_from") == "credential_process":
            yield Text("now: the credential_process prints long-term keys, so it is an identity")
    if state is None:
        return
    if state.get("source"):
        yield Text("now: {state}", state=show_table.profile_state(state, {}))
        return
    until, refused = state["expires_at"], state.get("refused")
    if until and state["role"]:
        yield Text("its role credentials are here until {when}", when=times.clock(until))
    if refused:
        yield show_table.refusal(refused)
