"""An identity's own command prints its keys: run for a code, kept by nobody, and nothing is stored."""

import json
import re
import shlex
from collections.abc import Sequence
from pathlib import Path

import pytest

from support import awscli
from support.desktop import eventually
from support.processes import alive
from support.rig import TYPIST, Rig
from whole.test_providers import document, given

OTHER = "222222222222"
CANARY = "no-$((40 + 2))"  # on stderr as no-42, which is nowhere in the command itself


def printing(rig: Rig, argv: Sequence[str], *, prompt: str = 'method = "terminal"\n', more: str = "") -> None:
    """Let this command print the keys of `default`; the code is asked on the terminal."""
    rig.settings(f"[prompt]\n{prompt}[identity.default]\nkeys = {json.dumps(list(argv))}\n{more}")


def keys(rig: Rig, user: str = "alice", *, shape: str = "") -> list[str]:
    """A command that prints a user's keys, and notes that it was run, and for whom."""
    key = rig.sim.world.user_key(user)
    document = {"Version": 1, "AccessKeyId": key.id, "SecretAccessKey": key.secret}
    printed = shape.format(id=key.id, secret=key.secret) if shape else json.dumps(document)
    script = 'echo "$TRAYEXEC_IDENTITY $TRAYEXEC_MFA_SERIAL $TRAYEXEC_CHAIN" >> "$0"; cat "$1"'
    return ["sh", "-c", script, str(ran(rig)), str(rig.write("printed", printed))]


def ran(rig: Rig) -> Path:
    """Where the command notes that it was run."""
    return rig.desk.home("ran")


def runs(rig: Rig) -> list[str]:
    """For whom it was run, each time."""
    return ran(rig).read_text().splitlines() if ran(rig).exists() else []


def actions(rig: Rig) -> list[str]:
    """What AWS was asked, in order."""
    return [call.action for call in rig.sim.calls]


def test_the_keys_are_printed_for_the_code_and_stored_nowhere(bare: Rig) -> None:
    """No keychain is needed; the command runs once for a code, and nothing that it prints is on the disk afterwards."""
    printing(bare, keys(bare))
    bare.unlock()
    assert runs(bare) == [f"default {bare.sim.world.device().serial} *"]
    assert bare.run("account-a", "--", "true").status == 0
    assert bare.run("account-b", "--", "true").status == 0
    assert len(runs(bare)) == 1
    assert actions(bare) == ["GetCallerIdentity", "GetSessionToken", "AssumeRole", "AssumeRole"]
    secret = bare.sim.world.user_key("alice").secret.encode()
    assert not [one for one in bare.desk.home("home").rglob("*") if one.is_file() and secret in one.read_bytes()]


@pytest.mark.parametrize(
    "shape",
    [
        "AWS_ACCESS_KEY_ID={id}\nAWS_SECRET_ACCESS_KEY={secret}\n",
        "[default]\naws_access_key_id = {id}\naws_secret_access_key = {secret}\n",
    ],
)
def test_it_may_print_lines(bare: Rig, shape: str) -> None:
    """As an env file or the credentials file has them."""
    printing(bare, keys(bare, shape=shape))
    bare.unlock()


def test_the_keys_come_before_the_person_is_asked(bare: Rig) -> None:
    """Once for a question: what was printed before it is used for each code that is typed, and then forgotten."""
    printing(bare, keys(bare))
    terminal = bare.terminal("account-a", "--", "true")
    terminal.wait_for(r"MFA code of identity default[^\n]*: ")
    assert len(runs(bare)) == 1
    assert actions(bare) == ["GetCallerIdentity"]
    terminal.type("000000\n")
    terminal.wait_for(r"MFA code of identity default[^\n]*: ", seconds=60)
    code = bare.fresh_code()
    bare._given.add(code)
    terminal.type(f"{code}\n")
    assert terminal.ended()[0] == 0
    assert len(runs(bare)) == 1
    bare.run("lock")
    assert bare.auth().status == 0
    assert len(runs(bare)) == 2


