"""`list` and `status`: how everything stands, in words, on any terminal."""

import fcntl
import re
import struct
import subprocess
import sys
import termios

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.rig import COMMAND, Rig
from trayexec.commands.table import fitted, within
from trayexec.core.columns import cut, wide, wrapped
from trayexec.light.errors import visible

LOCK = "import secretstorage as s; s.get_default_collection(s.dbus_init()).lock()"
CELLS = st.text(
    st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp", "Zs")) | st.sampled_from(" 日本"), max_size=30
)


def line(rig: Rig, name: str, *words: str) -> str:
    """The row that begins with this name."""
    done = rig.run(*(words or ("list",)))
    return next(one for one in done.out.splitlines() if one.split()[:1] == [name])


def test_every_state_has_its_words(rig: Rig) -> None:
    """Locked, open until when, denied when and why, a problem; and `status` the same of the identity."""
    rig.config(
        rig.sim.world.config_text(rig.sim.url)
        + "\n[profile nowhere]\nrole_arn = arn:aws:iam::222222222222:role/Gone\nsource_profile = default\n"
        + f"endpoint_url = {rig.sim.url}\n[profile broken]\nrole_arn = nonsense\nsource_profile = default\n"
    )
    assert line(rig, "account-a").endswith(" locked")
    assert line(rig, "default", "status").endswith(" locked")
    assert "problem: The role_arn of profile broken is not the ARN of a role" in line(rig, "broken")

    rig.unlock()
    assert rig.run("nowhere", "--", "true").status == 125
    assert re.search(
        r" open until (?:\d{4}-\d\d-\d\d )?\d\d:\d\d \(\d+ h \d\d min left\)$", line(rig, "default", "status")
    )
    assert " open until " in line(rig, "account-a")
    assert re.search(r" denied at \d\d:\d\d: AWS refused the role", line(rig, "nowhere"))
    found = {one["name"]: one for one in rig.run("list", "--json").json}
    assert found["nowhere"]["refused"]["denied"] is True
    assert found["account-a"]["refused"] is None


def test_a_profile_that_asks_first_is_named(open_rig: Rig) -> None:
    """In the line, below the table of a terminal, in the document, and in `why` with its line."""
    rules = '[profile."account-*"]\nconfirm = "10m"\n[profile.account-b]\nconfirm = "never"\n'
    path = open_rig.write("home/.config/trayexec/config.toml", rules)
    asks = "asks you, once in 10 min for each program"
    try:
        assert line(open_rig, "account-a").endswith(f"; {asks}")
        assert asks not in line(open_rig, "account-b")
        terminal = open_rig.terminal("list")
        assert re.search(rf"account-a\r\n  {asks}\r\n", terminal.ended()[1])
        assert f"{asks} ({path}:2)" in open_rig.run("why", "account-a").out.replace("\n", " ")
        listed = {one["name"]: one.get("confirm") for one in open_rig.run("list", "--json").json}
        assert listed == {"default": None, "account-a": "10m", "account-b": "never"}
    finally:
        path.unlink()


def test_an_identity_without_keys_is_told_so(bare: Rig) -> None:
    """With the command that stores them, for the name that has to be stored."""
    bare.desk.start_keyring()
    config = bare.sim.world.config_text(bare.sim.url).replace("source_profile = default", "source_profile = my base")
    bare.config(config.replace("[default]", '[profile "my base"]'))
    assert line(bare, "my", "status").endswith("no keys: run `trayexec keys add 'my base'`")
    assert line(bare, "account-a").endswith("no keys: run `trayexec keys add 'my base'`")


def test_what_is_not_known_of_the_keys_is_no_plain_locked(bare: Rig) -> None:
    """Before the first try: no keychain, and one that does not tell. Both are said, of each identity and profile."""
    more = f"\n[profile bob]\nmfa_serial = arn:aws:iam::222222222222:mfa/bob\nendpoint_url = {bare.sim.url}\n"
    bare.config(bare.sim.world.config_text(bare.sim.url) + more)
    unknown = "locked; whether its keys are stored is not known: No keychain service is running in this session."
    assert line(bare, "default", "status").endswith(unknown)
    assert line(bare, "bob", "status").endswith(unknown)
    assert line(bare, "account-a").endswith(unknown)

    bare.desk.start_keyring()
    bare.store_keys()
    assert line(bare, "default", "status").endswith(" locked")
    subprocess.run([sys.executable, "-c", LOCK], check=True, env=bare.env)
    assert line(bare, "default", "status").endswith(
        "locked; whether its keys are stored is not known: Your keyring is locked."
    )


def test_a_removed_identity_leaves(bare: Rig) -> None:
    """At once, and so does its profile; what failed of it before does not stay."""
    config = bare.sim.world.config_text(bare.sim.url)
    bare.config(f"{config}\n[profile bob]\nmfa_serial = arn:aws:iam::222222222222:mfa/bob\n")
    assert bare.run("auth", "bob", "--code-stdin", stdin="123456\n").status == 125
    assert line(bare, "bob", "status")
    bare.config(config)
    assert "bob" not in bare.run("status").out
    assert [one["name"] for one in bare.status()["identities"]] == ["default"]


