"""The private socket against strangers, the clumsy and the malicious: a real agent, raw connections."""

import json
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.desktop import eventually
from support.others import as_nobody, needs_root
from support.processes import ended
from support.rig import COMMAND, Rig, hear
from trayexec import __version__

CREDENTIALS = {"v": 1, "op": "credentials", "profile": "account-a", "wait": 0}


def connect(rig: Rig) -> socket.socket:
    """A connection that gives up after a while."""
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(str(rig.socket))  # it waits its turn, which one with a time-out would not
    connection.settimeout(20)
    return connection


def rest(connection: socket.socket) -> bytes:
    """All that comes until the other side closes."""
    received = b""
    try:
        while more := connection.recv(65536):
            received += more
    except ConnectionResetError:
        pass
    return received


def say(rig: Rig, data: bytes) -> list[dict[str, Any]]:
    """What the agent answers to these bytes, line by line."""
    with connect(rig) as connection:
        connection.sendall(data)
        return [json.loads(line) for line in rest(connection).splitlines()]


def ask(rig: Rig, request: dict[str, Any]) -> dict[str, Any]:
    """The final line for this request."""
    return say(rig, json.dumps(request).encode() + b"\n")[-1]


def ok(rig: Rig) -> bool:
    """Whether the agent serves its user."""
    return "SecretAccessKey" in ask(rig, CREDENTIALS).get("ok", {})


@pytest.fixture(autouse=True)
def _still_well(open_rig: Rig) -> Iterator[None]:
    """After whatever was done to it, the agent is the same one and serves its user."""
    pid = open_rig.agent_pid
    yield
    assert ok(open_rig)
    assert open_rig.agent_pid == pid


NOISE = {
    "nothing": b"",
    "an empty line": b"\n",
    "garbage": bytes(range(256)) + b"\n",
    "NUL": b"\0\n",
    "no UTF-8": b'{"v":1,"op":"\xff\xfe"}\n',
    "a byte order mark": b'\xef\xbb\xbf{"v":1,"op":"status"}\n',
    "HTTP": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "pickle": b"\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00\x8c\x02os\x94.\n",
    "a list": b"[1]\n",
    "a number": b"1\n",
    "NaN": b'{"v":NaN,"op":"status"}\n',
    "a key twice": b'{"v":1,"op":"status","op":"stop"}\n',
    "two objects": b'{"v":1,"op":"status"}{"v":1,"op":"stop"}\n',
    "deep": b'{"v":1,"op":' + b"[" * 2000 + b"]" * 2000 + b"}\n",
    "too deep": b'{"v":1,"op":"status","x":' + b"[" * 8 + b"1" + b"]" * 8 + b"}\n",
    "a huge number": b'{"v":1,"op":"credentials","profile":"account-a","wait":' + b"9" * 5000 + b"}\n",
    "1 MB": b'{"v":1,"op":"status","x":"' + b"x" * 1_000_000 + b'"}\n',
    "1 MB without an end": b"x" * 1_000_000,
    "one byte too many": b'{"v":1,"op":"status","x":"' + b"x" * (65536 - 27) + b'"}\n',
}


@pytest.mark.parametrize("name", NOISE)
def test_noise_is_refused(open_rig: Rig, name: str) -> None:
    """What is no request gets one line that says so, or nothing, and never an answer."""
    data = NOISE[name]
    with connect(open_rig) as connection:
        try:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
        except (BrokenPipeError, ConnectionResetError):
            pass  # it did not want to hear all of it
        said = rest(connection)
    assert len(said.splitlines()) <= 1
    if said:
        error = json.loads(said)["error"]
        assert error["code"] in {"protocol", "version"}
        assert error["title"]
        assert error["hint"]


WRONG: list[dict[str, Any]] = [
    {"profile": None},
    {"profile": ""},
    {"profile": 1},
    {"profile": ["account-a"]},
    {"profile": "x" * 5000},
    {"profile": "no such profile"},
    {"profile": "\udcff"},
    {"profile": "{0} {} {x!r} %s"},
    {"profile": "__proto__"},
    {"profile": "../../etc/passwd"},
    {"wait": -1},
    {"wait": 1e9},
    {"wait": 10**30},
    {"wait": True},
    {"wait": "120"},
    {"need": -1},
    {"need": 3.5},
    {"need": None},
    {"config": "relative"},
    {"config": "/nul\0"},
    {"config": "/\ud800"},
    {"config": 7},
    {"config": "/dev/zero"},
    {"shared": "/dev/stdin"},
    {"lang": 7},
    {"lang": "x" * 5000},
    {"program": {}},
    {"hand": []},
    {"op": "auth", "identity": "nobody"},
    {"op": "auth", "identity": 1},
    {"op": "auth", "code": 123456},
    {"op": "lock", "identity": "nobody"},
]


