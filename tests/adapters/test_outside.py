"""The same account inside of `--live` as outside of it: whatever stands in the files, for every profile.

Outside is botocore on the user's two files; inside is botocore on the overlay, which starts us where the overlay says
so. Whoever gives credentials, gives a name in place of a key: so the names of both can be compared. Only the network,
other people's programs and a person's code are left out.
"""

import contextlib
import json
import os
import re
import shlex
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import botocore.credentials
import botocore.exceptions
import botocore.session
import pytest
from botocore.loaders import create_loader
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trayexec.adapters.awsfiles import AwsFiles
from trayexec.adapters.overlayfile import parsed
from trayexec.commands import ownkeys
from trayexec.core.inifile import section_for
from trayexec.core.overlay import FROM_FILES, OR_FROM_FILES, overlay
from trayexec.core.profiles import Catalogue, Identity, Profile, Role
from trayexec.errors import TrayexecError

LOADER = create_loader()  # reading botocore's data once is enough
US = "/opt/bin/trayexec"
UNTIL = datetime.now(UTC) + timedelta(hours=1)
NAMES = ("default", "a", "b", "c", "d")


def account(name: str, place: str = "") -> str:
    """An account that nobody else has."""
    return str(100000000000 + sum(ord(letter) * 1000**at for at, letter in enumerate((name + place)[:3])))


class Client:
    """Stands where botocore would make its STS client; what it gives is named after the role and who assumed it."""

    def __init__(self, by: str) -> None:
        """It acts for whoever has this key."""
        self._by = by

    def assume_role(self, **request: Any) -> Mapping[str, Any]:
        """The role, and by whom."""
        issued = {"AccessKeyId": f"{request['RoleArn']} by {self._by}", "SecretAccessKey": "x", "SessionToken": "x"}
        return {"Credentials": {**issued, "Expiration": UNTIL}, "AssumedRoleUser": {"Arn": request["RoleArn"]}}


def issued(name: str) -> dict[str, Any]:
    """What a provider gives, by name."""
    return {"access_key": name, "secret_key": "x", "token": "x", "expiry_time": UNTIL.isoformat(), "account_id": None}


