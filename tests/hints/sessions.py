"""States of a session and of what waits for one."""

import shlex
import sys
import time
from collections.abc import Callable
from dataclasses import replace

from hints.follow import ODD, Person
from hints.keys import ODD_ROLE
from hints.state import Look, State
from hints.states import BASE, files
from support.desktop import eventually
from support.rig import COMMAND, Rig

UNLOCK = "Unlock it with `trayexec auth {word}`, or in the tray."


def odd(rig: Rig) -> None:
    """A role over the odd identity, whose keys are stored; it is called as the odd one is, but for its end."""
    files(f"{BASE}{ODD_ROLE}" + ROLE, stores=(ODD, "default"))(rig)


ROLE = f'[profile "role of {ODD.replace(chr(34), chr(92) + chr(34))}"]\n@ROLE\nsource_profile = {ODD}\n@URL\n'
NAME = f"role of {ODD}"


def run(*words: str, opened: bool = False) -> Callable[[Rig], Look]:
    """What a line says over the odd identity, locked or `opened` first."""

    def make(rig: Rig) -> Look:
        odd(rig)
        if opened:
            rig.auth(None, ODD)

        def look() -> str:
            done = rig.run(*words)
            return done.out + done.err

        return look

    return make


def short(rig: Rig) -> Look:
    """A session that has an hour."""
    odd(rig)
    rig.sim.live(session=3600)
    rig.auth(None, ODD)
    rig.sim.live()
    return lambda: rig.run(NAME, "--need", "90m", "--no-wait", "--", "true").err


def locked_meanwhile(rig: Rig) -> Look:
    """Somebody locks while a command waits."""
    odd(rig)

    def look() -> str:
        rig.run("lock")
        process = rig.start(NAME, "--wait", "20", "--", "true")
        assert process.stderr is not None
        first = process.stderr.readline()
        rig.run("lock")
        return first + process.communicate(timeout=20)[1]

    return look


def refused(rig: Rig) -> Look:
    """AWS says no to the role, and not why."""
    odd(rig)
    rig.sim.world.roles.pop(rig.sim.world.profiles["account-a"])
    rig.auth(None, ODD)
    return lambda: rig.run(NAME, "--", "true").err


def on_screen(*words: str) -> Callable[[Rig], Look]:
    """What a line of bash says on a terminal."""

    def make(rig: Rig) -> Look:
        odd(rig)
        return lambda: Person(rig).type(" ".join(words))[1]

    return make


def ended(rig: Rig) -> Look:
    """The agent ends under a `--server`."""
    odd(rig)
    rig.auth(None, ODD)

    def look() -> str:
        process = rig.start("--server", NAME, "--", "sh", "-c", "echo on; read x")
        assert process.stdout is not None
        process.stdout.readline()
        rig.run("agent", "stop")
        time.sleep(0.5)
        return process.communicate("\n", timeout=20)[1]

    return look


def outlived(rig: Rig) -> Look:
    """Of several commands, which got what ends soon."""
    odd(rig)
    rig.auth(None, ODD)
    rig.sim.live(role=300)
    return lambda: rig.run(NAME, "r", "--", "sleep", "7").err


def console(rig: Rig, *words: str) -> Look:
    """No browser."""
    odd(rig)
    rig.auth(None, ODD)
    rig.env["AWS_ENDPOINT_URL_SIGNIN"] = rig.sim.url
    return lambda: rig.run("console", *words, env={"BROWSER": "", "PATH": "/nonexistent"}).err


def unfederated(rig: Rig) -> Look:
    """The user's policy denies everything without MFA."""
    look = console(rig, ODD)
    world = rig.sim.world
    world.restrict("alice", wants_mfa=True)
    key = world.user_key()
    world.keys[key.id] = replace(key, holder=world.users[key.holder.arn])
    return look


def strange(rig: Rig) -> Look:
    """Somebody asks the endpoint with a token that is none."""
    odd(rig)
    rig.auth(None, ODD)
    return lambda: rig.run("--server", "r", "--", sys.executable, "-c", STRANGER).out


STRANGER = """\
import json, os, urllib.error, urllib.request
address = urllib.request.Request(os.environ["AWS_CONTAINER_CREDENTIALS_FULL_URI"], headers={"Authorization": "x"})
try:
    urllib.request.urlopen(address)
except urllib.error.HTTPError as error:
    print(*json.load(error).values())
"""


def written_inside(rig: Rig) -> Look:
    """`aws configure` under --live, over a file that is read-only and one that is not: the log has what is told."""
    files(BASE, stores=("default",))(rig)
    key = rig.sim.world.user_key()
    line = f"aws configure set aws_access_key_id {key.id} && aws configure set aws_secret_access_key {key.secret}"
    for mode, word in ((0o400, "not kept anywhere"), (0o600, "in plain text")):
        rig.desk.home("home/.aws/credentials").chmod(mode)
        Person(rig).type(f"trayexec --live -- sh -c '{line}'")
        eventually("the word of it", lambda word=word: word in rig.log)  # type: ignore[misc]
    rig.env.update({"AWS_ACCESS_KEY_ID": key.id, "AWS_SECRET_ACCESS_KEY": key.secret})
    return lambda: rig.log


