"""HTTP/1.1 as a server speaks it, by h11: bytes in, one request out; one answer in, bytes out. No sockets in here.

h11 checks the grammar (RFC 9112). What goes beyond it is refused here, because no SDK that fetches credentials sends
it: a body, a second request on the same connection, more than 8 KiB.
"""

from http import HTTPStatus

import h11

from trayexec.core.container_credentials import HttpRequest
from trayexec.light.errors import Text, TrayexecError, Trouble, trouble

LONGEST = 8 * 1024  # bytes of a whole request; what SDKs send has about 300
VERSIONS = {b"1.0", b"1.1"}
BODY = {b"transfer-encoding", b"content-length", b"expect", b"upgrade"}


class H11Exchange:
    """The `Exchange` port."""

    def __init__(self) -> None:
        """Begin with nothing received."""
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=LONGEST)
        self._received = 0
        self._method = b""

    def receive(self, data: bytes) -> HttpRequest | None:
        """The request, once all of it is there. Raises TrayexecError (`http_request`, `http_too_long`) for none."""
        self._received += len(data)
        if self._received > LONGEST:
            raise TrayexecError(
                trouble("http_too_long", "The HTTP request is longer than {most} bytes.", "", most=LONGEST)
            )
        try:
            self._http.receive_data(data)
            event = self._http.next_event()
            if event is h11.NEED_DATA:
                return None
            if not isinstance(event, h11.Request):
                raise _no_request(Text("it ends too soon"))
            return self._request(event)
        except h11.RemoteProtocolError:  # its words quote the request, and with it the token
            raise _no_request(Text("it is not HTTP/1.1")) from None

    def _request(self, request: h11.Request) -> HttpRequest:
        self._method = request.method
        headers = tuple((bytes(name), bytes(value)) for name, value in request.headers)
        if request.http_version not in VERSIONS:
            raise _no_request(Text("its version is unknown"))
        if any(name in BODY and (name, value) != (b"content-length", b"0") for name, value in headers):
            raise _no_request(Text("it brings a body or asks for another protocol"))
        if not isinstance(self._http.next_event(), h11.EndOfMessage) or self._http.trailing_data[0]:
            raise _no_request(Text("something follows it"))
        return HttpRequest(bytes(request.method), bytes(request.target), headers)

    def respond(self, status: int, body: bytes) -> bytes:
        """A whole response with a JSON document, after which the connection ends.

        What strangers say is h11's to read; what we say is always the same few lines, and h11 takes as long for them
        as for a request.
        """
        allow = "Allow: GET\r\n" if status == HTTPStatus.METHOD_NOT_ALLOWED else ""  # RFC 9110, 15.5.6
        head = (
            f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
            f"{allow}Connection: close\r\n\r\n"
        )
        return head.encode("ascii") + (b"" if self._method == b"HEAD" else body)


def _no_request(why: Text) -> TrayexecError:
    return TrayexecError(_trouble(why))


def _trouble(why: Text) -> Trouble:
    return trouble("http_request", "That is no HTTP request for credentials: {why}.", "", why=why)
