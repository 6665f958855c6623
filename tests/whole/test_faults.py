"""What goes wrong outside: AWS, the network, the keychain, the files. Each is a sentence with the fix."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from awssim import Kind, Sim, Trust
from awssim.world import World
from support.desktop import eventually, private_desktop
from support.processes import ended
from support.rig import COMMAND, Done, Keyring, Rig, listens, rig_on, world_with


def unwell(rig: Rig, done: Done, *words: str) -> None:
    """It failed as it should: 125, a sentence and what to do about it, these words, and no secret; the agent lives."""
    assert (done.status, done.out) == (125, ""), done.err
    title, hint = done.err.splitlines()[-2:]
    assert title.startswith("trayexec: ")
    assert hint.startswith("  ")
    for word in words:
        assert word in done.err
    assert "Traceback" not in done.err
    assert not [secret for secret in rig.sim.issued_secrets() if secret in done.err]
    assert rig.agent_pid
    assert "mishap" not in rig.log


# AWS, when a session is opened


def test_an_unreachable_sts_leaves_the_code_good(rig: Rig) -> None:
    """The code never left this machine: once AWS can be reached, it works."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        rig.config(rig.sim.world.config_text(f"http://127.0.0.1:{taken.getsockname()[1]}"))
        code = rig.fresh_code()
        unwell(rig, rig.auth(code), "127.0.0.1")
    rig.config(rig.sim.world.config_text(rig.sim.url))
    assert rig.auth(code).status == 0


@pytest.mark.parametrize(
    "kind",
    [
        Kind.THROTTLE,
        Kind.ERROR_500,
        Kind.ERROR_503,
        Kind.HTML,
        Kind.REDIRECT,
        Kind.TRUNCATE,
        Kind.NO_CREDENTIALS,
        Kind.NO_EXPIRATION,
        Kind.PAST_EXPIRATION,
        Kind.BOMB,
        Kind.HUGE,
        Kind.DROP_BEFORE,
        Kind.DROP_AFTER,
    ],
)
def test_a_code_is_sent_once(rig: Rig, kind: Kind) -> None:
    """One request for one code, whatever came back: it may have arrived, and is not sent a second time."""
    code = rig.fresh_code()
    rig.sim.fault(kind, "GetSessionToken")
    unwell(rig, rig.auth(code))
    assert rig.sim.count("GetSessionToken") == 1
    unwell(rig, rig.auth(code), "used already")
    assert rig.sim.count("GetSessionToken") == 1
    assert rig.auth().status == 0
    assert rig.run("account-a", "--", "true").status == 0


def test_an_answer_after_the_deadline_counts_as_lost(rig: Rig) -> None:
    """Whoever waits is told before they lose patience, and the late session is nobody's."""
    code = rig.fresh_code()
    rig.sim.fault(Kind.LATE, "GetSessionToken", seconds=60)
    done = rig.auth(code)
    unwell(rig, done)
    assert done.seconds < 40
    unwell(rig, rig.auth(code), "used already")
    assert rig.auth().status == 0
    assert rig.phase() == "open"


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("12345", "six digits, this one has 5"),
        ("1234567", "six digits, this one has 7"),
        ("", "six digits"),
        ("abcdef", "six digits (0 to 9)"),
        ("\uff11\uff12\uff13\uff14\uff15\uff16", "six digits (0 to 9)"),
        ("123\u200e456", "six digits (0 to 9)"),
        ("-12345", "six digits (0 to 9)"),
        ("1" * 5000, "six digits"),
    ],
)
def test_what_is_no_code_is_not_sent(rig: Rig, typed: str, says: str) -> None:
    """Short, long, letters, full-width digits, direction marks: refused here, and the try does not count."""
    done = rig.run("auth", "--code-stdin", stdin=f"{typed}\n")
    unwell(rig, done, says)
    assert rig.sim.count("GetSessionToken") == 0


