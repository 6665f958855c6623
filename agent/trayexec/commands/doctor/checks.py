"""What `doctor` checks: a list of pure functions over what was gathered. A new check is one entry here."""

from collections.abc import Callable, Iterator

from trayexec.commands.doctor import awsfiles, keys, ours, shell
from trayexec.commands.doctor.facts import Facts
from trayexec.commands.doctor.finding import Finding

Check = Callable[[Facts], Iterator[Finding]]

CHECKS: tuple[Check, ...] = (
    ours.agent_runs,
    ours.one_agent,
    ours.icon,
    ours.parts_of_desktop,
    ours.start_at_login,
    ours.way_to_ask,
    ours.other_display,
    ours.settings,
    ours.other_settings,
    ours.state_folder,
    shell.run_around,
    shell.foreign_variables,
    shell.profile_variables,
    shell.other_tools,
    shell.hook,
    awsfiles.aws_files,
    awsfiles.profiles,
    awsfiles.remarks,
    awsfiles.login_sessions,
    awsfiles.dialects,
    awsfiles.readable_files,
    awsfiles.code_processes,
    keys.stored_keys,
    keys.key_commands,
    keys.held_keys,
    keys.foreign_devices,
    keys.plain_copies,
    keys.sts_answers,
    keys.not_asked,
    keys.clock,
    keys.whose_keys,
)


def check(facts: Facts) -> Iterator[Finding]:
    """Every finding of every check, in order."""
    for one in CHECKS:
        yield from one(facts)
