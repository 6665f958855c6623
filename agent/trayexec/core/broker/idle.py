"""Tells when nobody has been at the machine for as long as `idle_lock` says. It must not know how one sees that.

A look tells how long ago the last key or mouse was used. Where nothing can tell, the last hand-out counts in its place.
At a machine that sleeps there is nobody, though the key that wakes it is the last one used: so its sleep is seen apart.
"""

from collections.abc import Iterator
from dataclasses import replace

from trayexec.core.broker.context import StepContext
from trayexec.core.broker.events import LookIdle
from trayexec.core.broker.state import IdleWatch, Open
from trayexec.core.clock import Instant

AGAIN = 60  # seconds until the next look where the last one told nothing yet


def has_slept(step: StepContext) -> bool:
    """Whether the last tick is as long ago: there is one every 15 seconds while the machine is awake."""
    least, ticked = step.broker.settings.idle_lock, step.broker.idle.ticked
    return least is not None and ticked is not None and ticked.until(step.now) >= least


def age(step: StepContext) -> None:
    """Have a look when the time may be over. It is counted only while there is something to lock."""
    least, watch = step.broker.settings.idle_lock, step.broker.idle
    if least is None or not any(_moments(step)):
        if watch != IdleWatch():
            step.broker = replace(step.broker, idle=IdleWatch())
        return
    due = watch.look_at or step.now.after(least)
    if not step.later(due):
        step.effects.append(LookIdle())
        due = step.now.after(AGAIN)
    step.broker = replace(step.broker, idle=IdleWatch(due, step.now))


def is_over(step: StepContext, seconds: float | None) -> bool:
    """Whether nobody has been there for long enough, `seconds` after the last key; None where nothing can tell."""
    least, last = step.broker.settings.idle_lock, list(_moments(step))
    if least is None or not last:
        return False
    idle = seconds if seconds is not None else min(one.until(step.now) for one in last)
    step.broker = replace(step.broker, idle=replace(step.broker.idle, look_at=step.now.after(max(1.0, least - idle))))
    return idle >= least


def _moments(step: StepContext) -> Iterator[Instant]:
    """When each thing that is open was opened, or last handed out."""
    opened = [phase.since for phase in step.broker.phases.values() if isinstance(phase, Open)]
    used = [state.used for state in step.broker.roles.values() if state.credentials is not None and state.used]
    handed_over = [one.phase.since for one in step.broker.inherited]
    yield from (*opened, *used, *handed_over)