@pytest.mark.parametrize("form", ["{0} {1}", " {0}{1}\t", "{0}\u00a0{1}", "{0}{1}\r"])
def test_a_pasted_code_is_a_code(rig: Rig, form: str) -> None:
    """Spaces, tabs and the carriage return of a copy do not matter."""
    code = rig.fresh_code()
    assert rig.run("auth", "--code-stdin", stdin=form.format(code[:3], code[3:]) + "\n").status == 0


def test_no_code_at_all(rig: Rig) -> None:
    """`--code-stdin` with nothing on standard input, or with something that is no text."""
    unwell(rig, rig.run("auth", "--code-stdin", stdin=""), "six digits")
    done = subprocess.run(
        [*COMMAND, "auth", "--code-stdin"], env=rig.env, input=b"\xff\xfe\x00\n", capture_output=True, check=False
    )
    assert done.returncode == 125
    assert b"Traceback" not in done.stderr


def test_wrong_and_reused_codes_are_said(rig: Rig) -> None:
    """A wrong code, a code twice, and another device's; the right one works after them."""
    unwell(rig, rig.auth(rig.sim.wrong_code()), "AWS did not accept the code")
    code = rig.fresh_code()
    assert rig.auth(code).status == 0
    unwell(rig, rig.auth(code, "--force"), "used already", "seconds")
    assert rig.phase() == "open"


def test_the_sixth_code_is_refused_here(rig: Rig) -> None:
    """AWS counts nine tries in three minutes; we stop after five, and say how long."""
    wrong = [f"{int(rig.sim.wrong_code()) + number:06d}" for number in range(40)]
    wrong = [code for code in wrong if code not in {rig.sim.code(steps=step) for step in range(-10, 11)}]
    for code in wrong[:5]:
        unwell(rig, rig.auth(code), "AWS did not accept the code")
    unwell(rig, rig.auth(rig.sim.unused_code()), "Too many MFA codes", "seconds")
    assert rig.sim.count("GetSessionToken") == 5
    unwell(rig, rig.run("account-a", "--", "true"), "Too many MFA codes")


def test_keys_that_aws_does_not_know(rig: Rig) -> None:
    """A deleted or replaced access key: said, with the command that stores another."""
    rig.sim.world.revoke(rig.sim.world.user_key().id)
    unwell(rig, rig.auth(), "trayexec keys add")


@pytest.mark.parametrize(("minutes", "says"), [(20, "20 minutes slow"), (-20, "20 minutes fast")])
def test_a_wrong_clock_is_named(keyring: Keyring, minutes: int, says: str) -> None:
    """A machine whose clock is off by more than AWS takes: how much, and how to set it."""
    world = world_with(keyring.key)
    with private_desktop() as desk, Sim(world, clock=lambda: time.time() + 60 * minutes) as sim:
        desk.env["DBUS_SESSION_BUS_ADDRESS"] = keyring.desk.env["DBUS_SESSION_BUS_ADDRESS"]
        with rig_on(desk, sim) as rig:
            unwell(rig, rig.auth(), says, "timedatectl")


# AWS, when roles are assumed


def test_a_throttled_role_is_tried_again(rig: Rig) -> None:
    """AssumeRole costs nothing to repeat: a hiccup is not seen."""
    rig.unlock()
    rig.sim.fault(Kind.THROTTLE, "AssumeRole", count=2)
    assert rig.run("account-a", "--", "true").status == 0


@pytest.mark.parametrize("kind", [Kind.ERROR_500, Kind.HTML, Kind.TRUNCATE, Kind.DROP_BEFORE])
def test_a_failing_role_leaves_the_rest(rig: Rig, kind: Kind) -> None:
    """The session stays, other roles are served, and the failed one as soon as AWS can."""
    rig.unlock()
    rig.sim.fault(kind, "AssumeRole", count=20, role="*222222222222*")
    unwell(rig, rig.run("account-a", "--", "true"))
    assert rig.run("account-b", "--", "true").status == 0
    rig.sim.script.clear()
    eventually("AWS to be asked again", lambda: rig.run("account-a", "--", "true").status == 0)
    assert rig.sim.count("GetSessionToken") == 1


