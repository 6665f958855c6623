"""What goes wrong on request: a script of faults, each for some action and a number of calls."""

import threading
from dataclasses import dataclass, replace
from enum import Enum
from fnmatch import fnmatchcase


class Kind(Enum):
    """The fault. Those up to `REGION_DISABLED` come before the request is looked at; the rest after it took effect."""

    DELAY = "delay"  # wait `seconds`, then go on as if nothing had been
    THROTTLE = "throttle"
    ERROR_500 = "error-500"
    ERROR_503 = "error-503"
    DROP_BEFORE = "drop-before"  # read the request, close the connection
    HTML = "html"  # a captive portal: 200 and a page
    REDIRECT = "redirect"  # a captive portal: 302
    EXPIRED_TOKEN = "expired-token"
    INVALID_TOKEN = "invalid-token"
    REGION_DISABLED = "region-disabled"
    LATE = "late"  # the answer comes after `seconds`
    DROP_AFTER = "drop-after"  # take effect, close the connection without an answer
    TRUNCATE = "truncate"  # half of the answer
    SLOW = "slow"  # the answer comes byte by byte, over `seconds`
    NO_CREDENTIALS = "no-credentials"
    PAST_EXPIRATION = "past-expiration"
    FAR_EXPIRATION = "far-expiration"
    NO_EXPIRATION = "no-expiration"
    BAD_EXPIRATION = "bad-expiration"
    HUGE = "huge"  # 10 MB
    BOMB = "bomb"  # XML that expands
    NO_DATE = "no-date"  # an answer without Date header


_AFTER = frozenset(list(Kind)[list(Kind).index(Kind.LATE) :])


@dataclass(frozen=True, slots=True)
class Fault:
    """`kind` for the next `count` calls of `action` (a pattern) whose role ARN fits `role` (a pattern)."""

    kind: Kind
    action: str = "*"
    count: int = 1
    seconds: float = 0.0
    role: str = "*"

    @property
    def after(self) -> bool:
        """Whether the request takes effect first."""
        return self.kind in _AFTER


class Script:
    """The faults still to come, in order. Safe to use from any thread."""

    def __init__(self) -> None:
        """Begin with none."""
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Append one."""
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        """Let everything go well again."""
        with self._lock:
            self._faults.clear()

    def take(self, action: str, role_arn: str) -> Fault | None:
        """The first fault that fits this call, used up by one."""
        with self._lock:
            for place, fault in enumerate(self._faults):
                if fnmatchcase(action, fault.action) and fnmatchcase(role_arn, fault.role):
                    if fault.count > 1:
                        self._faults[place] = replace(fault, count=fault.count - 1)
                    else:
                        del self._faults[place]
                    return fault
        return None
