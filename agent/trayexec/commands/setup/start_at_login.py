"""The step that lets the agent, and so its icon, start when the person logs in."""

from collections.abc import Iterable

from trayexec.adapters.autostart import Standing
from trayexec.commands import autostart
from trayexec.commands.setup.interview import Interview
from trayexec.commands.setup.situation import Situation
from trayexec.commands.setup.step import SetupStep
from trayexec.light import context
from trayexec.light.errors import Text


def there(situation: Situation) -> Text | None:
    """That it does, or that there is no desktop here that could start it. Raises TrayexecError."""
    if autostart.look(situation.environ).standing is Standing.ON:
        return Text("the agent starts at login")
    if not context.has_display(situation.environ):
        return Text("there is no desktop here: the first command starts the agent")
    return None


def plan(situation: Situation) -> Text:
    """Which file comes first."""
    found = autostart.look(situation.environ)
    return Text("Would offer to start the agent at login, by {file}.", file=found.wrong[0].place)


def lines(situation: Situation) -> Iterable[str]:
    """What the files would say."""
    return autostart.changes(autostart.look(situation.environ))


def take(situation: Situation, interview: Interview) -> None:
    """Show the files, and write them if the person agrees. Raises SkippedError, TrayexecError."""
    interview.say(Text("The first command starts the agent. At login, its icon is there from the beginning."))
    found = autostart.look(situation.environ)
    interview.lines(autostart.changes(found))
    interview.agree(Text("Start it at login?"))
    autostart.put_in_place(found, situation.environ)
    interview.good(Text("the agent starts at login"))
    line = autostart.line_for_config(found, situation.environ)
    if line is not None:
        interview.say(line)
    interview.undo(Text("To undo it: `trayexec autostart disable`"))


STEP = SetupStep(Text("Start at login"), there, plan, take, lines)
