"""The small words of sentences: a number agrees with its noun, and an option has its sibling wherever it is."""

import ast
import re
from collections.abc import Iterator

import pytest

from test_japanese import CARRIERS, SOURCE
from trayexec.commands import run_options
from trayexec.commands.options import TOP, WAIT, Verb
from trayexec.commands.parse import read
from trayexec.japanese import SENTENCES
from trayexec.light import credential_process, run
from trayexec.light.errors import TrayexecError

# A value with the word behind it that ends in s: a number with what is counted, or a name with a verb.
COUNTED = re.compile(r"(?<!of )\{(\w+)\} (?:capital )?([a-z]+s|are)\b")
# What is no noun in the plural; what is counted is not here, and so a new noun is looked at.
NO_PLURAL = {
    *("is", "has", "was", "does", "gets", "needs", "starts", "sets", "changes", "lacks", "belongs", "answers", "names"),
    *("asks", "leads", "uses", "runs", "demands", "comes", "stands", "aws", "this", "its", "less"),
}
# Never one, for they say more than the constant beside them.
NEVER_ONE = {
    ("core/broker/notifications.py", "{program} uses {count} profiles"): "one is named",
    ("core/broker/notifications.py", "{count} programs use {profile}"): "one is named",
    ("core/broker/notifications.py", "{programs} programs use {profiles} profiles"): "one of either is named",
    (
        "core/config/session_policy.py",
        "The session policy has {count} characters without blanks, and AWS takes at most {most}, ARNs included.",
    ): "said beyond LONGEST",
    (
        "core/config/session_policy.py",
        "There are {count} policies, and AWS takes at most {most} for a session.",
    ): "said beyond MOST_ARNS",
    ("commands/doctor/keys.py", "Your clock is {minutes} minutes fast."): "said from CLOCK_WRONG on",
    ("commands/doctor/keys.py", "Your clock is {minutes} minutes slow."): "said from CLOCK_WRONG on",
    ("commands/doctor/keys.py", "Your clock is {seconds} seconds fast."): "said from CLOCK_NOTE on",
    ("commands/doctor/keys.py", "Your clock is {seconds} seconds slow."): "said from CLOCK_NOTE on",
    ("commands/console.py", "for {minutes} minutes this address signs in whoever opens it"): "URL_LIFE",
    (
        "commands/console.py",
        (
            "copied: for {minutes} minutes this address signs in whoever opens it, and it stays in the clipboard until "
            "something else is copied"
        ),
    ): "URL_LIFE",
    ("commands/fanout/__init__.py", "Run {command} for these {count} profiles? [y/N] "): "said from MANY on",
    ("daemon/socket_server.py", "{most} callers wait for the agent, and it takes no more."): "a constant of the server",
    ("adapters/plain_file.py", "The file {file} is too long: more than {limit} bytes."): "constants of who reads",
}


def chosen() -> Iterator[tuple[str, str, bool]]:
    """Each template with a counted noun, where it is said, and whether it is the choice for more than one."""
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                constants = {
                    one.arg
                    for one in node.keywords
                    if isinstance(one.value, ast.Name) and one.value.id.isupper() and one.arg is not None
                }
                for index in CARRIERS.get(name, ()):
                    for template, one_of_two in _said(node.args[index]):
                        for hole, noun in COUNTED.findall(template):
                            if noun not in NO_PLURAL and hole not in constants:
                                yield template, path.relative_to(SOURCE).as_posix(), one_of_two


def _said(node: ast.expr) -> Iterator[tuple[str, bool]]:
    """The strings that it can be, and whether each is what is said unless a number is one."""
    match node:
        case ast.Constant(value=str(template)):
            yield template, False
        case ast.IfExp(
            test=ast.Compare(ops=[ast.Eq()], comparators=[ast.Constant(value=1) | ast.UnaryOp()]),
            body=ast.Constant(),
            orelse=ast.Constant(value=str(many)),
        ):
            yield many, True
        case ast.IfExp(body=one, orelse=other):
            yield from _said(one)
            yield from _said(other)
        case _:
            pass


def test_one_is_not_said_in_the_plural() -> None:
    """A noun that is counted is said in two sentences, chosen by whether the number is one: English needs both.

    Short signs (`s`, `min`, `h`) need no choice, nor does a number that is a constant of the source.
    """
    counted = [*chosen()]
    wrong = {(path, template) for template, path, one_of_two in counted if not one_of_two} - NEVER_ONE.keys()
    assert not wrong
    assert {(path, template) for template, path, _ in counted} >= NEVER_ONE.keys(), "an exception that nobody says"


def waiting(at: Verb, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The verbs that say how long to wait."""
    if WAIT in at.options:
        yield path
    for one in at.verbs:
        yield from waiting(one, (*path, one.name))


@pytest.mark.parametrize("verb", [*waiting(TOP)], ids=" ".join)
def test_who_can_wait_can_also_not_wait(verb: tuple[str, ...]) -> None:
    """`--no-wait` is `--wait 0` wherever there is a `--wait`."""
    assert read([*verb, "--no-wait"], {"AWS_PROFILE": "account-a"}).wait == 0


def test_so_do_the_verbs_with_parsers_of_their_own() -> None:
    """A run, its other modes, and `credential-process`."""
    found = run._request(["--no-wait", "account-a"], {})
    assert found is not None
    assert found[0]["wait"] == 0
    assert run_options.read(["--no-wait", "account-a"]).wait == 0
    assert credential_process._read(["account-a", "--no-wait"]) == ("account-a", 0)
    with pytest.raises(TrayexecError):
        credential_process._read(["account-a", "--no-wai"])


# Words of those who wrote it, and what is said in their place.
THEIRS = {
    r"\bserv(?:e|es|ed|ing)\b": "a profile can be used, a command gets credentials",
    r"\bsni\b": "the icon, the tray, StatusNotifierItem",
    r"words do not belong": "which word is wrong, and why",
}
TOP_FOLDER = SOURCE.parents[1]


def read_by_people() -> Iterator[tuple[str, str]]:
    """Each sentence that is said, and the lines of what is read."""
    for template in SENTENCES:
        yield "japanese.py", re.sub(r"\{\w+\}", "", template)
    for name in ("README.md", "packaging/linux/trayexec.1", ".github/COOKBOOK.md"):
        for number, line in enumerate((TOP_FOLDER / name).read_text("utf-8").splitlines(), 1):
            yield f"{name}:{number}", line


def test_nobody_has_to_learn_our_words() -> None:
    """A profile is not "served", and an icon is no "sni": people say otherwise."""
    found = [(where, text) for where, text in read_by_people() if re.search("|".join(THEIRS), text, re.IGNORECASE)]
    assert not found, THEIRS
