"""`console`: a role's credentials become a sign-in in the browser, and nobody else learns the address."""

import http.client
import json
import sys
from dataclasses import replace
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from awssim import Kind
from awssim.world import FederatedUser
from support.desktop import eventually
from support.rig import Rig
from trayexec.adapters import browser
from trayexec.core.federation import place_of
from trayexec.light.errors import TrayexecError
from whole.test_providers import configured, document, given, section

# Follows what it is given, as a browser does, and writes down how it was called and where it came to.
BROWSER = """\
#!{python} -I
import json, sys, urllib.error, urllib.request
class Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None
seen, at = [], sys.argv[-1]
while at.startswith("http://127.0.0.1"):
    seen.append(at)
    try:
        urllib.request.build_opener(urllib.request.ProxyHandler({{}}), Stay).open(at)
        break
    except urllib.error.HTTPError as error:
        at = error.headers["Location"] or ""
with open("{file}", "w") as file:
    json.dump({{"argv": sys.argv, "seen": seen, "at": at}}, file)
"""


@pytest.fixture
def signing(open_rig: Rig) -> dict[str, str | None]:
    """The environment of a desktop with the double's sign-in, and a browser that writes down where it came to."""
    file = open_rig.desk.home("browser.json")
    file.unlink(missing_ok=True)
    script = open_rig.write("browser", BROWSER.format(python=sys.executable, file=file))
    script.chmod(0o755)
    return {"AWS_ENDPOINT_URL_SIGNIN": open_rig.sim.url, "BROWSER": str(script)}


def seen_by_browser(rig: Rig) -> dict[str, list[str] | str]:
    """What the browser wrote down."""
    file = rig.desk.home("browser.json")
    eventually("the browser", file.exists)
    eventually("all of it", lambda: file.read_text().endswith("}"))
    read: dict[str, list[str] | str] = json.loads(file.read_text())
    return read


def test_the_browser_lands_signed_in(open_rig: Rig, signing: dict[str, str | None]) -> None:
    """The console opens as the role, in the profile's region; no secret was on a command line or in an address."""
    done = open_rig.run("console", "account-a", env=signing)
    assert (done.status, done.out) == (0, ""), done.err
    browsed = seen_by_browser(open_rig)
    at = str(browsed["at"])
    assert at.startswith("https://eu-central-1.console.aws.amazon.com/console/home?region=eu-central-1#")
    assert "assumed-role%2FDeploy" in at
    token, login = open_rig.sim.signin_calls[-2:]
    assert (token.action, token.outcome) == ("getSigninToken", "OK")
    assert (login.action, login.outcome, login.access_key_id) == ("login", "OK", token.access_key_id)
    called = " ".join(browsed["argv"])
    assert not [one for one in open_rig.sim.issued_secrets() if one in called]
    assert "SigninToken" not in called


def test_printed_it_is_the_same_address(open_rig: Rig, signing: dict[str, str | None]) -> None:
    """`--print` prints the address alone, and says on stderr what it is worth; no browser is started."""
    done = open_rig.run("console", "account-b", "--print", "--service", "s3", "--region", "us-west-2", env=signing)
    assert done.status == 0
    asked = parse_qs(urlsplit(done.out.strip()).query)
    assert done.out.startswith(f"{open_rig.sim.url}/federation?Action=login&")
    assert asked["Destination"] == ["https://us-west-2.console.aws.amazon.com/s3/home?region=us-west-2"]
    assert "15 minutes" in done.err
    assert not open_rig.desk.home("browser.json").exists()
    connection = http.client.HTTPConnection(urlsplit(open_rig.sim.url).netloc, timeout=10)
    connection.request("GET", done.out.strip().removeprefix(open_rig.sim.url))
    assert connection.getresponse().getheader("Location", "").startswith(asked["Destination"][0])
    connection.close()


