"""logsmith's accounts.yaml becomes profiles, groups and colours, and what is read of it is read as YAML reads it."""

from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # it has no types
from hypothesis import given
from hypothesis import strategies as st

from trayexec.adapters.aws_parser import parse as parse_aws
from trayexec.core.logsmith import _Node, _Reader, parse
from trayexec.core.team_config import merged
from trayexec.light.errors import TrayexecError

# As its README has it, with what its dialogs write besides.
README = """\
productive:
  team: team1
  region: eu-central-1
  color: '#388E3C'
  profiles:
    - profile: nonlive
      account: 123456789123
      role: developer
      default: true
    - profile: live
      account: 123456789123
      role: developer
"""
WRITTEN = """\
live accounts:
  access_key: access-key-live
  auth_mode: key
  color: red
  profiles:
  - account: '012345678901'
    profile: base
    role: developer
  - account: '222222222222'
    profile: nested   # over the one above
    role: admin
    source: base
  region: eu-west-1
  script: null
  team: team one
nonlive:
  auth_mode: sso
  color: lightpink
  profiles:
  - {account}
    profile: base
    role: ReadOnly
  region: cn-north-1
  sso_session: sso-corp
  team: "two"
cloud:
  type: gcp
  color: blue
  region: europe-west3
  team: x
""".replace("{account}", "account: '333333333333'")


def test_its_readme_is_read() -> None:
    """A group is one of ours, its colour that of its profiles; the keys are where logsmith keeps them."""
    team = parse(README, file="accounts.yaml")
    role = {"role_arn": "arn:aws:iam::123456789123:role/developer", "source_profile": "access-key"}
    assert team.sections == {
        "profile nonlive": {**role, "region": "eu-central-1"},
        "profile live": {**role, "region": "eu-central-1"},
    }
    assert team.groups == {"productive": ("nonlive", "live")}
    assert team.colours == {"nonlive": "#388e3c", "live": "#388e3c"}


def test_what_its_dialogs_write_is_read() -> None:
    """A name of two groups is told apart by theirs, a source stays in its group, a colour that we lack is left out."""
    team = parse(WRITTEN, file="accounts.yaml")
    assert team.sections == {
        "profile live-accounts-base": {
            "role_arn": "arn:aws:iam::012345678901:role/developer",
            "source_profile": "access-key-live",
            "region": "eu-west-1",
        },
        "profile nested": {
            "role_arn": "arn:aws:iam::222222222222:role/admin",
            "source_profile": "live-accounts-base",
            "region": "eu-west-1",
        },
        "profile nonlive-base": {
            "sso_session": "sso-corp",
            "sso_account_id": "333333333333",
            "sso_role_name": "ReadOnly",
            "region": "cn-north-1",
        },
    }
    assert team.groups == {"live-accounts": ("live-accounts-base", "nested"), "nonlive": ("nonlive-base",)}
    assert team.colours == {"live-accounts-base": "red", "nested": "red"}
    after = parse_aws(merged("", team.sections, ()), file="config")
    assert after == {section: dict(said) for section, said in team.sections.items()}


def test_nothing_in_it_is_nothing() -> None:
    """A file of remarks alone."""
    assert not parse("---\n# nothing yet\n", file="f").sections


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("a: b\n", 1, "a mapping"),
        ("a:\n  colour: red\n", 2, "logsmith has no colour"),
        ("a:\n  profiles: b\n", 2, "a list of profiles"),
        ("a:\n  profiles:\n  - b\n", 3, "key: value"),
        ("a:\n  profiles:\n  - profile: b\n    role: r\n", 3, "It lacks account."),
        ("a:\n  profiles:\n  - profile: b\n    account: 12\n    role: r\n", 4, "cannot be the account"),
        ("a:\n  profiles:\n  - profile: b c\n", 3, "cannot be the profile"),
        (README.replace("profile: live", "profile: nonlive"), 10, "several profiles"),
        (README.replace("role: developer\n", "role: x\n      source: y\n", 1), 9, "no profile y"),
        ("a: &x\n  b: c\n", 1, "in quotes"),
        ("a: {b: c}\n", 1, "in quotes"),
        ("a:\n  team: |\n    x\n", 2, "in quotes"),
        ("a:\n  team: x\n    y\n", 3, "not indented"),
        ("a:\n  team: 'x\n", 2, "not closed"),
        ('a:\n  team: "\\x41"\n', 2, "an escape"),
        ("a:\n\tteam: x\n", 2, "no letter and no blank"),
        ("a:\n  team: x\n  team: y\n", 3, "not there yet"),
        ("a:\n" + "".join(f"{'  ' * depth}b:\n" for depth in range(1, 9)), 6, "too deeply"),
    ],
)
def test_anything_else_is_an_error_with_its_line(text: str, line: int, said: str) -> None:
    """What is not read is not guessed."""
    with pytest.raises(TrayexecError) as error:
        parse(text, file="accounts.yaml")
    assert error.value.trouble.code == "team_config"
    assert said in str(error.value)
    assert str(error.value).startswith(f"Line {line} of accounts.yaml"), str(error.value)


def plain(node: _Node) -> Any:
    """A node as values alone."""
    if isinstance(node.value, dict):
        return {key: plain(each) for key, each in node.value.items()}
    return [plain(each) for each in node.value] if isinstance(node.value, list) else node.value


def same_as_yaml(text: str) -> bool:
    """Whether it is read here, and if so then as a real parser reads it (as texts alone)."""
    try:
        found = plain(_Reader("f")._document(text))
    except TrayexecError:
        return False
    assert found == (yaml.load(text, yaml.BaseLoader) or {})  # noqa: S506 — it makes nothing but texts
    return True


PIECES = (
    "a",
    "b c",
    "'x'",
    "'it''s'",
    '"y"',
    "#z",
    " #z",
    ":",
    ": ",
    "- ",
    "-",
    "  ",
    "\n",
    "\n  ",
    "\n  - ",
    "---",
    "é",
)
WORDS = st.sampled_from((*PIECES, "{", "?", "~"))


@given(st.lists(WORDS, max_size=14).map("".join))
def test_what_is_read_is_read_as_yaml_reads_it(text: str) -> None:
    """Of any text: it is refused, or means the same."""
    same_as_yaml(text)


NAMES = st.from_regex(r"[a-z][a-z0-9 .-]{0,6}", fullmatch=True)
LEAVES = st.text("ab01 '\"#:-{é", min_size=1, max_size=9)
PROFILES = st.lists(st.dictionaries(st.sampled_from(["profile", "role"]), LEAVES, min_size=1), min_size=1)
GROUPS = st.dictionaries(
    NAMES,
    st.dictionaries(st.sampled_from(["team", "color"]), LEAVES).flatmap(
        lambda group: PROFILES.map(lambda profiles: {**group, "profiles": profiles})
    ),
    min_size=1,
    max_size=3,
)


@given(GROUPS)
def test_what_logsmith_would_write_is_read_as_it_reads_it(groups: dict[str, dict[str, object]]) -> None:
    """It writes with PyYAML's own dump."""
    same_as_yaml(yaml.safe_dump(groups, allow_unicode=True))


def test_these_properties_are_not_empty() -> None:
    """What people have is among what is read."""
    assert same_as_yaml(README)
    assert same_as_yaml(WRITTEN)