def test_a_denied_role_leaves_the_others(rig: Rig) -> None:
    """The reason can only be guessed at, and is; and AWS is not asked again at once."""
    rig.sim.world.add_role("444444444444", "Other", Trust(("arn:aws:iam::999999999999:root",)), profile="denied")
    rig.config(rig.sim.world.config_text(rig.sim.url))
    rig.unlock()
    for _ in range(3):
        unwell(rig, rig.run("denied", "--", "true"), "role/Other", "trust policy")
        assert rig.run("account-a", "--", "true").status == 0
    assert rig.sim.count("AssumeRole") == 2


def chain(world: World, url: str, *, mfa: bool) -> str:
    """A config with a role behind account-a's."""
    first = next(role for role in world.roles.values() if role.account == "222222222222")
    world.add_role("555555555555", "Inner", Trust((first.arn,), mfa=mfa))
    return world.config_text(url) + (
        "\n[profile inner]\nrole_arn = arn:aws:iam::555555555555:role/Inner\nsource_profile = account-a\n"
        f"region = eu-central-1\nendpoint_url = {url}\n"
    )


def test_a_role_behind_a_role(rig: Rig) -> None:
    """A chain is walked; the role on the way is kept for those who want it."""
    rig.config(chain(rig.sim.world, rig.sim.url, mfa=False))
    rig.unlock()
    done = rig.run("inner", "--", "sh", "-c", "echo $AWS_ACCESS_KEY_ID")
    assert rig.sim.world.keys[done.out.strip()].holder.arn.startswith("arn:aws:sts::555555555555:assumed-role/Inner/")
    assert rig.run("account-a", "--", "true").status == 0
    assert rig.sim.count("AssumeRole") == 2


def test_a_role_behind_a_role_that_wants_mfa(rig: Rig) -> None:
    """A role's credentials carry no MFA: that is explained."""
    rig.config(chain(rig.sim.world, rig.sim.url, mfa=True))
    rig.unlock()
    unwell(rig, rig.run("inner", "--", "true"), "carry no MFA")
    assert rig.run("account-a", "--", "true").status == 0


# In mid-life


def test_a_revoked_session_is_said_and_opened_again(rig: Rig) -> None:
    """Ten commands find out that the young session is dead: each is told, and one code puts it right for all."""
    names = [f"more-{number}" for number in range(10)]
    for number, name in enumerate(names):
        trust = Trust(("arn:aws:iam::111111111111:root",), mfa=True)
        rig.sim.world.add_role(f"6666666666{number:02}", "Deploy", trust, profile=name)
    rig.config(rig.sim.world.config_text(rig.sim.url))
    rig.unlock()
    assert rig.run("account-a", "--", "true").status == 0
    rig.sim.world.revoke(next(call.access_key_id for call in rig.sim.calls if call.action == "AssumeRole"))
    waiters = [rig.start(name, "--", "true") for name in names]
    for waiter in waiters:
        _, said = waiter.communicate(timeout=60)
        assert waiter.returncode == 125
        assert "it was revoked" in said
    assert rig.auth().status == 0
    waiters = [rig.start(name, "--", "true") for name in names]
    assert [waiter.wait(60) for waiter in waiters] == [0] * 10
    assert rig.sim.count("GetSessionToken") == 2
    # the first no is everybody's: only calls that were under way by then ask AWS in vain
    assert 1 + 1 + 10 <= rig.sim.count("AssumeRole") <= 1 + 10 + 10


def test_a_session_that_ended_is_opened_again(rig: Rig) -> None:
    """Nothing is served from a dead session: a new code is asked for, and works."""
    rig.sim.live(session=3, role=3)
    rig.unlock()
    eventually("the end of the session", lambda: rig.phase() == "locked")
    unwell(rig, rig.run("account-a", "--no-wait", "--", "true"), "is locked")
    rig.sim.live()
    rig.unlock()
    assert rig.run("account-a", "--", "true").status == 0


