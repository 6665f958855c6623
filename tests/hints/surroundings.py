"""States of the agent, of the shell and of this machine, most of them as `doctor` says them."""

import shlex
from collections.abc import Callable
from pathlib import Path

from hints.follow import ODD
from hints.keys import ODD_ROLE
from hints.state import Look, State
from hints.states import BASE, files
from support.rig import COMMAND, Rig


def elsewhere(rig: Rig) -> Look:
    """TRAYEXEC_SOCKET names one where nobody listens."""
    look = files(BASE, ("doctor",))(rig)
    rig.env["TRAYEXEC_SOCKET"] = str(rig.desk.home("a b'c/own.sock"))
    rig.desk.home("a b'c").mkdir(mode=0o700)
    return look


def amiss(rig: Rig) -> Look:
    """What `doctor` finds where much is amiss: other variables, files that others may read, two agents."""
    rig.config("")
    path = rig.write('a b\'c "-x"/config', f"[default]\nmfa_serial = {rig.sim.world.device().serial}\n")
    path.chmod(0o644)
    rig.start_agent()
    rig.foreground_agent(env={"TRAYEXEC_SOCKET": str(rig.desk.home("home/.local/state/trayexec/agent.sock"))})
    rig.env.update(
        {
            "AWS_CONFIG_FILE": str(path),
            "AWS_ENDPOINT_URL_STS": rig.sim.url,
            "AWS_PROFILE": "defualt",
            "AWS_DEFAULT_PROFILE": "default",
            "AWS_ACCESS_KEY_ID": "AKIAQQQQQQQQQQQQQQQQ",
            "AWS_SECRET_ACCESS_KEY": "x",
            "DISPLAY": ":9",
            "XDG_CONFIG_HOME": str(rig.desk.home("other")),
        }
    )
    return lambda: rig.run("doctor").out


def edited(script: str, answer: str = "") -> Callable[[Rig], Look]:
    """What `config edit` says where the editor is this script, whose `$1` is the copy and `$0` the file itself."""

    def make(rig: Rig) -> Look:
        files(BASE)(rig)
        own = rig.settings("# mine\n")

        def look() -> str:
            terminal = rig.terminal("config", "edit", env={"EDITOR": shlex.join(["sh", "-c", script, str(own)])})
            if answer:
                terminal.wait_for(r"\[Y/n\] ")
                terminal.type(answer)
            return terminal.ended()[1].replace("\r\n", "\n")

        return look

    return make


def not_started(rig: Rig) -> Look:
    """TRAYEXEC_NO_AUTOSTART."""
    look = files(BASE, ("doctor",), ("account-a", "--no-wait", "--", "true"))(rig)
    rig.env["TRAYEXEC_NO_AUTOSTART"] = "1"
    return look


def running(rig: Rig) -> Look:
    """A second one in the foreground."""
    rig.start_agent()
    return lambda: rig.run("agent", "--headless").err


def nothing_yet(rig: Rig) -> Look:
    """No file, and AWS_PROFILE is set all the same."""
    rig.desk.home("home/.aws/config").unlink()
    rig.env.update(
        {
            "AWS_PROFILE": "prod",
            "AWS_ENDPOINT_URL": rig.sim.url,
            "AWS_CONFIG_FILE": str(rig.desk.home("a b/c")),
        }
    )

    def look() -> str:
        said = [rig.run(*words) for words in (("doctor",), (), ("list",), ("keys", "list"))]
        return "".join(f"{done.out}\n{done.err}\n" for done in said)

    return look


def gone_at_login(rig: Rig) -> Look:
    """What starts at login is a trayexec that was removed."""
    look = files(BASE, ("autostart", "status"))(rig)
    rig.write("home/.config/autostart/trayexec.desktop", "[Desktop Entry]\nExec=/gone/trayexec agent\n")
    return look


def lost(rig: Rig) -> Look:
    """An overlay of which nobody knows from which files it was made."""
    files(BASE)(rig)
    path = Path(rig.run("--live", "--", "sh", "-c", 'echo "$AWS_CONFIG_FILE"').out.strip())
    path.with_name("origin").unlink()
    rig.env.update(
        {
            "AWS_CONFIG_FILE": str(path),
            "AWS_SHARED_CREDENTIALS_FILE": str(path.with_name("credentials")),
        }
    )
    return lambda: rig.run("list").err


