"""What providers give, compared with botocore outside of us; and what is said where they give nothing."""

import asyncio
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from support.desktop import eventually
from support.processes import alive
from trayexec.adapters.aws_files import AwsFiles
from trayexec.adapters.child_processes import Ended
from trayexec.adapters.clock import SystemClock
from trayexec.adapters.providers import AT_ONCE, UNSAID, BotoProviders
from trayexec.core.config.profiles import Profile, Provider
from trayexec.core.credentials import Credentials, LongTermKeys
from trayexec.core.ports import PROVIDER_SECONDS, ProviderError

SECRET = "s3cretSAUCE"
FUTURE = "2099-01-01T00:00:00Z"
SESSION = {"Version": 1, "AccessKeyId": "ASIAX", "SecretAccessKey": SECRET, "SessionToken": "t", "Expiration": FUTURE}
BOTOCORE = """\
import botocore.session, json, sys
found = botocore.session.Session(profile=sys.argv[1]).get_credentials().get_frozen_credentials()
print(json.dumps([found.access_key, found.secret_key, found.token, found.account_id]))
"""


@dataclass(slots=True)
class Home:
    """A folder with AWS files, and what asks for the profiles in them."""

    folder: Path

    def write(self, text: str) -> None:
        """The config, as nobody is writing it just now."""
        path = self.folder / "config"
        path.write_text(text)
        os.utime(path, (1, 1))

    def script(self, body: str) -> str:
        """A shell script, as a line of a section."""
        path = self.folder / "program"
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o700)
        return f"credential_process = {path}\n"

    def prints(self, document: Mapping[str, object] | str) -> str:
        """A program that prints this."""
        text = document if isinstance(document, str) else json.dumps(document)
        return self.script(f"printf %s {shlex.quote(text)}")

    @property
    def env(self) -> dict[str, str]:
        """What a caller outside has."""
        files = {
            "AWS_CONFIG_FILE": f"{self.folder}/config",
            "AWS_SHARED_CREDENTIALS_FILE": f"{self.folder}/credentials",
        }
        return {**files, "HOME": str(self.folder), "PATH": os.environ["PATH"]}

    def provider(self, name: str = "p") -> Provider:
        """What stands behind a profile."""
        found = AwsFiles(self.env, session_name="s").load().profiles[name]
        assert isinstance(found, Profile), found
        assert isinstance(found.target, Provider), found
        return found.target

    def load(self, name: str = "p", *, seconds: float = PROVIDER_SECONDS) -> Credentials:
        """What the profile's provider gives."""
        return self.load_from(self.provider(name), seconds=seconds)

    def load_from(self, provider: Provider, *, seconds: float = PROVIDER_SECONDS) -> Credentials:
        """What this one gives."""
        found = asyncio.run(BotoProviders(self.env, SystemClock(), seconds=seconds).load(provider))
        assert isinstance(found, Credentials)
        return found

    def refused_from(self, provider: Provider) -> ProviderError:
        """Why this one gives nothing."""
        with pytest.raises(ProviderError) as refused:
            self.load_from(provider)
        return refused.value

    def refused(self, name: str = "p", *, seconds: float = PROVIDER_SECONDS) -> ProviderError:
        """Why it gives nothing."""
        with pytest.raises(ProviderError) as refused:
            self.load(name, seconds=seconds)
        return refused.value

    def outside(self, name: str = "p") -> list[str | None]:
        """What botocore finds there without us."""
        done = subprocess.run(
            [sys.executable, "-c", BOTOCORE, name], env=self.env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        found: list[str | None] = json.loads(done.stdout)
        return found


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A folder with nothing in it."""
    return Home(tmp_path)


def told(one: Credentials) -> list[str | None]:
    """As botocore would have them."""
    return [one.access_key_id, one.secret_access_key.reveal(), one.session_token.reveal(), one.account or None]


ALIKE: Mapping[str, Mapping[str, object]] = {
    "a session": SESSION,
    "with an account": {**SESSION, "AccountId": "123456789012"},
    "whose end nobody says": {key: value for key, value in SESSION.items() if key != "Expiration"},
    "that ends soon": {**SESSION, "Note": "ü"},
}


@pytest.mark.parametrize("kind", ALIKE)
def test_a_program_gives_what_it_gives_to_botocore(home: Home, kind: str) -> None:
    """Key, secret, token and account."""
    home.write(f"[profile p]\n{home.prints(ALIKE[kind])}")
    assert told(home.load()) == home.outside()


def test_the_account_of_the_profile_is_that_of_its_credentials(home: Home) -> None:
    """As with botocore, where the program says none."""
    home.write(f"[profile p]\naws_account_id = 210987654321\n{home.prints(SESSION)}")
    assert told(home.load()) == home.outside()
    assert home.load().account == "210987654321"


def test_when_they_end_is_what_the_program_says(home: Home) -> None:
    """A day of 2099 is published as it is; who says none gets a quarter of an hour."""
    home.write(f"[profile p]\n{home.prints(SESSION)}")
    assert home.load().expiry.utc == 4070908800
    home.write(f"[profile p]\n{home.prints(ALIKE['whose end nobody says'])}")
    assert 0 < home.load().expiry.left(SystemClock().now()) <= UNSAID


def test_credentials_that_end_soon_are_asked_for_once(home: Home) -> None:
    """Botocore would start the program again at once, for the same."""
    soon = datetime.now(UTC) + timedelta(seconds=90)
    document = json.dumps({**SESSION, "Expiration": soon.isoformat()})
    home.write("[profile p]\n" + home.script(f"echo run >> {home.folder}/runs; echo '{document}'"))
    assert 0 < home.load().expiry.left(SystemClock().now()) <= 90
    assert (home.folder / "runs").read_text() == "run\n"


WRONG = {
    "fails": (f"echo {SECRET}; echo {SECRET} >&2; exit 7", "source_failed", "status 7"),
    "is killed": ("kill -9 $$", "source_failed", "status -9"),
    "prints nothing": ("true", "source_garbled", "nothing at all"),
    "prints garbage": (f"echo {SECRET}", "source_garbled", "no JSON object"),
    "prints what is nested without end": ("head -c 60000 /dev/zero | tr '\\0' '['", "source_garbled", "no JSON object"),
    "prints a list": (f"echo '[\"{SECRET}\"]'", "source_garbled", "no JSON object"),
    "prints a page of a proxy": (f"echo '<html>{SECRET}</html>'", "source_garbled", "a web page"),
    "prints bytes": (r"printf '\377\376'", "source_garbled", "no JSON object"),
    "prints too much": (f"yes {SECRET}", "source_garbled", "more than 64 KiB"),
    "prints another version": ("echo '{\"Version\": 2}'", "source_garbled", "Version is not 1"),
    "prints no version": ("echo '{}'", "source_garbled", "Version is not 1"),
    "prints no key": ("echo '{\"Version\": 1}'", "source_garbled", "AccessKeyId"),
    "prints an empty key": (
        'echo \'{"Version": 1, "AccessKeyId": "", "SecretAccessKey": "x", "SessionToken": "t"}\'',
        "source_garbled",
        "AccessKeyId",
    ),
    "prints no date": (f"echo '{json.dumps({**SESSION, 'Expiration': SECRET})}'", "source_garbled", "no date"),
    "prints what has ended": (
        f"echo '{json.dumps({**SESSION, 'Expiration': '2001-01-01T00:00:00Z'})}'",
        "source_garbled",
        "ended already",
    ),
    "prints a session without its token": (
        f"echo '{json.dumps({name: SESSION[name] for name in ('Version', 'AccessKeyId', 'SecretAccessKey')})}'",
        "source_keys",
        "SessionToken is missing",
    ),
}


@pytest.mark.parametrize("text", ["[profile other]\nregion = eu-west-1\n", "[profile p\n", ""])
def test_a_profile_that_is_gone_meanwhile_is_said_so(home: Home, text: str) -> None:
    """As one that changed: it is nothing that a new installation mends."""
    home.write(f"[profile p]\n{home.prints(SESSION)}")
    provider = home.provider()
    home.write(text)
    assert home.refused_from(provider).trouble.code == "source_changed"


def test_one_that_is_gone_takes_no_other_along(home: Home) -> None:
    """Profiles of one sign-in are asked for in one process: each has an answer of its own."""
    (home.folder / "config").write_text("[profile there]\ncredential_process = false\n")
    asked = [
        {"profile": name, "settings": {"credential_process": "false"}} for name in ("gone", "there", "gone", "there")
    ]
    request = {"kind": "process", "files": (home.env["AWS_CONFIG_FILE"], "/dev/null"), "variables": {}, "asked": asked}
    argv = [sys.executable, "-m", "trayexec.adapters.providers.child"]
    done = subprocess.run(argv, input=json.dumps(request).encode(), env=home.env, capture_output=True, check=True)
    assert [one["failed"] for one in json.loads(done.stdout)] == ["changed", "status"] * 2


def test_credentials_of_another_account_than_the_profile_says_are_not_used(home: Home) -> None:
    """A program that gives another account's is a slip in one of the two: nobody is to work there by it."""
    program = home.prints({**SESSION, "AccountId": "999999999999"})
    home.write(f"[profile p]\n{program}aws_account_id = 111111111111\n")
    why = home.refused().trouble
    assert why.code == "source_account"
    assert "999999999999" in str(why.title)
    assert "111111111111" in str(why.title)
    home.write(f"[profile p]\n{program}aws_account_id = 999999999999\n")
    assert home.load().account == "999999999999"


def test_what_is_no_number_of_an_account_is_none(home: Home) -> None:
    """Commands get the account that the program says, or none."""
    home.write(f"[profile p]\n{home.prints({**SESSION, 'AccountId': '999999999999'})}aws_account_id = mine\n")
    assert home.provider().account == ""
    assert home.load().account == "999999999999"


@pytest.mark.parametrize("kind", WRONG)
def test_what_a_program_does_wrong_is_said_and_what_it_said_is_not(home: Home, kind: str) -> None:
    """Also where the credentials file has keys that would do: nothing takes a program's place."""
    body, code, words = WRONG[kind]
    (home.folder / "credentials").write_text("[default]\naws_access_key_id = AKIAD\naws_secret_access_key = x\n")
    home.write(f"[profile p]\n{home.script(body)}")
    why = home.refused().trouble
    assert why.code == code
    assert words in str(why.title)
    assert SECRET not in f"{why.title} {why.hint}"


def test_long_term_keys_are_told_from_a_session(home: Home) -> None:
    """As botocore does, by the token that is not there; and they have to be of the account that the profile says."""
    printed = {"Version": 1, "AccessKeyId": "AKIAIOSFODNN7EXAMPLE", "SecretAccessKey": SECRET}
    home.write(f"[profile p]\n{home.prints(printed)}")
    found = asyncio.run(BotoProviders(home.env, SystemClock()).load(home.provider()))
    assert isinstance(found, LongTermKeys)
    assert (found.access_key_id, found.secret_access_key.reveal(), found.arn) == ("AKIAIOSFODNN7EXAMPLE", SECRET, "")
    assert home.outside()[0] == "AKIAIOSFODNN7EXAMPLE"
    home.write(f"[profile p]\n{home.prints({**printed, 'AccountId': '999999999999'})}aws_account_id = 111111111111\n")
    assert home.refused_from(home.provider()).trouble.code == "source_account"


def test_a_program_that_is_not_there_is_named_without_its_arguments(home: Home) -> None:
    """A secret may stand there."""
    home.write(f"[profile p]\ncredential_process = /no/such --token {SECRET}\n")
    why = home.refused().trouble
    assert "/no/such" in str(why.title)
    assert SECRET not in f"{why.title} {why.hint}"


@pytest.mark.parametrize("line", ['"/bin/echo', "\\"])
def test_a_line_that_is_none_is_said(home: Home, line: str) -> None:
    """A quote that is not closed."""
    home.write(f"[profile p]\ncredential_process = {line}\n")
    assert home.refused().trouble.code == "source_failed"


def test_a_program_that_hangs_is_ended(home: Home) -> None:
    """With what it started."""
    home.write(f"[profile p]\n{home.script(f'echo $$ > {home.folder}/pid; sleep 1000')}")
    assert home.refused(seconds=3).trouble.code == "source_slow"
    pid = int((home.folder / "pid").read_text())
    eventually("the program to end", lambda: not alive(pid))


def test_a_file_that_says_something_else_by_now_is_no_answer(home: Home) -> None:
    """What was asked for is never served with what a changed file leads to."""
    home.write(f"[profile p]\n{home.prints(SESSION)}")
    provider = home.provider()
    home.write("[profile p]\ncredential_process = /bin/echo other\n")
    with pytest.raises(ProviderError) as refused:
        asyncio.run(BotoProviders(home.env, SystemClock()).load(provider))
    assert refused.value.trouble.code == "source_changed"


def test_a_program_sees_the_callers_files_and_its_own_profile(home: Home) -> None:
    """And the way to AWS that the caller has; but none of the variables that only the caller has."""
    document = json.dumps({**SESSION, "AccountId": "$AWS_CONFIG_FILE,$HTTPS_PROXY,$MINE,$TRAYEXEC_CHAIN"})
    home.write("[profile p]\n" + home.script(f"cat <<END\n{document}\nEND"))
    environment = {**home.env, "HTTPS_PROXY": "http://127.0.0.1:9", "MINE": SECRET}
    found = AwsFiles(environment, session_name="s").load().profiles["p"]
    assert isinstance(found, Profile)
    assert isinstance(found.target, Provider)
    given = asyncio.run(BotoProviders(environment, SystemClock()).load(found.target))
    assert isinstance(given, Credentials)
    assert given.account == f"{home.folder}/config,http://127.0.0.1:9,,p"


def test_a_crowd_is_asked_for_in_turn(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred profiles are not a hundred processes, and the time of each begins with its own."""
    home.write(f"[profile p]\n{home.prints(SESSION)}")
    provider, running, most = home.provider(), 0, 0

    async def run(*_: object, **_more: object) -> Ended:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1
        return Ended(0, json.dumps([{"failed": "nothing", "detail": ""}]).encode(), b"")

    async def crowd() -> list[BaseException | Credentials | LongTermKeys]:
        providers = BotoProviders(home.env, SystemClock())
        return await asyncio.gather(*(providers.load(provider) for _ in range(100)), return_exceptions=True)

    monkeypatch.setattr("trayexec.adapters.providers.run", run)
    assert all(isinstance(one, ProviderError) for one in asyncio.run(crowd()))
    assert most == AT_ONCE


SSO = "sso_start_url = https://corp.awsapps.com/start\nsso_region = eu-west-1\nsso_role_name = R\nsso_account_id = "


class Processes:
    """Stands where processes are started: each answers with the profile's name in place of a key, when it is let."""

    def __init__(self) -> None:
        """None yet."""
        self.asked: list[list[str]] = []
        self.most = 0
        self.out: bytes | None = None
        self._running = 0

    async def run(self, *_: object, given: bytes, **_more: object) -> Ended:
        """One."""
        profiles = [one["profile"] for one in json.loads(given)["asked"]]
        self.asked.append(profiles)
        self._running += 1
        self.most = max(self.most, self._running)
        await asyncio.sleep(0.01)
        self._running -= 1
        ends = datetime.now(UTC).timestamp() + 3600
        said = [{"key": one, "secret": "s", "token": "t", "account": "", "ends": ends} for one in profiles]
        return Ended(0, json.dumps(said).encode() if self.out is None else self.out, b"")


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> Processes:
    """Those that would be started."""
    found = Processes()
    monkeypatch.setattr("trayexec.adapters.providers.run", found.run)
    return found


def test_many_profiles_of_one_sign_in_are_a_few_processes(home: Home, processes: Processes) -> None:
    """Each loads botocore, which costs more than the question; everybody gets what is theirs."""
    home.write("".join(f"[profile p{number}]\n{SSO}{number:012}\n" for number in range(120)))
    wanted = [home.provider(f"p{number}") for number in range(120)]
    kept: list[object] = []  # for nobody who waits: there could be one for each combination of files

    async def all_of_them() -> list[Credentials | LongTermKeys]:
        providers = BotoProviders(home.env, SystemClock())
        found = await asyncio.gather(*(providers.load(one) for one in wanted))
        await asyncio.sleep(0)
        kept.append(providers._queues)
        return found

    assert [one.access_key_id for one in asyncio.run(all_of_them())] == [one.profile for one in wanted]
    assert processes.most == 2
    assert kept == [{}]
    assert [name for names in processes.asked for name in names] == [one.profile for one in wanted]
    assert len(processes.asked) <= 5


@pytest.mark.usefixtures("processes")
def test_who_no_longer_waits_takes_nothing_from_the_others(home: Home) -> None:
    """A process that somebody's question began goes on for whoever else is in it."""
    home.write("".join(f"[profile p{number}]\n{SSO}{number:012}\n" for number in range(20)))

    async def some_of_them() -> list[str]:
        providers = BotoProviders(home.env, SystemClock())
        tasks = [asyncio.ensure_future(providers.load(home.provider(f"p{number}"))) for number in range(20)]
        await asyncio.sleep(0.005)
        for gone in (*tasks[:2], tasks[10]):
            gone.cancel()
        found = await asyncio.gather(*tasks, return_exceptions=True)
        return [one.access_key_id for one in found if isinstance(one, Credentials)]

    assert asyncio.run(some_of_them()) == [f"p{number}" for number in range(20) if number not in {0, 1, 10}]


@pytest.mark.parametrize("out", [b"", b"Traceback", b"\xff", b"[]"])
def test_a_process_that_breaks_is_said_to_all_in_it(home: Home, processes: Processes, out: bytes) -> None:
    """And the next questions start another."""
    home.write("".join(f"[profile p{number}]\n{SSO}{number:012}\n" for number in range(9)))

    async def all_of_them() -> set[str]:
        providers = BotoProviders(home.env, SystemClock())
        processes.out = out
        tasks = [providers.load(home.provider(f"p{number}")) for number in range(9)]
        failed = await asyncio.gather(*tasks, return_exceptions=True)
        processes.out = None
        assert (await providers.load(home.provider("p1"))).access_key_id == "p1"
        return {one.trouble.code for one in failed if isinstance(one, ProviderError)}

    assert asyncio.run(all_of_them()) == {"source_broken"}


def test_nothing_of_a_line_is_shown(home: Home) -> None:
    """It may have a secret in it."""
    home.write(f"[profile p]\ncredential_process = /bin/x --token {SECRET}\n")
    assert SECRET not in repr(home.provider())
