"""A lease through the day: renewed, locked, revoked, and taken again from the next agent."""

import contextlib
import json
import os
import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from awssim.faults import Kind
from desktop.test_screenlock import Service
from support.desktop import DesktopError, eventually, private_desktop
from support.processes import alive
from support.rig import Rig, rig_on
from support.served import Served, served

LEAST = 60  # seconds that credentials must have to be handed out


@pytest.fixture
def unlocked(rig: Rig) -> Rig:
    """A rig of one test, its session open."""
    return rig.unlock()


def code(one: Served) -> tuple[int, str]:
    """Status and code of a refusal."""
    reply = one.fetch()
    return reply.status, str(reply.json["code"])


def key(one: Served) -> str:
    """The access key that is served now."""
    reply = one.fetch()
    assert reply.status == 200, reply.body
    return str(reply.json["AccessKeyId"])


def test_credentials_renew_while_the_command_runs(unlocked: Rig) -> None:
    """What has under a minute left is not handed out: the next fetch gives new ones, by itself."""
    unlocked.sim.live(role=LEAST + 3)
    with served(unlocked) as one:
        first = key(one)
        assert key(one) == first
        time.sleep(4)
        assert key(one) != first
    assert unlocked.sim.count("GetSessionToken") == 1


def test_aws_that_is_slow_is_not_waited_for(unlocked: Rig) -> None:
    """After 900 ms the caller is told to come again, and finds what has come meanwhile."""
    unlocked.sim.live(role=LEAST + 2)
    with served(unlocked) as one:
        first = key(one)
        time.sleep(3)
        unlocked.sim.live()
        unlocked.sim.fault(Kind.DELAY, "AssumeRole", seconds=10)
        before = unlocked.sim.count("AssumeRole")
        begun = time.monotonic()
        assert code(one) == (503, "not_yet")
        assert time.monotonic() - begun < 9
        eventually("AWS to answer", lambda: one.fetch().status == 200)
        assert key(one) != first
    assert unlocked.sim.count("AssumeRole") == before + 1


def test_aws_in_trouble_is_503_and_a_clear_no_is_403(unlocked: Rig) -> None:
    """SDKs try again after the one, and not for ever after the other."""
    unlocked.sim.live(role=LEAST + 2)
    with served(unlocked) as one:
        time.sleep(3)
        unlocked.sim.fault(Kind.HTML, "AssumeRole", count=10)
        assert one.fetch().status == 503
        unlocked.sim.script.clear()
        unlocked.sim.fault(Kind.INVALID_TOKEN, "AssumeRole", count=10)
        assert one.fetch().status == 403
    assert unlocked.sim.count("GetSessionToken") == 1


def test_a_lock_ends_it_at_once_and_nobody_is_asked(unlocked: Rig) -> None:
    """403 in words that name the fix; no dialog, whoever fetches; after the code it goes on."""
    unlocked.answer_by_itself()
    with served(unlocked) as one:
        assert one.fetch().status == 200
        assert unlocked.run("lock").status == 0
        reply = one.fetch()
        assert (reply.status, reply.json["code"]) == (403, "locked")
        assert "`trayexec auth default`" in reply.json["message"]
        assert reply.json["Message"] == reply.json["message"]
        assert unlocked.tries == 0
        unlocked.unlock()
        assert one.fetch().status == 200


PERMISSION = "trayexec - permission"


def choose(rig: Rig, *keys: str) -> None:
    """Answer the question that is up, or about to be."""
    window = rig.desk.wait_dialog(PERMISSION)
    for name in keys:
        rig.desk.key(name)
    rig.desk.wait("the question to close", lambda: window not in rig.desk.windows(PERMISSION))


ALLOW, DENY = ("Down", "Return"), ("Escape",)


@contextlib.contextmanager
def allowed(rig: Rig, *words: str) -> Iterator[Served]:
    """A command with the guarded account-a, on a display where a person has allowed it once."""
    rig.desk.start_display()
    rig.settings('[prompt]\nmethod = "zenity"\ntimeout = "10m"\n[profile.account-a]\nconfirm = "always"\n')
    rig.unlock()
    with ThreadPoolExecutor(1) as person:
        answered = person.submit(choose, rig, *ALLOW)
        with served(rig, *words) as one:
            answered.result()
            assert one.fetch().status == 200
            yield one


def answers(rig: Rig) -> list[str]:
    """What people have answered, as the log says."""
    return [str(one["answer"]) for one in rig.ledger if one["op"] == "confirm"]


