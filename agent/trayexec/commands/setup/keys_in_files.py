"""The step that takes access keys out of the AWS files, into the keychain."""

from trayexec.commands import keys_import
from trayexec.commands.parse import read
from trayexec.commands.setup.interview import Interview
from trayexec.commands.setup.situation import Situation
from trayexec.commands.setup.step import SetupStep
from trayexec.core.shell_words import argument, word
from trayexec.light import exits
from trayexec.light.errors import Text, TrayexecError, shown, trouble


def there(situation: Situation) -> Text | None:
    """That there are none, or none that could go."""
    if not situation.in_files:
        return Text("no access key stands in your AWS files")
    if not keys_import.importable(situation.environ):
        return Text("what stands in your AWS files stays there: `trayexec keys import --dry-run` says why")
    return None


def plan(situation: Situation) -> Text:
    """Which keys would go."""
    return Text(
        "Would store the keys of {names}, and take them out of the files if you agree.", names=_names(situation)
    )


def take(situation: Situation, interview: Interview) -> None:
    """Store them, and let the person decide about the files."""
    names = keys_import.importable(situation.environ)
    interview.say(Text("The keys of {names} stand in plain text in your AWS files.", names=_names(situation)))
    interview.agree(Text("Store them in the keychain? Whether they leave the files you are asked then."))
    options = read(["keys", "import"], situation.environ)
    status, files = keys_import.imported(options, situation.environ)
    if status != exits.OK:
        raise TrayexecError(
            trouble("setup_import", "None of them could be stored.", "The table above says of each why.")
        )
    # First back into the files: without them, the keychain has the only copy that is easy to find.
    back = [f"cp {word(one.backup)} {word(one.file)}" for one in files if one.backup is not None]
    away = [f"trayexec keys remove {argument(name)}" for name in names]
    interview.undo(Text("To undo it: `{command}`", command=" && ".join([*back, *away])))


def _names(situation: Situation) -> str:
    return ", ".join(shown(name) for name in keys_import.importable(situation.environ))


STEP = SetupStep(Text("Keys in plain text"), there, plan, take)
