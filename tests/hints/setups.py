"""States of `setup`: left, passed over, with what stands in its way, and without a terminal."""

from collections.abc import Callable

from hints.state import Look, State
from hints.states import ALICES, BASE, KEY, files
from support.rig import Rig

Answers = tuple[tuple[str, str], ...]
CODE = (r"MFA code of identity default [^\n]*\): $", "code")
TRY = (r"Profile to try: \[account-a\] $", "")


def guided(
    config: str, *answers: tuple[str, str], shared: str = "", stores: tuple[str, ...] = ()
) -> Callable[[Rig], Look]:
    """What is on the screen when a person has given these answers, under such files."""

    def make(rig: Rig) -> Look:
        rig.env.update({"AWS_ENDPOINT_URL": rig.sim.url, "SHELL": "/bin/true", "TERM": "dumb"})
        files(config, shared=shared, stores=stores)(rig)

        def look() -> str:
            terminal = rig.terminal("setup")
            seen = ""
            for question, said in answers:
                seen += terminal.wait_for(question)
                terminal.type(said if said == "\x03" else f"{_meant(rig, said)}\n")
            return (seen + terminal.ended()[1]).replace("\r\n", "\n")

        return look

    return make


def _meant(rig: Rig, said: str) -> str:
    key = rig.sim.world.user_key()
    values = {"id": key.id, "secret": key.secret}
    return rig.fresh_code() if said == "code" else values.get(said, said)


def without_terminal(rig: Rig) -> Look:
    """A script that wants to be led; the pair that it is told to store is in its environment."""
    files(BASE)(rig)
    key = rig.sim.world.user_key()
    rig.env.update({"AWS_ACCESS_KEY_ID": key.id, "AWS_SECRET_ACCESS_KEY": key.secret})
    return lambda: rig.run("setup").err


def read_only(rig: Rig) -> Look:
    """The config lacks the device, and cannot be written."""
    look = guided(
        "[default]\n@URL\n",
        (r"Change it so\?[^\n]*\[Y/n\] $", ""),
        (r"Try again\? \[Y/n\] $", "n"),
        stores=("default",),
    )(rig)
    rig.desk.home("home/.aws/config").chmod(0o400)
    return look


def at_login(rig: Rig) -> Look:
    """There is a desktop, as far as the shell says."""
    look = guided(BASE, (TRY[0], "s"), (r"Start it at login\? \[Y/n\] $", ""), stores=("default",))(rig)
    rig.env["DISPLAY"] = ":4711"
    return look


def writable(rig: Rig) -> None:
    """As a person is told to make it."""
    rig.desk.home("home/.aws/config").chmod(0o600)


ENTERED = (
    (r"Enter the access key of default now\? \[Y/n\] $", ""),
    (r"Access key id: $", "id"),
    (r"Secret access key \(not shown\): $", "secret"),
)
GOES_ON = "`trayexec setup` goes on from here, and `trayexec doctor` says what stands in the way."
STATES = (
    State(
        "setup without a terminal",
        without_terminal,
        (
            (
                "By hand: write profiles to {file}, and store their keys with `trayexec keys add PROFILE --env`. "
                "`trayexec setup --dry-run` says what is missing here."
            ),
        ),
        own=True,
        replaced={"PROFILE": "default"},
    ),
    State(
        "setup that is left",
        guided(BASE, (TRY[0], "\x03"), stores=("default",)),
        ("Left here. `trayexec setup` goes on from what is done.",),
        own=True,
    ),
    State(
        "setup with a step passed over",
        guided(BASE, (TRY[0], "s"), stores=("default",)),
        (GOES_ON,),
        own=True,
        leaves={"trayexec doctor": 1},
    ),
    State(
        "setup that did all",
        guided(BASE, *ENTERED, TRY, CODE),
        (
            "To undo it: `trayexec keys remove {name}`",
            "To undo it: `trayexec lock` forgets all of it, `trayexec agent stop` ends the agent",
        ),
        own=True,
    ),
    State(
        "setup that took a key out of a file",
        guided(
            BASE,
            (r"Store them in the keychain\?[^\n]*\[Y/n\] $", ""),
            (r"Change [^\n]*\[y/N\] $", "y"),
            (TRY[0], "s"),
            shared=f"[default]\n{ALICES}",
        ),
        ("To undo it: `{command}`",),
        own=True,
    ),
    State(
        "setup where no profile is served",
        guided("[profile x]\nregion = eu-west-1\nsource_profile = y\n"),
        ("No profile can be used yet: `trayexec list` says of each what it lacks.",),
        own=True,
    ),
    State(
        "setup with a key that stays in its file",
        guided(BASE, (TRY[0], "s"), shared=f"[x]\n{KEY}", stores=("default",)),
        ("what stands in your AWS files stays there: `trayexec keys import --dry-run` says why",),
        own=True,
        leaves={"trayexec keys import": 125},
    ),
    State(
        "setup that lets the agent start at login",
        at_login,
        ("To undo it: `trayexec autostart disable`",),
        own=True,
    ),
    State(
        "setup with a read-only config",
        read_only,
        ("Make it writable, and run `trayexec setup` again.",),
        own=True,
        then=writable,
    ),
)
