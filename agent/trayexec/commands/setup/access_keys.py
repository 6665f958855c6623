"""The step that stores the access keys that the AWS config leads to, and that are nowhere yet."""

from trayexec.adapters.keychain import SystemKeychain
from trayexec.commands import keys
from trayexec.commands.keys_import import from_aws_vault
from trayexec.commands.parse import read
from trayexec.commands.reading import Options
from trayexec.commands.setup.interview import INDENT, Interview, SkippedError
from trayexec.commands.setup.situation import Situation
from trayexec.commands.setup.step import SetupStep
from trayexec.core.shell_words import argument
from trayexec.light.errors import Text, shown


def there(situation: Situation) -> Text | None:
    """Where the keys are, or that none are needed. Raises TrayexecError."""
    if not situation.identities:
        return Text("none are needed") if situation.served else None
    if situation.without_keys:
        return None
    names = _names(situation.identities)
    if situation.in_files.keys() & set(situation.identities):
        return Text("{names}: in the keychain, or in your AWS files (see below)", names=names)
    if any(map(situation.printed, situation.identities)):
        return Text("{names}: in the keychain, or printed by a command of config.toml", names=names)
    if situation.held & set(situation.identities):
        return Text("{names}: in the keychain, or in the agent's memory until it ends", names=names)
    return Text("{names}: in the keychain", names=names)


def plan(situation: Situation) -> Text:
    """Whose keys are asked for."""
    if not situation.identities:
        return Text("Would ask for the access key of each identity that the AWS config leads to by then.")
    names = _names(situation.without_keys)
    if situation.has_aws_vault:
        return Text(
            "Would offer what aws-vault keeps in this keychain, and ask for the access key of {names}.", names=names
        )
    return Text("Would ask for the access key of {names}.", names=names)


def take(situation: Situation, interview: Interview) -> None:
    """Take over aws-vault's, or ask for each, let AWS say whose it is, and store it.

    Raises SkippedError, TrayexecError.
    """
    if not situation.identities:
        interview.say(Text("No profile leads to access keys."))
        raise SkippedError
    left = _after_aws_vault(situation, interview) if situation.has_aws_vault else situation.without_keys
    if left:
        interview.say(
            Text(
                "An access key goes into the keychain of this desktop, and into no file. AWS makes one for you in its "
                "console: IAM, Users, your user, Security credentials, Create access key."
            )
        )
    for name in left:
        _ask(name, situation, interview)


def _ask(name: str, situation: Situation, interview: Interview) -> None:
    """Ask for one. Where there is no keychain the agent can hold it in memory, if the person wants that."""
    line = ["keys", "add", "--profile", name]
    without = situation.no_keychain(name)
    if without is not None:
        interview.failed(without)
        interview.say(Text("Until there is one, the agent can hold an access key in memory, as long as it runs."))
        interview.agree(Text("Enter that of {name}, for the agent to hold?", name=shown(name)))
        line.append("--memory")
    else:
        interview.agree(Text("Enter the access key of {name} now?", name=shown(name)))
    situation.given[name] = keys.stored(read(line, situation.environ), situation.environ, margin=INDENT)
    interview.undo(Text("To undo it: `trayexec keys remove {name}`", name=argument(name)))


def _after_aws_vault(situation: Situation, interview: Interview) -> tuple[str, ...]:
    """Whose keys are still nowhere, once the person has taken over what aws-vault keeps in this keychain, or not."""
    wanted = situation.without_keys
    try:
        interview.agree(
            Text(
                "aws-vault keeps access keys in this keychain. Look among them for those of {names}?",
                names=_names(wanted),
            )
        )
    except SkippedError:
        return wanted
    found = [name for name in SystemKeychain(situation.environ).of_aws_vault() if name in wanted]
    if not found:
        interview.say(Text("It has none of those."))
        return wanted
    from_aws_vault.take_over(Options(profiles=found, dry_run=False, json=False), situation.environ)
    left = tuple(name for name in wanted if situation.keys_of(name) is None)
    for name in found:
        if name not in left:
            interview.undo(Text("To undo it: `trayexec keys remove {name}`", name=argument(name)))
    return left


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(map(shown, names))


STEP = SetupStep(Text("Access keys"), there, plan, take)
