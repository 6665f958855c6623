"""The endpoint over real sockets: what is let in, and everything that is not."""

import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from support.desktop import eventually
from support.rig import Rig
from support.served import Reply, Served, read, served


@pytest.fixture(scope="module")
def one(open_rig: Rig) -> Iterator[Served]:
    """A command that runs with account-a."""
    with served(open_rig) as running:
        yield running


def ask(one: Served, *lines: str, first: str = "GET {path} HTTP/1.1", host: str = "Host: 127.0.0.1:{port}") -> Reply:
    """A right request but for what is given; `lines` are further headers."""
    facts = {"path": one.path, "port": one.port, "token": one.token}
    head = [first, host, "Authorization: {token}", *lines]
    return one.send("\r\n".join(line.format(**facts) for line in head if line) + "\r\n\r\n")


def test_the_document_is_the_container_providers(one: Served, open_rig: Rig) -> None:
    """All four keys in AWS's spelling, the time as `…SSZ`, type and length said, and the keys are the role's."""
    reply = one.fetch()
    assert reply.status == 200
    assert reply.headers["content-type"] == "application/json"
    assert int(reply.headers["content-length"]) == len(reply.body)
    assert set(reply.json) == {"AccessKeyId", "SecretAccessKey", "Token", "Expiration", "AccountId"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", reply.json["Expiration"])
    key = open_rig.sim.world.keys[reply.json["AccessKeyId"]]
    assert (key.secret, key.token) == (reply.json["SecretAccessKey"], reply.json["Token"])
    assert key.holder.arn.startswith("arn:aws:sts::222222222222:assumed-role/Deploy/")
    assert reply.json["AccountId"] == "222222222222"


@pytest.mark.parametrize("host", ["127.0.0.1:{port}", "localhost:{port}", "LOCALHOST:{port}", "[::1]:{port}"])
def test_every_name_of_this_machine_is_right(one: Served, host: str) -> None:
    """A Host that names the loopback and our port is let in, in any case."""
    assert ask(one, host=f"Host: {host}").status == 200


@pytest.mark.parametrize(
    "lines",
    [
        ["Accept: application/json", "User-Agent: python-urllib3/2.8.0", "Accept-Encoding: identity"],
        ["Content-Length: 0", "Connection: keep-alive"],
        ["Connection: close"],
    ],
)
def test_what_sdks_add_is_let_in(one: Served, lines: list[str]) -> None:
    """Headers of SDKs do no harm, and none of them is required."""
    assert ask(one, *lines).status == 200


@pytest.mark.parametrize(
    "host",
    [
        "Host: evil.example:{port}",
        "Host: localhost.evil.com:{port}",
        "Host: 127.0.0.1.evil.com:{port}",
        "Host: 127.0.0.1",
        "Host: 127.0.0.1:80",
        "Host: 127.0.0.1:{port}0",
        "Host: 127.0.0.1:{port}@evil.com",
        "Host: 0.0.0.0:{port}",
        "Host: 127.1:{port}",
        "Host: 2130706433:{port}",
        "Host: [::ffff:127.0.0.1]:{port}",
        "Host:",
    ],
)
def test_another_host_is_refused(one: Served, host: str) -> None:
    """A page whose name was rebound to 127.0.0.1 sends its own name as Host: it gets nothing."""
    assert refused(ask(one, host=host)) == (403, "http_host")


@pytest.mark.parametrize(
    "line",
    [
        "Origin: http://evil.example",
        "Origin: null",
        "Origin: http://127.0.0.1:{port}",
        "Referer: http://127.0.0.1:{port}/",
        "Sec-Fetch-Site: same-origin",
        "sec-fetch-mode: no-cors",
        "Sec-Ch-Ua: Chromium",
        "X-Forwarded-For: 10.0.0.1",
        "x-forwarded-host: localhost",
        "Forwarded: for=10.0.0.1",
        "Via: 1.1 proxy",
        "Cookie: a=b",
        "Access-Control-Request-Private-Network: true",
    ],
)
def test_browsers_and_proxies_are_refused_even_with_the_token(one: Served, line: str) -> None:
    """What only a browser or a proxy adds is a reason to say no, whatever else is right."""
    assert refused(ask(one, line)) == (403, "http_browser")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "get", "GETX"])
def test_only_get_is_answered(one: Served, method: str) -> None:
    """Another method is 405, and OPTIONS is no way to a CORS header."""
    reply = ask(one, first=method + " {path} HTTP/1.1")
    assert refused(reply) == (405, "http_method")
    assert reply.headers["allow"] == "GET"


def test_a_preflight_gets_no_leave(one: Served) -> None:
    """A browser that asks beforehand is not told that it may."""
    lines = ["Access-Control-Request-Method: GET", "Access-Control-Request-Headers: authorization"]
    reply = ask(one, "Origin: http://evil.example", *lines, first="OPTIONS {path} HTTP/1.1")
    assert reply.status == 405
    assert not [name for name in reply.headers if name.startswith("access-control")]


