"""`env`: a profile's credentials on standard output, for a program that takes them in another way than we run it."""

import sys
from collections.abc import Mapping

from trayexec.commands.formats import FORMATS, Exported
from trayexec.commands.reading import Options
from trayexec.commands.role_words import policy_of
from trayexec.light import agent_client, context, execution, exits, protocol, stderr
from trayexec.light.errors import Text
from trayexec.light.translate import speaker

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trayexec.light.protocol_fields import RequestFields, Use

OUTER = ("TRAYEXEC_PROFILE", "AWS_CREDENTIAL_EXPIRATION", "AWS_CONTAINER_CREDENTIALS_FULL_URI")  # whose region it is


def env(options: Options, environ: Mapping[str, str]) -> int:
    """Print credentials in a format. Raises TrayexecError (`unwritable`) for what the format cannot say."""
    asked = request(options, environ, "trayexec env", use="sets")
    served = protocol.read_credentials(agent_client.obtain(asked, environ))
    if options.need is not None:
        from trayexec.commands import need_warning  # noqa: PLC0415 — only with the option

        need_warning.tell(asked, served, environ)
    own = {name: environ[name] for name in (*execution.REGIONS, *OUTER) if name in environ}
    variables = execution.environment(served, options.profile, options.region, own)
    document = {name: value for name, value in served.items() if name not in {"Overlay", "RegionOf"}}
    document["Region"] = variables.get("AWS_REGION")
    page = FORMATS[options.format](Exported(options.profile, variables, document, environ))
    speak = speaker(environ)
    for remark in page.remarks:
        stderr.say(speak(remark))
    if sys.stdout.isatty():
        stderr.say(
            speak(
                Text(
                    "these are secrets, and now they are on your screen and in its history. "
                    'Better: `eval "$(trayexec env PROFILE)"`, or `trayexec PROFILE -- CMD…`'
                )
            )
        )
    sys.stdout.buffer.write(page.text.encode("utf-8", "surrogateescape"))
    return exits.OK


def request(options: Options, environ: Mapping[str, str], program: str, *, use: "Use") -> "RequestFields":
    """What a verb asks the agent for on behalf of `program`, which does this with what it gets."""
    return protocol.credentials(
        context.surroundings(environ),
        options.profile,
        wait=options.wait,
        need=options.need,
        program=program,
        use=use,
        source=options.source,
        long=getattr(options, "long", None),
        policy=policy_of(options),
    )