@pytest.mark.parametrize(
    ("argv", "why"),
    [
        (["sh", "-c", f"echo {CANARY} >&2; echo {CANARY}; exit 3"], "status 3"),
        (["/no/such/program"], "No such file"),
        (["echo", "<html>busy</html>"], "a web page"),
        (["sh", "-c", f"echo {CANARY}"], "no access key id"),
        (["true"], "nothing"),
        (["sh", "-c", "yes AWS_ACCESS_KEY_ID=AKIAEXAMPLE000000001"], "64 KiB"),
        (["sleep", "100"], "within 10 s"),
    ],
)
def test_where_it_gives_none_nobody_is_asked(bare: Rig, argv: list[str], why: str) -> None:
    """The reason is the answer, without what the command said; and a code that came along is not spent."""
    printing(bare, argv, prompt='timeout = "10s"\n')
    done = bare.run("account-a", "--", "true", seconds=40)
    assert done.status == 125
    assert why in done.err
    assert "[identity.default]" in done.err
    code = bare.sim.code()
    refused = bare.auth(code)
    assert refused.status == 125
    assert why in refused.err
    assert "no-42" not in done.err + refused.err + bare.log
    assert actions(bare) == []
    printing(bare, keys(bare))
    assert bare.auth(code).status == 0


def test_keys_of_another_account_than_the_devices_are_refused(bare: Rig) -> None:
    """Before a person is asked, and before the device's serial is sent."""
    bob = bare.sim.world.add_user(OTHER, "bob")
    bare.sim.world.add_key(bob)
    printing(bare, keys(bare, "bob"))
    done = bare.run("account-a", "--", "true")
    assert done.status == 125
    assert OTHER in done.err
    assert actions(bare) == ["GetCallerIdentity"]


def test_it_ends_with_who_waits_for_it(bare: Rig) -> None:
    """Who waits is told what for; no program is left whose keys nobody wants."""
    place = bare.desk.home("running")
    printing(bare, ["sh", "-c", 'echo $$ > "$0"; exec sleep 300', str(place)])
    done = bare.run("--wait", "4", "account-a", "--", "true")
    assert done.status == 125
    assert "Waiting for the command that prints the keys of identity default" in done.err
    eventually("the command to end", lambda: not alive(int(place.read_text())))


def test_the_seconds_are_counted_down_on_a_terminal(bare: Rig) -> None:
    """On a line of their own, which is gone when there is news; a terminal without a cursor gets a sentence."""
    printing(bare, ["sleep", "300"])
    sentence = "Waiting for the command that prints the keys of identity default"
    bare.env["TERM"] = "xterm"
    terminal = bare.terminal("--wait", "40", "account-a", "--", "true")
    terminal.wait_for(f"{sentence}\r\n")
    seen = [re.findall(r"\r\x1b\[K  (\d+) s left", terminal.wait_for(r"\d s left"))[-1] for _ in range(3)]
    assert sorted(map(int, seen), reverse=True) == [*map(int, seen)]
    assert len({*seen}) == 3
    terminal.type("\x03")
    _, rest = terminal.ended()
    assert rest.rstrip("^C").endswith("\r\x1b[K")
    bare.env["TERM"] = "dumb"
    terminal = bare.terminal("--wait", "40", "account-a", "--", "true")
    assert re.search(rf"{sentence} \(\d+ s left\)\r\n$", terminal.wait_for(r"s left\)\r\n"))
    terminal.type("\x03")
    assert "\x1b" not in terminal.ended()[1]


def test_the_progress_of_a_fan_out_has_them(bare: Rig) -> None:
    """Behind how many have their credentials."""
    printing(bare, ["sleep", "300"])
    bare.env["TERM"] = "xterm"
    terminal = bare.terminal("--wait", "40", "account-a", "account-b", "--", "true")
    screen = terminal.wait_for(r"credentials: 0 of 2, \d+ s left…") + terminal.wait_for(
        r"credentials: 0 of 2, \d+ s left…"
    )
    first, second = map(int, re.findall(r"0 of 2, (\d+) s left", screen))
    assert 40 >= first > second
    terminal.type("\x03")
    terminal.ended()