def test_head_is_refused_without_a_body(one: Served) -> None:
    """HEAD is no GET, and its answer has no body."""
    reply = ask(one, first="HEAD {path} HTTP/1.1")
    assert (reply.status, reply.body) == (405, b"")


@pytest.mark.parametrize(
    "target",
    [
        "/",
        "{path}/",
        "{path}?",
        "{path}?a=b",
        "{path}#a",
        "/{path}",
        "{path}%2e%2e",
        "/%2e%2e{path}",
        "/..{path}",
        "/.{path}",
        "/x/..{path}",
        "http://127.0.0.1:{port}{path}",
        "http://evil.example{path}",
        "*",
        "/latest/meta-data/iam/security-credentials/",
    ],
)
def test_another_path_is_refused(one: Served, target: str) -> None:
    """The target is compared byte by byte: nothing is decoded, cleaned up or taken apart."""
    assert refused(ask(one, first=f"GET {target} HTTP/1.1")) == (404, "http_path")


def tokens(token: str) -> dict[str, str]:
    """Wrong ways to say a token, by name."""
    other = "A" if token[-1] != "A" else "B"
    return {
        "empty": "Authorization:",
        "prefix": f"Authorization: {token[:-1]}",
        "longer": f"Authorization: {token}x",
        "one letter": f"Authorization: {token[:-1]}{other}",
        "scheme": f"Authorization: Bearer {token}",
        "swapped case": f"Authorization: {token.swapcase()}",
        "another alphabet": "Authorization: \xff\xfe",
        "another header": f"X-Authorization: {token}",
        "twice": f"Authorization: {token}\r\nAuthorization: {token}",
        "right, then wrong": f"Authorization: {token}\r\nAuthorization: x",
        "none": "Accept: */*",
    }


@pytest.mark.parametrize("way", tokens("AB"))
def test_another_token_is_refused(one: Served, way: str) -> None:
    """No token, two, or one that is only nearly right, is 401, whatever the path."""
    for path in (one.path, "/"):
        request = f"GET {path} HTTP/1.1\r\nHost: {one.host}\r\n{tokens(one.token)[way]}\r\n\r\n"
        assert refused(one.send(request)) == (401, "http_token")


def test_a_token_in_the_target_is_none(one: Served) -> None:
    """A token belongs into the header, where no log and no page sees it."""
    reply = one.send(f"GET {one.path}?token={one.token} HTTP/1.1\r\nHost: {one.host}\r\n\r\n")
    assert reply.status == 401


def test_the_token_of_another_profile_opens_only_its_own_path(one: Served, open_rig: Rig) -> None:
    """Two commands, two tokens: neither gets what belongs to the other."""
    with served(open_rig, "account-b") as other:
        assert other.port == one.port
        assert refused(one.fetch(token=other.token)) == (404, "http_path")
        assert refused(other.fetch(token=one.token)) == (404, "http_path")
        assert other.fetch().json["AccountId"] == "333333333333"
        assert one.fetch().json["AccountId"] == "222222222222"


HOST = "Host: 127.0.0.1:{port}\r\n"
RIGHT = "GET {path} HTTP/1.1\r\n" + HOST + "Authorization: {token}\r\n"
GRAMMAR = {
    "HTTP/0.9": "GET {path}\r\n\r\n",
    "no version": "GET {path} \r\n" + HOST + "\r\n",
    "HTTP/2": RIGHT.replace("HTTP/1.1", "HTTP/2.0") + "\r\n",
    "HTTP/2 preface": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "no Host": RIGHT.replace(HOST, "") + "\r\n",
    "two Hosts": RIGHT + HOST + "\r\n",
    "TLS": "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    "a NUL": RIGHT.replace("{path}", "{path}\0") + "\r\n",
    "a space in the target": RIGHT.replace("{path}", "{path} x") + "\r\n",
    "a space before the colon": RIGHT.replace("Authorization:", "Authorization :") + "\r\n",
    "a body": RIGHT + "Content-Length: 3\r\n\r\nabc",
    "chunks": RIGHT + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks and a length": RIGHT + "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n0\r\n\r\n",
    "two lengths": RIGHT + "Content-Length: 0\r\nContent-Length: 5\r\n\r\nabcde",
    "pipelining": 2 * (RIGHT + "\r\n"),
    "something behind": RIGHT + "\r\nx",
    "an upgrade": RIGHT + "Connection: upgrade\r\nUpgrade: websocket\r\n\r\n",
    "a wait for leave": RIGHT + "Expect: 100-continue\r\n\r\n",
}


@pytest.mark.parametrize("name", GRAMMAR)
def test_what_is_not_one_plain_request_is_refused(one: Served, name: str) -> None:
    """One answer, 400, and no secret in it; the connection ends."""
    reply = one.send(GRAMMAR[name].format(path=one.path, port=one.port, token=one.token))
    assert refused(reply) == (400, "http_request")
    assert reply.body.count(b"Message") == 1


def test_a_host_is_wanted_of_http_1_0_too(one: Served) -> None:
    """The old version is no way around the Host."""
    assert refused(one.send(f"GET {one.path} HTTP/1.0\r\nAuthorization: {one.token}\r\n\r\n")) == (403, "http_host")


