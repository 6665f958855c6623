"""Profiles of `aws login`: what the AWS CLI keeps of a sign-in, renewed and compared with botocore outside of us."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from adapters.test_providers import Home, told
from awssim import Sim
from support.login import ALICE, signed_in
from trayexec.adapters.aws_files import AwsFiles
from trayexec.adapters.clock import SystemClock
from trayexec.adapters.providers import BotoProviders
from trayexec.core.config.profiles import Profile, Provider
from trayexec.core.credentials import Credentials, LongTermKeys


class LoginHome(Home):
    """A home in which somebody may have signed in."""

    @property
    def cache(self) -> Path:
        """Where the AWS CLI keeps sign-ins."""
        return self.folder / ".aws/login/cache"


@pytest.fixture
def sim() -> Iterator[Sim]:
    """An AWS."""
    with Sim() as sim:
        yield sim


@pytest.fixture
def home(tmp_path: Path, sim: Sim) -> LoginHome:
    """Two profiles of one sign-in."""
    home = LoginHome(tmp_path)
    said = f"login_session = {ALICE}\nregion = eu-west-1\nendpoint_url = {sim.url}\n"
    home.write(f"[profile p]\n{said}[profile q]\n{said}")
    return home


def ends(file: Path) -> float:
    """When what is kept of a sign-in ends, in Unix seconds."""
    return datetime.fromisoformat(json.loads(file.read_text())["accessToken"]["expiresAt"]).timestamp()


def grants(sim: Sim) -> list[tuple[str, str]]:
    """What was asked of the sign-in, and its answers."""
    with sim.login() as login:
        return [(call.grant, call.outcome) for call in login.calls]


@pytest.mark.parametrize("left", [900, 400])
def test_what_is_kept_is_served(home: LoginHome, sim: Sim, left: float) -> None:
    """As botocore serves it: key, secret, token and account; nothing is asked for while it is good."""
    file = signed_in(sim, home.cache, left=left)
    found = home.load()
    assert told(found) == home.outside()
    assert found.account == "111111111111"
    assert found.expiry.utc == int(ends(file))
    assert 0 < found.expiry.left(SystemClock().now()) <= left
    assert grants(sim) == [("authorization_code", "OK")]


@pytest.mark.parametrize("left", [-1, 200])
def test_what_has_ended_or_soon_will_is_renewed(home: LoginHome, sim: Sim, left: float) -> None:
    """And kept where the AWS CLI keeps it, so that everybody has it."""
    file = signed_in(sim, home.cache, left=left)
    found = home.load()
    assert 300 < found.expiry.left(SystemClock().now()) <= 900
    assert json.loads(file.read_text())["accessToken"]["accessKeyId"] == found.access_key_id
    assert told(found) == home.outside()
    assert grants(sim) == [("authorization_code", "OK"), ("refresh_token", "OK")]


def test_a_sign_in_that_many_share_is_renewed_once(home: LoginHome, sim: Sim) -> None:
    """Its refresh token is good once: whoever came second would be told that the sign-in has ended."""
    signed_in(sim, home.cache, left=-1)
    wanted = [home.provider("p"), home.provider("q")] * 3

    async def all_of_them() -> list[Credentials | LongTermKeys]:
        providers = BotoProviders(home.env, SystemClock())
        return await asyncio.gather(*(providers.load(one) for one in wanted))

    assert len({one.access_key_id for one in asyncio.run(all_of_them())}) == 1
    assert grants(sim) == [("authorization_code", "OK"), ("refresh_token", "OK")]


@pytest.mark.parametrize("word", ["TOKEN_EXPIRED", "USER_CREDENTIALS_CHANGED"])
def test_a_sign_in_that_has_ended_is_said(home: LoginHome, sim: Sim, word: str) -> None:
    """With the command that begins anew."""
    signed_in(sim, home.cache, left=-1)
    with sim.login() as login:
        login.end_sessions(word)
    why = home.refused().trouble
    assert (why.code, "`aws login --profile p`" in str(why.hint)) == ("sign_in", True)


def test_who_may_not_sign_in_so_is_told_the_policy(home: LoginHome, sim: Sim) -> None:
    """It is AWS's word, not an end."""
    signed_in(sim, home.cache, left=-1)
    with sim.login() as login:
        login.end_sessions("INSUFFICIENT_PERMISSIONS")
    why = home.refused().trouble
    assert (why.code, "SignInLocalDevelopmentAccess" in str(why.hint)) == ("source_refused", True)