def test_it_gets_no_credentials_that_wait_for_it(bare: Rig) -> None:
    """A command that asks us for what it is to provide is refused, and does not wait for itself."""
    asking = bare.write("asking", "#!/bin/sh\nexec trayexec --wait 30 account-a -- env\n")
    printing(bare, ["sh", str(asking)])
    assert "status" in bare.run("account-a", "--", "true", seconds=25).err


def test_its_keys_win_and_everything_says_where_they_come_from(rig: Rig) -> None:
    """Over stored ones and another source of the profile; `keys`, `status`, `why` and `doctor` name the command."""
    process = f"[profile other]\nmfa_serial = {rig.sim.world.device().serial}\ncredential_process = /bin/false\n"
    rig.config(rig.sim.world.config_text(rig.sim.url) + process + f"endpoint_url = {rig.sim.url}\nregion = eu-west-1\n")
    printing(rig, keys(rig), more=f"[identity.other]\nkeys = {json.dumps(keys(rig))}\n")
    assert rig.status()["identities"][0]["keys_from"] == "command"
    listed = {one["name"]: one for one in rig.run("keys", "list", "--json").json}
    assert [listed[name]["from"] for name in ("default", "other")] == ["command", "command"]
    assert listed["default"]["stored"]
    shown = rig.run("keys", "list").out
    assert "`trayexec keys remove default`" in shown
    assert re.search(r"other.*printed by the command sh", shown)
    line = rig.desk.home("home/.config/trayexec/config.toml").read_text().splitlines().index("[identity.other]") + 2
    assert f"printed by the command sh ({rig.desk.home('home/.config/trayexec/config.toml')}:{line})" in (
        rig.run("why", "other").out
    )
    assert "come from the command /" in rig.run("doctor").out
    rotated = rig.run("keys", "rotate", "default", "--yes")
    assert rotated.status == 125
    assert "printed by the command sh" in rotated.err
    again = rig.store_keys()
    assert "they are not used" in again.err
    assert rig.auth(None, "other").status == 0
    assert len(runs(rig)) == 1


def test_a_code_and_the_keys_may_both_come_from_commands(bare: Rig) -> None:
    """Then nobody is asked for anything."""
    script = bare.write("typist.py", TYPIST)
    typist = ["python3", "-I", str(script), f"{bare.sim.url}/_sim/code", str(bare.desk.home("asked"))]
    printing(bare, keys(bare), more=f"code = {json.dumps(typist)}\n")
    assert bare.run("account-a", "--", "true").status == 0


def process(rig: Rig, *, device: str = "", user: str = "alice") -> None:
    """Let a `credential_process` of [default] print a user's keys; `device` takes the place of its mfa_serial line."""
    script = rig.write("program", "#!/bin/sh\n" + shlex.join(keys(rig, user)) + "\n")
    script.chmod(0o700)
    text = rig.sim.world.config_text(rig.sim.url)
    line = f"mfa_serial = {rig.sim.world.device().serial}\n"
    assert line in text
    rig.config(text.replace(line, f"credential_process = {script}\n{device or line}"))
    rig.settings('[prompt]\nmethod = "terminal"\n')


def test_a_credential_process_of_long_term_keys_is_an_identity(bare: Rig) -> None:
    """It runs once for a code, which opens the session on which all roles live; what it prints gets to nobody."""
    process(bare)
    assert bare.run("list").status == 0
    assert runs(bare) == []
    terminal = bare.terminal("account-a", "--", "sh", "-c", 'echo "key ${AWS_ACCESS_KEY_ID%????????????????}"')
    terminal.wait_for(r"MFA code of identity default[^\n]*: ")
    code = bare.fresh_code()
    bare._given.add(code)
    terminal.type(f"{code}\n")
    status, said = terminal.ended()
    assert status == 0
    assert "key ASIA" in said
    assert len(runs(bare)) == 1
    assert bare.run("credential-process", "default").json["SessionToken"]
    assert bare.run("account-b", "--", "true").status == 0
    assert actions(bare) == ["GetCallerIdentity", "GetSessionToken", "AssumeRole", "AssumeRole"]
    assert len(runs(bare)) == 1
    [found] = bare.status()["identities"]
    assert (found["name"], found["phase"], found["keys_from"]) == ("default", "open", "credential_process")
    why = bare.run("why", "default").out
    assert "the credential_process prints long-term keys" in why
    assert re.search("now: identity default: .* left", why)
    rotated = bare.run("keys", "rotate", "default", "--yes")
    assert (rotated.status, "printed by its credential_process" in rotated.err) == (125, True)
    unnamed = bare.run("keys", "rotate", "--yes")
    assert (unnamed.status, "printed by its credential_process" in unnamed.err) == (125, True)
    assert bare.run("lock").status == 0
    assert bare.auth().status == 0
    assert len(runs(bare)) == 2
    assert bare.sim.world.user_key("alice").secret not in bare.log


