"""An identity's own command gives its code: nobody is asked, and a person only where it gives none."""

import json
import shlex
import sys
from collections.abc import Sequence

import pytest

from support.desktop import eventually
from support.processes import alive
from support.rig import TYPIST, Rig


def command(rig: Rig, argv: Sequence[str], *, timeout: str = "90s", more: str = "") -> None:
    """Let this command give the code of `default`; every other way to ask is the terminal."""
    own = f"[identity.default]\ncode = {json.dumps(list(argv))}\n{more}"
    rig.settings(f'[prompt]\nmethod = "terminal"\ntimeout = "{timeout}"\n{own}')


def typist(rig: Rig, *codes: str) -> list[str]:
    """A command that prints these codes, one each time, and then the one that the device shows."""
    script = rig.write("typist.py", TYPIST)
    before = rig.write("codes", "".join(f"{one}\n" for one in codes))
    argv = [sys.executable, "-I", str(script), f"{rig.sim.url}/_sim/code", str(rig.desk.home("asked"))]
    first = 'read -r code < "$0" && sed -i 1d "$0" && echo asked >> "$1" && echo "$code" && exit; shift; exec "$@"'
    return ["sh", "-c", first, str(before), str(rig.desk.home("asked")), *argv]


def test_nobody_is_asked(rig: Rig) -> None:
    """Once for a session, whatever runs, and without a terminal; it knows the identity and its device."""
    seen = 'echo "$TRAYEXEC_IDENTITY $TRAYEXEC_MFA_SERIAL" > "$0"; exit 1'
    command(rig, ["sh", "-c", seen, str(rig.desk.home("seen"))])
    rig.run("auth", "--wait", "3")
    assert rig.desk.home("seen").read_text() == f"default {rig.sim.world.device().serial}\n"
    command(rig, typist(rig))
    done = rig.run("account-a", "--", "true")
    assert done.status == 0, done.err
    assert rig.run("account-b", "--", "true").status == 0
    assert rig.tries == 1


def process(rig: Rig, line: str) -> None:
    """Let this line be the `mfa_process` of account-a; every other way to ask is the terminal."""
    rig.settings('[prompt]\nmethod = "terminal"\ntimeout = "10s"\n')
    text = rig.sim.world.config_text(rig.sim.url)
    rig.config(text.replace("[profile account-a]\n", f"[profile account-a]\nmfa_process = {line}\n"))


def test_an_mfa_process_gives_the_code(rig: Rig) -> None:
    """By a shell, as with aws-vault; only where it is the profile's own; and in the settings is what comes first."""
    process(rig, shlex.join(typist(rig)) + " | tail -n 1")
    done = rig.run("account-a", "--", "true")
    assert done.status == 0, done.err
    assert "from mfa_process of profile account-a" in done.err
    rig.run("lock")
    assert "nobody" in rig.run("account-b", "--wait", "1", "--", "true").err.lower()


def test_an_mfa_process_that_others_could_have_written_is_not_run(rig: Rig) -> None:
    """A person is asked, and told why; `why` says it, too."""
    process(rig, f"touch {rig.desk.home('ran')}")
    config = rig.desk.home("home/.aws/config")
    config.chmod(0o666)
    terminal = rig.terminal("account-a", "--", "true")
    shown = terminal.wait_for(r"MFA code of identity default[^\n]*: ", seconds=40)
    assert "others may write to it" in shown
    assert not rig.desk.home("ran").exists()
    assert "it is not run, and a person is asked" in rig.run("why", "account-a").out
    terminal.type("\x04")
    terminal.ended()


def test_a_wrong_code_is_followed_by_the_next(rig: Rig) -> None:
    """The command is asked once more when the device shows another."""
    command(rig, typist(rig, "000000"))
    done = rig.run("account-a", "--", "true", seconds=90)
    assert done.status == 0, done.err
    assert rig.tries == 2


@pytest.mark.parametrize(
    ("argv", "why"),
    [
        (["sh", "-c", "echo no-$((40 + 2)) >&2; exit 1"], "exit status 1"),
        (["/no/such/program"], "No such file"),
        (["echo", "<html>busy</html>"], "six digits"),
        (["sleep", "100"], "did not end in time"),
        (["sh", "-c", "yes 123456 | head -c 200000"], "six digits"),
    ],
)
def test_where_it_gives_none_a_person_is_asked(rig: Rig, argv: list[str], why: str) -> None:
    """On the terminal, with the reason; the code that is typed there counts."""
    command(rig, argv, timeout="10s")
    terminal = rig.terminal("account-a", "--", "true")
    shown = terminal.wait_for(r"MFA code of identity default[^\n]*: ", seconds=40)
    assert why in shown
    assert "no-42" not in shown  # what it says on stderr may hold a secret
    code = rig.fresh_code()
    rig._given.add(code)
    terminal.type(f"{code}\n")
    assert terminal.ended()[0] == 0


def test_it_renews_before_the_end_unasked(rig: Rig) -> None:
    """In the second half of a short session that is in use; the code is the command's, and nobody waits for it."""
    rig.sim.live(session=90)
    command(rig, typist(rig), more='renew = "auto"\n')
    assert rig.run("account-a", "--", "true").status == 0
    eventually("a second code", lambda: rig.tries == 2, seconds=85)
    assert "expire" not in rig.log


def test_it_ends_with_who_waits_for_it(rig: Rig) -> None:
    """No program is left that nobody wants a code of."""
    place = rig.desk.home("running")
    command(rig, ["sh", "-c", 'echo $$ > "$0"; exec sleep 300', str(place)])
    assert rig.run("--wait", "2", "account-a", "--", "true").status == 125
    eventually("the command to end", lambda: not alive(int(place.read_text())))
