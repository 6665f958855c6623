"""The same account inside of `--live` as outside: whatever stands in the files and in the shell, for every profile.

Outside is botocore on the user's two files and the user's own environment; inside is botocore on the overlay and in the
environment that `--live` makes of it, and a line of the overlay that starts us is answered by our own code. Whoever
gives credentials, gives a name in place of a key: so the names of both can be compared. Only the network, other
people's programs and a person's code are left out.

Every run compares CONFIGS random configs. TRAYEXEC_CONFIGS asks for more, TRAYEXEC_SEED for others (a failure names
its seed), and a failing config is made as small as it goes before it is shown.
"""

import contextlib
import copy
import json
import logging
import os
import shlex
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import botocore.configloader
import botocore.credentials
import botocore.exceptions
import botocore.httpsession
import botocore.session
import botocore.utils
import pytest
from botocore.loaders import create_loader

from trayexec.adapters.aws_files import AwsFiles
from trayexec.commands import file_keys
from trayexec.core.config.inifile import profile_of, section_for
from trayexec.core.config.profiles import Catalogue, Identity, Profile, Provider, Role
from trayexec.core.config.providers import lacking
from trayexec.core.config.sources import Source
from trayexec.light import caller_variables, context, paths, protocol
from trayexec.light.errors import TrayexecError
from trayexec.live import overlay_environment
from trayexec.live.carry_home import parsed
from trayexec.live.layout import overlay
from trayexec.live.overlay_files import FROM_FILES, OR_FROM_FILES

CONFIGS = max(5000, int(os.environ.get("TRAYEXEC_CONFIGS", "0")))
SEED = os.environ.get("TRAYEXEC_SEED", "7")
PARTS = 4  # so that two workers share them
LOADER = create_loader()  # reading botocore's data once is enough
US = "/opt/bin/trayexec"
UNTIL = datetime.now(UTC) + timedelta(hours=1)
NAMES = ("default", "a", "b", "c", "d e", "ü'")

# Who gives credentials


@dataclass(frozen=True, slots=True)
class Given:
    """Credentials: whose they are, by the name that stands for the key; and what comes with it."""

    who: str
    secret: str | None
    token: str | None
    account: str | None


def account(name: str) -> str:
    """An account that nobody else has."""
    return str(222222222222 + 1111 * NAMES.index(name))


class Client:
    """Stands where botocore would make its STS client; what it gives is named after the role and who assumed it."""

    def __init__(self, by: str) -> None:
        """It acts for whoever has this key."""
        self._by = by

    def assume_role(self, **request: Any) -> Mapping[str, Any]:
        """The role, and by whom."""
        issued = {"AccessKeyId": f"{request['RoleArn']} by {self._by}", "SecretAccessKey": "x", "SessionToken": "x"}
        return {"Credentials": {**issued, "Expiration": UNTIL}, "AssumedRoleUser": {"Arn": request["RoleArn"]}}


class NoHttp:
    """Stands where botocore would make ready to reach a metadata service, which costs more than all the rest."""

    def __init__(self, **_: object) -> None:
        """Nothing is reached."""


def issued(name: str) -> dict[str, Any]:
    """What a provider gives, by name."""
    return {"access_key": name, "secret_key": "x", "token": "x", "expiry_time": UNTIL.isoformat(), "account_id": None}


