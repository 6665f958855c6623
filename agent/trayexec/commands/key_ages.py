"""When stored keys were made and last used, as IAM says: asked with sessions that are open, and nobody for a code."""

from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass

from trayexec.adapters.iam import Account, BotoIam, Signer
from trayexec.commands import keychain_entry
from trayexec.commands.agent_request import ask
from trayexec.core.config.partitions import partition_of
from trayexec.core.config.profiles import Catalogue, Identity
from trayexec.core.credentials import LongTermKeys, Secret
from trayexec.core.rotation import LastUse
from trayexec.light import context, protocol
from trayexec.light.errors import TrayexecError
from trayexec.live import overlay_origin


@dataclass(frozen=True, slots=True)
class KeyAge:
    """When a key was made (Unix seconds), and its last use: None where AWS does not tell, or knows of none."""

    made: float
    used: LastUse | None


def of(keys: Mapping[str, LongTermKeys], catalogue: Catalogue, environ: Mapping[str, str]) -> Mapping[str, KeyAge]:
    """The ages of these keys, by identity: of those whose session is open, and as far as AWS tells."""
    found: dict[str, KeyAge] = {}
    with suppress(TrayexecError):  # without an agent, or with one that refuses, nothing is open
        for identity in _open(catalogue, environ):
            pair = keys.get(identity.keys)
            if pair is not None and pair.arn and identity.keys not in found:
                with suppress(TrayexecError):
                    found |= _asked(identity, pair, catalogue, environ)
    return found


def _open(catalogue: Catalogue, environ: Mapping[str, str]) -> list[Identity]:
    answer = ask(protocol.status(context.surroundings(environ)), environ)
    if answer is None:
        return []
    phases = {one["name"]: one["phase"] for one in protocol.read_status(answer)["identities"]}
    return [one for one in catalogue.identities if phases.get(one.name) == "open"]


def _asked(
    identity: Identity, keys: LongTermKeys, catalogue: Catalogue, environ: Mapping[str, str]
) -> Mapping[str, KeyAge]:
    """What IAM says of one identity's key. Raises TrayexecError."""
    profile = keychain_entry.own_profile(catalogue, identity.keys)
    if profile is None:
        return {}
    request = protocol.credentials(context.surroundings(environ), profile, wait=0, program="trayexec keys list")
    answer = ask(request, environ)
    if answer is None:
        return {}
    served = protocol.read_credentials(answer)
    signer = Signer(served["AccessKeyId"], Secret(served["SecretAccessKey"]), Secret(served["SessionToken"]))
    owner = Account(keys.arn, identity.keys, partition_of(identity.endpoint.region).first)
    with closing(
        BotoIam(owner, signer, profile=profile, environ=dict(overlay_origin.outside(environ)), tries=1)
    ) as iam:
        listed = iam.keys()
        made = next((one.created for one in listed if one.id == keys.access_key_id), None)
        if made is None:
            return {}
        used = None
        with suppress(TrayexecError):  # a right of its own
            used = iam.last_use(keys.access_key_id)
        return {identity.keys: KeyAge(made, used)}
