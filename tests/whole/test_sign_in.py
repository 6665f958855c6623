"""Profiles of IAM Identity Center: a person signs in once, in the browser or with a code, and everybody is served."""

import hashlib
import json
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from awssim.world import Trust
from support.desktop import eventually
from support.rig import Rig

# What a browser does with an address of ours: it asks for it, and is led to another.
BROWSER = """\
import http.client, sys
from urllib.parse import urlsplit
there = urlsplit(sys.argv[1])
connection = http.client.HTTPConnection(there.netloc, timeout=20)
connection.request("GET", there.path)
with open(__file__ + ".visited", "a") as visited:
    visited.write(connection.getresponse().headers["Location"] + "\\n")
connection.close()
"""
SSO = """
[sso-session corp]
sso_start_url = https://corp.awsapps.com/start
sso_region = eu-west-1
sso_registration_scopes = sso:account:access

[profile dev]
sso_session = corp
sso_account_id = 444444444444
sso_role_name = Developer
region = eu-west-1
endpoint_url = {url}

[profile prod]
sso_session = corp
sso_account_id = 555555555555
sso_role_name = Auditor
region = eu-west-1
endpoint_url = {url}

[profile legacy]
sso_start_url = https://corp.awsapps.com/start
sso_region = eu-west-1
sso_account_id = 555555555555
sso_role_name = Developer
region = eu-west-1
endpoint_url = {url}

[profile foreign]
sso_session = corp
sso_account_id = 666666666666
sso_role_name = Developer
region = eu-west-1
endpoint_url = {url}

[profile behind]
role_arn = arn:aws:iam::777777777777:role/Behind
source_profile = dev
region = eu-west-1
endpoint_url = {url}
"""
WHO = (sys.executable, "-c", "import boto3; print(boto3.client('sts').get_caller_identity()['Account'])")


class Person:
    """Somebody of the organisation, at a desktop with a browser."""

    def __init__(self, rig: Rig) -> None:
        """Give the desktop a browser, and the config its profiles."""
        self.rig = rig
        self._script = rig.write("browser.py", BROWSER)
        self._seen = 0
        rig.env["BROWSER"] = f"{sys.executable} -I {self._script} %s"
        rig.env["DISPLAY"] = ":0"  # nothing is drawn there: who has one is led to the browser
        rig.config(rig.sim.world.config_text(rig.sim.url) + SSO.format(url=rig.sim.url))

    def visited(self) -> str:
        """The next address in the browser; waits for it."""
        file = Path(f"{self._script}.visited")
        eventually("a page", lambda: file.exists() and len(file.read_text().splitlines()) > self._seen)
        self._seen += 1
        return file.read_text().splitlines()[self._seen - 1]

    @property
    def pages(self) -> int:
        """How many pages the browser was ever led to."""
        file = Path(f"{self._script}.visited")
        return len(file.read_text().splitlines()) if file.exists() else 0

    def decide(self, *, yes: bool = True) -> str:
        """Press the button on the page that was opened."""
        address = self.visited()
        with self.rig.sim.identity_center() as center:
            query = urlsplit(address).query
            back = center.authorize(query) if yes else center.refuse(query)
        with urllib.request.urlopen(back, timeout=20) as page:  # noqa: S310 — an address of this machine
            assert page.status == 200
        return address

    def press(self, user_code: str, *, yes: bool = True) -> None:
        """Press the button on the page of this code."""
        with self.rig.sim.identity_center() as center:
            (center.allow if yes else center.deny)(user_code)

    def count(self, operation: str) -> int:
        """How many requests of this operation went well."""
        with self.rig.sim.identity_center() as center:
            return sum((one.operation, one.outcome) == (operation, "OK") for one in center.said)

    def token(self) -> dict[str, Any]:
        """What is kept for the session, for the AWS CLI as well."""
        files = list(self.rig.desk.home("home/.aws/sso/cache").iterdir())
        said = [json.loads(file.read_text()) for file in files]
        assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
        (token,) = [one for one in said if "accessToken" in one]
        return dict(token)

    def sign_in(self) -> dict[str, Any]:
        """How it stands, by `status`."""
        (one,) = [one for one in self.rig.status()["sign_ins"] if one["name"] == "corp"]
        return dict(one)


@pytest.fixture
def person(bare: Rig) -> Person:
    """Nobody has signed in yet."""
    return Person(bare)


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """How a command ended."""
    out, err = process.communicate(timeout=90)
    return process.returncode, out, err


def test_one_sign_in_serves_everybody(person: Person) -> None:
    """Runs of several profiles open one page; each gets its own account, and what is kept is the AWS CLI's."""
    running = [person.rig.start(profile, "--", *WHO) for profile in ("dev", "prod", "dev")]
    address = person.decide()
    assert "/authorize?" in address
    assert [ended(one)[:2] for one in running] == [(0, f"{number * 12}\n") for number in "454"]
    assert person.pages == 1
    assert (person.count("create_token"), person.count("get_role_credentials")) == (1, 2)
    assert {"startUrl", "region", "accessToken", "expiresAt", "refreshToken", "clientId"} <= person.token().keys()
    said = person.sign_in()
    assert (said["kind"], said["phase"], said["renews"], said["trouble"]) == ("sso", "open", True, None)
    done = person.rig.run("prod", "--", *WHO)
    assert (done.status, done.out) == (0, "555555555555\n"), done.err
    assert person.pages == 1