@pytest.mark.parametrize(
    ("destination", "landed"),
    [
        ("/s3/buckets/logs?tab=objects", "https://eu-central-1.console.aws.amazon.com/s3/buckets/logs?tab=objects"),
        ("https://console.aws.amazon.com/billing/home#/bills", "https://console.aws.amazon.com/billing/home#/bills"),
        (
            "https://us-east-1.console.aws.amazon.com/iam/home",
            "https://us-east-1.console.aws.amazon.com/iam/home",
        ),
    ],
)
def test_it_lands_where_it_is_told(open_rig: Rig, destination: str, landed: str) -> None:
    """A path is one of the profile's region, an address is taken as it is: in the sign-in's own parameter."""
    where: dict[str, str | None] = {"AWS_ENDPOINT_URL_SIGNIN": open_rig.sim.url}
    done = open_rig.run("console", "account-a", "--print", "--destination", destination, env=where)
    assert done.status == 0, done.err
    assert parse_qs(urlsplit(done.out.strip()).query)["Destination"] == [landed]


@pytest.mark.parametrize(
    "destination",
    [
        "https://evil.example/console.aws.amazon.com",
        "https://evilconsole.aws.amazon.com/",
        "https://console.aws.amazon.com.evil.example/",
        "https://console.aws.amazon.com@evil.example/",
        "https://user@console.aws.amazon.com/",
        "https://console.aws.amazon.com:8443/",
        "https://console.amazonaws.cn/",
        "http://console.aws.amazon.com/",
        "https://evil.example\\.console.aws.amazon.com/",
        "https://[console.aws.amazon.com/",
        "//evil.example\t/",
        "javascript:alert(1)",
        "s3/home",
        "/s3 home",
        "",
    ],
)
def test_no_other_host_gets_who_has_signed_in(open_rig: Rig, destination: str) -> None:
    """Only those of the partition's console, over https; said before anything is asked."""
    done = open_rig.run("console", "account-a", "--print", f"--destination={destination}")
    assert (done.status, done.out) == (2, "")
    assert "is no place in the console" in done.err


@pytest.mark.parametrize(
    "words", [("--service", "s3", "--destination", "/s3"), ("--print", "--copy")], ids=["places", "ways"]
)
def test_what_excludes_the_other_is_refused(open_rig: Rig, words: tuple[str, ...]) -> None:
    """There is one place, and one way out."""
    assert open_rig.run("console", "account-a", *words).status == 2


def test_it_opens_in_the_browser_of_the_profile(open_rig: Rig, signing: dict[str, str | None]) -> None:
    """That of config.toml comes before $BROWSER; its words stay, and the address is one of ours."""
    words = [str(signing["BROWSER"]), "--profile-directory=Work at night"]
    open_rig.settings(f'[profile."account-*"]\nbrowser = {json.dumps(words)}\n')
    try:
        done = open_rig.run("console", "account-a", env={**signing, "BROWSER": "/nonexistent"})
        assert done.status == 0, done.err
        browsed = seen_by_browser(open_rig)
        assert browsed["argv"][1:-1] == words[1:]
        assert str(browsed["argv"][-1]).startswith("http://127.0.0.1:")
    finally:
        open_rig.settings("")


def test_a_browser_that_does_not_come_is_named(open_rig: Rig) -> None:
    """Nobody else opens it in its place: that could be another person's window."""
    open_rig.settings('[profile."account-*"]\nbrowser = "/nonexistent/browser --new"\n')
    try:
        done = open_rig.run(
            "console", "account-a", env={"AWS_ENDPOINT_URL_SIGNIN": open_rig.sim.url, "BROWSER": "true"}
        )
        assert (done.status, done.out) == (125, "")
        assert "config.toml names for account-a" in done.err
    finally:
        open_rig.settings("")


AT = "http://127.0.0.1:4567/x?y"
QUOTED = "http%3A%2F%2F127.0.0.1%3A4567%2Fx%3Fy"