@pytest.mark.parametrize("words", [("default",), ()])
def test_it_can_be_unlocked_before_it_was_ever_used(bare: Rig, words: Sequence[str]) -> None:
    """Whether it prints an identity's keys is found out then, by running it."""
    process(bare)
    done = bare.auth(None, *words)
    assert (done.status, len(runs(bare))) == (0, 1), done.err


def test_one_that_prints_a_session_needs_no_code(bare: Rig) -> None:
    """Nor is one spent."""
    process(bare)
    bare.write("printed", document(given(bare)))
    refused = bare.auth(None, "default")
    assert refused.status == 125
    assert "Profile default needs no code" in refused.err
    assert actions(bare) == []


def test_without_a_device_it_says_so_and_without_mfa_it_works(bare: Rig) -> None:
    """Its keys as they are get to nobody."""
    process(bare, device="# none\n")
    for words in (("account-a", "--", "true"), ("default", "--", "true"), ("auth",)):
        refused = bare.run(*words)
        assert refused.status == 125
        assert "prints long-term keys, and no mfa_serial is known" in refused.err, refused.err
    why = bare.run("why", "account-a")
    assert (why.status, bare.run("why", "account-a", "--json").json["served"]) == (1, False)
    assert "prints long-term keys, and no mfa_serial is known" in why.out.splitlines()[0]
    bare.settings("[identity.default]\nmfa = false\n")
    assert bare.run("credential-process", "default").json["SessionToken"]
    assert actions(bare)[-1] == "GetSessionToken"


def test_it_may_print_a_session_later_and_keys_again(bare: Rig) -> None:
    """What is served is what it prints, never what it printed before: it says so once, and then it works."""
    process(bare)
    assert bare.auth(None, "default").status == 0
    assert bare.run("lock").status == 0
    before, key = bare.desk.home("printed").read_text(), given(bare)
    bare.write("printed", document(key))
    refused = bare.run("default", "--", "true")
    assert refused.status == 125
    assert "prints temporary credentials now" in refused.err
    assert bare.run("credential-process", "default").json["AccessKeyId"] == key.id
    bare.write("printed", before)
    assert bare.run("lock").status == 0
    assert bare.auth(None, "default").status == 0


def test_the_aws_cli_itself_can_be_the_program(bare: Rig) -> None:
    """`aws configure export-credentials` prints what a profile of other files has; outside one is the user by it."""
    key = bare.sim.world.user_key("alice")
    vault = bare.write("vault", f"[keys]\naws_access_key_id = {key.id}\naws_secret_access_key = {key.secret}\n")
    process(bare)
    script = bare.write(
        "program",
        f"#!/bin/sh\nexport AWS_SHARED_CREDENTIALS_FILE={vault} AWS_CONFIG_FILE=/dev/null\n"
        f"exec {awscli.CLI_2} configure export-credentials --profile keys --format process\n",
    )
    script.chmod(0o700)
    ask = [awscli.CLI_2, "sts", "get-caller-identity", "--query", "Arn", "--output", "text"]
    ask += ["--endpoint-url", bare.sim.url]
    assert bare.desk.run(ask).strip() == key.holder.arn
    assert bare.auth(None, "default").status == 0
    who = bare.run("account-a", "--", *ask)
    assert "assumed-role" in who.out, who.err