def test_lock_forgets_at_once(rig: Rig) -> None:
    """After `trayexec lock` nothing is served, whatever was cached."""
    rig.unlock()
    assert rig.run("account-a", "--", "true").status == 0
    assert rig.run("lock").status == 0
    unwell(rig, rig.run("account-a", "--no-wait", "--", "true"), "is locked")


# The keychain


def test_no_dbus_at_all(bare: Rig) -> None:
    """The agent runs; what needs the keychain says what is missing, at once and before anybody is asked for a code."""
    assert bare.status()["agent"]["tray"] == "none"
    begun = time.monotonic()
    for words in (["account-a", "--", "true"], ["auth"]):
        unwell(bare, bare.run(*words), "No keychain service is running", "`trayexec keys add default --memory`")
    unwell(bare, bare.auth("123456"), "No keychain service is running")
    assert time.monotonic() - begun < 60
    assert bare.sim.count("GetSessionToken") == 0
    done = bare.run("keys", "list")
    assert done.status == 125
    assert "No keychain service is running" in done.err


def test_a_bus_that_is_gone(bare: Rig) -> None:
    """An address that leads nowhere is like no address."""
    bare.env["DBUS_SESSION_BUS_ADDRESS"] = f"unix:path={bare.desk.home('run/nothing')}"
    unwell(bare, bare.auth("123456"), "No keychain service is running")


def test_keys_that_were_never_stored(rig: Rig) -> None:
    """The command that stores them is named, before anybody is asked for a code."""
    text = rig.sim.world.config_text(rig.sim.url).replace("[default]", "[profile other]")
    rig.config(text.replace("source_profile = default", "source_profile = other"))
    terminal = rig.terminal("account-a", "--", "true")
    status, screen = terminal.ended()
    assert status == 125
    assert "No keys are stored for other." in screen
    assert "trayexec keys add other" in screen
    unwell(rig, rig.run("account-a", "--", "true"), "trayexec keys add other")


def test_keys_that_are_no_use(rig: Rig) -> None:
    """`keys add` stores only what AWS takes, and says what is wrong with the rest; nothing is shown."""
    key = rig.sim.world.user_key()
    wrong = "W" * 40
    for keys, says in (
        ({"AWS_ACCESS_KEY_ID": key.id, "AWS_SECRET_ACCESS_KEY": wrong}, "secret access key"),
        ({"AWS_ACCESS_KEY_ID": "AKIAUNKNOWNUNKNOWN77", "AWS_SECRET_ACCESS_KEY": wrong}, "does not know"),
        ({"AWS_ACCESS_KEY_ID": "ASIAUNKNOWNUNKNOWN77", "AWS_SECRET_ACCESS_KEY": wrong}, "temporary"),
        ({"AWS_ACCESS_KEY_ID": key.id}, "missing"),
        ({"AWS_ACCESS_KEY_ID": key.id, "AWS_SECRET_ACCESS_KEY": key.secret, "AWS_SESSION_TOKEN": "x"}, "long-term"),
    ):
        done = rig.run("keys", "add", "default", "--env", env=dict(keys))
        assert done.status == 125, done.err
        assert says in done.err
        assert wrong not in done.err
        assert "Traceback" not in done.err
    assert rig.auth().status == 0


# Files


@pytest.fixture
def opened(rig: Rig) -> Iterator[Rig]:
    """A rig whose session is open when its files go bad."""
    yield rig.unlock()
    rig.config(rig.sim.world.config_text(rig.sim.url))
    assert rig.run("account-a", "--", "true").status == 0
    assert rig.sim.count("GetSessionToken") == 1


