"""Roles over what is in the environment of whoever asks: sent for these alone, and served to nobody else."""

import json
import sys
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from awssim.world import Key, Trust
from support.desktop import eventually
from support.rig import COMMAND, Rig
from whole.test_providers import ACCOUNT, configured, document, given, section

ROLE = "arn:aws:iam::555555555555:role/Partner"
KEY = 'echo "$AWS_ACCESS_KEY_ID"'


@pytest.fixture
def partner(bare: Rig) -> Rig:
    """Two profiles over the caller's own credentials, and one over its container's; nobody has keys or a device."""
    for name in ("Partner", "Other"):
        bare.sim.world.add_role("555555555555", name, Trust((f"arn:aws:iam::{ACCOUNT}:user/bob",)))
    own = f"role_arn = {ROLE}\ncredential_source = Environment\n"
    other = own.replace("Partner", "Other")
    text = section(bare, "own", own) + section(bare, "other", other)
    configured(bare, text + section(bare, "container", own.replace("Environment", "EcsContainer")))
    return bare


def environment(key: Key) -> Mapping[str, str | None]:
    """A shell that has these credentials."""
    return {"AWS_ACCESS_KEY_ID": key.id, "AWS_SECRET_ACCESS_KEY": key.secret, "AWS_SESSION_TOKEN": key.token}


def roles(rig: Rig) -> list[str]:
    """Whose credentials a role was assumed with, each time."""
    return [call.access_key_id for call in rig.sim.calls if call.action == "AssumeRole"]


def test_a_role_is_assumed_with_what_the_caller_has_and_served_to_who_has_the_same(partner: Rig) -> None:
    """Nobody is asked for a code, and a second command gets the same; whoever has others gets another's, or nothing."""
    first, second = given(partner), given(partner)
    mine = partner.run("own", "--", "sh", "-c", KEY, env=environment(first))
    assert mine.status == 0, mine.err
    assert partner.run("own", "--", "sh", "-c", KEY, env=environment(first)).out == mine.out
    assert roles(partner) == [first.id]
    assert partner.run("own", "--", "sh", "-c", KEY, env=environment(second)).out != mine.out
    assert roles(partner) == [first.id, second.id]
    nobody = partner.run("own", "--", "echo", "ran")
    assert (nobody.status, nobody.out) == (125, "")
    assert "AWS_ACCESS_KEY_ID is not set there" in nobody.err
    assert len(roles(partner)) == 2
    for key in (first, second):
        for secret in (key.secret, key.token):
            assert str(secret) not in partner.log + json.dumps(partner.ledger)


def test_it_works_in_every_mode(partner: Rig) -> None:
    """A fan-out, an endpoint, `env`, `credential-process`; and a narrowed one is narrowed."""
    where = environment(given(partner))
    ask = 'curl -s -H "Authorization: $AWS_CONTAINER_AUTHORIZATION_TOKEN" "$AWS_CONTAINER_CREDENTIALS_FULL_URI"'
    mine = partner.run("own", "--", "sh", "-c", KEY, env=where).out.strip()
    assert partner.run("--server", "own", "--", "sh", "-c", ask, env=where).json["AccessKeyId"] == mine
    assert partner.run("env", "own", "--format", "json", env=where).json["AccessKeyId"] == mine
    assert partner.run("credential-process", "own", env=where).json["AccessKeyId"] == mine
    several = partner.run("own", "other", "--output", "json", "--yes", "--", "sh", "-c", KEY, env=where)
    assert several.status == 0, several.err
    assert mine in several.out
    narrow = partner.run("own", "--read-only", "--", "sh", "-c", KEY, env=where)
    assert narrow.status == 0
    assert narrow.out.strip() != mine


def test_under_another_profile_that_one_is_the_source(partner: Rig) -> None:
    """As for the AWS CLI; and without --live's overlay, which takes credentials out."""
    script = partner.write("bin/vault", f"#!/bin/sh\ncat <<'END'\n{document(given(partner))}\nEND\n")
    script.chmod(0o700)
    with partner.desk.home("home/.aws/config").open("a") as config:
        config.write(section(partner, "vault", f"credential_process = {script}\n"))
    nested = partner.run("vault", "--", *COMMAND, "own", "--", "sh", "-c", "echo ran")
    assert (nested.status, nested.out) == (0, "ran\n"), nested.err


def test_list_and_why_say_whose_they_are(partner: Rig) -> None:
    """Neither can know whether there are any."""
    assert "from the environment of whoever asks" in partner.run("list").out
    assert "its credentials come from Environment of profile own" in partner.run("why", "own").out


@pytest.fixture
def container(partner: Rig) -> Iterator[tuple[str, list[str]]]:
    """Its address, and the tokens that came."""
    said = json.loads(document(given(partner)))
    said["Token"] = said.pop("SessionToken")
    body, tokens = json.dumps(said).encode(), list[str]()

    class Container(BaseHTTPRequestHandler):
        """Gives credentials to whoever asks, as AWS's agent in a container does."""

        def do_GET(self) -> None:
            """The one thing that is asked."""
            tokens.append(self.headers.get("Authorization", ""))
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 — the standard library's name
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Container) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/creds", tokens
        server.shutdown()
        thread.join()


def test_a_role_over_the_callers_container(partner: Rig, container: tuple[str, list[str]]) -> None:
    """The agent asks the endpoint that the caller names, with its token, once for all; without one there is nothing."""
    url, tokens = container
    partner.write("home/token", "from-a-file")
    where: dict[str, str | None] = {
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": url,
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "token",
    }
    for _ in range(2):
        done = partner.run("container", "--", "echo", "ran", env=where)
        assert (done.status, done.out) == (0, "ran\n"), done.err
    assert tokens == ["from-a-file"]
    elsewhere = partner.run(
        "container", "--", "echo", "ran", env={**where, "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://10.0.0.1/"}
    )
    assert elsewhere.status == 125
    assert "only loopback, AWS's own addresses and https are asked" in elsewhere.err
    assert "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor" in partner.run("container", "--", "true").err


LENDER = """#!{python}
import json, socket, sys
said = dict(code="caller_credentials", title="Send them.", hint="")
with socket.socket(socket.AF_UNIX) as listener:
    listener.bind(sys.argv[1])
    listener.listen()
    while True:
        connection = listener.accept()[0]
        with connection, open(sys.argv[2], "a") as heard:
            heard.write(connection.recv(65536).decode())
            connection.sendall(json.dumps(dict(v=1, error=said)).encode() + b"\\n")
"""


@pytest.mark.parametrize(
    "words",
    [("own", "--", "true"), ("credential-process", "own"), ("env", "own")],
    ids=lambda words: words[0],
)
def test_they_are_sent_to_nobody_who_forwards_the_socket(partner: Rig, words: tuple[str, ...]) -> None:
    """Whoever lends a socket may be anybody, and ask for anything."""
    key = given(partner)
    lender = partner.write("bin/socat", LENDER.format(python=sys.executable))
    lender.chmod(0o700)
    where, heard = partner.desk.home("run/lent.sock"), partner.desk.home("heard")
    partner.desk.spawn([str(lender), str(where), str(heard)])
    eventually("the lent socket", where.exists)
    done = partner.run(*words, env={**environment(key), "TRAYEXEC_SOCKET": str(where)})
    assert done.status == 125
    assert "they are not sent over a forwarded socket" in done.err
    assert '"profile"' in heard.read_text()
    assert not any(str(secret) in heard.read_text() for secret in (key.id, key.secret, key.token))
