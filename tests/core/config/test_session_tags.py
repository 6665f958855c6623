"""Session tags, the source identity, and names of sessions: what is sent, and what AWS would not take."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.stage import ADMIN, A, profile, role
from trayexec.core.config import session_names
from trayexec.core.config.profiles import Catalogue, Profile, Role, SessionTags, Unserved
from trayexec.core.config.resolve import resolve
from trayexec.core.config.sections import Sections

DEVICE = "arn:aws:iam::111111111111:mfa/alice"
ROLE = {"role_arn": "arn:aws:iam::222222222222:role/X", "source_profile": "default"}


def found(**settings: str) -> Catalogue:
    """What a role with these settings leads to."""
    sections = Sections({"default": {"mfa_serial": DEVICE}, "a": {**ROLE, **settings}}, {}, {})
    return resolve(sections, session_name="trayexec-alice", known={"user": "älice b", "host": "desk.example"})


def served(**settings: str) -> Role:
    """The role itself."""
    one = found(**settings).profiles["a"]
    assert isinstance(one, Profile), one
    assert isinstance(one.target, Role)
    return one.target


def refused(**settings: str) -> str:
    """What is wrong with them."""
    one = found(**settings).profiles["a"]
    assert isinstance(one, Unserved), one
    return str(one.problem.title)


def test_tags_are_read_as_aws_vault_reads_them() -> None:
    """Blanks around them do not count; a value may hold an equals sign, or nothing."""
    tags = served(
        session_tags="team = red, cost=a=b ,empty=", transitive_session_tags="team, team", source_identity="alice@x"
    ).tags
    assert tags == SessionTags((("team", "red"), ("cost", "a=b"), ("empty", "")), ("team",), "alice@x")
    assert served().tags == served(session_tags="", transitive_session_tags=" ").tags == SessionTags()


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"session_tags": "red"}, "red is not written as key=value"),
        ({"session_tags": "a=b,"}, " is not written as key=value"),
        ({"session_tags": "=b"}, "=b is not written as key=value"),
        ({"session_tags": "a=b,A=c"}, "there are two of a"),
        ({"session_tags": "aws:x=b"}, "aws:x has a length or a character"),
        ({"session_tags": "a=b!"}, "a has a length or a character"),
        ({"session_tags": "a=" + "x" * 257}, "a has a length or a character"),
        ({"session_tags": "a" * 129 + "=x"}, "has a length or a character"),
        ({"session_tags": ",".join(f"k{n}=v" for n in range(51))}, "there are more than 50"),
        ({"session_tags": "a=b", "transitive_session_tags": "a,c"}, "c is none of its session_tags"),
        ({"source_identity": "x"}, "source_identity of profile a has a length or a character"),
        ({"source_identity": "aws:alice"}, "source_identity of profile a has a length or a character"),
        ({"role_session_name": "{usr}"}, "role_session_name of profile a has a length or a character"),
        ({"role_session_name": "x" * 64 + "{user}"}, "role_session_name of profile a has a length or a character"),
    ],
)
def test_what_aws_would_not_take_is_said(settings: dict[str, str], why: str) -> None:
    """When the config is read, with the profile and the setting."""
    assert why in refused(**settings)


@pytest.mark.parametrize(
    ("template", "name"),
    [
        ("{user}", "-lice-b"),
        ("{user}@{host}", "-lice-b@desk.example"),
        ("deploy-{program}", "deploy-{program}"),
        ("{user}" * 12, ("-lice-b" * 12)[:64]),
        ("plain", "plain"),
    ],
)
def test_a_session_is_called_after_who_and_where(template: str, name: str) -> None:
    """As far as it is known when the files are read: the program is not."""
    assert served(role_session_name=template).session_name == name


def test_a_session_is_called_after_the_program_that_asks() -> None:
    """Each role on the way; nothing else changes, and without a placeholder nothing at all."""
    first = role("first", ADMIN)
    top = profile("top", role("top", first))
    assert session_names.asked_by(top, "aws") is top
    assert session_names.asked_by(A, "aws") is A
    named = found(role_session_name="{program}-{user}").profiles["a"]
    assert isinstance(named, Profile)
    for program, name in (("aws", "aws--lice-b"), ("a b/c", "a-b-c--lice-b"), ("", "unknown--lice-b")):
        asked = session_names.asked_by(named, program).target
        assert isinstance(asked, Role)
        assert asked.session_name == name


@given(st.text(max_size=80), st.text(max_size=80), st.sampled_from(["{program}", "x{program}", "{user}.{program}"]))
def test_every_name_is_one_that_sts_takes(user: str, program: str, template: str) -> None:
    """Whatever people and programs are called."""
    assert session_names.is_name(template)
    name = session_names.filled(session_names.filled(template, {"user": user}), {"program": program})
    assert 2 <= len(name) <= 64
    assert session_names.is_name(name)
