"""The step that lets the manual, completion and the menu find what an environment of its own hides from them."""

from collections.abc import Iterable

from trayexec.adapters import user_share
from trayexec.commands import autostart
from trayexec.commands.setup.interview import Interview
from trayexec.commands.setup.situation import Situation
from trayexec.commands.setup.step import SetupStep
from trayexec.light import paths
from trayexec.light.errors import Text


def there(situation: Situation) -> Text | None:
    """That each is found, or that this installation has none of them."""
    if not user_share.links(situation.environ):
        return Text("this installation brings neither manual nor entry in the menu")
    if user_share.missing(situation.environ):
        return None
    return Text("the manual, completion and the entry in the menu are found")


def plan(_: Situation) -> Text:
    """That there would be links."""
    return Text("Would offer links to the manual, completion and the entry in the menu.")


def lines(situation: Situation) -> Iterable[str]:
    """Each link, as `ls -l` shows one."""
    return [f"{one.place} -> {one.file}" for one in user_share.missing(situation.environ)]


def take(situation: Situation, interview: Interview) -> None:
    """Show the links, and make them if the person agrees. Raises SkippedError, TrayexecError."""
    interview.say(Text("man trayexec, Tab in bash and fish, and the menu of the desktop find trayexec by these links."))
    interview.lines(lines(situation))
    interview.agree(Text("Make them?"))
    for one in user_share.missing(situation.environ):
        try:
            user_share.make(one)
        except OSError as error:
            raise autostart.unwritable(one.place, error) from None
    interview.good(Text("the manual, completion and the entry in the menu are found"))
    interview.undo(Text("To undo it: delete these links in {folder}", folder=paths.data_home(situation.environ)))


STEP = SetupStep(Text("Manual, completion, menu"), there, plan, take, lines)