@pytest.mark.parametrize(
    ("words", "colour", "opened"),
    [
        (["firefox"], "red", ["firefox", AT]),
        (["sh", "-c", "open %s"], None, ["sh", "-c", f"open {AT}"]),
        (["chrome", "--profile-directory=A B"], None, ["chrome", "--profile-directory=A B", AT]),
        (["firefox", "ext+container:"], "red", ["firefox", f"ext+container:name=a%26b&color=red&url={QUOTED}"]),
        (["firefox", "ext+container:"], "grey", ["firefox", f"ext+container:name=a%26b&url={QUOTED}"]),
        (["firefox", "ext+container:"], "#ff0000", ["firefox", f"ext+container:name=a%26b&url={QUOTED}"]),
        (
            ["firefox", "ext+container:name=Work&icon=fruit"],
            "blue",
            ["firefox", f"ext+container:name=Work&icon=fruit&color=blue&url={QUOTED}"],
        ),
    ],
)
def test_the_address_goes_where_the_browser_wants_it(words: list[str], colour: str | None, opened: list[str]) -> None:
    """Behind its words, in place of %s, or into the word that opens a container of the profile's name and colour."""
    assert browser.ChosenBrowser(words, "a&b", colour).opening(AT) == opened


def test_copied_it_is_on_no_command_line(open_rig: Rig) -> None:
    """`--copy` gives the address to the clipboard's program, and says how long it works."""
    folder = open_rig.write("bin/xclip", '#!/bin/sh\ncat > "$HOME/clipboard"; echo "$@" > "$HOME/called"\n').parent
    (folder / "xclip").chmod(0o700)
    where = {"AWS_ENDPOINT_URL_SIGNIN": open_rig.sim.url, "DISPLAY": ":0", "PATH": f"{folder}:/usr/bin:/bin"}
    done = open_rig.run("console", "account-a", "--copy", env={**where, "WAYLAND_DISPLAY": None})
    assert (done.status, done.out) == (0, ""), done.err
    assert "for 15 minutes" in done.err
    assert "SigninToken" in open_rig.desk.home("home/clipboard").read_text()
    assert "SigninToken" not in open_rig.desk.home("home/called").read_text()


def test_without_a_clipboard_nobody_is_asked(open_rig: Rig) -> None:
    """It is said first, with what to install."""
    before = len(open_rig.sim.signin_calls)
    nothing: dict[str, str | None] = dict.fromkeys(("DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME"))
    done = open_rig.run("console", "account-a", "--copy", env=nothing)
    assert (done.status, done.out) == (125, "")
    assert "xclip" in done.err
    assert len(open_rig.sim.signin_calls) == before


def test_an_identity_signs_in_as_a_federated_user(open_rig: Rig, signing: dict[str, str | None]) -> None:
    """A session cannot become a sign-in, so its keys ask for one: for an hour, and it is said what is missing there."""
    for _ in range(2):
        done = open_rig.run("console", "default", env=signing)
        assert (done.status, done.out) == (0, ""), done.err
        assert "allow only with MFA" in done.err
    assert "federated-user%2Ftrayexec" in str(seen_by_browser(open_rig)["at"])
    calls = [call for call in open_rig.sim.calls if call.action == "GetFederationToken"]
    (call,) = [call for call in calls if call.outcome == "OK"]  # another test has some refused
    assert call.access_key_id == open_rig.sim.world.user_key().id
    (given,) = [key for key in open_rig.sim.world.keys.values() if isinstance(key.holder, FederatedUser)]
    assert given.expires == pytest.approx(call.at + 3600, abs=1)
    # What commands get is the session, as before.
    who = open_rig.run("default", "--", "printenv", "AWS_ACCESS_KEY_ID").out.strip()
    assert open_rig.sim.world.keys[who].mfa_at is not None


def test_one_who_may_not_is_told_why(open_rig: Rig, signing: dict[str, str | None]) -> None:
    """Where all is denied without MFA, as it should be, AWS refuses: said with what does work."""
    world = open_rig.sim.world
    users, keys = dict(world.users), dict(world.keys)
    world.restrict("alice", wants_mfa=True)
    (alice,) = (user for user in world.users.values() if user.name == "alice")
    key = world.user_key()
    world.keys[key.id] = replace(key, holder=alice)
    open_rig.run("lock")
    open_rig.unlock()
    try:
        done = open_rig.run("console", "default", env=signing)
        assert (done.status, done.out) == (125, "")
        assert "denies everything without MFA" in done.err
    finally:
        world.users.update(users)
        world.keys[key.id] = keys[key.id]
        open_rig.run("lock")  # the refusal is believed for a while
        open_rig.unlock()


