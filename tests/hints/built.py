"""States that take a machine or minutes that no test has: the words are those of the function that says them."""

import errno
import socket
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

from hints.follow import ODD
from hints.keys import ODD_ROLE
from hints.state import Look, State
from hints.states import BASE, files
from support.rig import Rig
from trayexec.adapters import botocore_keys, desktop_actions, federation, ledger, plain_file
from trayexec.adapters.dialogs.choose import Dialogs, _on_a_terminal
from trayexec.adapters.keychain import _explain, _Said
from trayexec.adapters.providers import failures, tokens
from trayexec.adapters.sts_errors import Purpose, Request, _invalid
from trayexec.adapters.tray import presenter, pystrays
from trayexec.commands import agent, show_table
from trayexec.commands.doctor import keys, ours
from trayexec.commands.doctor.facts import Agent, Asked
from trayexec.commands.fanout import obtaining
from trayexec.core import messages
from trayexec.core.broker import notifications
from trayexec.core.broker.events import Process
from trayexec.core.broker.expiry_watch import Run
from trayexec.core.clock import Expiry, Instant
from trayexec.core.config.profiles import Identity, Provider, SignIn, StsEndpoint
from trayexec.core.config.sources import Source
from trayexec.light import context, same_machine
from trayexec.light.errors import Text, TrayexecError, Trouble

WHO = Identity(ODD, "arn:aws:iam::111111111111:mfa/alice", None, ODD, StsEndpoint("eu-west-1"))
MOMENT = Instant(1.0, 1.0)
SIGN_IN = SignIn(ODD, "https://corp.awsapps.com/start", "eu-west-1", (), ODD, ("c", "s"))


def refused(call: Callable[[], object]) -> Trouble:
    """What it raises."""
    try:
        call()
    except TrayexecError as error:
        return error.trouble
    raise AssertionError(call)


def asked(purpose: Purpose, subject: str = "x") -> Request:
    """A request to AWS for the odd identity."""
    return Request(purpose, StsEndpoint("eu-west-1"), subject, identity=ODD, keys=ODD)


def built(*things: Callable[[Rig], object], opened: bool = False) -> Callable[[Rig], Look]:
    """The words of these, over an identity with an odd name whose keys are stored."""

    def make(rig: Rig) -> Look:
        files(f"{ODD_ROLE}\n{BASE}", stores=(ODD, "default"))(rig)
        if opened:
            rig.auth(None, ODD)
        return lambda: "\n".join(map(_text, [one(rig) for one in things]))

    return make


def _text(said: object) -> str:
    if isinstance(said, Trouble):
        return f"{said.title} {said.hint}\n"
    if isinstance(said, dict):
        return f"{said['title']} {said['hint']}\n"
    return f"{said}\n"


def facts(**known: object) -> SimpleNamespace:
    """What a check looks at."""
    return SimpleNamespace(**{"environ": {}, "socket": "/s", "version": "2", **known})