class Stage:
    """Botocore without network and programs; a line of ours is answered by `us`. Its own rules are all its own."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        """Put it up."""
        self.us: Callable[[list[str]], dict[str, Any]]

        def creator(*_: object) -> Any:
            return lambda _service, **by: Client(by["aws_access_key_id"])

        def process(_: object, line: str) -> Mapping[str, Any]:
            words = shlex.split(line)
            return self.us(words[2:]) if words[0] == US else issued(f"process {line}")

        def login(self: Any) -> Any:
            section = self._load_config()["profiles"].get(self._profile_name, {})
            found = section.get("login_session")
            return None if found is None else botocore.credentials.Credentials(f"login {found}", "x", "x")

        kinds: Mapping[str, Any] = {
            "SSOCredentialFetcher": lambda self: issued(f"sso {self._account_id} {self._role_name}"),
            "AssumeRoleWithWebIdentityCredentialFetcher": lambda self: issued(f"web identity {self._role_arn}"),
        }
        for name, fetch in kinds.items():
            patch.setattr(getattr(botocore.credentials, name), "fetch_credentials", fetch)
        machine = {**issued("the machine"), "role_name": "machine"}
        patch.setattr(botocore.utils.InstanceMetadataFetcher, "retrieve_iam_role_credentials", lambda _: machine)
        patch.setattr(
            botocore.credentials.ContainerProvider,
            "_create_fetcher",
            lambda *_: lambda: issued("environment's container"),
        )
        patch.setattr(botocore.credentials, "_get_client_creator", creator)
        patch.setattr(botocore.credentials.ProcessProvider, "_retrieve_credentials_using", process)
        patch.setattr(botocore.credentials.LoginProvider, "load", login)
        patch.setattr(botocore.httpsession, "URLLib3Session", NoHttp)
        # One version of a file is read once: botocore reads each several times for every session.
        self.read: dict[str, Any] = {}
        read = botocore.configloader.raw_config_parse

        def once(path: str, *more: object) -> Any:
            if path not in self.read:
                self.read[path] = read(path, *more)
            return copy.deepcopy(self.read[path])

        patch.setattr(botocore.configloader, "raw_config_parse", once)
        # What happens to requests, of which there are none: to make it ready takes three quarters of the time.
        patch.setattr(botocore.session.Session, "_register_builtin_handlers", lambda *_: None)


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """One for all configs; what our own code turns off in the process that it ends is on again afterwards."""
    loggers = [logging.getLogger(name) for name in ("botocore", "botocore.credentials")]
    before = [one.disabled for one in loggers]
    with pytest.MonkeyPatch.context() as patch, environment({}):
        yield Stage(patch)
    for one, disabled in zip(loggers, before, strict=True):
        one.disabled = disabled


@contextlib.contextmanager
def environment(said: Mapping[str, str]) -> Iterator[None]:
    """This process with just that environment."""
    before, now = dict(os.environ), dict(said)
    os.environ.clear()
    os.environ.update(now)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def refused_by_botocore(folder: Path) -> bool:
    """Whether no AWS tool reads the two files in here."""
    files = {"AWS_CONFIG_FILE": f"{folder}/config", "AWS_SHARED_CREDENTIALS_FILE": f"{folder}/credentials"}
    with environment(files):
        try:
            botocore.session.Session().full_config  # noqa: B018 — to read it is to parse the files
        except botocore.exceptions.ConfigParseError:
            return True
    return False


def found_by_botocore(said: Mapping[str, str], profile: str | None) -> Given | None:
    """Whose credentials botocore finds there, None where it refuses; a person types the code.

    `profile` is what a program says itself (`--profile`); without it, the environment decides.
    """
    with environment(said):
        session = botocore.session.Session(profile=profile)
        session.register_component("data_loader", LOADER)
        try:
            session.get_scoped_config()  # raises for a profile that is not there
            resolver = session.get_component("credential_provider")
            resolver.get_provider("assume-role")._prompter = lambda _: "123456"
            for method in ("boto-config", "ec2-credentials-file"):
                resolver.remove(method)
            found = resolver.load_credentials()
            if found is None:
                return None
            keys = found.get_frozen_credentials()
        except (botocore.exceptions.BotoCoreError, ValueError):
            return None
        return Given(keys.access_key, keys.secret_key, keys.token, keys.account_id) if keys.access_key else None


# What the agent is given, named as the double of botocore names it.
GIVEN_BY = {
    Source.PROCESS: "process {credential_process}",
    Source.WEB_IDENTITY: "web identity {role_arn}",
    Source.INSTANCE: "the machine",
    Source.SSO: "sso {sso_account_id} {sso_role_name}",
    Source.LOGIN: "login {login_session}",
}

# A machine


@dataclass(frozen=True, slots=True)
class Case:
    """Two files, for which profiles keys are stored with us, and what the user's shell says.

    `profiles` are the ones that are asked for; `flag` says whether by an option, or by AWS_PROFILE.
    """

    config: str
    shared: str
    stored: frozenset[str]
    shell: tuple[tuple[str, str], ...] = ()
    flag: str = "AWS_PROFILE"


class Refused(Exception):  # noqa: N818 — as a program that fails does, it is no error of the test's
    """We said no; `code` says why."""

    def __init__(self, code: str) -> None:
        """Keep it."""
        super().__init__(code)
        self.code = code


class Machine:
    """The files on a disk, read by us, with an overlay beside them. `said` is why we refused last, `of` whom.

    `used` says whether keys that are stored with us were used.
    """

    def __init__(self, case: Case, folder: Path, stage: Stage) -> None:
        """Write the files and the overlay. Raises TrayexecError for files that we refuse."""
        self.case, self.folder, self.said, self.of, self.used = case, folder, "", "", False
        self.put("config", case.config)
        self.put("credentials", case.shared)
        arns = {name: f"arn:aws:iam::{account(name)}:user/u" for name in case.stored}
        self.put("stored", json.dumps({"version": 1, "keys": arns}))
        self.files = AwsFiles(self.own, session_name="s", stored=str(folder / "stored"))
        self.catalogue: Catalogue = self.files.load()
        both = parsed(folder / "config"), parsed(folder / "credentials")
        self.overlay = overlay(*both, self.catalogue, origin="c", command=[US])
        live_folder = Path(paths.live_folder({"HOME": str(folder)})) / ("0" * 16)
        live_folder.mkdir(parents=True)
        own: dict[str, Any] = {
            "config": str(folder / "config"),
            "shared": str(folder / "credentials"),
            "session": {},
            "command": [US],
        }
        self.put(live_folder / "config", self.overlay)
        self.put(live_folder / "credentials", "")
        self.put(live_folder / "origin", protocol.document(own))
        self.document: Any = {
            "config": str(live_folder / "config"),
            "shared": str(live_folder / "credentials"),
            "own_config": own["config"],
            "own_shared": own["shared"],
        }
        stage.us = self.us
        stage.read.clear()

    def put(self, name: str | Path, text: str) -> None:
        """Write a file."""
        path = self.folder / name
        path.write_text(text)
        os.utime(path, (1, 1))  # nobody is writing it just now

    @property
    def own(self) -> dict[str, str]:
        """The environment outside, but for what the shell says beside it."""
        config, shared = (str(self.folder / name) for name in ("config", "credentials"))
        return {"AWS_CONFIG_FILE": config, "AWS_SHARED_CREDENTIALS_FILE": shared, "HOME": str(self.folder)}

    @property
    def shell(self) -> dict[str, str]:
        """The whole environment outside."""
        return {**self.own, **dict(self.case.shell)}

    def outside(self, said: Mapping[str, str], profile: str | None) -> Given | None:
        """Whose credentials there are without us."""
        return found_by_botocore(*self.asked(said, profile))

    def inside(self, profile: str | None) -> Given | None:
        """Whose credentials a command has under `trayexec --live -- …`, asking for the profile there."""
        return self._live(None, profile)

    def run(self) -> Given | None:
        """Whose credentials a command has that is run live, the profile named by nothing but the shell."""
        self.said = ""
        try:
            chosen = context.chosen(self.shell)
            if chosen is not None:
                self.served(chosen)
        except (TrayexecError, Refused) as refused:
            self.said = refused.trouble.code if isinstance(refused, TrayexecError) else refused.code
            return None
        return self._live(chosen, None)

    def _live(self, chosen: str | None, asked: str | None) -> Given | None:
        self.said, self.used = "", False
        said = overlay_environment.environment(self.document, chosen, None, self.shell)
        try:
            return found_by_botocore(*self.asked(said, asked))
        except Refused as refused:
            self.said = refused.code
            return None

    def asked(self, said: Mapping[str, str], profile: str | None) -> tuple[Mapping[str, str], str | None]:
        """How the profile is asked for."""
        if profile is None or self.case.flag == "--profile":
            return said, profile
        return {**said, self.case.flag: profile}, None

    def served(self, name: str) -> Profile:
        """The profile, as the agent has it. Raises Refused."""
        self.of = name
        found = self.catalogue.profiles.get(name)
        if not isinstance(found, Profile):
            raise Refused("unknown" if found is None else found.problem.code)
        if found.identity is not None and found.identity.keys not in self.case.stored:
            raise Refused("keys_missing")
        root = found.root
        if isinstance(root, Provider) and (lacks := lacking(root)) is not None:
            raise Refused(lacks.code)  # the shell's own credentials are not there inside
        return found

    def us(self, words: list[str]) -> dict[str, Any]:
        """`trayexec credential-process …`, the agent's part done here: as light/credential_process.py has it."""
        name = words[-1].removeprefix("--profile=")
        if FROM_FILES in words:
            return self.from_files(name)
        try:
            found = self.served(name)
        except Refused as refused:
            if refused.code == "keys_missing" and OR_FROM_FILES in words:
                return self.from_files(name)
            raise
        self.used = True
        return {**issued(self.by_us(found.target)), "account_id": found.account or None}

    def from_files(self, name: str) -> dict[str, Any]:
        """What our process reads in the user's own files, in the environment that it has inside."""
        self.of = name
        with environment(os.environ):
            try:
                found = file_keys.document(name, dict(os.environ))
            except TrayexecError as error:
                raise Refused(error.trouble.code) from None
        return {
            "access_key": found["AccessKeyId"],
            "secret_key": found["SecretAccessKey"],
            "token": found.get("SessionToken"),
            "expiry_time": found.get("Expiration"),
            "account_id": found.get("AccountId"),
        }

    def by_us(self, target: Identity | Provider | Role) -> str:
        """What the agent serves: the stored keys are those that the files have, where they have some."""
        if isinstance(target, Role):
            return f"{target.arn} by {self.by_us(target.source)}"
        if isinstance(target, Provider):
            return GIVEN_BY[target.kind].format(**dict(target.settings))
        keys = self.files.keys_of(target.keys, None, None)
        if keys is not None:
            return keys.access_key_id
        # Beside a role of its own botocore reads them for others only; a program comes before those in the config.
        shared = parsed(self.folder / "credentials").get(target.keys, {})
        config = {profile_of(one): said for one, said in parsed(self.folder / "config").items()}.get(target.keys, {})
        process = "credential_process" in {**config, **shared}
        found = shared.get("aws_access_key_id") or (None if process else config.get("aws_access_key_id"))
        return f"stored {target.keys}" if found is None else str(found)


