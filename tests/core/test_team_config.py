"""A config that a team shares: what it may say, and how it is merged without losing or changing anything else."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trayexec.adapters.aws_parser import parse as parse_aws
from trayexec.core import settings
from trayexec.core.team_config import TeamConfig, differences, merged, missing, parse, settings_merged
from trayexec.core.toml_lines import with_value
from trayexec.light.errors import TrayexecError

WHOLE = """\
[sso-session.corp]
sso_start_url = "https://corp.awsapps.com/start"
sso_region = "eu-west-1"
[profile.account-a]
account = "222222222222"
role = "team/Deploy"
region = "eu-central-1"
external_id = "e"
duration_seconds = 3600
[profile.china]
account = "333333333333"
role = "Deploy"
source_profile = "base"
region = "cn-north-1"
[profile.dev]
account = "444444444444"
role = "ReadOnly"
sso_session = "corp"
[groups]
prod = ["prod-*", "account-a"]
[colours]
"prod-*" = "red"
"""


def test_all_that_it_can_say_becomes_what_aws_and_we_read() -> None:
    """The partition of a role is that of its region."""
    team = parse(WHOLE, file="team.toml")
    assert team.sections == {
        "sso-session corp": {"sso_start_url": "https://corp.awsapps.com/start", "sso_region": "eu-west-1"},
        "profile account-a": {
            "role_arn": "arn:aws:iam::222222222222:role/team/Deploy",
            "source_profile": "default",
            "region": "eu-central-1",
            "external_id": "e",
            "duration_seconds": "3600",
        },
        "profile china": {
            "role_arn": "arn:aws-cn:iam::333333333333:role/Deploy",
            "source_profile": "base",
            "region": "cn-north-1",
        },
        "profile dev": {"sso_session": "corp", "sso_account_id": "444444444444", "sso_role_name": "ReadOnly"},
    }
    assert team.groups == {"prod": ("prod-*", "account-a")}
    assert team.colours == {"prod-*": "red"}


ROLE = '[profile.a]\naccount = "222222222222"\nrole = "R"\n'


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("a = ", 1, "not valid TOML"),
        (f"{ROLE}x = {'[' * 3000}", 1, "nested too deeply"),
        ("[porfile.a]\n", 1, "Did you mean profile?"),
        (f'{ROLE}credential_process = "rm"\n', 4, "cannot say profile.a.credential_process"),
        (f'{ROLE}endpoint_url = "http://x"\n', 4, "cannot say profile.a.endpoint_url"),
        (f'{ROLE}mfa_serial = "x"\n', 4, "cannot say"),
        ('\n[identity.default]\ncode = "evil"\n', 2, "cannot say identity"),
        ('[profile.a]\nrole = "R"\n', 1, "It lacks account."),
        ('[profile.a]\naccount = 222222222222\nrole = "R"\n', 2, "in quotes"),
        ('[profile.a]\naccount = "222222222222"\nrole = "arn:aws:iam::1:role/x"\n', 3, "without account and ARN"),
        (f'{ROLE}region = "a\\nrole_arn = b"\n', 4, "on one line"),
        (f'{ROLE}region = ""\n', 4, "on one line"),
        (f"{ROLE}duration_seconds = true\n", 4, "from 900 to 43200"),
        (f'{ROLE}sso_session = "corp"\nexternal_id = "e"\n', 5, "cannot say profile.a.external_id"),
        ('[profile."a]\\n[default"]\naccount = "222222222222"\nrole = "R"\n', 1, "no blanks"),
        ('[profile.default]\naccount = "222222222222"\nrole = "R"\n', 1, "each person's own"),
        ('[sso-session.x]\nsso_region = "eu-west-1"\n', 1, "It lacks sso_start_url."),
        ('[sso-session.x]\nsso_start_url = "http://x"\nsso_region = "eu-west-1"\n', 2, "begins with https://"),
        ('[groups]\nprod = "a"\n', 2, "list of profile names"),
        ('[groups]\n"a b" = ["x"]\n', 2, "without spaces"),
        ("[groups]\nprod = [1]\n", 2, "a list of texts"),
        ('[colours]\n"x" = "pink"\n', 2, "red, orange"),
        ("profile = 1\n", 1, "has to be a table"),
    ],
)
def test_anything_else_is_an_error_with_its_line(text: str, line: int, said: str) -> None:
    """What could run a program, lead elsewhere or stand for somebody's own is not taken from a repository."""
    with pytest.raises(TrayexecError) as error:
        parse(text, file="team.toml")
    assert error.value.trouble.code == "team_config"
    assert str(error.value).startswith(f"Line {line} of team.toml"), str(error.value)
    assert said in str(error.value)


KEYS = ["account", "role", "region", "sso_session", "source_profile", "x", "duration_seconds"]
VALUES = st.one_of(st.text(max_size=20), st.integers(), st.booleans(), st.sampled_from(["222222222222", "R", "corp"]))


@given(st.dictionaries(st.text(max_size=12), st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=5), max_size=3))
def test_what_it_says_never_breaks_an_aws_config(profiles: dict[str, dict[str, object]]) -> None:
    """Whatever stands in it, it is refused, or is one section for each profile with just these values."""
    text = "".join(
        f"[profile.{settings.toml(name)}]\n"
        + "".join(
            f"{key} = {settings.toml(value) if isinstance(value, str) else str(value).lower()}\n"
            for key, value in said.items()
        )
        for name, said in profiles.items()
    )
    try:
        team = parse(text, file="f")
    except TrayexecError:
        return
    after = parse_aws(merged("", team.sections, ()), file="config")
    assert after == {section: dict(said) for section, said in team.sections.items()}