@pytest.mark.parametrize(
    "kept", [None, "", "{", "[]", "{}", '{"accessToken": {}}', '{"accessToken": 1, "refreshToken": 1, "dpopKey": ""}']
)
def test_nobody_signed_in_or_a_file_that_is_none_is_said(home: LoginHome, sim: Sim, kept: str | None) -> None:
    """Nothing takes its place."""
    (home.folder / "credentials").write_text("[default]\naws_access_key_id = AKIAD\naws_secret_access_key = x\n")
    file = signed_in(sim, home.cache)
    file.unlink() if kept is None else file.write_text(kept)
    assert home.refused().trouble.code == "sign_in"


def test_a_key_that_is_none_is_said(home: LoginHome, sim: Sim) -> None:
    """The sign-in cannot be renewed, and its private key is nowhere in what is said."""
    file = signed_in(sim, home.cache, left=-1)
    file.write_text(json.dumps({**json.loads(file.read_text()), "dpopKey": "s3cretSAUCE"}))
    why = home.refused().trouble
    assert why.code == "sign_in"
    assert "s3cretSAUCE" not in f"{why.title} {why.hint}"


def test_a_package_that_is_missing_is_named(home: LoginHome, sim: Sim, monkeypatch: pytest.MonkeyPatch) -> None:
    """Botocore proves the sign-in's key by it. trayexec itself is installed from a clone: no index is asked for it."""
    signed_in(sim, home.cache)
    without = "import botocore.credentials; botocore.credentials.EC = None\n"
    without += "from trayexec.adapters.providers import child; child.main()"
    monkeypatch.setattr("trayexec.light.own_command.python", lambda _: [sys.executable, "-c", without])
    why = home.refused().trouble
    assert (why.code, "`pipx inject trayexec awscrt`" in str(why.hint)) == ("source_part", True)
    assert "install trayexec" not in str(why.hint).replace("'", "")


@pytest.mark.parametrize(("version", "is_enough"), [("0.16.8", False), ("1.0.0.dev0", False), ("0.40.0", True)])
def test_a_package_that_is_too_old_does_not_count(tmp_path: Path, version: str, is_enough: bool) -> None:  # noqa: FBT001 — a table
    """As distributions have it, where the AWS CLI of theirs brings it along: `doctor` asks this."""
    folder = tmp_path / "awscrt"
    folder.mkdir()
    (folder / "__init__.py").write_text(f"__version__ = {version!r}\n")
    (folder / "auth.py").touch()
    (folder / "crypto.py").write_text("EC = object\n")
    asks = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from trayexec.adapters.providers import failures; "
    said = subprocess.check_output([sys.executable, "-c", f"{asks}print(failures.has_crt())"], text=True)

    assert said == f"{is_enough}\n"


def test_a_cache_of_the_callers_own_is_looked_in(home: LoginHome, sim: Sim) -> None:
    """AWS_LOGIN_CACHE_DIRECTORY."""
    elsewhere = home.folder / "elsewhere"
    signed_in(sim, elsewhere)
    assert home.refused().trouble.code == "sign_in"
    env = {**home.env, "AWS_LOGIN_CACHE_DIRECTORY": str(elsewhere)}
    found = AwsFiles(env, session_name="s").load().profiles["p"]
    assert isinstance(found, Profile)
    assert isinstance(found.target, Provider)
    assert home.load_from(found.target).account == "111111111111"


def test_whose_it_is_stands_in_its_name(home: LoginHome) -> None:
    """What `list` shows before anybody has asked."""
    assert home.provider().account == "111111111111"
