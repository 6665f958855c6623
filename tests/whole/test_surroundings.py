"""Where a caller's AWS is: what of its environment decides travels with its request, and concerns nobody else."""

import json
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest

from awssim import Sim
from daemon.test_socket_server import ask
from support.rig import COMMAND, Rig, world_with
from trayexec.light import context, protocol

BARE = (
    "[default]\nmfa_serial = arn:aws:iam::111111111111:mfa/alice\n"
    "[profile account-a]\nrole_arn = arn:aws:iam::222222222222:role/Admin\nsource_profile = default\n"
)
A = "222222222222"


class Gateway:
    """A proxy that lets nobody through, and remembers where they wanted to go."""

    def __init__(self) -> None:
        self.wanted: list[str] = []
        self._listener = socket.create_server(("127.0.0.1", 0))

    @property
    def url(self) -> str:
        """For HTTPS_PROXY."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def serve(self) -> None:
        """Until `close`."""
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                words = connection.recv(4096).split()
                self.wanted.append(words[1].decode().partition(":")[0] if len(words) > 1 else "")
                connection.sendall(b"HTTP/1.1 502 Nobody goes there\r\nContent-Length: 0\r\n\r\n")

    def close(self) -> None:
        """Serve nobody any more."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@contextmanager
def gateway() -> Iterator[Gateway]:
    """A gateway in a thread of its own."""
    proxy = Gateway()
    thread = threading.Thread(target=proxy.serve)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.close()
        thread.join()


# What each variable does for a caller whose files say nothing; together they are all that travel.
LEADS: Mapping[str, tuple[Mapping[str, str], str]] = {
    "AWS_ENDPOINT_URL": ({"AWS_ENDPOINT_URL": "https://one.invalid"}, "one.invalid"),
    "AWS_ENDPOINT_URL_STS": ({"AWS_ENDPOINT_URL_STS": "https://two.invalid"}, "two.invalid"),
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": (
        {"AWS_ENDPOINT_URL": "https://one.invalid", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
        "sts.us-east-1.amazonaws.com",
    ),
    "AWS_USE_FIPS_ENDPOINT": ({"AWS_USE_FIPS_ENDPOINT": "true"}, "sts-fips.us-east-1.amazonaws.com"),
    "AWS_USE_DUALSTACK_ENDPOINT": ({"AWS_USE_DUALSTACK_ENDPOINT": "true"}, "sts.us-east-1.api.aws"),
    "AWS_STS_REGIONAL_ENDPOINTS": ({"AWS_STS_REGIONAL_ENDPOINTS": "legacy"}, "sts.amazonaws.com"),
    "AWS_REGION": ({"AWS_REGION": "eu-west-3"}, "sts.eu-west-3.amazonaws.com"),
    "AWS_DEFAULT_REGION": ({"AWS_DEFAULT_REGION": "eu-north-1"}, "sts.eu-north-1.amazonaws.com"),
}
OF_LOGIN = {"AWS_LOGIN_CACHE_DIRECTORY"}  # tests/adapters/test_providers_login.py
OF_METADATA = {one for one in protocol.AWS_VARIABLES if "METADATA" in one}  # tests/adapters/test_providers_instance.py
BUNDLES = ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE")


PROXIES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy")


def test_what_travels_is_what_is_tried_here() -> None:
    """Every variable of the table has its case below."""
    assert set(LEADS) | set(BUNDLES) | OF_METADATA | OF_LOGIN == set(protocol.AWS_VARIABLES)
    assert set(PROXIES) == set(protocol.PROXY_VARIABLES)


@pytest.mark.parametrize("socket_of", ["the usual socket", "one that is named"])
def test_the_proxy_is_the_callers(rig: Rig, socket_of: str) -> None:
    """Whichever spelling; who has none goes by none, though the agent was started where there was one."""
    rig.config(BARE)
    place = {} if socket_of == "the usual socket" else {"TRAYEXEC_SOCKET": str(rig.socket)}
    with gateway() as agents, gateway() as own:
        rig.foreground_agent(env={"HTTPS_PROXY": agents.url})

        def wanted(**env: str) -> set[str]:
            own.wanted.clear()
            there = {"AWS_ENDPOINT_URL_STS": "https://sts.invalid", **place, **env}
            done = rig.run("auth", "--code-stdin", stdin=f"{rig.fresh_code()}\n", env=there)
            assert done.status == 125
            return set(own.wanted)

        assert wanted(HTTPS_PROXY=own.url) == {"sts.invalid"}
        assert wanted(https_proxy=own.url) == {"sts.invalid"}
        assert wanted(HTTPS_PROXY=own.url, AWS_ENDPOINT_URL_STS="http://sts.invalid") == set()
        assert wanted(http_proxy=own.url, AWS_ENDPOINT_URL_STS="http://sts.invalid") == {"http"}
        assert wanted(HTTP_PROXY=own.url) == set()
        assert wanted(HTTPS_PROXY=own.url, https_proxy="") == set()
        for name in ("NO_PROXY", "no_proxy"):
            assert wanted(**{"HTTPS_PROXY": own.url, name: "localhost,.invalid"}) == set()
        assert wanted() == set()
        assert not agents.wanted