@pytest.mark.parametrize("many", [1, 2000])
def test_more_than_8_kib_is_refused(one: Served, many: int) -> None:
    """However it is spread over headers, and whether or not it ends."""
    lines = [f"X-Long-{number}: {'x' * (9000 // many)}" for number in range(many)]
    assert refused(ask(one, *lines)) == (431, "http_too_long")
    assert refused(one.send(b"GET /" + b"x" * 70_000)) == (431, "http_too_long")


def test_who_is_slow_is_refused_in_two_seconds(one: Served) -> None:
    """Byte by byte or not at all: after two seconds it is over, and others were served meanwhile."""
    begun = time.monotonic()
    connections = [socket.create_connection(("127.0.0.1", one.port), timeout=10) for _ in range(20)]
    for connection in connections[:10]:
        connection.sendall(f"GET {one.path} HTTP/1.1\r\n".encode())
    assert one.fetch().status == 200
    replies = [read(connection) for connection in connections]
    assert {refused(reply) for reply in replies} == {(408, "http_slow")}
    assert 1.5 < time.monotonic() - begun < 8
    for connection in connections:
        connection.close()


def test_one_byte_at_a_time_is_a_request_too(one: Served) -> None:
    """How the bytes come in does not matter."""
    with socket.create_connection(("127.0.0.1", one.port), timeout=10) as connection:
        for byte in f"GET {one.path} HTTP/1.1\r\nHost: {one.host}\r\nAuthorization: {one.token}\r\n\r\n".encode():
            connection.sendall(bytes([byte]))
        assert read(connection).status == 200


def test_crowds_are_let_in_up_to_a_limit(one: Served) -> None:
    """Beyond 256 connections a caller is turned away at once; when the crowd has gone, all is as before."""
    crowd = [socket.create_connection(("127.0.0.1", one.port), timeout=10) for _ in range(300)]
    assert one.fetch().status == 0
    for connection in crowd:
        connection.close()
    eventually("the crowd to be gone", lambda: one.fetch().status == 200)


def test_many_at_once_all_get_the_same(one: Served) -> None:
    """Thirty-two clients, twenty times each."""
    with ThreadPoolExecutor(32) as pool:
        replies = list(pool.map(lambda _: one.fetch(), range(640)))
    assert {reply.status for reply in replies} == {200}
    assert len({reply.body for reply in replies}) == 1


def test_who_leaves_early_harms_nobody(one: Served) -> None:
    """Hang-ups at any point, also with a reset, leave the endpoint as it was."""
    request = f"GET {one.path} HTTP/1.1\r\nHost: {one.host}\r\nAuthorization: {one.token}\r\n\r\n".encode()
    for length in (0, 1, 20, len(request)):
        for linger in (None, b"\1\0\0\0\0\0\0\0"):
            with socket.create_connection(("127.0.0.1", one.port), timeout=10) as connection:
                if linger is not None:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                connection.sendall(request[:length])
    assert one.fetch().status == 200


def test_who_closes_its_half_gets_its_answer(one: Served) -> None:
    """As `nc -N` does."""
    with socket.create_connection(("127.0.0.1", one.port), timeout=10) as connection:
        connection.sendall(
            f"GET {one.path} HTTP/1.1\r\nHost: {one.host}\r\nAuthorization: {one.token}\r\n\r\n".encode()
        )
        connection.shutdown(socket.SHUT_WR)
        assert read(connection).status == 200


def test_only_127_0_0_1_listens(one: Served) -> None:
    """No other address of this machine leads to it."""
    for address in ("127.0.0.2", "::1", socket.gethostbyname(socket.gethostname())):
        if address != "127.0.0.1":
            with pytest.raises(OSError, match=r"refused|unreachable|assign|not supported"):
                socket.create_connection((address, one.port), timeout=5)


def test_no_refusal_holds_a_secret(one: Served, open_rig: Rig) -> None:
    """Neither the answers nor the agent's log give away the token or credentials."""
    for request in GRAMMAR.values():
        reply = one.send(request.format(path=one.path, port=one.port, token=one.token))
        assert one.token.encode() not in reply.body
    document = one.fetch().json
    for secret in (one.token, document["SecretAccessKey"], document["Token"]):
        assert secret not in open_rig.log


def test_threads_that_fetch_while_others_knock_in_vain(one: Served) -> None:
    """Noise does not disturb those who are let in."""
    stop = threading.Event()

    def noise() -> None:
        while not stop.is_set():
            one.fetch(token="wrong")

    threads = [threading.Thread(target=noise) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        assert {one.fetch().status for _ in range(100)} == {200}
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def refused(reply: Reply) -> tuple[int, str]:
    """Status and code of a refusal, which is JSON in both spellings, and never lets a page read it."""
    said = json.loads(reply.body)
    assert set(said) == {"code", "message", "Code", "Message"}
    assert (said["code"], said["message"]) == (said["Code"], said["Message"])
    assert not [name for name in reply.headers if name.startswith("access-control")]
    assert reply.headers["connection"] == "close"
    return reply.status, str(said["code"])