def test_auth_signs_in_with_a_code(person: Person) -> None:
    """`--no-browser` says the address and the code, which any browser may use; a session or a profile names it."""
    process = person.rig.start("auth", "prod", "--no-browser")
    eventually("the page", lambda: person.sign_in()["code"])
    page = person.sign_in()
    assert page["phase"] == "signing-in"
    person.press(str(page["code"]))
    status, _, err = ended(process)
    assert status == 0, err
    assert str(page["code"]) in err
    assert str(page["page"]) in err
    assert person.pages == 0
    again = person.rig.run("auth", "corp")
    assert again.status == 0, again.err
    assert person.count("create_token") == 1


@pytest.mark.parametrize("profile", ["dev", "legacy"])
def test_who_refuses_is_believed(person: Person, profile: str) -> None:
    """All who wait are told, and a loop opens no further page; a person who wants one gets it."""
    process = person.rig.start(profile, "--", "true")
    if profile == "dev":
        person.decide(yes=False)
    else:
        person.press(parse_qs(urlsplit(person.visited()).query)["user_code"][0], yes=False)
    status, _, err = ended(process)
    assert status == 125
    assert "refused in the browser" in err
    assert person.rig.run(profile, "--", "true").status == 125
    assert person.pages == 1


def test_a_role_that_is_not_given_is_said_so(person: Person) -> None:
    """The sign-in is good, and the profile's account is not of the organisation: no other one is handed out."""
    process = person.rig.start("foreign", "--", *WHO)
    person.decide()
    status, out, err = ended(process)
    assert (status, out) == (125, "")
    assert "sso_account_id" in err
    assert person.pages == 1


def test_a_revoked_token_is_asked_for_anew(person: Person) -> None:
    """An administrator ends the session: the next run that needs it leads to a page, once."""
    process = person.rig.start("dev", "--", "true")
    person.decide()
    assert ended(process)[0] == 0
    with person.rig.sim.identity_center() as center:
        center.forget_tokens()
    process = person.rig.start("prod", "--", *WHO)
    person.decide()
    assert ended(process)[:2] == (0, "555555555555\n")
    assert person.pages == 2


def test_a_role_on_top(person: Person) -> None:
    """A role over such a profile waits for the same sign-in."""
    with person.rig.sim.identity_center() as center:
        arn = center.role("444444444444", "Developer").arn
    person.rig.sim.world.add_role("777777777777", "Behind", Trust((arn,)))
    process = person.rig.start("behind", "--", *WHO)
    person.decide()
    assert ended(process)[:2] == (0, "777777777777\n")


def test_nobody_comes(person: Person) -> None:
    """A run waits as long as it wants to; the page stays, and who asks again joins it."""
    done = person.rig.run("dev", "--wait", "2", "--", "true")
    assert done.status == 125
    assert "trayexec auth corp" in done.err
    process = person.rig.start("dev", "--", *WHO)
    person.decide()
    assert ended(process)[:2] == (0, "444444444444\n")
    assert person.pages == 1


def test_a_wrong_start_url_is_said(person: Person) -> None:
    """Another organisation's address: a sentence with the fix, and nothing is kept."""
    config = person.rig.desk.home("home/.aws/config")
    config.write_text(config.read_text().replace("corp.awsapps.com", "other.awsapps.com"))
    done = person.rig.run("auth", "corp")
    assert done.status == 125
    assert "sso_start_url" in done.err


@pytest.mark.parametrize(
    "text",
    [
        "[" * 60000,
        '{"accessToken": "x", "expiresAt": "9999-12-31T23:59:59-23:59"}',
        '{"accessToken": "x", "expiresAt": "0001-01-01T00:00:00+23:59"}',
    ],
    ids=["nested", "after all years", "before all years"],
)
def test_what_is_no_token_stands_in_nobodys_way(person: Person, text: str) -> None:
    """The file is the AWS CLI's, and may be damaged: status and list say all that they said."""
    name = hashlib.sha1(b"corp", usedforsecurity=False).hexdigest()
    person.rig.write(f"home/.aws/sso/cache/{name}.json", text)
    assert {one["name"] for one in person.rig.status()["sign_ins"]} >= {"corp"}
    done = person.rig.run("list", env={"TZ": "Asia/Tokyo"})
    assert done.status == 0, done.err


def test_a_token_is_renewed_once_at_a_time(person: Person) -> None:
    """A refresh token is good once: of several profiles that need the next token, one renews it at a time."""
    with person.rig.sim.identity_center() as center:
        center.lives.token = 600  # so short that botocore renews it each time
    process = person.rig.start("auth", "corp")
    person.decide()
    assert ended(process)[0] == 0
    running = [person.rig.start(profile, "--", *WHO) for profile in ("dev", "prod")]
    assert [ended(one)[:2] for one in running] == [(0, f"{number * 12}\n") for number in "45"]
    with person.rig.sim.identity_center() as center:
        assert [one.outcome for one in center.said if one.operation == "create_token"] == ["OK"] * 3
    assert person.pages == 1