def test_a_locked_identity_is_opened_first(open_rig: Rig) -> None:
    """Its keys are used for nobody who could not have its session."""
    open_rig.run("lock")
    try:
        before = open_rig.sim.count("GetFederationToken")
        assert open_rig.run("console", "default", "--print", "--no-wait").status == 125
        assert open_rig.sim.count("GetFederationToken") == before
    finally:
        open_rig.unlock()


def test_the_double_refuses_what_aws_refuses(open_rig: Rig) -> None:
    """A user's session, wrong and stale credentials, SessionDuration, and credentials in the address are a 400."""
    keys = open_rig.run("env", "account-a", "--format", "json").json
    user = open_rig.run("env", "default", "--format", "json").json

    def status(document: dict[str, str], *, method: str = "POST", **more: str) -> int:
        names = {"sessionId": "AccessKeyId", "sessionKey": "SecretAccessKey", "sessionToken": "SessionToken"}
        session = json.dumps({name: document[key] for name, key in names.items()})
        form = "&".join(f"{name}={quote(value)}" for name, value in {"Session": session, **more}.items())
        connection = http.client.HTTPConnection(urlsplit(open_rig.sim.url).netloc, timeout=10)
        body, query = (form, "") if method == "POST" else ("", f"?{form}")
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        connection.request(method, f"/federation{query}", body=body, headers=kind)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer.status

    asked = {"Action": "getSigninToken"}
    assert status(keys, **asked) == 200
    assert status(user, **asked) == 400
    assert status({**keys, "SecretAccessKey": "x"}, **asked) == 400
    assert status(keys, SessionDuration="43200", **asked) == 400
    assert status(keys, method="GET", **asked) == 400
    assert status(keys, Action="nonsense") == 400


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (Kind.HTML, "did not come from AWS"),
        (Kind.REDIRECT, "did not come from AWS"),
        (Kind.HUGE, "did not come from AWS"),
        (Kind.ERROR_503, "problem of its own"),
        (Kind.DROP_BEFORE, "no answer"),
    ],
)
def test_a_sign_in_that_fails_is_a_sentence(
    open_rig: Rig, signing: dict[str, str | None], kind: Kind, said: str
) -> None:
    """A portal, a broken service or a lost connection: what it is, what to do, 125, and no browser."""
    open_rig.sim.fault(kind, "getSigninToken")
    done = open_rig.run("console", "account-a", env=signing)
    assert (done.status, done.out) == (125, "")
    assert said in done.err
    assert "Traceback" not in done.err
    assert not open_rig.desk.home("browser.json").exists()


@pytest.mark.parametrize(
    ("environ", "words", "said"),
    [
        ({"AWS_ENDPOINT_URL_SIGNIN": "http://signin.example.com"}, (), "not sent"),
        ({"AWS_ENDPOINT_URL_SIGNIN": "http://127.0.0.1:1"}, (), "cannot be reached"),
        ({"AWS_ENDPOINT_URL_SIGNIN": "http://signin.example.com\\@127.0.0.1:1"}, (), "not sent"),
        ({"AWS_ENDPOINT_URL_SIGNIN": "nonsense"}, (), "not sent"),
        ({"HTTPS_PROXY": "http://127.0.0.1:1"}, (), "proxy"),
        ({}, ("--region", "cn-north-1"), "not a region"),
        ({}, ("--region", "evil.com/"), "not a region"),
    ],
)
def test_what_cannot_be_is_said_first(
    open_rig: Rig, environ: dict[str, str | None], words: tuple[str, ...], said: str
) -> None:
    """Credentials go to nobody over a plain connection; a region or a service that is none leads nowhere."""
    done = open_rig.run("console", "account-a", "--print", *words, env=environ)
    assert (done.status, done.out) == (125, "")
    assert said in done.err


def test_a_word_that_is_no_service_is_a_slip_on_the_line(open_rig: Rig) -> None:
    """As any other."""
    done = open_rig.run("console", "account-a", "--print", "--service", "../x")
    assert (done.status, done.out) == (2, "")
    assert "not the name of a service" in done.err