def inside(rig: Rig) -> Look:
    """`doctor` in a command that has fixed keys."""
    files(ODD_ROLE.replace("profile r", "profile -r") + BASE, stores=(ODD, "default"))(rig)
    rig.auth(None, ODD)
    return lambda: rig.run("--profile", "-r", "--", *COMMAND, "doctor").out


def opened(rig: Rig) -> Look:
    """Nobody can be asked when it ends."""
    files(ODD_ROLE, stores=(ODD,))(rig)
    rig.auth(None, ODD)
    return lambda: rig.run("doctor").out


def first_start(rig: Rig) -> Look:
    """The first agent where there is no desktop."""
    files(BASE)(rig)

    def look() -> str:
        rig.run("agent", "stop")
        rig.desk.home("home/.local/state/trayexec/desktops").unlink(missing_ok=True)
        return rig.terminal("agent", "start").ended()[1].replace("\r\n", "\n")

    return look


STATES = (
    State(
        "a first start without a desktop",
        first_start,
        (
            "Codes are asked for on your terminal, and `trayexec status` says how things stand.",
            "This is said once; `trayexec doctor` says it again.",
        ),
        leaves={"trayexec doctor": 1},
    ),
    State(
        "start at login",
        files(BASE, ("autostart", "status"), ("autostart", "enable")),
        (
            "`trayexec autostart enable` lets it.",
            "the agent starts at your next login; `trayexec autostart disable` undoes it",
        ),
        own=True,
    ),
    State(
        "start at login that is gone",
        gone_at_login,
        ("`trayexec autostart enable` corrects it, `trayexec autostart disable` takes it away.",),
        own=True,
    ),
    State(
        "no agent at the socket named",
        elsewhere,
        ("`unset TRAYEXEC_SOCKET`, or start one there: `trayexec agent start`",),
        gone=True,
    ),
    State(
        "no agent, and none is to be started",
        not_started,
        ("Start it: `trayexec agent start`", "Start one with `trayexec agent start`."),
        gone=True,
    ),
    State(
        "much is amiss",
        amiss,
        (
            "`unset {names}`",
            "`unset AWS_DEFAULT_PROFILE`",
            "{hint} Or: `unset {variable}`",
            "`chmod 600 {file}`",
            "Stop it: `TRAYEXEC_SOCKET={socket} trayexec agent stop`",
            "The next command starts one with a display after: `trayexec agent stop` (it forgets what is open)",
            "To let it read that of this shell, for all shells: `trayexec agent stop`, then any command",
        ),
        gone=True,
    ),
    State(
        "settings without a terminal",
        files(BASE, ("config", "edit")),
        ("Change {file} by another program, then run `trayexec config check`.",),
    ),
    State(
        "settings that are wrong",
        edited('echo "x = 1" > "$1"', "n\n"),
        ("It is kept in {copy}. This removes it: `rm {word}`",),
    ),
    State(
        "settings that another changed",
        edited('echo "# his" > "$0"; echo "# hers" > "$1"'),
        ("Yours is in {copy}. Compare the two: `diff {words}`",),
        leaves={"diff ": 1},
    ),
    State(
        "nothing yet",
        nothing_yet,
        (
            "`trayexec setup` leads you to a first one.",
            "no profile can be used yet: `trayexec setup` leads you through it",
            "{file} has no profiles: `trayexec setup` leads you to a first one",
            "no profile of the AWS config leads to an identity with an MFA device: `trayexec setup` leads you to one",
        ),
        gone=True,
        own=True,
    ),
    State(
        "an overlay of nobody",
        lost,
        ("Open a new shell, or run: `unset AWS_CONFIG_FILE AWS_SHARED_CREDENTIALS_FILE`",),
        gone=True,
    ),
    State("an agent in the foreground", running, ("Nothing to do; `trayexec agent stop` ends it.",)),
    State(
        "a doctor's usual notes",
        files(BASE, ("status",), ("doctor",)),
        (
            "Everything else works. After a change of desktop: `trayexec agent stop`",
            '`trayexec shell`, or `eval "$(trayexec hook bash)"` in ~/.bashrc, makes it so',
            "Run `trayexec auth {word}` on a terminal of this machine: what waits goes on then.",
        ),
    ),
    State(
        "nobody to ask later",
        opened,
        ("Run `trayexec auth {word} --force` on a terminal of this machine before that.",),
        own=True,
    ),
    State(
        "under fixed keys",
        inside,
        (
            "this shell runs under `trayexec {profile} -- …`: its keys beat AWS_PROFILE in most SDKs",
            "To switch with AWS_PROFILE inside: `trayexec shell {profile}`",
        ),
        own=True,
    ),
)