def test_a_lock_lets_a_person_be_asked_once_more_and_then_it_goes_on(rig: Rig) -> None:
    """One question, however many requests there are; meanwhile each is told to come again."""
    with allowed(rig, "account-a", "--wait", "600") as one:
        assert rig.run("lock").status == 0
        assert code(one) == (403, "locked")
        rig.unlock()
        assert [code(one) for _ in range(3)] == 3 * [(503, "being_asked")]
        assert len(rig.desk.windows(PERMISSION)) == 1
        choose(rig, *ALLOW)
        eventually("the command to go on", lambda: one.fetch().status == 200)
        assert not rig.desk.windows(PERMISSION)
    assert answers(rig) == ["once", "once"]


def test_a_no_stands_for_a_command_that_runs(rig: Rig) -> None:
    """It asks every minute, and the person is not asked again: not even once the pause after a no is over."""
    with allowed(rig, "account-a", "--wait", "600") as one:
        rig.run("lock")
        rig.unlock()
        assert code(one) == (503, "being_asked")
        choose(rig, *DENY)
        assert code(one) == (403, "denied")
        eventually("the pause after a no to end", lambda: code(one) == (403, "unconfirmed"))
        assert code(one) == (403, "unconfirmed")
        assert not rig.desk.windows(PERMISSION)
    assert answers(rig) == ["once", "deny"]


def test_the_question_goes_with_the_command(rig: Rig) -> None:
    """Nobody is asked for one that has ended."""
    with allowed(rig, "account-a", "--wait", "600") as one:
        rig.run("lock")
        rig.unlock()
        assert code(one) == (503, "being_asked")
        rig.desk.wait_window(PERMISSION)
    rig.desk.wait_no_window(PERMISSION)


def test_no_credentials_while_the_screen_is_locked() -> None:
    """`on_lock = "refuse"`, as it is without settings: 403 until the screen is unlocked."""
    with private_desktop() as desk, rig_on(desk) as rig:
        rig.store_keys()
        saver = Service(desk.env["DBUS_SESSION_BUS_ADDRESS"], "org.freedesktop.ScreenSaver")
        try:
            rig.unlock()
            with served(rig) as one:
                saver.active("org.freedesktop.ScreenSaver", state=True)
                eventually("the agent to notice", lambda: one.fetch().status == 403)
                assert code(one) == (403, "screen_locked")
                saver.active("org.freedesktop.ScreenSaver", state=False)
                eventually("the agent to notice", lambda: one.fetch().status == 200)
        finally:
            saver.close()


def test_the_token_ends_with_the_command(open_rig: Rig) -> None:
    """Another lease keeps the port open; the old token is none any more."""
    with served(open_rig, "account-b") as stays:
        with served(open_rig) as one:
            assert one.fetch().status == 200
        eventually("the token to end", lambda: one.fetch().status == 401)
        assert code(one) == (401, "http_token")
        assert stays.fetch().status == 200


def test_nothing_listens_once_the_last_command_has_ended(rig: Rig) -> None:
    """The port is there for the commands that need it, and for nobody else."""
    rig.unlock()
    assert not listening(rig)
    with served(rig) as one, served(rig, "account-b") as other:
        assert one.port == other.port
        assert listening(rig) == [one.port]
    eventually("the port to close", lambda: not listening(rig))
    with served(rig) as again:
        assert again.fetch().status == 200


def test_the_token_ends_when_the_parent_is_killed(open_rig: Rig) -> None:
    """Kill -9 of trayexec revokes as well: the kernel closes the connection."""
    with served(open_rig, "account-b") as stays, served(open_rig) as one:
        one.process.kill()
        eventually("the token to end", lambda: one.fetch().status == 401)
        assert stays.fetch().status == 200


def test_a_new_agent_goes_on_with_the_same_address(unlocked: Rig) -> None:
    """The agent dies: the command lives, the port stays ours, and after `trayexec auth` its environment is true."""
    with served(unlocked) as one:
        os.kill(unlocked.agent_pid, signal.SIGKILL)
        eventually("the agent to be gone", lambda: came(one) == 0)
        with pytest.raises(OSError, match="in use"), socket.socket() as thief:
            thief.bind(("127.0.0.1", one.port))
        unlocked.start_agent()
        eventually("the lease to be taken again", lambda: came(one) == 403)
        assert code(one) == (403, "locked")
        unlocked.unlock()
        assert one.fetch().status == 200
        one.process.send_signal(signal.SIGKILL)
        said = one.process.communicate()[1]
    assert "trayexec auth" in said
    assert "Traceback" not in said


def test_an_agent_that_is_stopped_is_not_started_behind_the_persons_back(unlocked: Rig) -> None:
    """`trayexec agent stop` stops it, though a command holds a lease."""
    with served(unlocked) as one:
        assert unlocked.run("agent", "stop").status == 0
        time.sleep(2.5)
        assert unlocked.agent_pid == 0
        assert alive(one.process.pid)


