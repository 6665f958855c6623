"""Tells scripts of the broker: the status document, and which identity a name means. It must not change anything."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from trayexec.core import messages
from trayexec.core.broker.state import Broker, Locked, Open, Opening, Prompting, RoleFailure
from trayexec.core.clock import Instant
from trayexec.core.config.endpoints import foreign, proxy_of
from trayexec.core.config.long_roles import lengthened
from trayexec.core.config.profiles import Catalogue, Identity, Profile, Provider, SignIn, Unserved
from trayexec.core.config.session_policy import narrowed
from trayexec.core.shell_words import argument
from trayexec.core.stamps import utc
from trayexec.light.errors import Text, TrayexecError, Trouble, trouble


@dataclass(frozen=True, slots=True)
class AgentFacts:
    """What the status says of the agent itself."""

    pid: int
    version: str
    tray: str
    prompt: str
    settings: str = ""  # which config.toml it reads
    display: str = "there"  # whether it has one for a dialog; else empty
    held: frozenset[str] = frozenset()  # the names of the keys that it holds itself, in memory alone


def status(
    broker: Broker,
    catalogue: Catalogue | Trouble,
    facts: AgentFacts,
    now: Instant,
    *,
    speak: Callable[[Text], str] = str,
) -> dict[str, object]:
    """The document of `status --json` (DESIGN 3.6), without a secret in it; problems as `speak` says them.

    Of identities that these files do not have only those are told that a session or a question keeps alive. Where the
    files cannot be read, what is wrong with them is the document's `problem`,
    and nothing is said of profiles.
    """
    others = (one for one, phase in broker.phases.items() if not isinstance(phase, Locked))
    known = broker.identities if isinstance(catalogue, Trouble) else catalogue.identities
    identities = dict.fromkeys((*known, *others))
    profiles = () if isinstance(catalogue, Trouble) else catalogue.profiles.values()
    agent: dict[str, object] = {
        "pid": facts.pid,
        "version": facts.version,
        "tray": facts.tray,
        "prompt": facts.prompt,
        **({"settings": facts.settings} if facts.settings else {}),
        **({} if facts.display else {"display": None}),
    }
    if broker.held:
        agent["screen"] = "locked"
    return {
        "version": 1,
        "agent": agent,
        "identities": [
            {**_identity(broker, one, now, speak), "keys_from": _origin(broker, one, facts), "configured": one in known}
            for one in identities
        ],
        "sources": [_source_state(broker, one, now, speak) for one in _providers(broker, catalogue)],
        "sign_ins": [_sign_in(broker, one, now, speak) for one in _sign_ins(broker, catalogue)],
        "profiles": [_profile(broker, one, now, speak) for one in profiles],
        **({"problem": _problem(catalogue, speak)} if isinstance(catalogue, Trouble) else {}),
    }


def _problem(why: Trouble, speak: Callable[[Text], str]) -> dict[str, str]:
    return {"code": why.code, "title": speak(why.title), "hint": speak(why.hint)}


def _identity(broker: Broker, identity: Identity, now: Instant, speak: Callable[[Text], str]) -> dict[str, object]:
    session = broker.session(identity, now)
    host, proxy = foreign(identity.endpoint_url), proxy_of(identity.endpoint)
    phase = broker.phase(identity)
    return {
        "name": identity.name,
        "account": identity.account or None,
        "mfa_serial": identity.mfa_serial or None,
        "phase": _phase(broker, identity, now),
        "expires_at": utc(session.expiry.utc) if session is not None else None,
        **({"endpoint": host} if host is not None else {}),
        **({"proxy": proxy} if proxy is not None else {}),
        "keys": identity.keys,
        "trouble": _told(phase.trouble, speak)
        if isinstance(phase, Locked | Open) and phase.trouble is not None
        else None,
    }


def _origin(broker: Broker, identity: Identity, facts: AgentFacts) -> str:
    """Where the keys of an identity come from."""
    if identity.program is not None:
        return "credential_process"
    if broker.settings.keys_command(identity.keys) is not None:
        return "command"
    return "memory" if identity.keys in facts.held else "keychain"


def _sign_ins(broker: Broker, catalogue: Catalogue | Trouble) -> tuple[SignIn, ...]:
    """Those of the files, and those of other files that are under way or done."""
    known = () if isinstance(catalogue, Trouble) else catalogue.sign_ins
    others = (one for one, state in broker.sign_ins.items() if state.token is not None or state.attempt is not None)
    return tuple(dict.fromkeys((*known, *others)))


def _sign_in(broker: Broker, sign_in: SignIn, now: Instant, speak: Callable[[Text], str]) -> dict[str, object]:
    """How it stands with a sign-in: an identity of its own kind, which needs no code of ours."""
    state = broker.sign_in(sign_in)
    token, attempt = state.token, state.attempt
    page = attempt.page if attempt is not None else None
    phase = "signing-in" if attempt is not None else "locked" if token is None else "open"
    return {
        "name": sign_in.name,
        "kind": "sso",
        "start_url": sign_in.start_url,
        "region": sign_in.region,
        "phase": phase,
        "expires_at": utc(token.expiry.utc) if token is not None and token.expiry.left(now) > 0 else None,
        "renews": token is not None and token.renews,
        "page": page.url if page is not None else None,
        "code": (page.code or None) if page is not None else None,
        "trouble": _told(state.trouble, speak) if state.trouble is not None else None,
    }


def _told(why: Trouble, speak: Callable[[Text], str]) -> dict[str, object]:
    return {"code": why.code, "title": speak(why.title), "hint": speak(why.hint)}


def _phase(broker: Broker, identity: Identity, now: Instant) -> str:
    match broker.phase(identity):
        case Locked():
            return "locked"
        case Prompting():
            return "prompting"
        case Opening():
            return "opening"
        case Open():
            return "open" if broker.session(identity, now) is not None else "locked"


def _profile(
    broker: Broker, profile: Profile | Unserved, now: Instant, speak: Callable[[Text], str]
) -> dict[str, object]:
    if isinstance(profile, Unserved):
        return {
            "name": profile.name,
            "identity": None,
            "account": None,
            "role": profile.role_arn,
            "region": profile.region,
            "expires_at": None,
            "problem": speak(profile.problem.in_one_line),
            "refused": None,
        }
    try:
        rule = broker.settings.rule(profile.name)
        target = lengthened(narrowed(profile, rule.policy), rule).target
    except TrayexecError as error:
        return {**_profile(broker, Unserved(profile.name, error.trouble, profile.region, profile.role_arn), now, speak)}
    root = profile.root
    if isinstance(target, Identity):
        failure, credentials = None, broker.session(target, now)
    else:
        failure, credentials = broker.role(target).failure, broker.role(target).credentials
    account = profile.account or (credentials.account if credentials is not None else "")
    return {
        "name": profile.name,
        "identity": root.name if isinstance(root, Identity) else None,
        "account": account or None,
        "role": profile.role_arn,
        "region": profile.region,
        "expires_at": utc(credentials.expiry.utc)
        if credentials is not None and credentials.expiry.left(now) > 0
        else None,
        "problem": None,
        "refused": None if failure is None else _refused(failure, speak),
        **({"confirm": rule.confirm.word} if rule.confirm is not None else {}),
        **({"source": _source(broker, root, now)} if isinstance(root, Provider) else {}),
    }


def _providers(broker: Broker, catalogue: Catalogue | Trouble) -> tuple[Provider, ...]:
    """Those of the files, and those that callers brought along while they give something."""
    known = () if isinstance(catalogue, Trouble) else catalogue.providers
    return tuple(dict.fromkeys((*known, *(one for one in broker.roles if isinstance(one, Provider)))))


def _source_state(broker: Broker, provider: Provider, now: Instant, speak: Callable[[Text], str]) -> dict[str, object]:
    state = broker.role(provider)
    held = state.credentials
    return {
        **_source(broker, provider, now),
        "account": provider.account or (held.account if held is not None else "") or None,
        "trouble": None if state.failure is None else _told(state.failure.why, speak),
    }


def _source(broker: Broker, provider: Provider, now: Instant) -> dict[str, object]:
    """Where credentials come from that need no code: of which kind and profile, and until when they are good."""
    held = broker.role(provider).credentials
    good = held is not None and held.expiry.left(now) > 0
    return {
        "kind": provider.kind.name.lower(),
        "by": provider.by,
        "profile": provider.profile,
        "role": provider.role or None,
        "signed_in": None if provider.sign_in is None else broker.sign_in(provider.sign_in).token is not None,
        "expires_at": utc(held.expiry.utc) if held is not None and good else None,
    }


def _refused(failure: RoleFailure, speak: Callable[[Text], str]) -> dict[str, object]:
    """What AWS answered last for a role: when, and whether that was its no."""
    return {**_told(failure.why, speak), "at": utc(int(failure.at.wall)), "denied": failure.clear}


def identities_shown(broker: Broker) -> tuple[Identity, ...]:
    """The identities that a person sees, each under a name of its own.

    One of the user's files comes before what a caller's variables made of the same keys: that one says where it is. A
    locked one that differs from an open one only in whose certificates are trusted, or in the proxy on the way, would
    be the same line twice.
    """
    found: dict[str, Identity] = {}
    for one in broker.identities:
        others = (other for other in broker.phases if replace(other, trust=one.trust, way=one.way) == one != other)
        phase = broker.phase(one)
        idle = isinstance(phase, Locked) and phase.trouble is None
        if idle and any(isinstance(broker.phase(other), Open) for other in others):
            continue
        place = foreign(one.endpoint_url) or "AWS"
        name = one.name if one.name not in found else f"{one.name} at {place}"
        found.setdefault(name, one if name == one.name else replace(one, name=name))
    return tuple(found.values())


def sign_in_named(catalogue: Catalogue, name: str | None) -> SignIn | None:
    """The sign-in that `name` can mean: its own name, or a profile that lives on it; None is the only one.

    An identity comes first.
    """
    if find(catalogue, name):
        return None
    if name is None:
        return catalogue.sign_ins[0] if len(catalogue.sign_ins) == 1 else None
    named = [one for one in catalogue.sign_ins if name in {one.session, one.name, one.start_url}]
    profile = catalogue.profiles.get(name)
    if not named and isinstance(profile, Profile) and isinstance(profile.root, Provider):
        return profile.root.sign_in
    return named[0] if named else None


def find(catalogue: Catalogue, name: str | None) -> Mapping[str, Identity]:
    """The identities that `name` can mean: an identity's own name, its keys' name, a profile it serves; None is any."""
    if name is None:
        return {one.name: one for one in catalogue.identities}
    matches = {one.name: one for one in catalogue.identities if name in {one.name, one.keys}}
    if name in matches and not all(one.needs_code for one in matches.values()):
        return {name: matches[name]}  # the other needs nobody
    profile = catalogue.profiles.get(name)
    if not matches and isinstance(profile, Profile):
        matches = {} if profile.identity is None else {profile.identity.name: profile.identity}
    return matches


def one_identity(catalogue: Catalogue, name: str | None, verb: str) -> Identity:
    """The one identity that `name` means to a verb. Raises TrayexecError where that is none, or several."""
    found = find(catalogue, name)
    if len(found) == 1:
        return next(iter(found.values()))
    if found:
        raise TrayexecError(
            trouble(
                "ambiguous",
                "There are several identities: {names}.",
                "Name one of them, as in `trayexec {verb} {word}`.",
                names=", ".join(found),
                verb=verb,
                word=argument(next(iter(found))),
            )
        )
    if name is None:
        raise TrayexecError(messages.no_identity(catalogue))
    profile = catalogue.profiles.get(name)
    if isinstance(profile, Profile) and isinstance(profile.root, Provider):
        raise TrayexecError(messages.no_code(profile.name, profile.root))
    raise TrayexecError(
        profile.problem if isinstance(profile, Unserved) else messages.unknown_identity(name, catalogue)
    )