# What may differ


@dataclass(frozen=True, slots=True)
class Seen:
    """One comparison: what there is outside and inside, and the machine after it."""

    one: Machine
    without: Given | None
    within: Given | None

    @property
    def same(self) -> bool:
        """Whether nothing differs; secrets and tokens are new ones where our stored keys opened a session."""
        if self.without is None or self.within is None or not self.one.used:
            return self.without == self.within
        a, b = self.without, self.within
        return a.who == b.who and (" by " not in a.who or a.account == b.account)

    def nobody_outside(self) -> bool:
        """Whether the files give nothing: nobody, or whoever the machine itself is."""
        return self.without is None or self.without.who == "the machine"


def _not_stored_yet(seen: Seen) -> bool:
    refused = seen.one.catalogue.profiles.get(seen.one.of)
    ours = isinstance(refused, Profile) and (not refused.inherits_serial or seen.nobody_outside())
    return seen.within is None and seen.one.said == "keys_missing" and ours


def _process_or_stored(seen: Seen) -> bool:
    if not seen.one.used or seen.without is None or seen.within is None:
        return False
    roles, program, _ = seen.without.who.partition("process /opt/other ")
    return bool(program) and seen.within.who in {f"{roles}stored {name}" for name in seen.one.case.stored}


# Every difference that there may be, and why. Whatever is not here is a wrong account.
ALLOWED: Mapping[str, Callable[[Seen], bool]] = {
    # Outside a person is asked for a code, which a credential_process cannot do: it says so (the overlay's line).
    "a code of its own": lambda seen: seen.within is None and seen.one.said == "outside_code",
    # A serial of its own, or of its source, says that it is ours; `trayexec keys add` is still to come (DESIGN 3.3).
    "keys not stored yet": _not_stored_yet,
    # The keys are nowhere but in the keychain, which is what we are for (DESIGN 1, second promise).
    "stored keys, and none outside": lambda seen: seen.one.used and seen.within is not None and seen.nobody_outside(),
    # The one exception to botocore's order (DESIGN 3.3): stored keys win over the profile's own credential_process.
    "stored keys, and a program outside": _process_or_stored,
}
# The same for `trayexec --live -- …`, where the shell's AWS_PROFILE is the profile that is run.
ALLOWED_FOR_RUN: Mapping[str, Callable[[Seen], bool]] = {
    # The CLI and the SDKs differ in which of the two they read first, so no guess is made (DESIGN 3.1).
    "two profiles named": lambda seen: seen.within is None and seen.one.said == "usage",
    # A run of a profile that we do not serve is an error that says what to do (DESIGN 1, fourth promise).
    "a profile that is not served": lambda seen: seen.within is None and seen.one.said not in {"", "usage"},
    **ALLOWED,
}
# Credentials that the shell itself has, or half of them: they are removed first in every mode (DESIGN 3.2), and what
# is left must be the same.
OF_SHELL = "what the shell says itself"