def test_one_lease_of_many_goes_on_with_each_agent(unlocked: Rig) -> None:
    """Two commands at one port both come back to it; a new one gets a token of its own."""
    with served(unlocked) as one, served(unlocked, "account-b") as two:
        assert unlocked.run("agent", "stop").status == 0
        unlocked.unlock()
        for which in (one, two):
            eventually("the lease to be taken again", lambda which=which: came(which) == 200)  # type: ignore[misc]
        with served(unlocked) as three:
            assert three.fetch().status == 200
            assert three.token not in {one.token, two.token}
        assert (one.fetch().status, two.fetch().status) == (200, 200)


def test_a_lease_whose_holder_closes_its_half_is_over(open_rig: Rig) -> None:
    """Nobody would notice later when such a holder goes."""
    with wire(open_rig, profile="account-a") as (told, connection):
        one = Served(None, told["ok"]["url"], told["ok"]["token"])  # type: ignore[arg-type]
        assert one.fetch().status == 200
        connection.shutdown(socket.SHUT_WR)
        eventually("the token to end", lambda: came(one) != 200)


@pytest.mark.parametrize(
    "asked",
    [
        {"token": "short", "port": 40000},
        {"token": "x" * 43},
        {"port": 40000},
        {"token": "x" * 43, "port": 80},
        {"token": "x" * 43, "port": 65536},
        {"token": "x y" * 20, "port": 40000},
        {"token": "é" * 50, "port": 40000},
        {"token": "x" * 300, "port": 40000},
        {"token": 5, "port": 40000},
    ],
)
def test_a_token_or_port_that_is_none_of_ours_is_refused(open_rig: Rig, asked: dict[str, object]) -> None:
    """A token that could be guessed, a port of root's, one without the other."""
    with wire(open_rig, profile="account-a", **asked) as (told, _):
        assert told["error"]["code"] == "bad_request"


def test_a_token_in_force_is_not_given_twice(open_rig: Rig) -> None:
    """Nor is a port that another program listens on."""
    with served(open_rig) as one:
        with wire(open_rig, profile="account-b", token=one.token, port=one.port) as (told, _):
            assert told["error"]["code"] == "port_taken"
        assert one.fetch().json["AccountId"] == "222222222222"
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with wire(open_rig, profile="account-b", token="y" * 43, port=port) as (told, _):
            assert told["error"]["code"] == "port_taken"


def test_an_unknown_profile_is_an_error_before_anything_runs(open_rig: Rig) -> None:
    """125, the fix, and no command."""
    done = open_rig.run("--server", "account-z", "--", "echo", "ran")
    assert (done.status, done.out) == (125, "")
    assert "account-b" in done.err


def test_without_waiting_a_locked_identity_is_125(rig: Rig) -> None:
    """As with any run: nobody is asked, nothing runs, nothing is left open."""
    done = rig.run("--server", "--no-wait", "account-a", "--", "echo", "ran")
    assert (done.status, done.out) == (125, "")
    assert "trayexec auth" in done.err
    assert not listening(rig)


def test_a_person_is_asked_first_if_need_be(rig: Rig) -> None:
    """One code opens the session before the command begins."""
    rig.answer_by_itself()
    with served(rig) as one:
        assert one.fetch().status == 200
    assert rig.tries == 1


def came(one: Served) -> int:
    """The status, 0 when nobody listens."""
    try:
        return one.fetch().status
    except OSError:
        return 0


def listening(rig: Rig) -> list[int]:
    """The TCP ports on which the agent listens (proc(5))."""
    sockets = set()
    for descriptor in Path(f"/proc/{rig.agent_pid}/fd").iterdir():
        with contextlib.suppress(OSError):  # closed meanwhile
            sockets.add(str(descriptor.readlink()))
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return [int(row[1].split(":")[1], 16) for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in sockets]


class wire:  # noqa: N801 — used as a function
    """A connection of our own to the private socket, and the agent's final line."""

    def __init__(self, rig: Rig, **request: object) -> None:
        self._connection = socket.socket(socket.AF_UNIX)
        self._rig = rig
        self._request = {"v": 1, "op": "endpoint", "wait": 0, **request}

    def __enter__(self) -> tuple[Any, socket.socket]:
        self._connection.settimeout(20)
        self._connection.connect(str(self._rig.socket))
        self._connection.sendall(json.dumps(self._request).encode() + b"\n")
        said = b""
        while not said.endswith(b"\n"):
            more = self._connection.recv(65536)
            if not more:
                raise DesktopError(f"the agent hung up after {said!r}")
            said += more
        return json.loads(said), self._connection

    def __exit__(self, *_: object) -> None:
        self._connection.close()
