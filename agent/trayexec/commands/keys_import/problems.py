"""Says why keys in the AWS files stay where they are."""

from collections.abc import Sequence

from trayexec.commands import keychain_entry, times
from trayexec.core.config.importing import PlainKeys, ShortTerm
from trayexec.core.config.sections import header, shown
from trayexec.core.credentials import LongTermKeys
from trayexec.core.shell_words import argument
from trayexec.core.stamps import utc
from trayexec.light.errors import Trouble, trouble


def leads_elsewhere(name: str) -> Trouble:
    """Taken out, the keys would change what this profile, or another, means."""
    return trouble(
        "import_changes",
        "Without this key in the file, {profile} would lead elsewhere.",
        "It stays as it is. `trayexec why {word}` shows the way.",
        profile=shown(name),
        word=argument(name),
    )


def not_in_force(one: PlainKeys) -> Trouble:
    """SDKs use other credentials for the profile than these keys."""
    return trouble(
        "import_changes",
        "{profile} gets its credentials from elsewhere, not by the keys in [{section}].",
        "They stay as they are. If they are not needed, take them out of the file.",
        profile=shown(one.name),
        section=shown(one.section),
    )


def not_separable(one: PlainKeys) -> Trouble:
    """The lines cannot go without changing what others mean."""
    return trouble(
        "import_changes",
        "The keys in [{section}] cannot be taken out of the file without changing more.",
        "They stay as they are. Write each of their settings on a line by itself, in [{section}], with no space in "
        "front.",
        section=shown(one.section),
    )


def in_use(one: PlainKeys, live: ShortTerm) -> Trouble:
    """Other tools may be using a role's credentials, which the profile would be made to assume."""
    if live.ends is None:
        return trouble(
            "import_live",
            "[{section}] has temporary credentials of a role, which other tools may be using.",
            "Take them out of the file, and run `trayexec keys import` again.",
            section=shown(live.section),
        )
    return trouble(
        "import_live",
        "[{section}] has temporary credentials of a role until {time}, which other tools may be using.",
        "Run `trayexec keys import {word}` again then.",
        section=shown(live.section),
        time=times.clock(utc(int(live.ends))),
        word=argument(one.name),
    )


def on_sessions(one: PlainKeys, role: str, source: str) -> Trouble:
    """A role has as its source where aws-mfa keeps sessions, which would be written no more."""
    return trouble(
        "import_changes",
        "Profile {profile} has source_profile = {source}, where aws-mfa keeps the sessions of {keys}.",
        "Write source_profile = {keys} under {section}, and run `trayexec keys import {word}` again.",
        profile=shown(role),
        source=shown(source),
        keys=shown(one.name),
        section=header(role),
        word=argument(one.name),
    )


def device_of_another(one: PlainKeys, arn: str, other: str) -> Trouble:
    """The only device for these keys is that of another user: AWS would refuse each code."""
    return trouble(
        "keys_user",
        "The keys of {profile} are of {who}, but the only mfa_serial for them is that of [default], whose keys are of "
        "{other}.",
        "They stay as they are. If that user has a device, write its mfa_serial under {section}.",
        profile=shown(one.name),
        who=arn.rpartition(":")[2],
        other=other.rpartition(":")[2],
        section=header(one.name),
    )


def of_no_aws(one: PlainKeys, host: str) -> Trouble:
    """The keys are those of a storage or a service that is not AWS's."""
    return trouble(
        "keys_elsewhere",
        "The keys of {profile} are for {host}, which is not AWS's.",
        "They stay as they are, and AWS is not asked. If they are AWS's too, write mfa_serial under {section}.",
        profile=shown(one.name),
        host=host,
        section=header(one.name),
    )


def several(name: str, found: Sequence[PlainKeys]) -> Trouble:
    """More than one key would be stored under one name."""
    return trouble(
        "import_several",
        "There are different keys for {profile}: in {sections}.",
        "Take out the ones that are not used any more, and run `trayexec keys import` again.",
        profile=shown(name),
        sections=", ".join(f"[{shown(one.section)}]" for one in found),
    )


def others_there(name: str, old: LongTermKeys) -> Trouble:
    """The keychain has other keys under that name."""
    return trouble(
        "keys_there",
        "The keychain has other keys for {profile}: {end} of {owner}.",
        "If these are the right ones, first `trayexec keys remove {word}`.",
        profile=shown(name),
        end=keychain_entry.end(old.access_key_id),
        owner=keychain_entry.owner(old),
        word=argument(name),
    )
