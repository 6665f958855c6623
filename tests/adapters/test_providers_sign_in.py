"""How a sign-in hears the browser come back: from the page that it opened, whoever else knocks."""

import http.client
import socket
from urllib.parse import urlencode

import pytest

from trayexec.adapters.providers import sign_in_child
from trayexec.adapters.providers.sign_in_child import NoTokenError, _Listener


def bring(listener: _Listener, *, path: str = sign_in_child.BACK, host: str | None = None, **said: str) -> int:
    """What somebody gets who comes with this."""
    connection = http.client.HTTPConnection(listener.host, timeout=10)
    try:
        connection.request("GET", f"{path}?{urlencode(said)}", headers={"Host": host or listener.host})
        return connection.getresponse().status
    finally:
        connection.close()


def test_only_the_page_that_was_opened_is_heard() -> None:
    """Another state, path or host is not found, nor what says nothing, and a second answer changes nothing."""
    listener = _Listener()
    state = listener.state
    with listener.serving():
        assert bring(listener, code="theirs", state="guessed") == 404
        assert bring(listener, code="theirs") == 404
        assert bring(listener, code="theirs", state=state, path="/") == 404
        assert bring(listener, code="theirs", state=state, host="rebound.example") == 404
        assert bring(listener, state=state) == 404
        assert bring(listener, code="ours", state=state) == 200
        bring(listener, code="replayed", state=state)
        assert listener.code() == "ours"


def test_a_refusal_is_heard() -> None:
    """Likewise only of that page."""
    listener = _Listener()
    with listener.serving():
        assert bring(listener, error="access_denied", state="guessed") == 404
        assert bring(listener, error="access_denied", state=listener.state) == 200
        with pytest.raises(NoTokenError, match="denied"):
            listener.code()


def test_who_knocks_and_says_nothing_does_not_keep_it_from_ending(monkeypatch: pytest.MonkeyPatch) -> None:
    """The person's time is over when it is over, and until then the browser is heard."""
    monkeypatch.setattr(sign_in_child, "PATIENCE", 0.2)
    listener = _Listener()
    with listener.serving(), socket.create_connection(("127.0.0.1", listener.server_port), timeout=10) as slow:
        slow.sendall(b"GET / HTTP/1.1\r\n")
        with pytest.raises(NoTokenError, match="expired"):
            listener.code()
        assert bring(listener, code="late", state=listener.state) == 200


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("https://device.example/\r\nSet-Cookie: a=b", "ABCD-EFGH"),
        ("https://device.example/ --flag", "ABCD-EFGH"),
        ("file:///etc/passwd", "ABCD-EFGH"),
        ("javascript:alert(1)", "ABCD-EFGH"),
        ("https://device.example/", "AB\x1b[2J"),
        ("https://device\u202e.example/", ""),
    ],
)
def test_what_is_no_page_is_not_opened(url: str, code: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever service a config names says it: nobody is led elsewhere, nor shown what moves a cursor."""
    with pytest.raises(NoTokenError):
        sign_in_child._show(url, code, opened=True)
    assert capsys.readouterr().out == ""