@contextlib.contextmanager
def stages(environment: Mapping[str, str], ask_us: Any) -> Iterator[None]:
    """Botocore without network and programs; a line of ours is answered by `ask_us`."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("AWS_", "TRAYEXEC_"))]:
            patch.delenv(name)
        for name, value in environment.items():
            patch.setenv(name, value)

        def creator(*_: object) -> Any:
            return lambda _service, **by: Client(by["aws_access_key_id"])

        def process(_: object, line: str) -> Mapping[str, Any]:
            words = shlex.split(line)
            return issued(ask_us(words[2:]) if words[0] == US else f"process {line}")

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
        patch.setattr(botocore.credentials, "_get_client_creator", creator)
        patch.setattr(botocore.credentials.ProcessProvider, "_retrieve_credentials_using", process)
        patch.setattr(botocore.credentials.LoginProvider, "load", login)
        yield


def found_by_botocore(profile: str) -> str | None:
    """Whose credentials botocore finds for the profile, None where it refuses; a person types the code."""
    session = botocore.session.Session(profile=profile)
    session.register_component("data_loader", LOADER)
    try:
        session.get_scoped_config()  # raises for a profile that is not there
        resolver = session.get_component("credential_provider")
        resolver.get_provider("assume-role")._prompter = lambda _: "123456"
        for method in ("container-role", "iam-role", "boto-config", "ec2-credentials-file"):
            resolver.remove(method)
        credentials = resolver.load_credentials()
        return None if credentials is None else str(credentials.get_frozen_credentials().access_key) or None
    except (botocore.exceptions.BotoCoreError, ValueError):
        return None


@dataclass(frozen=True, slots=True)
class Case:
    """Two files, and for which profiles keys are stored with us."""

    config: str
    shared: str
    stored: frozenset[str]


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

    def __init__(self, case: Case, folder: Path) -> None:
        """Write the files and the overlay."""
        self.case, self.folder, self.said, self.of, self.used = case, folder, "", "", False
        self.put("config", case.config)
        self.put("credentials", case.shared)
        arns = {name: f"arn:aws:iam::{account(name)}:user/{name}" for name in case.stored}
        self.put("stored", json.dumps({"version": 1, "keys": arns}))
        self.catalogue: Catalogue = AwsFiles(self.own, session_name="s", stored=str(folder / "stored")).load()
        both = parsed(folder / "config"), parsed(folder / "credentials")
        self.overlay = overlay(*both, self.catalogue, origin="c", command=[US])
        self.put("overlay", self.overlay)
        self.put("empty", "")

    def put(self, name: str, text: str) -> None:
        """Write a file."""
        (self.folder / name).write_text(text)
        os.utime(self.folder / name, (1, 1))  # nobody is writing it just now

    @property
    def own(self) -> dict[str, str]:
        """The environment outside."""
        config, shared = (str(self.folder / name) for name in ("config", "credentials"))
        return {"AWS_CONFIG_FILE": config, "AWS_SHARED_CREDENTIALS_FILE": shared}

    def outside(self, profile: str) -> str | None:
        """Whose credentials there are without us."""
        with stages(self.own, self.us):
            return found_by_botocore(profile)

    def inside(self, profile: str) -> str | None:
        """Whose credentials there are under `--live`."""
        config, shared = (str(self.folder / name) for name in ("overlay", "empty"))
        self.said, self.used = "", False
        with stages({"AWS_CONFIG_FILE": config, "AWS_SHARED_CREDENTIALS_FILE": shared}, self.us):
            try:
                return found_by_botocore(profile)
            except Refused as refused:
                self.said = refused.code
                return None

    def us(self, words: list[str]) -> str:
        """`trayexec credential-process …`, the agent's part done here: as process.py has it."""
        self.of = name = words[-1]
        if FROM_FILES in words:
            return self.from_files(name)
        found = self.catalogue.profiles[name]
        if not isinstance(found, Profile):
            raise Refused(found.problem.code)
        if found.identity.keys in self.case.stored:
            self.used = True
            return self.by_us(found.target)
        if OR_FROM_FILES in words:
            return self.from_files(name)
        raise Refused("keys_missing")

    def from_files(self, name: str) -> str:
        """What our process reads in the user's own files."""
        with stages(self.own, self.us):
            try:
                return str(ownkeys.document(name, dict(os.environ))["AccessKeyId"])
            except TrayexecError as error:
                raise Refused(error.trouble.code) from None

    def by_us(self, target: Identity | Role) -> str:
        """What the agent serves: the stored keys are those that the files have, where they have some."""
        if isinstance(target, Role):
            return f"{target.arn} by {self.by_us(target.source)}"
        keys = AwsFiles(self.own, session_name="s").keys_of(target.keys, None, None)
        if keys is None:  # beside a role of its own: botocore reads them for others only
            for section, name in ((target.keys, "credentials"), (section_for(target.keys), "config")):
                there = parsed(self.folder / name).get(section, {})
                if "aws_access_key_id" in there:
                    return str(there["aws_access_key_id"])
            return f"stored {target.keys}"
        return keys.access_key_id


@contextlib.contextmanager
def machine(case: Case) -> Iterator[Machine]:
    """A machine of its own for a case."""
    with tempfile.TemporaryDirectory() as name:
        yield Machine(case, Path(name))


def allowed(one: Machine, without: str | None, within: str | None) -> bool:
    """Whether a difference is in the contract (DESIGN 3.3): what we serve is opened by keys that are stored with us."""
    if one.said == "outside_code":
        return True  # a person would have been asked for a code
    if within is None:  # it, or its source, is ours by a serial of its own, and its keys are not stored yet
        refused = one.catalogue.profiles.get(one.of)
        return one.said == "keys_missing" and isinstance(refused, Profile) and not refused.inherits_serial
    if not one.used:
        return False
    # keys that are nowhere but with us, where there is nothing or an error without us, or another program's
    return without is None or re.sub(r"process /opt/other (\w+)", r"stored \1", without) == within


# What the files may say


Lines = dict[str, str]
CONFIG, SHARED = 0, 1


def keys(name: str, place: int, *tokens: str) -> st.SearchStrategy[Lines]:
    """An access key of its own for each profile and file."""
    lines = {"aws_access_key_id": f"AKIA{place}{name}", "aws_secret_access_key": f"secret-{name}"}
    token = st.sampled_from(tokens).map(lambda key: {key: "t"}) if tokens else st.just({})
    return token.map(lambda more: lines | more)


def one_of(name: str, *names: str) -> st.SearchStrategy[Lines]:
    """Just one of these settings."""
    return st.sampled_from(names).map(lambda key: {key: name})


