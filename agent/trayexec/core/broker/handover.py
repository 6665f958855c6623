"""Hands what is open over to the agent that takes this one's place. It must not know how that travels.

A session is handed over with the mark of its identity: a digest of all that makes two identities equal. The next agent
gives it to the identity with the same mark, once it meets it, and to no other; one that is never met is forgotten with
a lock, and at its end. What is said of a life is said in seconds from now: the next agent has a clock of its own.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from enum import Enum
from hashlib import sha256
from typing import Any

from trayexec.core.broker.codes import Device, Spent
from trayexec.core.broker.context import StepContext
from trayexec.core.broker.state import Broker, Inherited, Open
from trayexec.core.clock import Expiry, Instant
from trayexec.core.config.profiles import Identity
from trayexec.core.credentials import Credentials, LongTermKeys, Secret

MARGIN = 5  # what the change may cost of a life (seconds)
VERSION = 1


@dataclass(frozen=True, slots=True)
class Handover:
    """What one agent hands to the next: sessions, what is remembered of devices, and keys that it holds in memory."""

    sessions: tuple[Inherited, ...] = ()
    devices: Mapping[str, Device] = field(default_factory=dict)
    held: Mapping[str, LongTermKeys] = field(default_factory=dict)


def mark(identity: Identity) -> str:
    """A digest of what makes two identities equal, across processes; of another version it may be another."""
    return sha256(json.dumps(_plain(identity)).encode()).hexdigest()


def _plain(value: object) -> object:
    """What is compared of a value, as JSON can say it."""
    if is_dataclass(value):
        told = {one.name: _plain(getattr(value, one.name)) for one in fields(value) if one.compare}
        return [type(value).__name__, told]
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if value is None or isinstance(value, str | int | float):
        return value
    raise TypeError(type(value).__name__)


def taken(broker: Broker, held: Mapping[str, LongTermKeys]) -> Handover:
    """All that is open now, or was inherited and not yet met."""
    opened = [
        Inherited(mark(identity), identity.keys, replace(phase, renewal=None))
        for identity, phase in broker.phases.items()
        if isinstance(phase, Open)
    ]
    return Handover((*opened, *broker.inherited), broker.devices, held)


def inherit(broker: Broker, handover: Handover) -> Broker:
    """A broker that begins with what another left."""
    return replace(broker, inherited=handover.sessions, devices=handover.devices)


def meet(step: StepContext, identities: Iterable[Identity]) -> None:
    """Give each identity the session that was handed over for it, if there is one."""
    if not step.broker.inherited:
        return
    waiting = {one.mark: one for one in step.broker.inherited}
    for identity in identities:
        one = waiting.pop(mark(identity), None)
        if one is not None and step.broker.session(identity, step.now) is None:
            step.broker = step.broker.with_phase(identity, one.phase)
    step.broker = replace(step.broker, inherited=tuple(waiting.values()))


def forget(step: StepContext, keys: str | None = None) -> None:
    """Forget what nobody has met yet: all of it, or what these keys opened."""
    if step.broker.inherited:
        rest = tuple(one for one in step.broker.inherited if keys not in {None, one.keys})
        step.broker = replace(step.broker, inherited=rest)


def age(step: StepContext) -> None:
    """Forget what has ended."""
    if step.broker.inherited:
        rest = tuple(one for one in step.broker.inherited if one.phase.session.expiry.left(step.now) > 0)
        step.broker = replace(step.broker, inherited=rest)


# As a document


def written(handover: Handover, now: Instant) -> bytes:
    """The document, full of secrets: for a private socket between one process and itself."""
    return json.dumps(
        {
            "version": VERSION,
            "sessions": [_session_written(one, now) for one in handover.sessions],
            "devices": {
                serial: {
                    "spent": [[one.code.reveal(), one.at.until(now)] for one in device.spent],
                    "closed": device.closed_until - now.boot,
                }
                for serial, device in handover.devices.items()
            },
            "held": {name: _keys_written(keys) for name, keys in handover.held.items()},
        }
    ).encode()


def read(document: bytes, now: Instant) -> Handover:
    """What a document hands over; nothing of one that another version has written otherwise."""
    try:
        said = json.loads(document)
        if said["version"] != VERSION:
            return Handover()
        devices = {
            str(serial): Device(
                tuple(Spent(Secret(code), now.after(-ago)) for code, ago in device["spent"]),
                now.boot + device["closed"],
            )
            for serial, device in said["devices"].items()
        }
        held = {str(name): LongTermKeys(one[0], Secret(one[1]), one[2]) for name, one in said["held"].items()}
        return Handover(tuple(_session_read(one, now) for one in said["sessions"]), devices, held)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError):
        return Handover()


def _session_written(one: Inherited, now: Instant) -> Mapping[str, object]:
    session, phase = one.phase.session, one.phase
    return {
        "mark": one.mark,
        "keys": one.keys,
        "key": [session.access_key_id, session.secret_access_key.reveal(), session.session_token.reveal()],
        "account": session.account,
        "left": session.expiry.left(now),
        "utc": session.expiry.utc,
        "age": phase.since.until(now),
        "length": phase.length,
        "warned": sorted(phase.warned),
        "used": phase.used,
    }


def _session_read(said: Mapping[str, Any], now: Instant) -> Inherited:
    key_id, secret, token = said["key"]
    expiry = Expiry(now.after(float(said["left"]) - MARGIN), int(said["utc"]))
    session = Credentials(key_id, Secret(secret), Secret(token), expiry, said["account"])
    since, warned = now.after(-float(said["age"])), frozenset(map(int, said["warned"]))
    phase = Open(session, since, float(said["length"]), warned, used=bool(said["used"]))
    return Inherited(str(said["mark"]), str(said["keys"]), phase)


def _keys_written(keys: LongTermKeys) -> list[str]:
    return [keys.access_key_id, keys.secret_access_key.reveal(), keys.arn]
