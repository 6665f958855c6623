"""The life of each artefact in a clean Debian: installed as a person would, at work, upgraded, removed."""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import boto3
import pytest

from devtools import installed
from devtools.artefacts import source
from devtools.machine import TOP
from devtools.rooms import Debian
from installed.place import GIVEN, Place, place_in
from installed.ways import WAYS, Way
from support.rig import Done

pytestmark = pytest.mark.timeout(1800)
DIALOG = "trayexec - MFA code"
ACCOUNTS = {"account-a": "222222222222", "account-b": "333333333333"}
# What a program under `--live` does: it runs the credential_process of its profile.
RENEWED = """eval "$(sed -n '/^\\[profile account-b\\]/,/^\\[/s/^credential_process *= *//p' "$AWS_CONFIG_FILE")" """

Build = Callable[[str, Path], tuple[str, ...]]


@pytest.fixture(scope="session")
def dist() -> Path:
    """Where artefacts are built."""
    folder = installed.CACHE / "dist"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


@pytest.fixture(scope="session")
def build(dist: Path) -> Build:
    """Builds an artefact of a tree, once, by the one command; the answer is the places of its files in a room."""

    def built(artefact: str, tree: Path) -> tuple[str, ...]:
        out = dist / tree.name / artefact
        if not out.exists():
            subprocess.run(
                [tree / "packaging/dev", "build", artefact, "--out", out], check=True, stdin=subprocess.DEVNULL
            )
        return tuple(f"{GIVEN}/{one.relative_to(dist)}" for one in sorted(out.iterdir()))

    return built


@pytest.fixture(scope="session")
def former() -> Path:
    """A clone that says to be the version before."""
    return installed.former()


@pytest.fixture(params=installed.DEBIANS, ids=lambda debian: debian.release)
def debian(request: pytest.FixtureRequest) -> Debian:
    """Each release."""
    chosen: Debian = request.param
    return chosen


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> Way:
    """Each way of installing."""
    return WAYS[request.param]()


@pytest.fixture
def place(way: Way, debian: Debian, dist: Path) -> Iterator[Place]:
    """Where it is done."""
    with place_in(debian, packages=way.packages, given=dist) as where:
        yield where


def test_its_life(way: Way, debian: Debian, build: Build, former: Path, place: Place) -> None:
    """Installed, it does the main job; upgraded with an open session, it goes on with it; removed, it is gone."""
    bare = place.files()
    way.install(place, build(way.artefact, former))
    assert _well(place.run("version")).out.startswith(f"trayexec {installed.FORMER}")
    _main_job(place)
    place.desk.screenshot(installed.PICTURES / f"{way.name}-{debian.release}.png")
    way.install(place, build(way.artefact, TOP))
    _goes_on(place)
    _well(place.run("agent", "stop"))
    _well(place.run("keys", "remove", "default"))
    way.remove(place)
    assert place.files() - bare == frozenset()


def _main_job(place: Place) -> None:
    """Keys, the icon, a code, two accounts, `--live`, all accounts at once."""
    place.store_keys()
    place.start_agent()
    place.desk.wait_tray_items(1)
    place.unlock()
    for profile, account in ACCOUNTS.items():
        assert _account(place, _well(place.run(profile, "--", "env")).out) == account
    document = json.loads(_well(place.run("--live", "account-a", "--", "sh", "-c", RENEWED)).out)
    assert (
        _whose(place, document["AccessKeyId"], document["SecretAccessKey"], document["SessionToken"])
        == ACCOUNTS["account-b"]
    )
    done = _well(place.run(*ACCOUNTS, "--output", "prefix", "--", "sh", "-c", "echo $AWS_ACCOUNT_ID"))
    assert sorted(done.out.splitlines()) == [f"[{profile}] {account}" for profile, account in ACCOUNTS.items()]
    assert place.sim.count("GetSessionToken", "OK") == 1
    assert place.status()["agent"]["tray"] == "sni"


def _goes_on(place: Place) -> None:
    """The new version takes over without a code, and what was open is open."""
    assert _well(place.run("version")).out.startswith(f"trayexec {source.version()}")
    assert place.phase() == "open"
    place.desk.wait("the new agent", lambda: place.status()["agent"]["version"] == source.version(), seconds=90)
    for profile, account in ACCOUNTS.items():
        assert _account(place, _well(place.run(profile, "--", "env")).out) == account
    assert place.sim.count("GetSessionToken", "OK") == 1
    place.desk.wait_tray_items(1)


def _account(place: Place, printed: str) -> str:
    """Whose account the credentials are in this environment, as AWS says."""
    env = dict(line.partition("=")[::2] for line in printed.splitlines())
    return _whose(place, env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"], env["AWS_SESSION_TOKEN"])


def _whose(place: Place, key: str, secret: str, token: str) -> str:
    client = boto3.client(
        "sts",
        region_name="us-east-1",
        endpoint_url=place.sim.url,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        aws_session_token=token,
    )
    return str(client.get_caller_identity()["Account"])


def _well(done: Done) -> Done:
    assert done.status == 0, done.err
    return done


@pytest.mark.parametrize("way", ["folder"], indirect=True)
def test_the_folder_asks_and_keeps_to_itself(way: Way, build: Build, place: Place) -> None:
    """Its own Tk draws the dialog, and a command's environment has nothing of its loader, and all of the caller's."""
    way.install(place, build(way.artefact, TOP))
    place.store_keys()
    asked = place.start("account-a", "--", "true")
    place.desk.wait_dialog(DIALOG)
    place.desk.screenshot(installed.PICTURES / f"{way.name}-dialog.png")
    place.desk.type(place.sim.unused_code())
    _, err = asked.communicate(timeout=60)
    assert asked.returncode == 0, err
    assert place.status()["agent"]["prompt"] == "tk"
    for env in ({}, {"LD_LIBRARY_PATH": "/a:/b"}, {"LD_LIBRARY_PATH_ORIG": "/mine"}):
        without, inside = (_variables(said) for said in (place.do(["env"], env=env), _in_account(place, env)))
        assert {name: inside.get(name) for name in without} == without
        assert all(name.startswith(("AWS_", "TRAYEXEC_")) for name in inside.keys() - without.keys())


def _in_account(place: Place, env: Mapping[str, str]) -> str:
    return _well(place.run("account-a", "--", "env", env=env)).out


def _variables(printed: str) -> dict[str, str]:
    return dict(line.partition("=")[::2] for line in printed.splitlines())
