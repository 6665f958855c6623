"""`completion`: what may stand on a line is offered, and real shells offer it to who presses Tab."""

import re
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.desktop import program
from support.rig import COMMAND, Rig, Terminal
from trayexec.commands.completion import FILES, Names, candidates
from trayexec.commands.options import AGENT, BY_THEMSELVES, RUN, TOP

TRAYEXEC = shlex.join(COMMAND)
NAMES = Names(
    profiles=(("account-a", "222222222222"), ("account-b", "333333333333")),
    unusable=(("broken", "no such source"),),
    identities=(("default", "111111111111"),),
    sign_ins=(("corp", "IAM Identity Center"),),
    groups=(("@all", "account-*"),),
    regions=("eu-west-1",),
)


def offered(line: str) -> list[str]:
    """What is offered at the end of this line; `/` stands for names of files."""
    return ["/" if what is FILES else word for word, what in candidates(line.split(" "), lambda: NAMES)]


STARTS = [*AGENT.word.choices] if AGENT.word is not None else []
VERBS = [one.name for one in (*TOP.verbs, *BY_THEMSELVES)]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", [*VERBS, "account-a", "account-b", "@all"]),
        ("acc", [*VERBS, "account-a", "account-b", "@all"]),
        ("account-a ", ["--"]),
        ("account-a acc", ["account-a", "account-b", "@all"]),
        ("--live ", ["--", "account-a", "account-b", "@all"]),
        ("--region ", ["eu-west-1"]),
        ("--region=", ["--region=eu-west-1"]),
        ("--profile ", ["account-a", "account-b"]),
        ("account-a --source ", ["account-a", "account-b"]),
        ("--except ", ["account-a", "account-b", "@all"]),
        ("a* --output ", ["prefix", "grouped", "json", "dir="]),
        ("a* --output dir=", ["/"]),
        ("a* --output=dir=x", ["/"]),
        ("--policy ", ["/"]),
        ("--wait ", []),
        ("keys ", ["add", "import", "list", "rotate", "remove"]),
        ("keys rotate ", ["default", "corp"]),
        ("keys import account-a ", ["account-b"]),
        ("auth ", ["default", "corp"]),
        ("lock d", ["default", "corp"]),
        ("env ", ["account-a", "account-b"]),
        ("env account-a --format ", ["sh", "fish", "pwsh", "dotenv", "json", "ini"]),
        ("env --format=", [f"--format={one}" for one in ("sh", "fish", "pwsh", "dotenv", "json", "ini")]),
        ("why ", ["account-a", "account-b", "broken"]),
        ("agent ", STARTS),
        ("agent st", STARTS),
        ("agent start ", ["--headless", "--help"]),
        ("hook ", ["bash", "zsh", "fish", "direnv"]),
        ("completion ", ["bash", "zsh", "fish"]),
        ("help ", [*VERBS, "run", "all"]),
        ("help keys ", ["add", "import", "list", "rotate", "remove"]),
        ("setup --from ", ["/"]),
        ("status ", ["--json", "--format", "--help"]),
        ("status --json ", ["--format", "--help"]),
        ("status -", ["--json", "--format", "--help"]),
        ("status --json -", ["--format", "--help"]),
    ],
)
def test_what_may_stand_there_is_offered(line: str, expected: list[str]) -> None:
    """By the table of verbs and options, and the names that there are; what begins otherwise the shell leaves out."""
    assert offered(line) == expected


def test_options_of_a_run_are_offered_with_the_end_of_the_words() -> None:
    """Each that is for people, and `--` first; of those that count once, none that is there."""
    every = {name for one in RUN.options for name in one.names}
    found = offered("account-a -")
    assert found[0] == "--"
    assert every <= {*found}
    assert "--jobs" not in offered("--jobs 5 account-a -")
    assert "--except" in offered("--except b a* -")
    assert {"--help", "--version"} <= {*offered("-")}


WORDS = st.sampled_from([*VERBS, "--", "-", "--wait", "--format=", "add", "account-a", "@", "a b", "", "--profile"])


@given(st.lists(WORDS | st.text(max_size=4), min_size=1, max_size=5))
def test_no_line_makes_it_stumble(words: list[str]) -> None:
    """Whatever is typed: words that a shell can read, one a line."""
    for word, _ in candidates(words, lambda: NAMES):
        assert "\n" not in word


# In real shells

READY = "ready>"  # what a shell that waits for words shows
SHOWN = 'trayexec() {{ printf "%s|" said "$@"; }}\n'  # what stands on the line comes out, in place of what it would do
START = {  # the file that it reads first, and how it is started
    "bash": (
        ".bashrc",
        f"PS1='{READY} '\n{SHOWN}eval \"$({{us}} {{verb}} bash)\"\n",
        ["bash", "--rcfile", "{file}", "-i"],
    ),
    "zsh": (
        ".zshrc",
        f"PS1='{READY} '\n{SHOWN}autoload -Uz compinit\ncompinit -u -D\neval \"$({{us}} {{verb}} zsh)\"\n",
        ["zsh", "-d", "-i"],
    ),
    "fish": (
        "first.fish",
        (
            f"function fish_prompt\n echo -n '{READY} '\nend\nfunction fish_greeting\nend\n"
            "function trayexec\n printf '%s|' said $argv\nend\n{us} {verb} fish | source\n"
        ),
        ["fish", "--no-config", "-C", "source {file}", "-i"],
    ),
}
TYPED = (  # what is typed, and what stands on the line then
    ("acc\t", "account-"),
    ("statu\t", "status"),
    ("@al\t", "@all"),
    ("account-a \t", "account-a|--"),
    ("--except=@al\t", "--except=@all"),
    ("env account-a --format=dot\t", "env|account-a|--format=dotenv"),
    ("account-a --retr\t", "account-a|--retry-failed"),
    ("keys rot\t", "keys|rotate"),
    ("lock defa\t", "lock|default"),
    ("account-a -- printen\t", "account-a|--|printenv"),
)


def waiting(rig: Rig, shell: str, verb: str) -> Terminal:
    """A shell on a terminal, which has taken the code that a verb prints."""
    name, first, argv = START[shell]
    file = rig.write(f"home/{name}", first.format(us=TRAYEXEC, verb=verb))
    argv = [program(argv[0]), *(one.format(file=file) for one in argv[1:])]
    terminal = rig.terminal_for(argv, env={"TERM": "xterm", "ZDOTDIR": str(file.parent)})
    terminal.resize(120, 40)
    terminal.wait_for(READY, seconds=90)
    return terminal


@pytest.mark.parametrize("verb", ["completion", "hook"])
@pytest.mark.parametrize("shell", list(START))
def test_a_shell_completes_what_is_typed(rig: Rig, shell: str, verb: str) -> None:
    """With the hook, and without; no agent is needed for it."""
    rig.settings('[groups]\nall = ["account-*"]\n')
    terminal = waiting(rig, shell, verb)
    for keys, line in TYPED:
        terminal.type(f"trayexec {keys}\n")
        terminal.wait_for(rf"said\|{re.escape(line)}\|", seconds=90)
        terminal.wait_for(READY, seconds=90)
    assert not rig.agent_pid
