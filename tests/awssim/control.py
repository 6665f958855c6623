"""The control plane under `/_sim/`, for tests and demos that run in other processes. JSON both ways.

GET  code?device=alice    the code shown now, the next one, the seconds until it comes, and one that is not used yet
GET  calls                every call so far
GET  secrets              every secret ever issued, for a leak search
POST faults               {"kind": "throttle", "action": "AssumeRole", "count": 1, "seconds": 0, "role": "*"};
                          with an empty body: no more faults
POST lifetimes            {"session": 8, "role": 5}; a missing one means as asked for
POST revoke               {"access_key_id": "…"}
GET  world                what `python -m awssim` printed at its start
"""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from awssim.faults import Kind
from awssim.totp import STEP

if TYPE_CHECKING:
    from awssim.server import Sim

PREFIX = "/_sim/"


def answer(sim: "Sim", verb: str, query: str, body: bytes) -> tuple[int, bytes]:
    """The status and JSON document for one control request. Never raises for what a caller may get wrong."""
    try:
        document = _do(sim, verb, query, json.loads(body) if body else None)
    except (KeyError, TypeError, ValueError, LookupError, StopIteration) as error:
        return 400, json.dumps({"error": f"{type(error).__name__}: {error}"}).encode()
    return (404, b'{"error": "no such thing"}') if document is None else (200, json.dumps(document).encode())


def describe(sim: "Sim") -> dict[str, Any]:
    """Everything another process needs to become a user of this world. It is full of (made-up) secrets."""
    users = [
        {
            "name": key.holder.arn.rpartition("/")[2],
            "arn": key.holder.arn,
            "access_key_id": key.id,
            "secret_access_key": key.secret,
            "devices": [
                {"serial": device.serial, "seed": device.seed}
                for device in sim.world.devices.values()
                if device.owner == key.holder.arn
            ],
        }
        for key in sim.world.keys.values()
        if key.token is None
    ]
    return {"url": sim.url, "users": users, "profiles": sim.world.profiles, "config": sim.world.config_text(sim.url)}


def _do(sim: "Sim", verb: str, query: str, asked: Any) -> Any:
    if asked is not None or verb == "faults":
        return _change(sim, verb, asked)
    match verb:
        case "code":
            device = parse_qs(query).get("device", ["alice"])[0]
            left = STEP - sim.now() % STEP
            codes = {"code": sim.code(device), "next": sim.code(device, steps=1), "unused": sim.unused_code(device)}
            return {**codes, "seconds_left": round(left, 3)}
        case "calls":
            return {"calls": [asdict(call) for call in sim.calls], "most_at_once": sim.most_at_once}
        case "secrets":
            return {"secrets": sorted(sim.issued_secrets()), "codes": sorted(sim.codes_used())}
        case "world":
            return describe(sim)
        case _:
            return None


def _change(sim: "Sim", verb: str, asked: Any) -> Any:
    match verb:
        case "faults" if asked is None:
            sim.script.clear()
        case "faults":
            sim.fault(Kind(asked.pop("kind")), asked.pop("action", "*"), **asked)
        case "lifetimes":
            sim.live(**asked)
        case "revoke":
            sim.world.revoke(asked["access_key_id"])
        case _:
            return None
    return {}