@pytest.mark.parametrize("wrong", WRONG, ids=repr)
def test_a_wrong_value_is_named_or_ignored(open_rig: Rig, wrong: dict[str, Any]) -> None:
    """Each request gets exactly one final line: an error a person can act on, or what was asked for."""
    answer = ask(open_rig, {**CREDENTIALS, **wrong})
    if "error" in answer:
        assert answer["error"]["title"]
        assert answer["error"]["code"] != "internal"
    else:
        assert answer["ok"]


def test_unknown_keys_are_ignored(open_rig: Rig) -> None:
    """A newer companion may say more than this agent knows."""
    assert "ok" in ask(open_rig, {**CREDENTIALS, "colour": "green", "nested": {"deep": [1, 2, {"er": None}]}})


@pytest.mark.parametrize(
    "wrong", [{"v": 2}, {"v": 0}, {"v": None}, {"v": "1"}, {"v": [1]}, {"op": "dance"}, {"op": None}]
)
def test_another_version_is_told_both(open_rig: Rig, wrong: dict[str, Any]) -> None:
    """An unknown request or version is refused, and both versions are named."""
    error = ask(open_rig, {**CREDENTIALS, **wrong})["error"]
    assert error["code"] == "version"
    assert f"speaks version 1, you sent version {({**CREDENTIALS, **wrong})['v']}" in error["hint"]
    assert __version__ in error["hint"]


def test_a_request_may_come_byte_by_byte(open_rig: Rig) -> None:
    """Whatever the pieces, a line is a line."""
    with connect(open_rig) as connection:
        for byte in json.dumps(CREDENTIALS).encode() + b"\n":
            connection.send(bytes([byte]))
        assert b"SecretAccessKey" in rest(connection)


def test_who_closes_one_half_is_still_answered(open_rig: Rig) -> None:
    """`printf … | nc -N` works: the end of what it says is not the end of its listening."""
    with connect(open_rig) as connection:
        connection.sendall(json.dumps(CREDENTIALS).encode() + b"\n")
        connection.shutdown(socket.SHUT_WR)
        assert b"SecretAccessKey" in rest(connection)


def test_only_the_first_line_counts(open_rig: Rig) -> None:
    """One connection is one request: what follows is not even read."""
    line = json.dumps(CREDENTIALS).encode() + b"\n"
    assert len(say(open_rig, line + b'{"v":1,"op":"stop"}\n' + line)) == 1


def test_who_is_slow_to_say_is_dropped(open_rig: Rig) -> None:
    """A line has two seconds to come, however lively the trickle."""
    with connect(open_rig) as silent, connect(open_rig) as trickling:
        begun = time.monotonic()
        with pytest.raises((BrokenPipeError, ConnectionResetError)):  # noqa: PT012 — the loop is the slowness
            while time.monotonic() - begun < 15:
                trickling.send(b"{")
                time.sleep(0.1)
        assert rest(silent) == b""
        assert 1.5 < time.monotonic() - begun < 10


@needs_root
def test_who_does_not_listen_is_dropped(open_rig: Rig) -> None:
    """An answer that nobody takes does not keep its connection for ever."""
    profiles = "".join(
        f"[profile p{n}]\nrole_arn = arn:aws:iam::222222222222:role/{'x' * 50}{n}\n" for n in range(3000)
    )
    config = open_rig.write("many", profiles)
    before = descriptors(open_rig)
    with connect(open_rig) as deaf:
        deaf.sendall(json.dumps({"v": 1, "op": "status", "config": str(config)}).encode() + b"\n")
        eventually("the connection", lambda: descriptors(open_rig) > before)
        eventually("the agent to hang up", lambda: descriptors(open_rig) <= before, seconds=30)


def descriptors(rig: Rig) -> int:
    """How many descriptors the agent has open."""
    return len(list(Path(f"/proc/{rig.agent_pid}/fd").iterdir()))


def resident(rig: Rig) -> int:
    """The agent's resident memory, in bytes."""
    return int(Path(f"/proc/{rig.agent_pid}/statm").read_text().split()[1]) * resource.getpagesize()


