"""What it means that no answer of a service came over botocore's transport, whichever service that is."""

import urllib3.exceptions
from botocore.exceptions import (
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    InvalidProxiesConfigError,
    ProxyConnectionError,
    SSLError,
)

from trayexec.adapters.sts_errors import untrusted
from trayexec.light.errors import Trouble, trouble


def accident(error: Exception, host: str, *, service: str) -> Trouble:
    """In words; the code begins with `service`. Nothing of the request is in it."""
    match error:
        case ProxyConnectionError() | InvalidProxiesConfigError():
            return trouble(
                f"{service}_proxy",
                "The proxy on the way to {host} cannot be reached, or refuses.",
                "Check HTTPS_PROXY and NO_PROXY.",
                host=host,
            )
        case SSLError():
            return untrusted(f"{service}_tls", host)
        case OSError() if not isinstance(error, HTTPClientError):
            return trouble(
                f"{service}_tls",
                "The certificate bundle for {host} cannot be read.",
                "Correct ca_bundle in your AWS config, or AWS_CA_BUNDLE: write the whole path from / on; ~ and $HOME "
                "mean nothing there.",
                host=host,
            )
        case EndpointConnectionError() | ConnectTimeoutError():
            return trouble(
                f"{service}_unreachable", "{host} cannot be reached.", "Check the network or the VPN.", host=host
            )
        case HTTPClientError() | urllib3.exceptions.HTTPError():
            return trouble(
                f"{service}_unreachable", "{host} gave no answer.", "Check the network and try again.", host=host
            )
        case _:
            return trouble(
                f"{service}_failed",
                "The request to {host} failed in a way nobody thought of ({kind}).",
                "Try again, and report it if it stays so.",
                host=host,
                kind=type(error).__name__,
            )