def difference(case: Case, stage: Stage, met: Counter[str]) -> str | None:
    """What is another account inside than outside, and not by contract; None where there is nothing. `met` counts."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        try:
            one = Machine(case, folder, stage)
        except TrayexecError as error:
            met["refused files"] += 1
            stage.read.clear()
            return None if refused_by_botocore(folder) else f"we refuse what botocore reads ({error.trouble.code})"
        if "secret" in one.overlay or "AKIA" in one.overlay:
            return f"a secret stands in the overlay:\n{one.overlay}"
        plain = caller_variables.without(one.shell)
        asks = [(profile, ALLOWED) for profile in one.catalogue.profiles]
        for profile, allowed in (*asks, (None, ALLOWED_FOR_RUN)):
            chosen = (
                {key: one.shell[key] for key in caller_variables.CHOICE if key in one.shell} if profile is None else {}
            )
            without = one.outside({**plain, **chosen}, profile)
            within = one.run() if profile is None else one.inside(profile)
            seen = Seen(one, without, within)
            if seen.same:
                met[kind(without)] += 1
            else:
                why = next((why for why, holds in allowed.items() if holds(seen)), None)
                if why is None:
                    return f"{profile}: outside {without}, inside {within} ({one.said})\n\n{one.overlay}"
                met[why] += 1
            if case.shell and profile in {None, asks[0][0] if asks else None}:
                named = (
                    one.shell
                    if profile is None
                    else {k: v for k, v in one.shell.items() if k not in caller_variables.CHOICE}
                )
                whole = one.outside(named, profile)
                if whole != without:
                    if whole is not None and "environment" not in whole.who:
                        return f"{profile}: the shell leads to {whole}, the files to {without}"
                    met[OF_SHELL] += 1
    return None


WAYS = ("the machine", "environment", "sso", "login", "process", "web identity", "stored", "AKIA0", "AKIA1", "half")


def kind(given: Given | None) -> str:
    """By what way credentials came, for the count."""
    if given is None:
        return "nobody"
    roles, _, source = given.who.rpartition(" by ")
    first = next(one for one in WAYS if source.startswith(one))
    return f"role by {first}" if roles else first


# What the files and the shell may say


Lines = dict[str, str]
CONFIG, SHARED = 0, 1
TOKENS = ("aws_session_token", "aws_security_token")


def other(name: str) -> str:
    """The program of another tool that gives a profile's credentials."""
    return f"/opt/other {NAMES.index(name)}"