@needs_root
def test_descriptors_that_are_passed_are_not_taken(open_rig: Rig) -> None:
    """Whoever sends open files along with its line, or with half of it, leaves none of them with the agent."""
    before, passed = descriptors(open_rig), 100
    line = json.dumps(CREDENTIALS).encode() + b"\n"
    with connect(open_rig) as whole, connect(open_rig) as half, Path("/dev/null").open() as file:
        socket.send_fds(whole, [line], [file.fileno()] * passed)
        assert b"SecretAccessKey" in rest(whole)
        socket.send_fds(half, [line[:-2]], [file.fileno()] * passed)
        eventually("the other caller", lambda: descriptors(open_rig) > before)
        assert descriptors(open_rig) < before + passed
        socket.send_fds(half, [line[-2:]], [file.fileno()] * passed)
        assert b"SecretAccessKey" in rest(half)


@needs_root  # an agent's descriptors are nobody's business, not even its user's
def test_ten_thousand_connections_leave_nothing_behind(open_rig: Rig) -> None:
    """Descriptors and memory are the same afterwards, whether the callers were polite, mute, rude or wrong."""

    def call(number: int) -> None:
        with connect(open_rig) as connection:
            match number % 5:
                case 0:
                    connection.sendall(b'{"v":1,"op":"credentials","profile":"account-a","wait":0}\n')
                    rest(connection)
                case 1:
                    connection.sendall(b'{"v":1,"op":"credentials","profile":"acc')
                case 2:
                    connection.sendall(b'{"v":1,"op":"credentials","profile":"account-a"}\n')
                case 3:
                    connection.sendall(b"\xff\n")
                    rest(connection)
                case _:
                    pass

    def settled() -> bool:
        return descriptors(open_rig) <= files + 1

    files = descriptors(open_rig)
    for number in range(2000):
        call(number)
    eventually("the callers to be forgotten", settled)
    memory = resident(open_rig)
    for number in range(8000):
        call(number)
    eventually("the callers to be forgotten", settled)
    assert resident(open_rig) - memory < 2 * 1024 * 1024


def test_a_thousand_wait_for_one_code(rig: Rig) -> None:
    """A thousand callers are answered by one code, one call for the session and one for the role."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    rig.start_agent()
    callers = []
    try:
        for _ in range(1000):
            caller = connect(rig)
            callers.append(caller)
            caller.sendall(json.dumps({**CREDENTIALS, "wait": 60, "hand": "terminal"}).encode() + b"\n")
        for caller in callers:
            hear(caller, b'"note":"code"')
        begun = time.monotonic()
        assert rig.auth().status == 0
        assert all(b"SecretAccessKey" in rest(caller) for caller in callers)
        assert time.monotonic() - begun < 15
    finally:
        for caller in callers:
            caller.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert (rig.sim.count("GetSessionToken"), rig.sim.count("AssumeRole")) == (1, 1)


def test_no_more_than_there_are_descriptors_for(bare: Rig) -> None:
    """Where a system gives few, as many callers are told that there are too many; the others, and all else, go on."""
    few = ["sh", "-c", 'ulimit -n 300 && exec "$@"', "sh", *COMMAND, "agent", "start"]
    subprocess.run(few, env=bare.env, check=True, timeout=30, capture_output=True)
    callers = [connect(bare) for _ in range(400)]
    try:
        answers = [rest(caller) for caller in callers]  # who says nothing in two seconds is dropped without a word
        codes = {json.loads(answer)["error"]["code"] for answer in answers if answer}
        assert codes == {"busy"}
        eventually("a place in the queue", lambda: bare.run("status").status == 0)
    finally:
        for caller in callers:
            caller.close()


def test_who_leaves_while_a_code_is_awaited_is_forgotten(rig: Rig) -> None:
    """The prompt stays one prompt; the answer is for those who are still there."""
    rig.start_agent()
    waiting = json.dumps({**CREDENTIALS, "wait": 60, "hand": "terminal"}).encode() + b"\n"
    with connect(rig) as staying:
        staying.sendall(waiting)
        assert b'"note"' in staying.recv(4096)
        for _ in range(50):
            with connect(rig) as leaving:
                leaving.sendall(waiting)
                assert b'"note"' in leaving.recv(4096)
        rig.unlock()
        assert b"SecretAccessKey" in rest(staying)
    assert (rig.sim.count("GetSessionToken"), rig.sim.count("AssumeRole")) == (1, 1)
    answers = [one["answer"] for one in rig.ledger]
    assert answers.count("ok") == 2  # the one who stayed, and the code
    assert answers.count("gone") == 50


def test_who_leaves_at_once_gets_no_dialog(rig: Rig) -> None:
    """Two thousand callers that hang up as soon as they have asked: nobody is asked for them, none is remembered."""
    rig.answer_by_itself()
    rig.start_agent()
    for number in range(2000):
        with connect(rig) as leaving:
            leaving.sendall(json.dumps({**CREDENTIALS, "wait": 600}).encode() + b"\n")
            if number % 2:
                leaving.shutdown(socket.SHUT_WR)
    eventually("all to be forgotten", lambda: len(rig.ledger) == 2000)
    assert {one["answer"] for one in rig.ledger} == {"gone"}
    assert rig.phase() == "locked"
    assert rig.tries == 0


def test_who_closes_one_half_and_then_the_other_is_forgotten(rig: Rig) -> None:
    """Half a hang-up waits for its answer; the whole one ends the wait, and what was asked for it."""
    rig.start_agent()
    with connect(rig) as caller:
        caller.sendall(json.dumps({**CREDENTIALS, "wait": 600, "hand": "terminal"}).encode() + b"\n")
        caller.shutdown(socket.SHUT_WR)
        hear(caller, b'"note":"code"')
        assert rig.phase() == "prompting"
    eventually("the caller to be forgotten", lambda: rig.phase() == "locked")


def test_who_says_that_it_never_closes_one_half_is_gone_with_it(rig: Rig) -> None:
    """As our own commands do: ssh passes on no more of their end than this."""
    rig.start_agent()
    with connect(rig) as caller:
        request = {**CREDENTIALS, "wait": 600, "hand": "terminal", "eof": "gone"}
        caller.sendall(json.dumps(request).encode() + b"\n")
        hear(caller, b'"note":"code"')
        caller.shutdown(socket.SHUT_WR)
        eventually("the caller to be forgotten", lambda: rig.phase() == "locked")
        assert rest(caller) == b""


# Other users

CALL = """\
import json, socket, sys
connection = socket.socket(socket.AF_UNIX)
connection.connect(sys.argv[1])
try:
    connection.sendall(b'{"v":1,"op":"credentials","profile":"account-a","wait":0}\\n')
    print(len(connection.recv(1)))
