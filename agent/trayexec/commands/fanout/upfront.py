"""Credentials for all, before anything runs: got side by side, and every refusal said."""

import selectors
import time
from collections.abc import Iterable, Sequence

from trayexec.commands.fanout.caller import Invocation
from trayexec.commands.fanout.obtaining import Conversation, Denied, Obtaining, Outcome, who
from trayexec.commands.fanout.result import End, Result
from trayexec.commands.fanout.screen import Stream
from trayexec.commands.fanout.selection import Candidate
from trayexec.light.errors import Text

SLOW = 1.0  # seconds until it is said what takes so long


def credentials(
    caller: Invocation, profiles: Sequence[str], obtaining: Obtaining, selector: selectors.BaseSelector
) -> list[Outcome]:
    """Credentials for all, or why not, before anything runs."""
    outcomes: list[Outcome] = list(obtaining.want(profiles))
    said, slow = False, time.monotonic() + SLOW
    while obtaining.busy:
        for key, _ in selector.select(SLOW / 4):
            if isinstance(key.data, Conversation):
                outcomes += obtaining.heard(key.data)
        outcomes += obtaining.tick()
        if time.monotonic() >= slow:
            text = Text("credentials: {have} of {all}…", have=len(outcomes), all=len(profiles))
            caller.screen.status(f"trayexec: {caller.speak(text)}")
            if not said and Stream.ERR not in caller.screen.terminals:
                caller.say(text)
            said = True
    caller.screen.clear()
    return outcomes


def denials(chosen: Sequence[Candidate], denied: Iterable[Denied]) -> dict[str, Result]:
    """The lines of the table for those who have none."""
    accounts = {one.name: one.account for one in chosen}
    return {one.profile: Result(one.profile, accounts[one.profile], End.DENIED, trouble=one.trouble) for one in denied}


def say_denials(caller: Invocation, denied: Sequence[Denied], *, of: int) -> None:
    """Why some have none, each reason once, before anything runs."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for one in denied:
        reason = (caller.speak(one.trouble.title), caller.speak(one.trouble.hint))
        reasons.setdefault(reason, []).append(one.profile)
    for (title, hint), profiles in reasons.items():
        caller.screen.say(f"{who(profiles)}: {title}\n  {hint}")
    if denied and not caller.options.keep_going:
        if len(denied) < of:
            caller.say(Text("nothing has run; --keep-going runs the other {count}", count=of - len(denied)))
        else:
            caller.say(Text("nothing has run"))