def keys(rng: Random, name: str, place: int, *tokens: str) -> Lines:
    """An access key of its own for each profile and file."""
    own = f"{place}{NAMES.index(name)}"
    lines = {"aws_access_key_id": f"AKIA{own}", "aws_secret_access_key": f"secret-{own}"}
    if tokens:
        lines[rng.choice(tokens)] = f"t-secret-{own}"
    if rng.random() < 0.2:
        lines["aws_account_id"] = account(name)
    return lines


def role(rng: Random, name: str) -> Lines:
    """A role over another profile, or itself; sometimes over nobody, or written with a slip."""
    arn = f"arn:aws:iam::{account(name)}:role/R{NAMES.index(name)}"
    source = rng.choice((*NAMES, "default", "default", name, "nowhere", "", "default # the keys"))
    return {"role_arn": rng.choice((arn, arn, arn, arn, "")), "source_profile": source}


def device(rng: Random, name: str) -> Lines:
    """A serial: of the profile's own account, of another's, of a hardware token, or one that can be no device."""
    own = f"arn:aws:iam::{account(name)}:mfa/m"
    others = (
        f"arn:aws:iam::{account(rng.choice(NAMES))}:mfa/o",
        "GAHT12345678",
        f"arn:aws:iam::{account(name)}:user/u",
    )
    return {"mfa_serial": rng.choice((own, own, own, *others, ""))}