def spoil(config: Path, kind: str) -> None:
    """Make the config file something else."""
    text = config.read_bytes()
    config.unlink()
    match kind:
        case "Latin-1":
            config.write_bytes(text + b"# caf\xe9\n")
        case "fifo":
            os.mkfifo(config)
        case "folder":
            config.mkdir()
        case "device":
            config.symlink_to("/dev/zero")
        case "huge":
            config.write_bytes(text + b"# \n" * 10_000_000)
        case _:
            config.symlink_to(config)


@pytest.mark.parametrize("kind", ["Latin-1", "fifo", "folder", "device", "huge", "endless"])
def test_a_config_that_cannot_be_read(rig: Rig, kind: str) -> None:
    """It is refused at once, whatever it said before, with the file and what is wrong, until it is right again."""
    config = rig.desk.home("home/.aws/config")
    rig.unlock()
    spoil(config, kind)
    known = rig.run("account-a", "--no-wait", "--", "true")
    unwell(rig, known, str(config))
    assert known.seconds < 20
    assert str(config) in rig.run("list").err
    assert rig.run("agent", "stop").status == 0
    done = rig.run("account-a", "--no-wait", "--", "true")
    unwell(rig, done, str(config))
    assert done.seconds < 20
    if kind == "folder":
        config.rmdir()
    else:
        config.unlink()
    rig.config(rig.sim.world.config_text(rig.sim.url))
    unwell(rig, rig.run("account-a", "--no-wait", "--", "true"), "is locked")


@pytest.mark.parametrize(
    "before", [b"\xef\xbb\xbf", b"\r\n", b"; comment\n", b"[DEFAULT]\nregion = x\n", b"stray = 1\n"]
)
def test_a_config_from_any_editor(opened: Rig, before: bytes) -> None:
    """Windows line ends: read. What AWS's tools cannot understand, as a byte order mark: named."""
    text = opened.sim.world.config_text(opened.sim.url).encode()
    if before == b"\r\n":
        text = text.replace(b"\n", b"\r\n")
    opened.write("home/.aws/config", before + text)
    done = opened.run("account-a", "--", "true")
    if done.status:
        unwell(opened, done)


def test_a_config_that_is_deleted_or_changes_all_the_time(opened: Rig) -> None:
    """Gone is as if there were none; a file that is replaced again and again is read whole or not at all."""
    config = opened.desk.home("home/.aws/config")
    text = config.read_text()
    config.unlink()
    unwell(opened, opened.run("account-a", "--", "true"), "There is no profile account-a")
    config.write_text(text)
    script = (
        "import os, sys, itertools\n"
        "path, text = sys.argv[1], sys.argv[2]\n"
        "for n in itertools.count():\n"
        "    open(path + '.new', 'w').write(text + '#' * (n % 7000))\n"
        "    os.replace(path + '.new', path)\n"
    )
    with ended(subprocess.Popen([sys.executable, "-c", script, str(config), text])) as editor:
        try:
            for _ in range(10):
                done = opened.run("account-a", "--", "true")
                assert done.status == 0 or "changes while it is read" in done.err
        finally:
            editor.kill()


def test_a_loop_is_a_problem_of_its_own_profiles(opened: Rig) -> None:
    """Profiles that lead nowhere are errors that name the way; the others are served."""
    text = opened.sim.world.config_text(opened.sim.url)
    role = "role_arn = arn:aws:iam::222222222222:role/X\n"
    text += f"[profile one]\n{role}source_profile = two\n[profile two]\n{role}source_profile = one\n"
    text += f"[profile lost]\n{role}source_profile = nowhere\n"
    opened.config(text)
    unwell(opened, opened.run("one", "--", "true"), "one", "two")
    unwell(opened, opened.run("lost", "--", "true"), "nowhere")
    assert opened.run("account-a", "--", "true").status == 0
    problems = {each["name"]: each["problem"] for each in opened.run("list", "--json").json}
    assert problems["account-a"] is None
    assert problems["one"]


