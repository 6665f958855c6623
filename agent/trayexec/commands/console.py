"""`console`: the AWS console in the browser, signed in as a profile's role."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trayexec.adapters.aws_files import files_of_this_user
from trayexec.adapters.browser import open_secretly
from trayexec.adapters.federation import FederationCredentials, signin_token
from trayexec.commands.env import request
from trayexec.commands.reading import Options
from trayexec.core.broker.delivery import FRESH_ROLE
from trayexec.core.config import adhoc
from trayexec.core.config.profiles import Role
from trayexec.core.credentials import Secret
from trayexec.core.federation import URL_LIFE, login_url, place_of
from trayexec.core.shell_words import argument
from trayexec.light import agent_client, execution, exits, protocol, stderr
from trayexec.light.errors import Text, TrayexecError, trouble
from trayexec.light.translate import speaker
from trayexec.live import overlay_origin

if TYPE_CHECKING:
    from trayexec.light.protocol_fields import RegionAnswer


def console(options: Options, environ: Mapping[str, str]) -> int:
    """Sign in, and open or print the address.

    AWS ends the console's session with the credentials it was opened with, so `--duration` is how much these must
    have left: a role's hour at most. Raises TrayexecError when there is no role, no address or no browser.
    """
    speak = speaker(environ)
    options.need = min(options.duration, FRESH_ROLE) if options.duration is not None else None
    role = _role(options, environ)  # before anybody is asked for a code
    said: RegionAnswer = {"Region": role.region, "RegionOf": "default" if role.inherits_region else None}
    region = execution.region_of(options.region, said, environ)
    override = environ.get("AWS_ENDPOINT_URL_SIGNIN") or None
    place = place_of(role.arn, region=region, service=options.service, override=override)
    answer = agent_client.obtain(request(options, environ, "trayexec console"), environ)
    served = protocol.read_credentials(answer)
    credentials = FederationCredentials(
        served["AccessKeyId"], Secret(served["SecretAccessKey"]), Secret(served["SessionToken"])
    )
    token = signin_token(place.endpoint, credentials, ca_bundle=role.ca_bundle or environ.get("REQUESTS_CA_BUNDLE"))
    url = login_url(place, token.reveal())
    if options.print:
        minutes = URL_LIFE // 60
        stderr.say(speak(Text("for {minutes} minutes this address signs in whoever opens it", minutes=minutes)))
        sys.stdout.write(url + "\n")
        return exits.OK
    if not open_secretly(url, environ):
        raise TrayexecError(
            trouble(
                "no_browser",
                "No browser came to open the console.",
                "`trayexec console {word} --print` prints the address; $BROWSER names a browser.",
                word=argument(options.profile),
            )
        )
    stderr.say(speak(Text("the console of {profile} is open in the browser", profile=options.profile)))
    return exits.OK


@dataclass(frozen=True, slots=True)
class _Target:
    """What of a profile matters here."""

    arn: str
    region: str | None
    inherits_region: bool
    ca_bundle: str | None


def _role(options: Options, environ: Mapping[str, str]) -> _Target:
    """The profile's role, by the caller's files. Raises TrayexecError for a profile without one."""
    catalogue = files_of_this_user(overlay_origin.outside(environ)).load()
    found = adhoc.find(catalogue, options.profile, options.source)
    if isinstance(found.target, Role):
        return _Target(found.target.arn, found.region, found.inherits_region, found.target.endpoint.ca_bundle)
    raise TrayexecError(
        trouble(
            "console_identity",
            "{profile} is an identity itself, and AWS signs only roles in to the console this way.",
            "Name a profile with a role_arn (`trayexec list` shows them), or sign in with your user's password.",
            profile=options.profile,
        )
    )