# What a section may say, and how it is said of a profile of that name.
KINDS: Mapping[str, Callable[[Random, str], Lines]] = {
    "half": lambda rng, name: {rng.choice(("aws_access_key_id", "aws_secret_access_key")): f"half-secret{name}"},
    "process": lambda _, name: {"credential_process": other(name)},
    "role": role,
    "role over the machine": lambda rng, name: {
        "role_arn": f"arn:aws:iam::{account(name)}:role/E{NAMES.index(name)}",
        "credential_source": rng.choice(("Environment", "EcsContainer", "Ec2InstanceMetadata", "Nonsense")),
    },
    "credential source": lambda rng, _: {"credential_source": rng.choice(("Environment", "Ec2InstanceMetadata"))},
    "login": lambda _, name: {"login_session": f"l{NAMES.index(name)}"},
    "sso": lambda _, name: {
        "sso_start_url": "u",
        "sso_region": "r",
        "sso_account_id": account(name),
        "sso_role_name": "S",
    },
    "sso session": lambda rng, name: {
        "sso_session": rng.choice(("corp", "corp", "nowhere")),
        "sso_account_id": account(name),
        "sso_role_name": "T",
    },
    "half sso": lambda rng, _: {rng.choice(("sso_session", "sso_role_name", "sso_start_url")): "corp"},
    "web identity": lambda rng, name: {
        "web_identity_token_file": rng.choice(("/token", "/token", "")),
        "role_arn": f"arn:aws:iam::{account(name)}:role/W{NAMES.index(name)}",
    },
    "source": lambda rng, _: {"source_profile": rng.choice(NAMES)},
    "included": lambda rng, _: {rng.choice(("include_profile", "parent_profile")): rng.choice((*NAMES, "nowhere"))},
    "extra": lambda rng, _: {rng.choice(("session_tags", "duration_seconds", "external_id", "mfa_process")): "x"},
    "serial": device,
    "region": lambda *_: {"region": "eu-west-1"},
}
IN_ONE: Mapping[str, tuple[int, Callable[[Random, str], Lines]]] = {
    "config keys": (CONFIG, lambda rng, name: keys(rng, name, CONFIG)),
    "shared keys": (SHARED, lambda rng, name: keys(rng, name, SHARED)),
    "config token": (CONFIG, lambda rng, name: keys(rng, name, CONFIG, *TOKENS)),
    "shared token": (SHARED, lambda rng, name: keys(rng, name, SHARED, *TOKENS)),
}
OFTEN = (
    "role",
    "role",
    "role",
    "role",
    "config keys",
    "shared keys",
    "shared keys",
    "process",
    "process",
    "serial",
    "serial",
)
ALL = (*KINDS, *IN_ONE, *OFTEN)


