"""Checks of the keys, and of what AWS says to them: whose they are, is it reached, how stands the clock. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import assert_never

from trayexec.adapters.sts import KeyCheck
from trayexec.commands.doctor.facts import Agent, Asked, Facts
from trayexec.commands.doctor.finding import Finding, good, note, problem, wrong
from trayexec.core.config import ownership
from trayexec.core.config.inifile import Value, profile_of, section_for
from trayexec.core.config.problems import foreign_device
from trayexec.core.config.profiles import Identity
from trayexec.core.config.serials import account_of, is_foreign
from trayexec.core.credentials import LongTermKeys
from trayexec.core.shell_words import argument, profile
from trayexec.core.toml_lines import written_key
from trayexec.light.errors import Text, Trouble, shown
from trayexec.live.layout import may_be_no_identity
from trayexec.live.without_agent import FilesHere

KEY = {"aws_access_key_id", "aws_secret_access_key"}
TOKEN = {"aws_session_token", "aws_security_token"}
LONG_TERM = "-longterm"  # where aws-mfa keeps the key of the profile whose name stands before it
# AWS refuses what is signed 15 minutes off (5 minutes at some services), and SDKs judge by this clock what has expired.
CLOCK_NOTE, CLOCK_WRONG = 30, 120  # seconds
MINUTE = 60

STS = Text("AWS STS")


def stored_keys(facts: Facts) -> Iterator[Finding]:
    """The keys that served profiles need are in the keychain."""
    if isinstance(facts.read, Trouble):
        return
    for name, found in facts.keys.items():
        about = Text("keys of {name}", name=shown(name))
        if isinstance(found, LongTermKeys):
            yield good("keys", about, Text("are in the keychain"))
        elif found.code == "keys_missing" and may_be_no_identity(_said_of(name, facts.read)):
            yield note(
                "keys_in_files",
                about,
                Text(
                    "are in your AWS files alone: that will do under --live, but not for `trayexec {name} -- …`",
                    name=profile(name),
                ),
                found.hint,
            )
        elif found.code == "keychain_locked":
            yield note(
                "keychain_locked",
                about,
                Text("were not looked at: the keyring is locked, and to open it would ask you for its password"),
                Text("Unlock it in your desktop's password manager, then run `trayexec doctor` again."),
            )
        elif found.code == "keychain_unasked":
            yield note(found.code, about, Text("were not looked at: {why}", why=found.title), found.hint)
        else:
            yield wrong(about, found)


def held_keys(facts: Facts) -> Iterator[Finding]:
    """Keys that the agent holds in memory go when it ends."""
    for name in facts.agent.held if isinstance(facts.agent, Agent) else ():
        yield note(
            "keys_held",
            Text("keys of {name}", name=shown(name)),
            Text("are in the agent's memory alone: they go when it ends"),
            Text(
                "After that: `trayexec keys add {word} --memory`. Or let a command print them: keys under [identity] "
                "in config.toml.",
                word=argument(name),
            ),
        )


def key_commands(facts: Facts) -> Iterator[Finding]:
    """The programs that print keys, in place of the keychain, are there."""
    if isinstance(facts.settings, Trouble):
        return
    for name, place in facts.programs.items():
        command = facts.settings.keys_command(name)
        if command is None:
            continue
        about, program = Text("keys of {name}", name=shown(name)), shown(command.argv[0])
        if place is None:
            yield problem(
                "keys_command",
                about,
                Text("come from the command {program} in config.toml, and there is no such program", program=program),
                Text("Install it, or write it with an absolute path in config.toml."),
            )
        else:
            yield good(
                "keys",
                about,
                Text("come from the command {program}, which was not run: it may ask you for something", program=place),
            )


def _said_of(name: str, read: FilesHere) -> Mapping[str, Value]:
    """What both files say of a profile."""
    config, shared = read.parsed
    return {**config.get(section_for(name), {}), **shared.get(name, {})}


def foreign_devices(facts: Facts) -> Iterator[Finding]:
    """No MFA device is named in config.toml for an identity of another account: it would be left out."""
    if isinstance(facts.read, Trouble) or isinstance(facts.settings, Trouble):
        return
    for identity in facts.read.catalogue.identities:
        account = account_of(identity.mfa_serial) or identity.account
        for serial in facts.settings.devices(identity.keys) if identity.needs_code else ():
            if is_foreign(serial, account):
                yield problem(
                    "device_account",
                    Text("identity {identity}", identity=shown(identity.name)),
                    foreign_device(serial, account_of(serial), account),
                    Text(
                        "Correct devices under [identity.{table}] in config.toml, or take it out there.",
                        table=shown(written_key(identity.keys)),
                    ),
                )


def plain_copies(facts: Facts) -> Iterator[Finding]:
    """No copy in plain text is left beside stored keys."""
    if isinstance(facts.read, Trouble):
        return
    for name, stored in facts.keys.items():
        if not isinstance(stored, LongTermKeys):
            continue
        for path, section, key_id in _copies(name, facts.read):
            about = Text("keys of {name}", name=shown(name))
            hint = Text(
                "Remove the lines aws_access_key_id and aws_secret_access_key of [{section}] from {file}.",
                section=shown(section),
                file=path,
            )
            if key_id == stored.access_key_id:
                yield note(
                    "keys_plain",
                    about,
                    Text(
                        "are in the keychain, and still in plain text under [{section}] of {file}",
                        section=shown(section),
                        file=path,
                    ),
                    hint,
                )
            else:
                yield problem(
                    "keys_plain_other",
                    about,
                    Text(
                        "are in the keychain, but [{section}] of {file} has another key (…{end}) in plain text, which "
                        "everything but trayexec uses",
                        section=shown(section),
                        file=path,
                        end=key_id[-4:],
                    ),
                    hint,
                )


def _copies(name: str, read: FilesHere) -> Iterator[tuple[str, str, str]]:
    """File, section and key id of every long-term key that the files have for this name."""
    places = [
        (read.paths[0], section, values) for section, values in read.parsed[0].items() if profile_of(section) == name
    ]
    places += [
        (read.paths[1], section, read.parsed[1][section])
        for section in (name, name + LONG_TERM)
        if section in read.parsed[1]
    ]
    for path, section, values in places:
        key_id = values.get("aws_access_key_id")
        if values.keys() >= KEY and not TOKEN & values.keys() and isinstance(key_id, str):
            yield path, section, key_id


def sts_answers(facts: Facts) -> Iterator[Finding]:
    """STS is reached with the keys of each identity, and takes them."""
    for one in facts.asked:
        host = one.way.host if one.way else Text("AWS STS in {region}", region=one.endpoint.region)
        by = one.way.proxy if one.way and one.way.proxy else None
        match one.answer:
            case KeyCheck(arn):
                yield good(
                    "sts",
                    STS,
                    Text(
                        "{host} answers, and knows the keys of {name}: {arn}", host=host, name=shown(one.keys), arn=arn
                    ),
                )
            case None:
                yield problem(
                    "sts_silent",
                    STS,
                    _by(Text("{host} did not answer within a few seconds", host=host), by),
                    Text("Check the network, the VPN and the proxy (HTTPS_PROXY), then run `trayexec doctor` again."),
                )
            case Trouble() as why if why.code == "clock_skew":
                pass  # it has a check of its own
            case Trouble() as why:
                asked = Text(
                    "{host}, asked with the keys of {name}: {why}", host=host, name=shown(one.keys), why=why.title
                )
                yield problem(why.code, STS, _by(asked, by), why.hint)
            case _:
                assert_never(one.answer)


def _by(said: Text, proxy: str | None) -> Text:
    return Text("{said} (by the proxy {proxy})", said=said, proxy=proxy) if proxy else said


def not_asked(facts: Facts) -> Iterator[Finding]:
    """What STS was not asked, and why: silence must not look like health."""
    if isinstance(facts.read, Trouble):
        return
    asked = {one.keys for one in facts.asked}
    for name in (*facts.keys, *facts.programs):
        if name not in asked:
            yield note(
                "sts_not_asked",
                STS,
                Text(
                    "was not asked about the keys of {name}, as their command was not run: whether AWS is reached, "
                    "whose they are and how the clock stands is not known",
                    name=shown(name),
                )
                if name in facts.programs
                else Text(
                    "was not asked about the keys of {name}, as they could not be read: whether AWS is reached, whose "
                    "they are and how the clock stands is not known",
                    name=shown(name),
                ),
            )


def clock(facts: Facts) -> Iterator[Finding]:
    """This machine's clock is AWS's, within half a minute."""
    about = Text("clock")
    refused = [one.answer for one in facts.asked if isinstance(one.answer, Trouble) and one.answer.code == "clock_skew"]
    if refused:
        yield wrong(about, refused[0])
        return
    aheads = [
        one.answer.ahead for one in facts.asked if isinstance(one.answer, KeyCheck) and one.answer.ahead is not None
    ]
    if not aheads and facts.asked:
        yield note("clock_unknown", about, Text("was not compared with that of AWS, which gave no time"))
    if not aheads:
        return
    ahead = max(aheads, key=abs)
    off = abs(ahead)
    if off < CLOCK_NOTE:
        yield good("clock", about, Text("agrees with that of AWS"))
        return
    many = round(off / MINUTE) if off >= CLOCK_WRONG else round(off)
    hint = Text("Set it: `sudo timedatectl set-ntp true` (or the system's date and time settings), then try again.")
    match (off >= CLOCK_WRONG, ahead > 0):
        case (True, True):
            yield problem("clock_skew", about, Text("Your clock is {minutes} minutes fast.", minutes=many), hint)
        case (True, False):
            yield problem("clock_skew", about, Text("Your clock is {minutes} minutes slow.", minutes=many), hint)
        case (False, True):
            yield note("clock_skew", about, Text("Your clock is {seconds} seconds fast.", seconds=many), hint)
        case _:
            yield note("clock_skew", about, Text("Your clock is {seconds} seconds slow.", seconds=many), hint)


def whose_keys(facts: Facts) -> Iterator[Finding]:
    """The stored keys are of the account that their MFA device is of."""
    if isinstance(facts.read, Trouble):
        return
    for identity in facts.read.catalogue.identities:
        account = _account(identity, facts.asked)
        foreign = ownership.fault(identity, account) if account else None
        if foreign is not None:
            yield wrong(Text("keys of {name}", name=shown(identity.keys)), foreign)


def _account(identity: Identity, asked: Sequence[Asked]) -> str | None:
    """The account of the identity's keys, as AWS said it."""
    arns = (one.answer.arn for one in asked if one.keys == identity.keys and isinstance(one.answer, KeyCheck))
    return next((arn.split(":")[4] for arn in arns if arn.count(":") > 4), None)  # noqa: PLR2004 — an ARN's parts
