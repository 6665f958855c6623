"""Words that are not quite ours: what was meant is named, all of it, with the line that would have done it."""

import shlex

import pytest

from support.rig import Rig
from trayexec.commands import unknown_verb
from trayexec.commands.parse import verbs
from trayexec.core.other_words import OURS

CONFIG = """\
[default]
mfa_serial = arn:aws:iam::111111111111:mfa/alice
[profile prod]
role_arn = arn:aws:iam::444444444444:role/Admin
source_profile = default
[profile prod-eu]
role_arn = arn:aws:iam::555555555555:role/Admin
source_profile = default
[profile big corp]
output = json
[profile "a b"]
role_arn = arn:aws:iam::666666666666:role/Admin
source_profile = default
[Profile Legacy]
output = json
[staging]
output = json
"""


@pytest.fixture
def desk(bare: Rig) -> Rig:
    """Profiles to be mistaken for one another, groups, and a key in the wrong style of the wrong file."""
    bare.config(CONFIG)
    bare.write("home/.aws/credentials", "[profile ops]\noutput = json\n")
    bare.settings('[groups]\nprods = ["prod*"]\nprobes = ["prod-eu"]\n')
    return bare


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("prod",), ["prod (444444444444) is a profile", "`trayexec prod -- CMD…`"]),
        (("prod", "aws", "s3", "ls"), ["`trayexec prod -- aws s3 ls`"]),
        (("prod", "--region", "eu-west-1", "sh", "-c", "a b"), ["`trayexec --region eu-west-1 prod -- sh -c 'a b'`"]),
        (("--live", "a b", "make"), ["`trayexec --live 'a b' -- make`"]),
        (("--region", "eu-west-1"), []),
        (("--no-wait", "nothing", "make"), ["There is no `--`", "`trayexec --no-wait PROFILE -- CMD…`"]),
        (("Prod",), ["Did you mean", "prod (444444444444)"]),
        (("prodd",), ["prod (444444444444), prod-eu (555555555555)"]),
        (("statsu",), ["status"]),
        (("LIST",), ["Did you mean list?"]),
        (("zzz",), ["`trayexec help`"]),
        (("list", "--jsn"), ["--json"]),
        (("env", "prod", "--formt", "sh"), ["--format"]),
        (("keys", "ad", "prod"), ["Did you mean add?", "add, import, list, rotate, remove"]),
        (("agent", "strat"), ["start"]),
        (("env", "prod", "--format", "fsh"), ["fish", "sh"]),
        (("--regoin", "x", "prod", "--", "true"), ["--region"]),
        (("prod", "prod-eu", "--fail-fats", "--", "true"), ["--fail-fast"]),
    ],
)
def test_what_was_meant_is_named(desk: Rig, words: tuple[str, ...], said: list[str]) -> None:
    """Verbs, profiles, options, values; and the line as it should have been."""
    done = desk.run(*words)
    assert (done.status, done.out) == (2, "")
    for each in said:
        assert each in done.err


def test_the_line_that_is_proposed_does_it(open_rig: Rig) -> None:
    """It is copied into a shell as it stands."""
    refused = open_rig.run("account-a", "sh", "-c", "echo $TRAYEXEC_PROFILE; exit 3")
    line = refused.err.partition("type `trayexec ")[2].partition("`. ")[0]
    assert line.startswith("account-a -- sh -c '")
    done = open_rig.run(*shlex.split(line))
    assert (done.status, done.out) == (3, "account-a\n")


@pytest.mark.parametrize("word", sorted(OURS))
def test_the_words_of_other_tools_are_known(word: str) -> None:
    """One line with ours for it, and none of our own verbs is among them."""
    said = unknown_verb.explained([word, "prod"], verbs(), {"HOME": "/nonexistent"})
    assert said is not None
    assert str(OURS[word]) in str(said.hint)


def test_another_tools_line_is_answered_with_ours(desk: Rig) -> None:
    """`exec prod -- cmd` names, to us, two profiles."""
    done = desk.run("exec", "prod", "--", "true")
    assert done.status == 125
    assert "`trayexec PROFILE -- CMD…`" in done.err


@pytest.mark.parametrize(
    ("profile", "said"),
    [
        ("Legacy", ["[Profile Legacy]", "Write [profile Legacy] in its place."]),
        ("legacy", ["[Profile Legacy]"]),
        ("staging", ["[staging]", "Write [profile staging] in its place.", ".aws/config"]),
        ("big corp", ["[profile big corp]", 'Write [profile "big corp"] in its place.']),
        ("ops", ["[profile ops]", "Write [ops] in its place.", ".aws/credentials"]),
        ("PROD-EU", ["Did you mean prod-eu (555555555555)?"]),
        ("prd", ["Did you mean", "prod (444444444444)"]),
        ("nothing like it", ['[profile "nothing like it"]', ".aws/config"]),
    ],
)
def test_an_unknown_profile_is_answered_alike_by_all(desk: Rig, profile: str, said: list[str]) -> None:
    """A run, several, the verbs that take one: the same words, and the file as it is called here."""
    others = (
        ("env", profile),
        ("console", profile, "--print"),
        ("shell", profile),
        ("--server", profile, "--", "true"),
        ("credential-process", profile),
    )
    for words in ((profile, "--", "true"), ("why", profile), *(others if profile == "Legacy" else ())):
        done = desk.run(*words)
        assert done.status == 125, words
        for each in said:
            assert each in done.err, words


def test_near_groups_and_identities_are_named(desk: Rig) -> None:
    """All of them."""
    assert "Did you mean @prods, @probes?" in desk.run("@prod", "--", "true").err
    assert "Did you mean default (111111111111)?" in desk.run("auth", "Default", "--wait", "0").err
    assert "Did you mean default" in desk.run("lock", "defualt").err


def test_the_file_is_called_by_its_name(desk: Rig) -> None:
    """AWS_CONFIG_FILE names another one: then that is where a section belongs."""
    other = desk.write("home/other/config", "[default]\nregion = eu-west-1\n")
    done = desk.run("why", "missing one", env={"AWS_CONFIG_FILE": str(other)})
    assert str(other) in done.err
    assert ".aws/config" not in done.err
