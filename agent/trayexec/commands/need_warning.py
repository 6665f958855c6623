"""`--need`: what is said when the session has the time that was asked for, but AWS gives the role less."""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from trayexec.commands import times
from trayexec.core.shell_words import profile
from trayexec.core.stamps import unix
from trayexec.light import stderr
from trayexec.light.errors import Text
from trayexec.light.translate import speaker

if TYPE_CHECKING:
    from trayexec.light.protocol_fields import CredentialsAnswer, RequestFields

SLACK = 60  # seconds that the question itself may have taken


def tell(asked: "RequestFields", served: "CredentialsAnswer", environ: Mapping[str, str]) -> None:
    """Say it if what was `served` ends before the `need` seconds of what was `asked` are over."""
    stamp = served["Expiration"]
    if unix(stamp) - time.time() < asked.get("need", 0) - SLACK:
        stderr.say(
            speaker(environ)(
                Text(
                    "the session lasts as long as --need says, but what AWS gives a role lasts until {time}. "
                    "What runs longer renews by itself under `trayexec --live {profile} -- …`.",
                    time=times.clock(stamp),
                    profile=profile(asked["profile"]),
                )
            )
        )
