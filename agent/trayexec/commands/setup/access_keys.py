"""The step that stores the access keys that the AWS config leads to, and that are nowhere yet."""

from trayexec.commands import keys
from trayexec.commands.parse import read
from trayexec.commands.setup.interview import Interview, SkippedError
from trayexec.commands.setup.situation import Situation
from trayexec.commands.setup.step import SetupStep
from trayexec.core.shell_words import argument
from trayexec.light.errors import Text, shown


def there(situation: Situation) -> Text | None:
    """Where the keys are, or that none are needed. Raises TrayexecError where there is no keychain."""
    if not situation.identities:
        return Text("none are needed") if situation.served else None
    if situation.without_keys:
        return None
    names = _names(situation.identities)
    if situation.in_files.keys() & set(situation.identities):
        return Text("{names}: in the keychain, or in your AWS files (see below)", names=names)
    if any(map(situation.printed, situation.identities)):
        return Text("{names}: in the keychain, or printed by a command of config.toml", names=names)
    return Text("{names}: in the keychain", names=names)


def plan(situation: Situation) -> Text:
    """Whose keys are asked for."""
    if not situation.identities:
        return Text("Would ask for the access key of each identity that the AWS config leads to by then.")
    return Text("Would ask for the access key of {names}.", names=_names(situation.without_keys))


def take(situation: Situation, interview: Interview) -> None:
    """Ask for each, let AWS say whose it is, and store it."""
    if not situation.identities:
        interview.say(Text("No profile leads to access keys."))
        raise SkippedError
    interview.say(
        Text(
            "An access key goes into the keychain of this desktop, and into no file. AWS makes one for you in its "
            "console: IAM, Users, your user, Security credentials, Create access key."
        )
    )
    for name in situation.without_keys:
        interview.agree(Text("Enter the access key of {name} now?", name=shown(name)))
        keys.stored(read(["keys", "add", "--profile", name], situation.environ), situation.environ)
        interview.undo(Text("To undo it: `trayexec keys remove {name}`", name=argument(name)))


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(map(shown, names))


STEP = SetupStep(Text("Access keys"), there, plan, take)