def failing_outside(rig: Rig) -> Look:
    """Under --live, a profile whose own process fails; and --live in itself, many times over."""
    files(f"{BASE}@ODD\ncredential_process = /bin/false\n")(rig)
    inner = shlex.join([*COMMAND, "credential-process", "--from-files", ODD])

    def look() -> str:
        deep = rig.run("--live", "--", "true", env={"TRAYEXEC_LIVE": "20"})
        return rig.run("--live", "--", "sh", "-c", inner).err + deep.err

    return look


STATES = (
    State("locked", run(NAME, "--no-wait", "--", "true"), (UNLOCK,), gone=True, own=True),
    State(
        "locked while it waited",
        locked_meanwhile,
        (
            UNLOCK,
            "Waiting for the MFA code of identity {identity}: enter it with `trayexec auth {word}` ({left} s left)",
        ),
        own=True,
    ),
    State("a short session", short, ("Renew it with `trayexec auth {word} --force`.",), gone=True, own=True),
    State(
        "nobody came",
        run(NAME, "--wait", "1", "--", "true"),
        ("Run the command again, or unlock with `trayexec auth {word}`.",),
        gone=True,
        own=True,
    ),
    State(
        "a refused role",
        refused,
        (
            (
                "AWS gives no reason. Check role_arn (does the role exist?), external_id, the role's trust "
                "policy, and whether "
                "your user may call sts:AssumeRole on it. If the role wants a recent MFA, run: `trayexec auth "
                "{word} --force`"
            ),
        ),
        own=True,
    ),
    State(
        "a need beyond a role's",
        run(NAME, "--need", "2h", "--", "true", opened=True),
        (
            (
                "the session lasts as long as --need says, but what AWS gives a role lasts until {time}. "
                "What runs longer renews by itself under `trayexec --live {profile} -- …`."
            ),
        ),
        own=True,
    ),
    State(
        "a run over several in which one failed",
        run("r", NAME, "--jobs", "1", "--", "sh", "-c", "test -e again || { touch again; exit 3; }", opened=True),
        ("{failed} of {all} failed. To run those again: `trayexec {options} -- {command}`",),
        own=True,
    ),
    State(
        "a shell with fixed keys",
        on_screen("trayexec r -- bash < /dev/null"),
        ("in here the credentials of {profile} win over AWS_PROFILE; `trayexec shell` is the one to switch in",),
        own=True,
    ),
    State(
        "secrets on a screen",
        on_screen("trayexec env r"),
        (
            (
                "these are secrets, and now they are on your screen and in its history. Better: "
                '`eval "$(trayexec env PROFILE)"`, or `trayexec PROFILE -- CMD…`'
            ),
        ),
        own=True,
        replaced={"PROFILE": "r"},
    ),
    State(
        "a token that is none",
        strange,
        (
            (
                "It ends with the `trayexec --server PROFILE -- CMD…` that it was made for: run the command "
                "through that again."
            ),
        ),
        own=True,
        replaced={"PROFILE": "r"},
    ),
    State(
        "keys written under --live",
        written_inside,
        (
            (
                "{why} The access keys that were written under --live are not kept anywhere: put them into "
                "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and run `trayexec keys add PROFILE --env`."
            ),
            (
                "Access keys were written in plain text to {file}. Put them into AWS_ACCESS_KEY_ID and "
                "AWS_SECRET_ACCESS_KEY, run `trayexec keys add PROFILE --env`, and remove them from the file."
            ),
        ),
        own=True,
        replaced={"PROFILE": "default"},
    ),
    State(
        "what fails without us, too",
        failing_outside,
        (
            ("Try it in a shell without --live: `AWS_CONFIG_FILE={file} aws sts get-caller-identity --profile {word}`"),
            "A credential_process in your AWS config may call itself: `trayexec list` shows which there are.",
        ),
        leaves={"AWS_CONFIG_FILE": 255},
    ),
    State(
        "a server whose agent has ended",
        ended,
        ("the agent has ended: nothing renews the credentials of {profile} until `trayexec auth {word}` is run",),
        own=True,
    ),
    State(
        "several outlived theirs",
        outlived,
        (
            (
                "{profiles}: AWS credentials end in {minutes} min, and the command cannot renew them\n"
                "  What runs this long renews by itself under `trayexec --live {profile} -- …`."
            ),
        ),
        own=True,
    ),
    State(
        "no browser",
        lambda rig: console(rig, NAME),
        ("`trayexec console {word} --print` prints the address; $BROWSER names a browser.",),
        own=True,
    ),
    State(
        "no clipboard",
        lambda rig: console(rig, NAME, "--copy"),
        (
            (
                "Install wl-clipboard under Wayland, xclip or xsel under X11; or have it printed: "
                "`trayexec console {word} --print`"
            ),
        ),
        own=True,
    ),
    State(
        "the console of an identity that may not",
        unfederated,
        (
            (
                "It needs sts:GetFederationToken, and a policy that denies everything without MFA denies that: there "
                "is no MFA in this. Name a profile with a role_arn (`trayexec list` shows them), or sign in with your "
                "user's password."
            ),
        ),
        own=True,
    ),
)