def test_whose_session_may_be_a_users_is_told_to_take_a_role(open_rig: Rig, signing: dict[str, str | None]) -> None:
    """AWS signs in no session of a user, such as many programs print: a lock would change nothing."""
    script = open_rig.write("bin/vault", f"#!/bin/sh\ncat <<'END'\n{document(given(open_rig))}\nEND\n")
    script.chmod(0o700)
    configured(open_rig, section(open_rig, "vault", f"credential_process = {script}\n"))
    done = open_rig.run("console", "vault", "--print", env=signing)
    assert done.status == 125
    assert "AWS signs in a role, and no session of a user" in done.err


def test_a_session_lasts_an_hour_at_most(open_rig: Rig) -> None:
    """`--duration` is how much time there must be; more than an hour is refused, as AWS would refuse it."""
    where: dict[str, str | None] = {"AWS_ENDPOINT_URL_SIGNIN": open_rig.sim.url}
    assert open_rig.run("console", "account-a", "--print", "--duration", "45m", env=where).status == 0
    refused = open_rig.run("console", "account-a", "--print", "--duration", "2h", env=where)
    assert refused.status == 2
    assert "at most 1h" in refused.err


def test_without_a_browser_it_says_how_else(open_rig: Rig) -> None:
    """No display, no $BROWSER, or one that fails: said at once, with the way to have the address printed."""
    for named in (None, "", "false", "/nonexistent/browser", "'"):
        environ = {"AWS_ENDPOINT_URL_SIGNIN": open_rig.sim.url, "BROWSER": named, "DISPLAY": None}
        done = open_rig.run("console", "account-a", env=environ, seconds=20)
        assert (done.status, done.out) == (125, "")
        assert "--print" in done.err


# The way to the address


def fetch(address: str, **headers: str) -> tuple[int, str | None]:
    """One request, as whoever this test runs as."""
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.netloc, timeout=10)
    try:
        connection.request("GET", parts.path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.getheader("Location")
    finally:
        connection.close()


def test_the_way_is_for_one_and_only_by_its_path() -> None:
    """Another path or another host name leads nowhere, and does not use the way up; the second caller is too late."""
    with browser._way_to("https://signin.example/secret") as (address, taken):
        root = address.rpartition("/")[0]
        assert fetch(f"{root}/") == (404, None)
        assert fetch(f"{address}x") == (404, None)
        assert fetch(address, Host="rebound.example") == (404, None)
        assert not taken.is_set()
        assert fetch(address) == (302, "https://signin.example/secret")
        assert taken.wait(10)  # it is set once the answer has left, which may be a moment after it was read
        assert fetch(address) == (404, None)


def test_idle_connections_do_not_block_the_way() -> None:
    """A browser opens connections that it does not use: the one that asks is answered all the same."""
    with browser._way_to("https://signin.example/secret") as (address, _):
        parts = urlsplit(address)
        idle = [http.client.HTTPConnection(parts.netloc, timeout=10) for _ in range(3)]
        for connection in idle:
            connection.connect()
        assert fetch(address)[0] == 302
        for connection in idle:
            connection.close()


@pytest.mark.parametrize(
    ("partition", "region", "endpoint", "console"),
    [
        ("aws", "eu-west-1", "https://signin.aws.amazon.com/federation", "https://eu-west-1.console.aws.amazon.com/"),
        ("aws-cn", None, "https://signin.amazonaws.cn/federation", "https://cn-north-1.console.amazonaws.cn/"),
        (
            "aws-us-gov",
            "us-gov-east-1",
            "https://signin.amazonaws-us-gov.com/federation",
            "https://us-gov-east-1.console.amazonaws-us-gov.com/",
        ),
        (
            "aws-eusc",
            None,
            "https://eusc-de-east-1.signin.amazonaws-eusc.eu/federation",
            "https://eusc-de-east-1.console.amazonaws-eusc.eu/",
        ),
    ],
)
def test_each_partition_has_its_own_places(partition: str, region: str | None, endpoint: str, console: str) -> None:
    """The federation endpoint and the console of the partition that the role is in."""
    place = place_of(partition, region=region, service=None, override=None)
    assert place.endpoint == endpoint
    assert place.destination.startswith(console)


def test_a_partition_nobody_knows_is_refused() -> None:
    """Credentials are not sent to a guess."""
    with pytest.raises(TrayexecError, match="aws-moon"):
        place_of("aws-moon", region=None, service=None, override=None)