@given(st.text(alphabet="[]{}=\"'\\\n.#,abc019 -é\t", max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    """No other error ever comes out."""
    try:
        parse(text, file="f")
    except TrayexecError as error:
        assert error.trouble.code == "team_config"  # noqa: PT017 — else it is a config without anything in it


# Merging


TEAM = parse(ROLE.replace("[profile.a]", "[profile.account-a]") + 'region = "r-1"\n', file="f")
ARN = "arn:aws:iam::222222222222:role/R"


def plan(config: str, shared: str = "", team: TeamConfig = TEAM) -> tuple[str, dict[str, dict[str, tuple[str, str]]]]:
    """The text with all of it, and what differed."""
    before, above = parse_aws(config, file="c"), parse_aws(shared, file="s")
    found = differences(team, before, above)
    new = {one: team.sections[one] for one in missing(team, before, above)}
    return merged(config, new, found), {one.header: dict(one.values) for one in found}


def test_what_is_not_there_is_added_at_the_end() -> None:
    """Comments and all else stay."""
    text, differing = plan("# mine\n[default]\nregion = x\n")
    assert text == (
        "# mine\n[default]\nregion = x\n\n"
        f"[profile account-a]\nrole_arn = {ARN}\nsource_profile = default\nregion = r-1\n"
    )
    assert differing == {}


def test_what_is_there_as_the_team_has_it_is_no_difference() -> None:
    """More may stand in it; the header may be written in another way."""
    config = f"[profile 'account-a']\nrole_arn={ARN}\nsource_profile = default\nregion = r-1\noutput = json\n"
    assert plan(config) == (config, {})


def test_another_role_is_told_and_its_source_does_not_stay() -> None:
    """With the old way to credentials left over, the profile could lead to another account."""
    config = f'[profile "account-a"]\n# why\nrole_arn = {ARN}x\ncredential_source = Environment\noutput = json\n'
    text, differing = plan(config)
    assert differing == {
        'profile "account-a"': {
            "role_arn": (f"{ARN}x", ARN),
            "source_profile": ("", "default"),
            "region": ("", "r-1"),
            "credential_source": ("Environment", ""),
        }
    }
    assert text == (
        f'[profile "account-a"]\n# why\nrole_arn = {ARN}\noutput = json\nsource_profile = default\nregion = r-1\n'
    )


def test_what_the_credentials_file_says_is_told() -> None:
    """It wins over the config, so no edit of the config would help."""
    (found,) = differences(TEAM, {}, parse_aws("[account-a]\nregion = other\n", file="s"))
    assert found.in_credentials == ("region",)


# config.toml


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", '[groups]\nprod = ["a"]\n\n[profile."p-*"]\ncolour = "red"\n'),
        (
            '# c\n[groups] # g\nother = ["b"]\n',
            '# c\n[groups] # g\nprod = ["a"]\nother = ["b"]\n\n[profile."p-*"]\ncolour = "red"\n',
        ),
        (
            '[groups]\nprod = [\n  "x", # y\n] # z\n[profile.\'p-*\']\ncolour="blue"\n',
            '[groups]\nprod = ["a"] # z\n[profile.\'p-*\']\ncolour= "red"\n',
        ),
        ('groups.prod = ["x"]\n', 'groups.prod = ["a"]\n\n[profile."p-*"]\ncolour = "red"\n'),
        ("[groups]", '[groups]\nprod = ["a"]\n\n[profile."p-*"]\ncolour = "red"\n'),
    ],
)
def test_groups_and_colours_go_in_among_what_is_there(before: str, after: str) -> None:
    """What has them otherwise is replaced; comments and all else stay."""
    assert settings_merged(before, {"prod": ("a",)}, {"p-*": "red"}) == after


@pytest.mark.parametrize("before", ['groups = {other = ["x"]}\n', 'groups.other = ["x"]\n[screen]\non_lock = "keep"\n'])
def test_where_they_do_not_fit_in_is_said(before: str) -> None:
    """A table in braces cannot be added to from outside; nothing wrong is written."""
    with pytest.raises(ValueError, match=r"(?s).*"):
        settings_merged(before, {"prod": ("a",)}, {})


TABLES = st.dictionaries(
    st.text("ab.- \"'#[", min_size=1, max_size=5),
    st.dictionaries(st.text('ab.-="#', min_size=1, max_size=4), st.text(max_size=8), max_size=3),
    max_size=3,
)


@given(TABLES, st.text("ab.- ", min_size=1, max_size=4), st.text("ab=", min_size=1, max_size=3), st.text(max_size=9))
def test_a_value_is_changed_and_nothing_else(
    tables: dict[str, dict[str, str]], table: str, key: str, value: str
) -> None:
    """Whatever the names and values are."""
    text = "".join(
        f"[t.{settings.toml(name)}] # c\n"
        + "".join(f"{settings.toml(k)} = {settings.toml(v)}\n" for k, v in said.items())
        for name, said in tables.items()
    )
    wanted = tomllib.loads(text)
    wanted.setdefault("t", {}).setdefault(table, {})[key] = value
    assert tomllib.loads(with_value(text, ("t", table, key), settings.toml(value))) == wanted