def _lent(rig: Rig) -> Trouble:
    """An answer that came by way of another process."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        answer = {"config": str(rig.desk.home("home/config")), context.HERE: {"pid": 1}}
        return refused(lambda: same_machine.check(answer, ours))


def _odd_file(rig: Rig) -> Path:
    return rig.write("a b'c $HOME/-x", "")


LOGIN = Provider(Source.LOGIN, ODD, (), ("c", "s"), StsEndpoint("eu-west-1"))

STATES = (
    State(
        "nobody signed in",
        built(
            lambda _: messages.not_signed_in(SIGN_IN),
            lambda _: messages.no_code_there(SIGN_IN),
            lambda _: messages.nobody_signed_in(SIGN_IN),
            lambda _: messages.sign_in_locked(SIGN_IN),
            lambda _: tokens._why(SIGN_IN, "failed", "x"),
        ),
        (
            "Sign in with `trayexec auth {word}`.",
            "Sign in with `trayexec auth {word}`: the page asks for whatever your organisation wants.",
            (
                "The page may still be open: sign in there and run the command again, or begin anew with "
                "`trayexec auth {word}`."
            ),
            "Begin anew with `trayexec auth {word}`.",
            "Try once more with `trayexec auth {word}`, and see whether the AWS CLI can sign in.",
        ),
        own=True,
    ),
    State(
        "nobody signed in with the AWS CLI",
        built(
            lambda _: failures.why(
                Provider(Source.LOGIN, ODD, (), ("c", "s"), StsEndpoint("eu-west-1")), "no-login", ""
            )
        ),
        ("Sign in with `aws login --profile {word}` (AWS CLI 2), and run the command again.",),
        own=True,
        leaves={"aws login": 252},  # the AWS CLI of Debian 12 does not know it yet
    ),
    State(
        "no room in the menu, and no terminal",
        built(
            lambda _: presenter.TOO_MANY.label,
            lambda _: desktop_actions.no_terminal(ODD).body,
            lambda _: desktop_actions.no_help().body,
        ),
        (
            "More than fit into this menu: `trayexec list` shows all",
            "In one of your own: `trayexec shell {word}`",
            "In one of your own: `trayexec help all`",
        ),
    ),
    State(
        "no dialog",
        built(
            lambda _: Dialogs("terminal", {})._nothing(ODD),
            lambda _: Dialogs("auto", {})._nothing(ODD),
            lambda _: Dialogs("auto", {"DISPLAY": ":1"})._nothing(ODD),
            lambda _: Dialogs("zenity", {"DISPLAY": ":1"})._nothing(ODD),
            lambda _: _on_a_terminal(Trouble("x", Text("x"), Text("")), ODD),
            lambda _: notifications.no_dialog(WHO).body,
            lambda _: messages.cancelled(WHO, 5),
            lambda _: messages.paused(WHO, 5),
        ),
        (
            "Type the code in a terminal: `trayexec auth {word}`",
            (
                "Install one of python3-gi with gir1.2-gtk-3.0, python3-tk, zenity, kdialog or pinentry-qt,"
                " or type the code in a terminal: `trayexec auth {word}`"
            ),
            "Install it, or set the prompt method to auto; for now: `trayexec auth {word}`",
            "Type the code in a terminal instead: `trayexec auth {word}`",
            "Enter it on a terminal with `trayexec auth {word}`.",
            "Run the command again in {seconds} s, or unlock now with `trayexec auth {word}`.",
            "Run the command again after that, or unlock now with `trayexec auth {word}`.",
        ),
        own=True,
    ),
    State(
        "a session that has ended",
        built(
            lambda _: _invalid("ExpiredToken", asked(Purpose.ROLE)).trouble,
            lambda _: _invalid("InvalidClientTokenId", asked(Purpose.ROLE)).trouble,
            lambda _: _invalid("InvalidClientTokenId", asked(Purpose.SESSION, "ASIAX")).trouble,
            lambda _: federation._token(400, b""),
            opened=True,
        ),
        (
            "Unlock again with a new code: `trayexec auth {word} --force`.",
            "Use an IAM user's long-term access key (it begins with AKIA): `trayexec keys add {word}`",
            (
                "Try again after `trayexec lock`: they may have been revoked. A role whose policy denies "
                "everything else "
                "cannot sign in either."
            ),
        ),
        own=True,
    ),
    State(
        "a keychain that fails",
        built(
            lambda _: _explain(_Said("mismatch"), ODD, 5),
            lambda _: _explain(_Said("unstarted"), ODD, 5),
            lambda _: next(
                one.hint
                for one in ours.agent_runs(facts(agent=Agent("1", 1, "none", "x", ())))  # type: ignore[arg-type]
                if one.code == "agent_version"
            ),
        ),
        (
            "See what is wrong with it: `trayexec doctor`",
            "If trayexec was updated while the agent ran: `trayexec agent restart`. Else install it again.",
            "It takes over by itself once nobody waits, or now, without a code: `trayexec agent restart`",
        ),
        own=True,
        leaves={"trayexec doctor": 1},
    ),
    State(
        "an agent that is to give way",
        built(
            lambda _: messages.busy(1),
            lambda _: messages.too_much(),
            lambda _: agent._older(),
            lambda _: agent._gone(),
            lambda _: show_table._of_another_version("0.1"),
        ),
        (
            "Try again once they have it, or end the agent, which forgets everything: `trayexec agent stop`",
            "Lock those that you do not need: `trayexec lock`",
            "End it, which forgets them: `trayexec agent stop`. The next command starts the new one.",
            "Its log says why: `trayexec agent start` starts one, and the next command asks for a code.",
            (
                "The agent is version {theirs}, and this command is version {ours}. It takes over by itself once "
                "nobody waits, or: `trayexec agent restart`"
            ),
        ),
    ),
    State(
        "no tray, and nobody to lend",
        built(
            lambda _: refused(lambda: pystrays.backend("win32")),
            lambda _: refused(lambda: botocore_keys._no_prompt("")),
            _lent,
            lambda _: obtaining._no_more_sockets(OSError(errno.EMFILE, "Too many open files")),
            lambda _: next(keys.stored_keys(facts(keys={ODD: _explain(_Said("locked"), ODD, 5)}, read=None))).hint,  # type: ignore[arg-type]
            lambda _: next(keys.sts_answers(facts(asked=(Asked(ODD, StsEndpoint("eu-west-1"), None, None),)))).hint,  # type: ignore[arg-type]
            lambda _: notifications.outlived((Run(Process(1, 1), "aws", ODD, Expiry(MOMENT, 1), MOMENT),), MOMENT).body,
        ),
        (
            "What works here are plain runs: `trayexec PROFILE -- CMD…`. For the rest, run an agent on this machine.",
            "Allow more open files (`ulimit -n`), or fewer at a time with --jobs.",
            "Unlock it in your desktop's password manager, then run `trayexec doctor` again.",
            "Check the network, the VPN and the proxy (HTTPS_PROXY), then run `trayexec doctor` again.",
            "Nothing is lost without it: use `trayexec status` and `trayexec auth`.",
            "Let trayexec have the profile (`trayexec list` says what stands in the way), or use it without --live.",
            (
                "It runs as {profile} (process {pid}) and cannot take new ones. What runs this long renews by itself "
                "under `trayexec --live {word} -- …`; --need starts it with more time."
            ),
        ),
        own=True,
        leaves={"trayexec doctor": 1},
        replaced={"trayexec auth": "trayexec auth default"},
    ),
    State(
        "a file or a folder that is somebody else's",
        built(
            lambda rig: plain_file._unreadable(str(_odd_file(rig)), "x").trouble,
            lambda rig: ledger._unreadable(_odd_file(rig), "x").trouble,
            lambda rig: next(ours.state_folder(facts(unfit="x", state_folder=str(_odd_file(rig).parent)))).hint,  # type: ignore[arg-type]
        ),
        (
            "Check who owns it and its permissions: `ls -l {path}`",
            "Make room there, or give the folder to yourself: `ls -ld {folder}`",
        ),
        own=True,
    ),
)