except (BrokenPipeError, ConnectionResetError):
    print(0)
"""
LISTEN = """\
import socket, sys
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen()
print("listening", flush=True)
connection, _ = listener.accept()
print(len(connection.recv(65536)), flush=True)
"""


@needs_root
def test_another_user_gets_not_one_byte(open_rig: Rig) -> None:
    """Folder and socket keep others out; and where both were opened by mistake, the agent does."""
    call = as_nobody([sys.executable, "-I", "-c", CALL, str(open_rig.socket)])
    closed = subprocess.run(call, capture_output=True, text=True, timeout=30, check=False)
    assert "PermissionError" in closed.stderr
    places = [open_rig.desk.folder, open_rig.socket.parents[1], open_rig.socket.parent, open_rig.socket]
    modes = [place.stat().st_mode for place in places]
    try:
        for place in places:
            place.chmod(0o777)
        opened = subprocess.run(call, capture_output=True, text=True, timeout=30, check=False)
    finally:
        for place, mode in zip(places, modes, strict=True):
            place.chmod(mode)
    assert (opened.stdout, opened.stderr) == ("0\n", "")


@needs_root
def test_another_users_agent_hears_not_one_byte(open_rig: Rig) -> None:
    """Who listens at our socket's path and is not us is told nothing, least of all a code."""
    folder = open_rig.desk.home("open")
    folder.mkdir()
    open_rig.desk.folder.chmod(0o777)
    named = folder / "agent.sock"
    for words, given in (
        (["account-a", "--", "true"], ""),
        (["auth", "--code-stdin"], "123456\n"),
        (["agent", "stop"], ""),
        (["lock"], ""),
    ):
        named.unlink(missing_ok=True)
        folder.chmod(0o777)  # while somebody else sits down in it: then it looks like ours again
        listen = as_nobody([sys.executable, "-I", "-c", LISTEN, str(named)])
        with ended(subprocess.Popen(listen, stdout=subprocess.PIPE, text=True)) as listener:
            assert listener.stdout is not None
            assert listener.stdout.readline() == "listening\n"
            folder.chmod(0o700)
            done = open_rig.run(*words, stdin=given, env={"TRAYEXEC_SOCKET": str(named)})
            assert done.status == 125
            assert "belongs to another user's process" in done.err
            assert listener.stdout.readline() == "0\n"