def test_wrong_settings_keep_an_agent_from_starting(bare: Rig) -> None:
    """The line is named, through whatever started the agent."""
    bare.settings('[session]\nduration = "12h"\n\n[prompt]\nmethdo = "auto"\n')
    for words in (["account-a", "--", "true"], ["agent", "start"], ["agent", "--headless"]):
        done = bare.run(*words)
        assert done.status == 125
        assert "Line 5 of" in done.err
        assert "config.toml" in done.err
        assert "method" in done.err
        assert "Traceback" not in done.err
    assert not bare.agent_pid
    assert not bare.socket.exists()


def test_settings_that_go_wrong_leave_the_last_good_ones(opened: Rig) -> None:
    """A slip in the editor stops nothing, and whoever asks is told the line."""
    opened.settings("\n[session\n")
    eventually("the agent to look", lambda: "Line 2 of" in opened.run("account-a", "--", "true").err, seconds=20)
    done = opened.run("account-a", "--", "true")
    assert done.status == 0
    assert "config.toml" in done.err
    assert opened.phase() == "open"


def test_a_state_folder_that_cannot_be_written(rig: Rig) -> None:
    """No log, but all else."""
    state = rig.desk.home("home/.local/state")
    state.rmdir()
    state.write_text("in the way")
    rig.unlock()
    assert rig.run("account-a", "--", "true").status == 0


def test_a_full_disk(rig: Rig) -> None:
    """Where not one byte can be written, the agent starts and serves all the same."""
    line = 'ulimit -f 0; exec "$@"'
    argv = ["bash", "-c", line, "sh", *COMMAND, "agent", "--headless"]
    with ended(subprocess.Popen(argv, env=rig.env, stderr=subprocess.DEVNULL)) as agent:
        try:
            eventually("the agent to listen", lambda: listens(rig.socket) or agent.poll() is not None)
            assert agent.poll() is None
            rig.unlock()
            assert rig.run("account-a", "--", "true").status == 0
            assert rig.log == ""
        finally:
            agent.terminate()
        assert agent.wait(10) == 0


def test_another_key_is_another_identity(rig: Rig) -> None:
    """A profile that was edited is never served from what it was before."""
    rig.unlock()
    assert rig.run("account-a", "--", "true").status == 0
    device = rig.sim.world.device()
    text = rig.sim.world.config_text(rig.sim.url)
    rig.config(text.replace(device.serial, device.serial + "-other"))
    unwell(rig, rig.run("account-a", "--no-wait", "--", "true"), "is locked")
    rig.config(text.replace("222222222222", "333333333333"))
    done = rig.run("account-a", "--", "sh", "-c", "echo $AWS_ACCESS_KEY_ID")
    assert "333333333333" in rig.sim.world.keys[done.out.strip()].holder.arn


def test_no_config_at_all(bare: Rig) -> None:
    """A machine on which nothing is set up yet: every command says what to write, none breaks."""
    config = bare.desk.home("home/.aws/config")
    config.unlink()
    unwell(bare, bare.run("account-a", "--", "true"), "no profile account-a", str(config))
    unwell(bare, bare.auth("123456"), "`trayexec setup`", ".aws/config")
    for words in (["status"], ["list"], ["keys", "list"]):
        done = bare.run(*words)
        assert (done.status, done.out) == (0, "")
        assert done.err.startswith("trayexec: ")


def test_a_locked_keyring(bare: Rig) -> None:
    """The keyring locks itself while the agent runs: said, with the fix; nothing is asked in vain, nothing hangs."""
    bare.store_keys()
    desk = bare.desk
    service, collection = "/org/freedesktop/secrets", "/org/freedesktop/secrets/collection/login"
    lock = ("org.freedesktop.Secret.Service", "Lock", "ao", ([collection],))
    desk.call("org.freedesktop.secrets", service, *lock)
    begun = time.monotonic()
    unwell(bare, bare.auth("123456"), "keyring is locked")
    assert time.monotonic() - begun < 40
    assert bare.sim.count("GetSessionToken") == 0
