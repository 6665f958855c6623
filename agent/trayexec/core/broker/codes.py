"""Decides what counts as an MFA code, which are spent, and when the next appears. It must not know dialogs or STS.

Facts (AWS, RFC 6238): a code is six ASCII digits and lives in a step of 30 seconds; AWS takes each code once, and
counts nine verifications per device in three minutes, right or wrong. We stop at five. All of this is kept on the
boot clock: a wall clock that a person turns must make no spent code look good.
"""

from dataclasses import dataclass, replace
from math import ceil

from trayexec.core import messages
from trayexec.core.clock import Instant
from trayexec.core.credentials import Secret
from trayexec.light.errors import Text

STEP = 30
WINDOW = 180
BUDGET = 9  # that AWS counts in a window of its own, which begins at a full three minutes of UTC
TRIES = 5
SPENT_FOR = 150
DIGITS = 6


@dataclass(frozen=True, slots=True)
class Spent:
    """A code that was sent to AWS for a device, and when."""

    code: Secret
    at: Instant


@dataclass(frozen=True, slots=True)
class Device:
    """What we remember of one MFA device: the codes sent lately, and until when (seconds since boot) it is closed."""

    spent: tuple[Spent, ...] = ()
    closed_until: float = 0.0


def parse(text: str) -> Secret | Text:
    """The code in what a person typed, or the reason why it is none. White space is dropped wherever it stands."""
    digits = "".join(text.split())
    if len(digits) == DIGITS and digits.isascii() and digits.isdigit():
        return Secret(digits)
    return messages.other_length(len(digits)) if digits.isascii() and digits.isdigit() else messages.no_digits()


def wait_for_next(now: Instant) -> int:
    """Seconds until the device shows its next code."""
    return STEP - int(now.wall) % STEP


def is_spent(device: Device, code: Secret, now: Instant) -> bool:
    """Whether this very code was sent within the last 150 seconds: AWS would refuse it."""
    return any(one.code.reveal() == code.reveal() and now.boot - one.at.boot < SPENT_FOR for one in device.spent)


def wait_if_sent(device: Device, now: Instant) -> int:
    """Seconds until the next code, where one was sent while the device showed this one; else 0."""
    begun = now.wall % STEP
    return wait_for_next(now) if any(now.boot - one.at.boot <= begun for one in device.spent) else 0


def sent(device: Device, code: Secret, now: Instant) -> Device:
    """The device after `code` has been sent; what is older than the window is forgotten."""
    recent = tuple(one for one in device.spent if now.boot - one.at.boot < WINDOW)
    return replace(device, spent=(*recent, Spent(code, now)))


def unsent(device: Device, code: Secret) -> Device:
    """The device after it turned out that `code` never left this machine: it is still good."""
    return replace(device, spent=tuple(one for one in device.spent if one.code is not code))


def used_up(device: Device, now: Instant) -> bool:
    """Whether so many codes went to AWS for this device since the last full three minutes that it looks at no more."""
    begun = now.wall % WINDOW
    return sum(now.boot - one.at.boot <= begun for one in device.spent) >= BUDGET


def exhausted(device: Device, now: Instant) -> Device:
    """The device after AWS said that its own budget is used up: nothing more until the next three-minute boundary."""
    return replace(device, closed_until=now.boot + WINDOW - now.wall % WINDOW + 1)


def seconds_closed(device: Device, now: Instant) -> int:
    """Seconds until another code may be sent for this device; 0 when one may be sent now."""
    opens = device.closed_until
    if len(device.spent) >= TRIES:
        opens = max(opens, device.spent[-TRIES].at.boot + WINDOW)
    return max(0, ceil(opens - now.boot))