def test_status_shows_the_callers_proxy_and_not_its_password(open_rig: Rig) -> None:
    """It says by which way codes travel from this shell, and nothing where there is no proxy."""
    env = {"HTTP_PROXY": "http://me:s3cret@proxy.example:3128", "NO_PROXY": ""}
    said = open_rig.run("status", env=env).out
    assert "STS is reached by the proxy proxy.example:3128" in said
    assert "s3cret" not in said
    assert open_rig.run("status", "--json", env=env).json["identities"][0]["proxy"] == "proxy.example:3128"
    assert "proxy" not in open_rig.run("status", env={**env, "NO_PROXY": "127.0.0.1"}).out


def test_a_proxy_that_reads_the_code_has_a_session_of_its_own(open_rig: Rig) -> None:
    """Without TLS it answers for AWS: what was opened without it is not used by it, nor the other way round."""
    with gateway() as proxy:
        env = {"HTTP_PROXY": proxy.url, "NO_PROXY": ""}
        done = open_rig.run("--no-wait", "account-a", "--", "true", env=env)
        assert done.status == 125
        assert not proxy.wanted
    assert open_rig.run("account-a", "--", "true").status == 0


def test_each_variable_leads_its_own_caller_and_nobody_else(rig: Rig) -> None:
    """Whatever a caller's environment says decides for this request alone; the next one without it goes to AWS."""
    rig.config(BARE)
    with gateway() as proxy:
        rig.env["HTTPS_PROXY"] = proxy.url
        rig.foreground_agent()
        for name, (env, host) in LEADS.items():
            for more, expected in ((env, host), ({}, "sts.us-east-1.amazonaws.com")):
                proxy.wanted.clear()
                done = rig.run("auth", "--code-stdin", stdin=f"{rig.fresh_code()}\n", env=dict(more))
                assert done.status == 125
                assert set(proxy.wanted) == {expected}, name


@pytest.mark.parametrize("name", BUNDLES)
def test_a_bundle_is_the_callers(rig: Rig, name: str) -> None:
    """A relative one is from the caller's own folder; who names none does not get it."""
    rig.foreground_agent()
    project = rig.desk.home("project")
    project.mkdir()
    words = ("auth", "--code-stdin")
    done = rig.run(*words, stdin=f"{rig.fresh_code()}\n", env={name: "own.pem"}, cwd=project)
    assert done.status == 125
    assert str(project / "own.pem") in done.err
    rig.unlock()


MODES = {
    "run": ["account-a", "--", "true"],
    "env": ["env", "account-a"],
    "credential-process": ["credential-process", "account-a"],
    "live": ["--live", "account-a", "--", "true"],
    "inside live": ["--live", "--", "trayexec", "credential-process", "account-a"],
    "server": ["--server", "account-a", "--", "true"],
    "fan-out": ["account-a", "account-b", "--", "true"],
}


def test_an_endpoint_has_a_session_of_its_own_in_every_mode(rig: Rig) -> None:
    """What was opened at one endpoint is never used for another, in whichever way credentials are asked for."""
    rig.unlock()
    assert rig.run("account-a", "--", "true").status == 0
    with Sim(world_with(rig.sim.world.user_key())) as other:
        there = {"AWS_ENDPOINT_URL_STS": other.url, "PATH": f"{rig.desk.home('bin')}:{rig.env['PATH']}"}
        script = rig.write("bin/trayexec", f'#!/bin/sh\nexec {" ".join(COMMAND)} "$@"\n')
        script.chmod(0o755)
        before = len(rig.sim.calls)
        for mode, words in MODES.items():
            at_once = ["--wait=0", *words] if "--" in words and "trayexec" not in words else [*words, "--wait=0"]
            refused = rig.run(*at_once, env=there)
            assert refused.status in {125, 1}, (mode, refused.err)
        assert not other.calls
        code = other.code()
        assert rig.run("auth", "--code-stdin", stdin=f"{code}\n", env=there).status == 0
        for mode, words in MODES.items():
            done = rig.run(*words, env=there)
            assert done.status == 0, (mode, done.err)
        assert len(rig.sim.calls) == before, "the endpoint of the files was asked for a caller of another one"
        assert {call.action for call in other.calls} == {"GetSessionToken", "AssumeRole"}
        shown = rig.run("status", env=there).out
        assert f"its codes go to {other.url.removeprefix('http://')}, which is not AWS" in shown
        listed = json.loads(rig.run("status", "--json", env=there).out)["identities"]
        phases = {one["endpoint"]: one["phase"] for one in listed}
        assert phases == {url.removeprefix("http://"): "open" for url in (rig.sim.url, other.url)}
        assert rig.run("lock", env=there).status == 0
    assert rig.phase() == "locked", "lock without a name reaches every session"


