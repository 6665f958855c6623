"""The step that proves that it works: one profile's credentials, by way of the agent, with a code if it takes one."""

from trayexec.commands.agent_request import ask
from trayexec.commands.setup.interview import Interview, SkippedError
from trayexec.commands.setup.situation import Situation
from trayexec.commands.setup.step import SetupStep
from trayexec.core.config.profiles import Profile, Provider
from trayexec.light import agent_client, context, protocol
from trayexec.light.errors import Text, TrayexecError, shown

WAIT = 120  # seconds for a person


def there(situation: Situation) -> Text | None:
    """Which profile has credentials already. Nobody is asked, and no agent is started."""
    name = working(situation)
    return None if name is None else Text("{profile} has credentials", profile=shown(name))


def working(situation: Situation) -> str | None:
    """The first profile, roles first, that has credentials now; None for none."""
    try:
        answer = ask(protocol.status(context.surroundings(situation.environ)), situation.environ)
        found = protocol.read_status(answer)["profiles"] if answer is not None else []
    except TrayexecError:
        return None
    good = {one["name"] for one in found if one["expires_at"] and not one["problem"]}
    return next((one.name for one in situation.served if one.name in good), None)


def plan(situation: Situation) -> Text:
    """What is tried."""
    if not situation.served:
        return Text("Would ask for a code, and get the credentials of one profile.")
    return Text("Would get the credentials of {profile}, with a code if it takes one.", profile=_usual(situation))


def take(situation: Situation, interview: Interview) -> None:
    """Choose one, and get its credentials."""
    names = [one.name for one in situation.served]
    if not names:
        interview.say(Text("No profile can be used yet: `trayexec list` says of each what it lacks."))
        raise SkippedError
    name = names[0]
    if len(names) > 1:
        name = interview.until(
            Text("Profile to try:"), lambda word: None if word in names else _unknown(names), _usual(situation)
        )
    else:
        interview.agree(Text("Get credentials of {profile} now?", profile=shown(name)))
    _say_what_comes(situation.catalogue.profiles[name], interview)
    request = protocol.credentials(context.surroundings(situation.environ), name, wait=WAIT, program="trayexec setup")
    protocol.read_credentials(agent_client.obtain(request, situation.environ))
    profile = situation.catalogue.profiles[name]
    assert isinstance(profile, Profile)  # noqa: S101 — it is one of those that are served
    what = profile.role_arn or shown(name)
    interview.good(Text("it works: AWS gave the credentials of {what}", what=what))
    interview.undo(Text("To undo it: `trayexec lock` forgets all of it, `trayexec agent stop` ends the agent"))
    if isinstance(profile.root, Provider) and profile.root.sign_in is not None:
        interview.undo(Text("The sign-in stays until aws sso logout ends it"))


def _say_what_comes(profile: object, interview: Interview) -> None:
    if isinstance(profile, Profile) and isinstance(profile.root, Provider) and profile.root.sign_in is not None:
        interview.say(Text("The agent starts, and leads you to the sign-in, unless you are signed in already."))
    if isinstance(profile, Profile) and profile.identity is not None and profile.identity.needs_code:
        interview.say(Text("The agent starts, and asks for a code: the one that your MFA device shows now."))


def _usual(situation: Situation) -> str:
    return situation.served[0].name


def _unknown(names: list[str]) -> Text:
    return Text("There are: {names}", names=", ".join(map(shown, names)))


STEP = SetupStep(Text("A first session"), there, plan, take)
