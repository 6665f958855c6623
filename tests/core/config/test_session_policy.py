"""Session policies: what can be one, for which role, and that nothing ever makes the result wider."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.stage import ADMIN, ALICE, BASE, A
from trayexec.core.config.long_roles import lengthened
from trayexec.core.config.profiles import Profile, Role
from trayexec.core.config.resolve import resolve
from trayexec.core.config.sections import Sections
from trayexec.core.config.session_policy import LONGEST, SessionPolicy, checked, narrowed, packed
from trayexec.core.settings import ProfileRule
from trayexec.light.errors import TrayexecError

LIST = '{"Version": "2012-10-17",\n "Statement": [{"Effect": "Allow", "Action": "s3:List*", "Resource": "*"}]}'
READ = SessionPolicy(arns=("ReadOnlyAccess",))
OWN = SessionPolicy(arns=("arn:aws:iam::222222222222:policy/team/Own",))
INLINE = SessionPolicy(packed(LIST))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def refusal(policy: SessionPolicy, rule: SessionPolicy | None = None) -> str:
    """The title of what is raised for account-a."""
    with pytest.raises(TrayexecError) as error:
        narrowed(A, rule, policy)
    assert error.value.trouble.code == "policy"
    return str(error.value.trouble.title)


def test_blanks_do_not_count() -> None:
    """AWS counts every character, so they go before it does; what the policy says stays."""
    wide = json.dumps(json.loads(LIST), indent=8)
    assert packed(wide) == packed(LIST) == json.dumps(json.loads(LIST), separators=(",", ":"))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "line 1, column 1"),
        ("{\n  oops", "line 2, column 3"),
        ("[]", "it has no Statement"),
        ('{"Version": "2012-10-17"}', "it has no Statement"),
        ('{"Statement": [{"Action": "s3:*", "Action": "*"}]}', "a key comes twice"),
        ("[" * 100_000, "it is nested too deeply"),
    ],
)
def test_what_is_no_policy_is_said(text: str, why: str) -> None:
    """With where it goes wrong; of a key that comes twice nobody knows which of the two is meant."""
    with pytest.raises(TrayexecError, match="not a policy in JSON") as error:
        packed(text)
    assert f"({why})" in str(error.value.trouble.title)


def test_what_is_too_large_is_said_before_aws_is_asked() -> None:
    """Its text without blanks, and the ARNs with it."""
    sid = "x" * (LONGEST - len(packed(LIST)) - len('"Sid":"",'))
    full = packed(LIST.replace('"Effect"', f'"Sid": "{sid}", "Effect"'))
    assert len(full) == LONGEST
    assert narrowed(A, None, SessionPolicy(full)).target == replace(ADMIN, policy=full)
    with pytest.raises(TrayexecError, match="has 2049 characters"):
        packed(LIST.replace('"Effect"', f'"Sid": "{sid}y", "Effect"'))
    assert refusal(SessionPolicy(full, OWN.arns)).startswith(
        f"The session policy has {LONGEST + len(OWN.arns[0])} char"
    )
    assert refusal(SessionPolicy(arns=tuple(f"A{n}" for n in range(11)))).startswith("There are 11 policies")


@pytest.mark.parametrize(
    ("policy", "arns"),
    [
        (READ, ("arn:aws:iam::aws:policy/ReadOnlyAccess",)),
        (
            SessionPolicy(arns=("job-function/ViewOnlyAccess",)),
            ("arn:aws:iam::aws:policy/job-function/ViewOnlyAccess",),
        ),
        (OWN, OWN.arns),
        (SessionPolicy(arns=("A", "A")), ("arn:aws:iam::aws:policy/A",)),
    ],
)
def test_names_are_those_of_aws_in_the_roles_partition(policy: SessionPolicy, arns: tuple[str, ...]) -> None:
    """Each once; an ARN stays as it is."""
    assert narrowed(A, None, policy).target == replace(ADMIN, policy_arns=arns)
    there = replace(A, target=replace(ADMIN, arn=ADMIN.arn.replace("arn:aws:", "arn:aws-cn:")))
    if policy is not OWN:
        meant = narrowed(there, policy).target
        assert isinstance(meant, Role)
        assert meant.policy_arns == tuple(one.replace("arn:aws:", "arn:aws-cn:") for one in arns)


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:iam::333333333333:policy/Other",
        "arn:aws-cn:iam::aws:policy/ReadOnlyAccess",
        "arn:aws:iam::aws:role/X",
        " ",
    ],
)
def test_a_policy_of_another_account_is_refused(arn: str) -> None:
    """AWS looks for it in the role's account."""
    assert arn.strip() in refusal(SessionPolicy(arns=(arn,)))


def test_an_identity_is_never_served_wider_than_asked() -> None:
    """Its session cannot be narrowed: that is said, whoever asked for it."""
    for rule, call in ((READ, None), (None, READ), (READ, INLINE)):
        with pytest.raises(TrayexecError, match="default is an identity itself"):
            narrowed(BASE, rule, call)
    assert narrowed(BASE, None) is BASE
    assert BASE.target is ALICE


def test_what_others_give_is_no_identity() -> None:
    """It may be a role already, but none that is assumed here: so it is called what it is."""
    command = {"credential_process": "/opt/bin/vault", "region": "eu-west-1"}
    found = resolve(Sections({"vault": command}, {}, {}), session_name="x").profiles["vault"]
    assert isinstance(found, Profile)
    with pytest.raises(TrayexecError, match="credentials of vault come from credential_process"):
        narrowed(found, None, READ)
    with pytest.raises(TrayexecError) as error:
        lengthened(found, ProfileRule("*"), 7200)
    assert "credential_process" in str(error.value.trouble.hint)
    assert "[session]" not in str(error.value.trouble.hint)


def test_two_policies_are_never_joined() -> None:
    """AWS allows what either allows: a call may repeat the rule of the settings, and nothing else."""
    assert narrowed(A, READ, READ).target == narrowed(A, READ).target
    assert narrowed(A, READ, SessionPolicy(arns=("arn:aws:iam::aws:policy/ReadOnlyAccess",))).target == (
        narrowed(A, READ).target
    )
    assert refusal(INLINE, READ).startswith("config.toml narrows account-a already")
    assert refusal(OWN, READ).startswith("config.toml narrows account-a already")


def test_a_policy_is_part_of_what_a_role_is() -> None:
    """So no credentials of one are ever served as those of another."""
    targets = [A.target, *(narrowed(A, one).target for one in (READ, OWN, INLINE, replace(INLINE, arns=OWN.arns)))]
    assert len(set(targets)) == len(targets)


@given(JSON.map(json.dumps) | st.text())
def test_any_text_is_sent_as_it_means_or_refused(text: str) -> None:
    """Nothing is lost on the way, and nothing else is raised."""
    try:
        document = packed(text)
    except TrayexecError:
        return
    assert json.loads(document) == json.loads(text)
    assert checked(SessionPolicy(document)).document == document