TOKENS = ("aws_session_token", "aws_security_token")
# What a section may say, and how it is said of a profile of that name.
KINDS: Mapping[str, Callable[[str], st.SearchStrategy[Lines]]] = {
    "half": lambda name: one_of(f"half-{name}", "aws_access_key_id", "aws_secret_access_key"),
    "process": lambda name: st.just({"credential_process": f"/opt/other {name}"}),
    "role": lambda name: st.sampled_from((*NAMES, "default", "nowhere")).map(
        lambda source: {"role_arn": f"arn:aws:iam::{account(name)}:role/R{name}", "source_profile": source}
    ),
    "credential source": lambda _: st.just({"credential_source": "Environment"}),
    "login": lambda name: st.just({"login_session": f"l-{name}"}),
    "sso": lambda name: st.just(
        {"sso_start_url": "u", "sso_region": "r", "sso_account_id": account(name), "sso_role_name": "S"}
    ),
    "sso session": lambda name: st.just({"sso_session": "corp", "sso_account_id": account(name), "sso_role_name": "T"}),
    "half sso": lambda _: one_of("corp", "sso_session", "sso_role_name", "sso_start_url"),
    "web identity": lambda name: st.sampled_from(["/token", ""]).map(
        lambda file: {"web_identity_token_file": file, "role_arn": f"arn:aws:iam::{account(name)}:role/W{name}"}
    ),
    "source": lambda _: st.sampled_from(NAMES).map(lambda source: {"source_profile": source}),
    "extra": lambda _: one_of("x", "session_tags", "include_profile", "duration_seconds", "external_id"),
    "serial": lambda name: st.just({"mfa_serial": f"arn:aws:iam::{account(name)}:mfa/{name}"}),
    "region": lambda _: st.just({"region": "eu-west-1"}),
}
IN_ONE: Mapping[str, tuple[int, Callable[[str], st.SearchStrategy[Lines]]]] = {
    "config keys": (CONFIG, lambda name: keys(name, CONFIG)),
    "shared keys": (SHARED, lambda name: keys(name, SHARED)),
    "config token": (CONFIG, lambda name: keys(name, CONFIG, *TOKENS)),
    "shared token": (SHARED, lambda name: keys(name, SHARED, *TOKENS)),
}
OFTEN = ("role", "role", "role", "config keys", "shared keys", "process", "serial")


@st.composite
def sections(draw: st.DrawFn, name: str) -> tuple[Lines, Lines]:
    """What both files say of one profile."""
    both: tuple[Lines, Lines] = ({}, {})
    some = draw(st.lists(st.sampled_from([*KINDS, *IN_ONE, *OFTEN]), max_size=4))
    for kind in (*some, *(["serial"] if name == "default" and draw(st.booleans()) else [])):
        if kind in IN_ONE:
            place, lines = IN_ONE[kind]
            both[place].update(draw(lines(name)))
        else:
            place = draw(st.sampled_from((CONFIG, CONFIG, CONFIG, SHARED)))
            both[place].update(draw(KINDS[kind](name)))
    return both


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Files with a few profiles, which are each other's sources."""
    texts = ["[sso-session corp]\nsso_start_url = u\nsso_region = r\n", ""]
    for name in draw(st.lists(st.sampled_from(NAMES), min_size=1, unique=True)):
        said = draw(sections(name))
        for at, lines in enumerate(said):
            if lines or (at == CONFIG and not any(said)):
                head = section_for(name) if at == CONFIG else name
                texts[at] += f"[{head}]\n" + "".join(f"{key} = {value}\n" for key, value in lines.items())
    stored = draw(st.sets(st.sampled_from(NAMES), max_size=3))
    return Case(texts[0], texts[1], frozenset(stored))


def compare(case: Case) -> None:
    """Every profile inside as outside, or else by contract."""
    with machine(case) as one:
        for profile in one.catalogue.profiles:
            without, within = one.outside(profile), one.inside(profile)
            assert without == within or allowed(one, without, within), (
                f"{profile}: outside {without}, inside {within} ({one.said})\n{case.config}\n{case.shared}\n"
                f"stored: {sorted(case.stored)}\n\n{one.overlay}"
            )
        assert "secret" not in one.overlay
        assert "AKIA" not in one.overlay


@pytest.mark.timeout(600)  # a busy machine is no difference
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(cases())
def test_every_profile_is_the_same_account_inside_as_outside(case: Case) -> None:
    """Every source, in either file, beside every other, as a source of roles too; except what we serve by contract."""
    compare(case)