def section(rng: Random, name: str) -> tuple[Lines, Lines]:
    """What both files say of one profile."""
    both: tuple[Lines, Lines] = ({}, {})
    some = [rng.choice(ALL) for _ in range(rng.randrange(5))]
    for one in (*some, *(["serial"] if name == "default" and rng.random() < 0.5 else [])):
        if one in IN_ONE:
            place, lines = IN_ONE[one]
            both[place].update(lines(rng, name))
        else:
            for place in rng.choice(
                ((CONFIG,), (CONFIG,), (SHARED,), (CONFIG, SHARED))
            ):  # both: what do they mean then?
                both[place].update(KINDS[one](rng, name))
    return both


def header(rng: Random, place: int, name: str) -> str:
    """The line that begins a profile's section; sometimes spelled so that only some readers, or none, know it."""
    usual = name if place == SHARED else section_for(name)
    if rng.random() < 0.85:
        return f"[{usual}]"
    if place == SHARED:
        return rng.choice((f'["{name}"]', f"[profile {name}]", f"[{name} ]", f"[{usual}] # mine"))
    odd = (
        f'[profile "{name}"]',
        f"[profile  {usual.removeprefix('profile ')}]",
        f"[profile\t{name}]",
        f"[profile {name}]",
    )
    return rng.choice(
        (*odd, *odd, f"[Profile {name}]", f"[{name}]", f"[profile: {name}]", f"[profile {name}  ] ; mine")
    )


def written(rng: Random, lines: Lines) -> str:
    """The lines, each in one of the ways in which the same can be written."""
    ways = ("{} = {}", "{} = {}", "{} = {}", "{}={}", "{}: {}", "{}   =   {}", "{} =\t{}  ")
    said = []
    for key, value in lines.items():
        key_ = key.upper() if rng.random() < 0.05 else key
        said.append(rng.choice(ways).format(key_, value) + "\n")
        if rng.random() < 0.05:
            said.append(
                rng.choice(("\n", "# source_profile = a\n", "; a comment\n", "s3 =\n  addressing_style = path\n"))
            )
    return "".join(said)


