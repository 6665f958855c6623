"""`list` and `status`: how everything stands, in words, on any terminal."""

import fcntl
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.rig import COMMAND, Rig
from trayexec.commands.table import fitted, within
from trayexec.light.columns import cut, wide, wrapped
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
    """In their turn, and only as many as have to; one long name costs none."""
    kept = within(rows, columns, (1,))
    names, *others = ([wide(visible(row[at])) for row in rows] for at in range(3))
    needed = sorted(names)[-2 if len(rows) > 1 else -1] + sum(2 + max(column) for column in others)
    assert kept == [[*row] if needed <= columns else [row[0], row[2]] for row in rows]


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
    whole = {visible(cell).strip() for row in rows for cell in row[:-1]}  # what one may want to copy
    assert all(wide(one) <= columns or one.strip() in whole for one in said)
    letters = "".join("".join(said).split())
    for row in rows:
        for word in visible(row[-1]).split():
            if wide(word) <= max(columns - 2, 1) and len(rows) == 1:
                assert word in letters


def test_one_long_name_does_not_spoil_the_table() -> None:
    """It stands on a line of its own, whole, and every other profile on one, with all that there is to say."""
    long = "a-name-of-forty-six-letters-in-some-big-compan"
    rows = [(f"account-{one}", "222222222222", "open until 14:19 (11 h 59 min left)") for one in "abcdef"]
    rows.insert(3, (long, "222222222222", "locked"))
    assert within(rows, 80, (1,)) == [[*row] for row in rows]
    said = [*fitted(rows, 80)]
    assert said[3] == long
    assert len(said) == len(rows) + 1
    assert {one.index("222222222222") for one in said if one != long} == {11}


TO_COPY = st.sampled_from(["`trayexec keys add 'my base'`", "/home/alice/.aws/config", "(`trayexec list`)."])
SAID = st.lists(TO_COPY | st.sampled_from(["a", "word", "another"]), max_size=12).map(" ".join)


@given(SAID, st.integers(4, 60))
def test_what_one_copies_is_never_broken(said: str, columns: int) -> None:
    """Commands in backquotes, paths, names: whole, on a line that may be too long; all else fits."""
    lines = wrapped(said, columns, whole=True)
    assert " ".join(lines) == said
    for one in lines:
        assert wide(one) <= columns or one in {"`trayexec keys add 'my base'`", "(`trayexec list`).", *said.split()}


def test_japanese_is_broken_between_letters() -> None:
    """But no line begins with a full stop, and no command is broken."""
    said = "次を実行すると、エージェントが起動します: `trayexec agent stop` (破棄されます)。もう一度。"
    lines = wrapped(said, 24, whole=True)
    assert "`trayexec agent stop`" in lines[2]
    assert max(map(wide, lines)) <= 24
    assert not [one for one in lines if one[0] in "、。)"]


@given(st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=60), st.integers(2, 40))
def test_wrapping_loses_nothing(text: str, columns: int) -> None:
    """Every character but blanks is still there, in order, and each line fits."""
    lines = wrapped(text, columns)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(wide(one) <= columns for one in lines)
    assert wide(cut(text, columns)) <= columns


def on_terminal(rig: Rig, columns: int, *words: str, env: Mapping[str, str | None] | None = None) -> list[str]:
    """The lines that a command leaves on a terminal of this width."""
    command = ["sh", "-c", 'stty -echo; echo ready; read go; exec "$@"', "-", *COMMAND, *words]
    terminal = rig.terminal_for(command, env=env)
    terminal.wait_for("ready")
    terminal.resize(columns, 40)
    terminal.type("\n")
    return terminal.ended()[1].replace("\r", "").strip("\n").splitlines()


ANSWERS = (
    ("help", "all"),
    ("list",),
    ("status",),
    ("why", "broken"),
    ("doctor",),
    ("log",),
    ("keys", "list"),
    ("nobody", "--", "true"),
    ("keys", "import"),
    ("setup", "--dry-run"),
    ("--yes", "account-*", "--", "false"),
)


@pytest.fixture
def with_a_problem(open_rig: Rig) -> Iterator[Rig]:
    """One profile cannot be used, and each has been asked for once."""
    before = open_rig.sim.world.config_text(open_rig.sim.url)
    open_rig.config(before + "\n[profile broken]\nrole_arn = nonsense\nsource_profile = default\n")
    try:
        yield open_rig
    finally:
        open_rig.config(before)


@pytest.mark.parametrize("words", ANSWERS, ids=" ".join)
def test_a_plain_locale_gets_plain_letters(with_a_problem: Rig, words: tuple[str, ...]) -> None:
    """Every sign of ours has a form in ASCII, on a terminal and in a pipe."""
    plain = {"LC_ALL": "C", "TERM": "dumb"}
    said = "\n".join(on_terminal(with_a_problem, 80, *words, env=plain))
    assert said
    assert said.isascii(), said
    done = with_a_problem.run(*words, env=plain)
    assert (done.out + done.err).isascii()


@pytest.mark.parametrize("words", ANSWERS, ids=" ".join)
@pytest.mark.parametrize("locale", ["C.UTF-8", "ja_JP.UTF-8"])
def test_words_are_whole_on_a_narrow_terminal(with_a_problem: Rig, words: tuple[str, ...], locale: str) -> None:
    """Only what one copies may be wider: a command, a path, an id."""
    found = on_terminal(with_a_problem, 40, *words, env={"LC_ALL": locale, "TERM": "dumb"})
    for one in found:
        said = one.strip()
        to_copy = said.startswith(("$ ", "`")) or len(said.split()) == 1 or said.count("/") > 2 or "trayexec" in said
        assert wide(one) <= 40 or to_copy, one


def test_the_log_loses_no_column_on_a_narrow_terminal(open_rig: Rig) -> None:
    """The processes stand below, and all the rest is there."""
    assert open_rig.run("account-a", "--", "true").status == 0
    head, *rows = on_terminal(open_rig, 80, "log", env={"TERM": "dumb", "LC_ALL": "C.UTF-8"})
    assert head.split()[:5] == ["WHEN", "REQUEST", "PROFILE", "ANSWER", "PID"]
    assert re.search(r"\n\S+ \S+  credentials +account-a +ok +\d+\n  true ← ", "\n".join(rows))


def test_a_sentence_in_a_pipe_stays_on_its_line(with_a_problem: Rig) -> None:
    """Whoever reads it there searches for it."""
    said = with_a_problem.run("broken", "--", "true").err.splitlines()
    assert [one[:2] for one in said] == ["tr", "  "]


def test_a_fan_outs_failures_are_marked_on_any_terminal(with_a_problem: Rig) -> None:
    """Also where there are no colours, and no row is broken in its middle."""
    command = ("--yes", "account-*", "--", "sh", "-c", 'test "$TRAYEXEC_PROFILE" = account-a')
    for locale, good, bad in (("C.UTF-8", "✓", "✗"), ("C", "+", "!")):
        found = on_terminal(with_a_problem, 40, *command, env={"LC_ALL": locale, "TERM": "dumb"})
        (head, *rows) = found[next(at for at, one in enumerate(found) if one.startswith("PROFILE")) :][:3]
        assert len(head.split()) == 4
        assert max(map(wide, (head, *rows))) <= 40
        assert rows[0].split()[:3] == ["account-a", "222222222222", good]
        assert rows[1].split()[:3] == ["account-b", "333333333333", bad]
