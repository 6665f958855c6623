"""`console`: the AWS console in the browser, signed in as a profile's role, or as a federated user of an identity."""

import shlex
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from trayexec.adapters import clipboard
from trayexec.adapters.aws_files import files_of_this_user
from trayexec.adapters.browser import ChosenBrowser, open_secretly
from trayexec.adapters.federation import FederationCredentials, signin_token
from trayexec.commands import own_settings
from trayexec.commands.env import request
from trayexec.commands.reading import Options
from trayexec.core.broker.delivery import FRESH_ROLE
from trayexec.core.config import adhoc, federated
from trayexec.core.config.profiles import Profile, Provider, Role
from trayexec.core.config.sources import Source
from trayexec.core.credentials import Secret
from trayexec.core.federation import URL_LIFE, login_url, place_of
from trayexec.core.shell_words import argument
from trayexec.light import agent_client, execution, exits, protocol, stderr
from trayexec.light.errors import Text, TrayexecError, Trouble, trouble
from trayexec.light.translate import speaker
from trayexec.live import overlay_origin

if TYPE_CHECKING:
    from trayexec.light.protocol_fields import RegionAnswer


MAY_BE_A_USERS = frozenset({Source.PROCESS, Source.LOGIN})  # what these give need be no role's


def console(options: Options, environ: Mapping[str, str]) -> int:
    """Sign in, and open or print the address.

    AWS ends the console's session with the credentials it was opened with, so `--duration` is how much these must
    have left: an hour at most. Raises TrayexecError when there is nobody to sign in as, no address or no browser.
    """
    speak = speaker(environ)
    options.need = min(options.duration, FRESH_ROLE) if options.duration is not None else None
    profile = _signing_in(options, environ)  # before anybody is asked for a code
    who = profile.target
    said: RegionAnswer = {"Region": profile.region, "RegionOf": "default" if profile.inherits_region else None}
    region = execution.region_of(options.region, said, environ)
    override = environ.get("AWS_ENDPOINT_URL_SIGNIN") or None
    partition = who.arn.split(":")[1] if isinstance(who, Role) else who.partition
    place = place_of(
        partition, region=region, service=options.service, override=override, destination=options.destination
    )
    settings = own_settings.load(environ)
    if options.copy and not clipboard.tools(environ):
        raise TrayexecError(_no_clipboard(options.profile))
    answer = agent_client.obtain(request(options, environ, "trayexec console", use="signs in"), environ)
    served = protocol.read_credentials(answer)
    credentials = FederationCredentials(
        served["AccessKeyId"], Secret(served["SecretAccessKey"]), Secret(served["SessionToken"])
    )
    bundle = who.endpoint.ca_bundle
    try:
        token = signin_token(place.endpoint, credentials, ca_bundle=bundle or environ.get("REQUESTS_CA_BUNDLE"))
    except TrayexecError as error:
        if error.trouble.code == "signin_refused" and isinstance(who, Provider) and who.kind in MAY_BE_A_USERS:
            raise TrayexecError(_no_role(error.trouble, who)) from None
        raise
    url = login_url(place, token.reveal())
    if isinstance(who, Role) and federated.is_federated(who):
        said_of_it = Text(
            "{profile} is no role, so this is a federated user: AWS knows of no MFA there, and refuses what your "
            "policies allow only with MFA",
            profile=options.profile,
        )
        stderr.say(speak(said_of_it))
    minutes = URL_LIFE // 60
    if options.copy:
        if not clipboard.copy(url, environ):
            raise TrayexecError(_no_clipboard(options.profile))
        said_of_it = Text(
            "copied: for {minutes} minutes this address signs in whoever opens it, and it stays in the clipboard until "
            "something else is copied",
            minutes=minutes,
        )
        stderr.say(speak(said_of_it))
        return exits.OK
    if options.print:
        stderr.say(speak(Text("for {minutes} minutes this address signs in whoever opens it", minutes=minutes)))
        sys.stdout.write(url + "\n")
        return exits.OK
    rule = None if settings is None else settings.rule(options.profile)
    chosen = ChosenBrowser(rule.browser.argv, options.profile, rule.colour) if rule and rule.browser else None
    if not open_secretly(url, environ, chosen):
        if chosen is not None:
            raise TrayexecError(_did_not_come(chosen))
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


def _no_role(why: Trouble, provider: Provider) -> Trouble:
    """What to do where the credentials are most likely a user's: AWS signs in only a role or a federated user."""
    hint = Text(
        "AWS signs in a role, and no session of a user, such as {source} of {profile} may give: write a profile with "
        "role_arn and source_profile = {profile}, and sign in as that.",
        source=provider.by,
        profile=provider.name,
    )
    return Trouble(why.code, why.title, hint)


def _did_not_come(chosen: ChosenBrowser) -> Trouble:
    return trouble(
        "no_browser",
        "The browser that config.toml names for {profile} did not come to open the console: {command}",
        "Correct it there. ext+container: is for Firefox with the extension Open external links in a container.",
        profile=chosen.profile,
        command=shlex.join(chosen.argv),
    )


def _no_clipboard(profile: str) -> Trouble:
    return trouble(
        "no_clipboard",
        "No program that fills the clipboard of this desktop is there, or it failed.",
        "Install wl-clipboard under Wayland, xclip or xsel under X11; or have it printed: "
        "`trayexec console {word} --print`",
        word=argument(profile),
    )


def _signing_in(options: Options, environ: Mapping[str, str]) -> Profile:
    """The profile as whom it signs in, by the caller's files. Raises TrayexecError for one that is not served."""
    catalogue = files_of_this_user(overlay_origin.outside(environ)).load()
    found = adhoc.find(catalogue, options.profile, options.source)
    return federated.signing_in(found, catalogue.session_name)