def test_without_profiles_it_says_what_to_write_where(bare: Rig) -> None:
    """The file that is really read."""
    bare.config("")
    other = bare.write("home/other", "")
    done = bare.run("status", env={"AWS_CONFIG_FILE": str(other)})
    assert f"{other} leads to no identity yet" in done.err
    assert str(other) in bare.run("list", env={"AWS_CONFIG_FILE": str(other)}).err


def test_where_every_profile_has_a_problem_nobody_is_told_to_write_what_is_written(bare: Rig) -> None:
    """Of `status` and `keys list`: the way is that of the profiles' own problems."""
    bare.desk.start_keyring()
    bare.config("[default]\nmfa_serial = arn:aws:iam::111111111111:sms-mfa/alice\n")
    for words in (("status",), ("keys", "list")):
        said = bare.run(*words).err
        assert "write mfa_serial" not in said
        assert "`trayexec list`" in said


@pytest.mark.parametrize("columns", [20, 60, 100])
def test_no_line_is_wider_than_the_terminal(open_rig: Rig, columns: int) -> None:
    """The words go on below where they begin, or on lines of their own."""
    terminal = open_rig.terminal_for(["sh", "-c", "read go; exec trayexec list"], env=path_to(open_rig))
    fcntl.ioctl(terminal._end, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    terminal.type("\n")
    status, screen = terminal.ended()
    assert status == 0
    lines = screen.replace("\r", "").splitlines()
    assert max(map(wide, lines)) <= columns
    assert any(one.startswith("account-a") for one in lines)


def test_what_is_wrong_stands_below_the_table_on_a_terminal(open_rig: Rig) -> None:
    """A row is short there: a sign, a few words; why and what to do once below, for all whom it befalls."""
    broken = "\n[profile {name}]\nrole_arn = nonsense\nsource_profile = default\n"
    before = open_rig.sim.world.config_text(open_rig.sim.url)
    open_rig.config(before + broken.format(name="broken"))
    try:
        for locale, good, bad in (("C.UTF-8", "✓", "✗"), ("C", r"\+", "!"), ("ja_JP.UTF-8", "✓", "✗")):
            terminal = open_rig.terminal("list", env={"TERM": "dumb", "LC_ALL": locale})
            terminal.resize(90, 30)
            rows, below = (part.replace("\r", "") for part in terminal.ended()[1].split("\r\n\r\n", 1))
            assert re.search(rf"^account-a +222222222222 .*{good} \S", rows, re.MULTILINE), rows
            assert re.search(rf"^broken .*{bad} \S{{1,9}}$", rows, re.MULTILINE), rows
            assert re.match(rf"{bad} broken\n  .*role_arn", below, re.DOTALL), below
        found = open_rig.terminal("list", env={"TERM": "xterm", "LC_ALL": "C.UTF-8"}).ended()[1]
        assert "\x1b[32m✓\x1b[0m" in found
        for env in ({"NO_COLOR": "1"}, {"CLICOLOR": "0"}):
            found = open_rig.terminal("list", env={"TERM": "xterm", "LC_ALL": "C.UTF-8", **env}).ended()[1]
            assert "✓" in found
            assert "\x1b" not in found
        assert "problem: The role_arn" in line(open_rig, "broken")  # elsewhere a row is a line, with all of it
    finally:
        open_rig.config(before)


@given(st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=4), st.integers(4, 90))
def test_columns_that_can_be_spared_go_first(rows: list[tuple[str, str, str]], columns: int) -> None:
    """In their turn, and only as many as have to."""
    kept = within(rows, columns, (1,))
    widest = sum(max(2, *(wide(visible(row[at])) for row in rows)) for at in range(3)) + 4
    assert (kept == [[*row] for row in rows]) == (widest <= columns) or kept == [[row[0], row[2]] for row in rows]
    assert all((row[0], row[-1]) == (short[0], short[-1]) for row, short in zip(rows, kept, strict=True))


def path_to(rig: Rig) -> dict[str, str | None]:
    """A PATH with our command in it."""
    folder = rig.desk.home("bin")
    folder.mkdir(exist_ok=True)
    script = folder / "trayexec"
    script.write_text(f'#!/bin/sh\nexec {COMMAND[0]} {COMMAND[1]} "$@"\n')
    script.chmod(0o755)
    return {"PATH": f"{folder}:{rig.env['PATH']}"}


@given(st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=4), st.integers(4, 90))
def test_fitted_lines_fit(rows: list[tuple[str, str, str]], columns: int) -> None:
    """Whatever the cells hold and however narrow it is; no letter of the last cell is lost."""
    said = list(fitted(rows, columns))
    assert all(wide(one) <= columns for one in said)
    letters = "".join("".join(said).split())
    for row in rows:
        for word in visible(row[-1]).split():
            if wide(word) <= max(columns - 2, 1) and len(rows) == 1:
                assert word in letters


@given(st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=60), st.integers(2, 40))
def test_wrapping_loses_nothing(text: str, columns: int) -> None:
    """Every character but blanks is still there, in order, and each line fits."""
    lines = wrapped(text, columns)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(wide(one) <= columns for one in lines)
    assert wide(cut(text, columns)) <= columns