STATUS = {"v": 1, "op": "status"}


@pytest.mark.parametrize(
    "aws",
    [
        [],
        "AWS_ENDPOINT_URL",
        {"AWS_ENDPOINT_URL": 1},
        {"AWS_ENDPOINT_URL": "x" * 5000},
        {"AWS_REGION": "a\0b"},
        {"AWS_CA_BUNDLE": "relative.pem"},
        {"AWS_CA_BUNDLE": ["/a"]},
    ],
)
def test_what_is_no_table_of_variables_is_refused(open_rig: Rig, aws: object) -> None:
    """Types, lengths and paths are checked like everything that a caller says."""
    assert ask(open_rig, {**STATUS, "aws": aws})["error"]["code"] == "bad_request"


def test_other_variables_decide_nothing(open_rig: Rig) -> None:
    """A caller cannot bring keys, a profile or a file into the agent under this key."""
    others = {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_CONFIG_FILE": "/dev/null", "AWS_PROFILE": "x", "HOME": "/"}
    assert ask(open_rig, {**STATUS, "aws": others}) == ask(open_rig, STATUS)


@pytest.mark.parametrize("named", ["the usual socket", "one that is named"])
def test_the_usual_files_are_those_of_the_callers_home(open_rig: Rig, named: str) -> None:
    """As for the AWS CLI outside: a caller with another home never gets what a name means in the agent's.

    By whichever way it found the agent: one that sees the same files sees this home, too.
    """
    text = open_rig.sim.world.config_text(open_rig.sim.url).replace("[profile account-b]", "[profile elsewhere]")
    swapped = text.replace("222222222222:role", "X:role").replace("333333333333:role", "222222222222:role")
    open_rig.write("another/.aws/config", swapped.replace("X:role", "333333333333:role"))
    there = {"HOME": str(open_rig.desk.home("another"))}
    if named == "one that is named":
        there["TRAYEXEC_SOCKET"] = str(open_rig.socket)
    for words in (["list", "--json"], ["--live", "--", *COMMAND, "list", "--json"]):
        here = {one["name"]: one["account"] for one in open_rig.run(*words).json}
        away = {one["name"]: one["account"] for one in open_rig.run(*words, env=there).json}
        assert here["account-a"] == A
        assert away["account-a"] == "333333333333"
        assert ("elsewhere" in here, "elsewhere" in away) == (False, True)
    assert open_rig.run("account-b", "--no-wait", "--", "true", env=there).status == 125


# A caller that is elsewhere, over a socket that was lent to it


def away(**said: object) -> dict[str, object]:
    """What a caller on another machine says of where it is."""
    return {**context.place(), "boot": "00000000-0000-0000-0000-000000000000", **said}


def accounts(said: dict[str, object]) -> dict[str, str]:
    """Which account each profile leads to, by the answer to a status."""
    ok = said["ok"]
    assert isinstance(ok, dict)
    return {one["name"]: one["account"] for one in ok["profiles"]}


def test_the_home_and_the_proxy_of_another_machine_do_not_count(open_rig: Rig) -> None:
    """The profiles there are the agent's, by contract, and its proxy is no way from here."""
    usual = accounts(ask(open_rig, STATUS))
    said = {"home": str(open_rig.desk.home("nobody")), "proxy": {"HTTP_PROXY": "http://proxy.example:3128"}}
    assert accounts(ask(open_rig, {**STATUS, "place": {**context.place(), **said}})) == {}
    answer = ask(open_rig, {**STATUS, "place": away(**said)})
    assert accounts(answer) == usual
    assert "proxy.example" not in json.dumps(answer)


def test_where_a_caller_is_is_checked_like_all_it_says(open_rig: Rig) -> None:
    """Types, lengths and paths."""
    places: list[object] = ["x", [], {"home": "relative"}, {"proxy": []}, {"proxy": {"HTTPS_PROXY": 1}}]
    for place in places:
        assert ask(open_rig, {**STATUS, "place": place})["error"]["code"] == "bad_request", place
    proxies: list[object] = [[], {"HTTPS_PROXY": "x" * 5000}, {"NO_PROXY": "a\0b"}]
    for proxy in proxies:
        assert ask(open_rig, {**STATUS, "proxy": proxy})["error"]["code"] == "bad_request", proxy
