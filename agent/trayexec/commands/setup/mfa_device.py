"""The step that finds the MFA device of each identity without one, and writes it into the AWS config."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace

from trayexec.adapters.clock import SystemClock
from trayexec.adapters.iam import Account, BotoIam, Signer
from trayexec.adapters.sts import BotoSts
from trayexec.commands.keys import endpoint_of
from trayexec.commands.setup import file_change
from trayexec.commands.setup.interview import Interview, SkippedError
from trayexec.commands.setup.situation import Situation
from trayexec.commands.setup.step import SetupStep
from trayexec.core.config import serials
from trayexec.core.config.inifile import section_for
from trayexec.core.config.partitions import partition_of
from trayexec.core.credentials import LongTermKeys
from trayexec.light.errors import Text, TrayexecError, shown
from trayexec.live import overlay_origin


def there(situation: Situation) -> Text | None:
    """Which devices are known, or that none are needed."""
    if situation.without_device:
        return None
    found = dict.fromkeys(one.mfa_serial for one in situation.catalogue.identities)
    if found:
        return Text("{serials}", serials=", ".join(found))
    return Text("none is needed") if situation.served else None


def plan(situation: Situation) -> Text:
    """Whose devices are looked for."""
    if not situation.without_device:
        return Text("Would look for the MFA device of each access key.")
    return Text(
        "Would ask AWS for the MFA device of {names}, and write it to {file}.",
        names=", ".join(map(shown, situation.without_device)),
        file=situation.paths[0],
    )


def take(situation: Situation, interview: Interview) -> None:
    """Ask AWS for each, or the person where AWS does not tell, and write it. What one lacks keeps no other from it."""
    failed: list[TrayexecError] = []
    for name in situation.without_device or ("",):
        try:
            keys = situation.keys_of(name) if name else None
            if keys is None:
                interview.say(Text("There is no access key yet to which a device could belong."))
                raise SkippedError
            serial = _chosen(name, _owned(name, keys, situation), situation, interview)
            file_change.settings(situation.paths[0], {section_for(name): {"mfa_serial": serial}}, interview)
        except TrayexecError as error:
            failed.append(error)
    for one in failed[:-1]:
        interview.failed(one.trouble)
    if failed:
        raise failed[-1]


def _owned(name: str, keys: LongTermKeys, situation: Situation) -> LongTermKeys:
    """The keys, and whose they are. Raises TrayexecError."""
    if keys.arn:
        return keys
    with closing(BotoSts(SystemClock())) as sts:
        return replace(keys, arn=sts.check(endpoint_of(situation.catalogue, name, situation.environ), keys, name))


def _chosen(name: str, keys: LongTermKeys, situation: Situation, interview: Interview) -> str:
    """The serial that is to be written. Raises as `Interview.ask` does."""
    found = _listed(name, keys, situation, interview)
    if len(found) == 1:
        interview.say(Text("AWS says that {arn} has the device {serial}.", arn=keys.arn, serial=found[0]))
        return found[0]
    if found:
        number = interview.choose(
            Text("Which of the devices of {arn} do you have here?", arn=keys.arn),
            [Text("{serial}", serial=one) for one in found],
        )
        return found[number]
    interview.say(
        Text(
            "Its ARN stands in AWS's console: IAM, Users, your user, Security credentials, Multi-factor "
            "authentication. A device is often called as its user."
        )
    )
    _, partition, _, _, account, user = keys.arn.split(":", 5)
    usual = f"arn:{partition}:iam::{account}:mfa/{user.rpartition('/')[2]}"
    return interview.until(Text("MFA device:"), lambda said: _wrong(said, name, account), usual)


def _wrong(serial: str, name: str, account: str) -> Text | None:
    """Why this cannot be the device."""
    why = serials.fault(serial, name)
    if why is not None:
        return why.title
    other = serials.account_of(serial)
    if other and other != account:
        return Text("That is one of account {other}, and the access key is of {account}.", other=other, account=account)
    return None


def _listed(name: str, keys: LongTermKeys, situation: Situation, interview: Interview) -> Sequence[str]:
    """The devices that AWS knows of, and that codes can be had from; none where it does not tell."""
    interview.say(Text("Asking AWS for the MFA devices of {arn}…", arn=keys.arn))
    region = endpoint_of(situation.catalogue, name, situation.environ).region
    environ = dict(overlay_origin.outside(situation.environ))
    owner = Account(keys.arn, name, partition_of(region).first)
    signer = Signer(keys.access_key_id, keys.secret_access_key)
    try:
        with closing(BotoIam(owner, signer, profile=name, environ=environ)) as iam:
            found = iam.devices()
    except TrayexecError as error:
        interview.say(Text("AWS does not tell: {why}", why=error.trouble.title))
        return ()
    usable = [one for one in found if serials.fault(one, name) is None]
    if found and not usable:
        interview.say(
            Text(
                "AWS knows security keys and passkeys of this user alone, which it takes in a browser only. Add an "
                "authenticator app to the user in AWS's console."
            )
        )
    elif not found:
        interview.say(Text("AWS knows no MFA device of this user. Add an authenticator app to it in AWS's console."))
    return usable


STEP = SetupStep(Text("MFA device"), there, plan, take)
