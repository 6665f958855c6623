"""The private socket's protocol, version 1, for both ends: pure, no I/O.

One connection is one request line, then any number of note lines, then one final line; each line is one JSON object in
UTF-8, and a request is at most 64 KiB long. The run path lives on this module, so it takes the C parts of the standard
`json` without the package around them: `import json` alone would cost as much as the rest of a run.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

try:
    import _json

    _fast: "Any" = _json
except ImportError:  # an interpreter without the C parts
    _fast = None

VERSION = 1
# What of a caller's environment decides where its AWS is, as botocore reads it
# (https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html, botocore's configprovider.py and args.py).
# It stands in a request under "aws", and nothing else of an environment does.
AWS_VARIABLES = (
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_STS",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_STS_REGIONAL_ENDPOINTS",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_CA_BUNDLE",
    "REQUESTS_CA_BUNDLE",
)
AWS_PATHS = ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE")  # those of them that name files
# By which way the caller's machine reaches AWS: all that botocore reads of it (urllib.request.getproxies_environment,
# of which its httpsession.py takes `http` and `https`). They stand in a request under "proxy".
PROXY_VARIABLES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy")
MAX_LINE = 64 * 1024
MAX_DEPTH = 8
_NESTED = (dict, list)


class ProtocolError(ValueError):
    """A line that is not of this protocol."""


def _object(pairs: "list[tuple[str, Any]]") -> "dict[str, Any]":
    table = dict(pairs)
    if len(table) != len(pairs):
        raise ProtocolError("a key stands twice")
    return table


def _constant(name: str) -> "Any":
    raise ProtocolError(f"{name} is not JSON")


if _fast is not None:

    class _Rules:
        strict = True
        object_hook = None
        object_pairs_hook = staticmethod(_object)
        parse_float = float
        parse_int = int
        parse_constant = staticmethod(_constant)

    _scan: "Any" = _fast.make_scanner(_Rules())
    _options = (None, None, _fast.encode_basestring_ascii, None, ":", ",", False, False, False)
    _chunks: "Any" = _fast.make_encoder(*_options)

    def _load(text: str) -> "Any":
        value, end = _scan(text, 0)
        if end != len(text):
            raise ProtocolError("something follows the object")
        return value

    def _dump(message: "Mapping[str, Any]") -> str:
        return "".join(_chunks(message, 0))

else:
    import json

    def _load(text: str) -> "Any":
        return json.loads(text, object_pairs_hook=_object, parse_constant=_constant)

    def _dump(message: "Mapping[str, Any]") -> str:
        return json.dumps(message, separators=(",", ":"), allow_nan=False)


def document(message: "Mapping[str, Any]") -> str:
    """A flat object as JSON in ASCII, for whoever reads what we print."""
    return _dump(message)


def encode(message: "Mapping[str, Any]") -> bytes:
    """One line, with its newline."""
    return _dump({"v": VERSION, **message}).encode("ascii") + b"\n"


def decode(line: bytes, most: int = MAX_LINE) -> "dict[str, Any]":
    """The object on one line of at most `most` bytes. Raises WireError for anything that is not one of ours."""
    if len(line) > most:
        raise ProtocolError(f"the line is longer than {most} bytes")
    try:
        value = _load(line.decode("utf-8").strip(" \t\r\n"))
    except ProtocolError:
        raise
    except (ValueError, RecursionError, StopIteration):
        raise ProtocolError("the line is not JSON") from None
    if not isinstance(value, dict):
        raise ProtocolError("the line is not an object")
    if _deeper(value, MAX_DEPTH):
        raise ProtocolError("the line is nested too deeply")
    return value


def _deeper(value: "dict[str, Any] | list[Any]", depth: int) -> bool:
    if depth < 1:
        return True
    inner = value.values() if isinstance(value, dict) else value
    return any(_deeper(one, depth - 1) for one in inner if isinstance(one, _NESTED))