def shell(rng: Random) -> tuple[tuple[str, str], ...]:
    """What the user's shell says: mostly nothing; else a profile, credentials, both, or half of some."""
    if rng.random() < 0.6:
        return ()
    key = {"AWS_ACCESS_KEY_ID": "environment's key", "AWS_SECRET_ACCESS_KEY": "x"}
    role_arn = f"arn:aws:iam::{account('a')}:role/environment"
    kinds: tuple[Mapping[str, str], ...] = (
        *({"AWS_PROFILE": rng.choice((*NAMES, "nowhere"))}, {"AWS_DEFAULT_PROFILE": rng.choice(NAMES)}) * 2,
        {"AWS_PROFILE": rng.choice(NAMES), "AWS_DEFAULT_PROFILE": rng.choice(NAMES)},
        *(key, {**key, "AWS_SESSION_TOKEN": "x"}, {"AWS_ACCESS_KEY_ID": "environment's half"}),
        {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/environment"},
        {"AWS_ROLE_ARN": role_arn, "AWS_WEB_IDENTITY_TOKEN_FILE": "/environment"},
    )
    return tuple({**rng.choice(kinds), **(rng.choice(kinds) if rng.random() < 0.4 else {})}.items())


def config(number: int) -> Case:
    """One random config of this seed."""
    rng = Random(f"{SEED}/{number}")  # noqa: S311 — to be repeated, not to be unforeseeable
    texts = ["[sso-session corp]\nsso_start_url = u\nsso_region = r\n", ""]
    if rng.random() < 0.01:
        texts[rng.choice((CONFIG, SHARED))] += "[DEFAULT]\n" + written(rng, KINDS[rng.choice(list(KINDS))](rng, "a"))
    names = rng.sample(NAMES, rng.randrange(1, len(NAMES)))
    names += [rng.choice(names)] if rng.random() < 0.1 else []  # twice: an error, or two spellings of one name
    for name in names:
        said = section(rng, name)
        for at, lines in enumerate(said):
            if lines or (at == CONFIG and not any(said)):
                texts[at] += header(rng, at, name) + "\n" + written(rng, lines)
    stored = rng.sample(NAMES, rng.choice((0, 1, 2, 4)))
    flag = rng.choice(("AWS_PROFILE", "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "--profile"))
    return Case(texts[0], texts[1], frozenset(stored), shell(rng), flag)


def smaller(case: Case) -> Iterator[Case]:
    """The case with one thing less."""
    for less in _one_line_less(case.config):
        yield replace(case, config=less)
    for less in _one_line_less(case.shared):
        yield replace(case, shared=less)
    for name in sorted(case.stored):
        yield replace(case, stored=case.stored - {name})
    for one in case.shell:
        yield replace(case, shell=tuple(said for said in case.shell if said != one))


def _one_line_less(text: str) -> Iterator[str]:
    lines = text.splitlines(keepends=True)
    for at in range(len(lines)):
        yield "".join(lines[:at] + lines[at + 1 :])


def smallest(case: Case, stage: Stage) -> Case:
    """A config that fails, too, and of which nothing can be left out."""
    while True:
        less = next((one for one in smaller(case) if difference(one, stage, Counter()) is not None), None)
        if less is None:
            return case
        case = less


# What each part must have come across, for the comparison to say something.
WAYS_MET = (
    *("nobody", "the machine", "sso", "login", "process", "web identity", "AKIA0", "AKIA1"),
    *("role by AKIA0", "role by AKIA1", "role by process", "role by the machine"),
)


@pytest.mark.timeout(600)  # a busy machine is no difference
@pytest.mark.parametrize("part", range(PARTS))
def test_every_profile_is_the_same_account_inside_as_outside(part: int, stage: Stage) -> None:
    """Every source, in either file, beside every other, as a source of roles too; except what is in the table."""
    met: Counter[str] = Counter()
    for number in range(part, CONFIGS, PARTS):
        case = config(number)
        found = difference(case, stage, met)
        if found is not None:
            case = smallest(case, stage)
            pytest.fail(
                f"config {number} of TRAYEXEC_SEED={SEED}:\n{case.config}\n--- credentials\n{case.shared}\n"
                f"--- stored: {sorted(case.stored)}, shell: {case.shell}, asked by {case.flag}\n"
                f"{difference(case, stage, Counter())}\n(as it was found: {found})"
            )
    missing = {*WAYS_MET, OF_SHELL, "refused files", *ALLOWED, *ALLOWED_FOR_RUN} - met.keys()
    assert not missing, f"no config of TRAYEXEC_SEED={SEED} shows these any more: {sorted(missing)}, of {met}"
