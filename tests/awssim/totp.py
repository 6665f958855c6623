"""One-time codes (RFC 6238), and how AWS judges them: two steps either way, each once, nine tries in three minutes."""

import base64
import hashlib
import hmac
from enum import Enum

STEP = 30  # seconds
DRIFT = 2  # steps accepted before and after the current one
WINDOW = 180  # seconds; windows are aligned to UTC
BUDGET = 9  # verifications per device and window, right or wrong


def totp(seed: str, at: float) -> str:
    """The six digits that a device with this base32 `seed` shows at `at` (Unix seconds)."""
    return _hotp(seed, int(at // STEP))


def _hotp(seed: str, counter: int) -> str:
    digest = hmac.new(base64.b32decode(seed, casefold=True), counter.to_bytes(8, "big"), hashlib.sha1).digest()
    offset = digest[-1] & 15
    return f"{(int.from_bytes(digest[offset : offset + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06d}"


class Verdict(Enum):
    """What AWS makes of a code."""

    RIGHT = "accepted, and spent by that"
    WRONG = "wrong, or used before"
    BUDGET = "not even looked at: too many tries in this window"


class Device:
    """A virtual MFA device as AWS sees it: its seed, the counters already used, the tries of this window."""

    def __init__(self, serial: str, seed: str, owner: str) -> None:
        """Register the device `serial` of the user with the ARN `owner`."""
        self.serial = serial
        self.seed = seed
        self.owner = owner
        self._spent: set[int] = set()
        self._window = -1
        self._tries = 0

    def verify(self, code: str, now: float) -> Verdict:
        """Judge `code` at `now` (Unix seconds), and count the try."""
        window = int(now // WINDOW)
        if window != self._window:
            self._window, self._tries = window, 0
        if self._tries >= BUDGET:
            return Verdict.BUDGET
        self._tries += 1
        for counter in self._counters(now):
            if counter not in self._spent and hmac.compare_digest(_hotp(self.seed, counter).encode(), code.encode()):
                self._spent.add(counter)
                return Verdict.RIGHT
        return Verdict.WRONG

    def unused_code(self, now: float) -> str:
        """A code that would be accepted at `now`: the shown one if it is unused, else the nearest unused one."""
        middle = int(now // STEP)
        # The outermost steps could fall out of the window before the code arrives; they come last.
        unused = sorted((c for c in self._counters(now) if c not in self._spent), key=lambda c: (abs(c - middle), -c))
        if not unused:
            raise LookupError(f"every code of {self.serial} around now is spent")
        return _hotp(self.seed, unused[0])

    def wrong_code(self, now: float) -> str:
        """Six digits that no step near `now` shows."""
        right = {_hotp(self.seed, int(now // STEP) + step) for step in range(-10, 11)}
        return next(code for code in map("{:06d}".format, range(100)) if code not in right)

    @staticmethod
    def _counters(now: float) -> range:
        middle = int(now // STEP)
        return range(middle - DRIFT, middle + DRIFT + 1)
