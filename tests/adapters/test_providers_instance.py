"""A role over the instance metadata service, compared with botocore outside of us; the double wants IMDSv2's token."""

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from adapters.test_providers import Home
from awssim import Sim
from awssim.world import Trust, new_secret, new_token, temporary_key_id
from trayexec.adapters.aws_files import AwsFiles
from trayexec.core.config.profiles import Profile, Provider, Unserved
from trayexec.core.config.providers import lacking
from trayexec.core.config.surroundings import Surroundings

ROLE = "arn:aws:iam::222222222222:role/Deploy"
WHERE = "/latest/meta-data/iam/security-credentials/"


class Metadata(ThreadingHTTPServer):
    """The service of a machine with the instance profile `Machine`, whose credentials are `document`."""

    daemon_threads = False

    def __init__(self, document: dict[str, str]) -> None:
        """Listen, on this machine."""
        super().__init__(("127.0.0.1", 0), Answers)
        self.document, self.token, self.asked = document, new_token(), 0

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class Answers(BaseHTTPRequestHandler):
    """What it says: nothing without a token of its own."""

    server: Metadata

    def do_PUT(self) -> None:
        """IMDSv2: a token for so many seconds."""
        well = self.path == "/latest/api/token" and self.headers.get("x-aws-ec2-metadata-token-ttl-seconds")
        self._say(200 if well else 400, self.server.token if well else "")

    def do_GET(self) -> None:
        """The role's name, and its credentials."""
        if self.headers.get("x-aws-ec2-metadata-token") != self.server.token:
            self._say(401, "")
        elif self.path == WHERE:
            self._say(200, "Machine")
        elif self.path == f"{WHERE}Machine":
            self.server.asked += 1
            self._say(200, json.dumps(self.server.document))
        else:
            self._say(404, "")

    def _say(self, status: int, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 — the name of the method it replaces
        """Say nothing."""


@pytest.fixture
def metadata() -> Iterator[Metadata]:
    """It answers while the test runs."""
    ends = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 6 * 3600))
    keys = {"AccessKeyId": temporary_key_id(), "SecretAccessKey": new_secret(), "Token": new_token()}
    with Metadata({"Code": "Success", **keys, "Expiration": ends}) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A folder with nothing in it."""
    return Home(tmp_path)


def section(url: str, more: str = "") -> str:
    """A role over the machine's own."""
    return (
        f"[profile p]\nregion = eu-central-1\nendpoint_url = {url}\nrole_arn = {ROLE}\n"
        f"credential_source = Ec2InstanceMetadata\n{more}"
    )


def provider(home: Home, **variables: str) -> Provider:
    """What is behind the role, for a caller with these variables."""
    where = Surroundings(variables=tuple(variables.items()))
    found = AwsFiles(home.env, session_name="s").load(where).profiles["p"]
    assert isinstance(found, Profile), found
    assert found.role_arn == ROLE
    assert isinstance(found.root, Provider)
    return found.root


def test_the_role_is_assumed_with_what_botocore_assumes_it_with(home: Home, metadata: Metadata) -> None:
    """By the profile's own setting of where the service is."""
    with Sim() as sim:
        sim.world.add_role("222222222222", "Deploy", Trust(("*",)))
        home.write(section(sim.url, f"ec2_metadata_service_endpoint = {metadata.url}\n"))
        with pytest.raises(AssertionError):
            home.outside()  # the double of STS knows no such key: what matters is whose it was
        assert {call.access_key_id for call in sim.calls} == {metadata.document["AccessKeyId"]}
    given = home.load_from(provider(home))
    assert given.access_key_id == metadata.document["AccessKeyId"]
    assert given.session_token.reveal() == metadata.document["Token"]
    assert 5 * 3600 < given.expiry.utc - time.time() <= 6 * 3600


def test_the_callers_variables_decide_where_it_is(home: Home, metadata: Metadata) -> None:
    """And whether it is asked at all; another place is another source."""
    home.write(section("http://127.0.0.1:9"))
    there = provider(home, AWS_EC2_METADATA_SERVICE_ENDPOINT=metadata.url)
    assert home.load_from(there).access_key_id == metadata.document["AccessKeyId"]
    assert there != provider(home)
    off = provider(home, AWS_EC2_METADATA_SERVICE_ENDPOINT=metadata.url, AWS_EC2_METADATA_DISABLED="true")
    assert home.refused_from(off).trouble.code == "source_absent"


@pytest.mark.parametrize("document", [{}, {"Code": "AssumeRoleUnauthorizedAccess", "Message": "s3cret"}])
def test_a_machine_without_a_role_is_said(home: Home, metadata: Metadata, document: dict[str, str]) -> None:
    """Nothing else takes its place, and nothing of what the service said is repeated."""
    metadata.document = document
    home.write(section("http://127.0.0.1:9", f"ec2_metadata_service_endpoint = {metadata.url}\n"))
    why = home.refused_from(provider(home)).trouble
    assert why.code == "source_absent"
    assert "s3cret" not in f"{why.title} {why.hint}"


def test_no_service_is_said_within_seconds(home: Home) -> None:
    """Nobody listens there."""
    home.write(section("http://127.0.0.1:9", "ec2_metadata_service_endpoint = http://127.0.0.1:9\n"))
    assert home.refused_from(provider(home)).trouble.code == "source_absent"


def test_a_source_is_known_by_its_very_name(home: Home) -> None:
    """As to botocore."""
    home.write(section("http://127.0.0.1:9").replace("Ec2InstanceMetadata", "ec2instancemetadata"))
    found = AwsFiles(home.env, session_name="s").load().profiles["p"]
    assert isinstance(found, Unserved)
    assert found.problem.code == "profile_source"


@pytest.mark.parametrize("source", ["Environment", "EcsContainer"])
def test_what_is_in_our_own_environment_is_nobodys(home: Home, source: str) -> None:
    """Only what comes with a request is taken, and not kept with what the files say."""
    home.write(section("http://127.0.0.1:9").replace("Ec2InstanceMetadata", source))
    own = {
        "AWS_ACCESS_KEY_ID": "ASIA",
        "AWS_SESSION_TOKEN": "t",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1",
    }
    files = AwsFiles({**home.env, **own}, session_name="s")
    for variables, there in (((), False), (tuple(own.items()), True), ((), False)):
        found = files.load(Surroundings(variables=variables)).profiles["p"]
        assert isinstance(found, Profile)
        assert isinstance(found.root, Provider)
        assert (lacking(found.root) is None) is there
    assert "ASIA" not in str([one.heard for pair in files._pairs.values() for one in pair])
