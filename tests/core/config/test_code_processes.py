"""`mfa_process`: which profile's prints the codes, as aws-vault finds it, and never those of another device."""

import pytest

from trayexec.adapters.aws_parser import merge, parse
from trayexec.core.config.profiles import Catalogue, Identity, Profile, Unserved
from trayexec.core.config.resolve import resolve

PHONE = "arn:aws:iam::111111111111:mfa/alice"
TABLET = "arn:aws:iam::111111111111:mfa/tablet"
ROLE = "role_arn = arn:aws:iam::222222222222:role/Admin\nsource_profile = default\n"
DEFAULT = f"[default]\nmfa_serial = {PHONE}\n"


def catalogue(text: str) -> Catalogue:
    """What this config leads to."""
    return resolve(merge(parse(text, file="c"), {}, {}), session_name="s")


def code(found: Catalogue, name: str) -> tuple[str, str] | None:
    """The line that prints the codes for a profile, and whose it is."""
    profile = found.profiles[name]
    assert isinstance(profile, Profile)
    identity = profile.identity
    assert identity is not None
    return None if identity.code is None else (identity.code.profile, identity.code.line)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{DEFAULT}mfa_process = d\n[profile p]\n{ROLE}", ("default", "d")),
        (f"{DEFAULT}mfa_process = d\n[profile p]\n{ROLE}mfa_process = p | head -1\n", ("p", "p | head -1")),
        (f"{DEFAULT}[profile p]\n{ROLE}mfa_process = \n", None),
        # Beside the serial of another device it prints that one's codes.
        (f"{DEFAULT}mfa_process = d\n[profile p]\n{ROLE}mfa_serial = {TABLET}\n", None),
        (f"{DEFAULT}mfa_process = d\n[profile p]\n{ROLE}mfa_serial = {TABLET}\nmfa_process = p\n", ("p", "p")),
        # [default] lends region and serial, and nothing else.
        (f"{DEFAULT}mfa_process = d\n[profile p]\naws_access_key_id = A\naws_secret_access_key = B\n", None),
        (f"{DEFAULT}[profile p]\n{ROLE}include_profile = c\n[profile c]\nmfa_process = c\n", ("p", "c")),
    ],
)
def test_it_is_found_as_the_serial_is(text: str, expected: tuple[str, str] | None) -> None:
    """In the profile, with what it includes, then along its sources."""
    assert code(catalogue(text), "p") == expected


def test_it_makes_no_other_identity() -> None:
    """One session serves all; each profile's codes come its own way, and `auth` takes the first that says one."""
    found = catalogue(
        f"{DEFAULT}[profile a]\n{ROLE}[profile b]\n{ROLE}mfa_process = b\n[profile c]\n{ROLE}mfa_process = c\n"
    )
    assert [code(found, name) for name in ("default", "a", "b", "c")] == [None, None, ("b", "b"), ("c", "c")]
    (identity,) = found.identities
    assert identity.code is not None
    assert identity.code.line == "b"
    assert len({one.identity for one in found.profiles.values() if isinstance(one, Profile)}) == 1


def test_an_indented_block_is_a_problem_of_the_profile() -> None:
    """It is no line to run."""
    found = catalogue(f"{DEFAULT}[profile p]\n{ROLE}mfa_process =\n  a = b\n").profiles["p"]
    assert isinstance(found, Unserved)
    assert "mfa_process" in str(found.problem.title)


def test_its_line_is_in_no_repr() -> None:
    """A secret may stand in it."""
    found = catalogue(f"{DEFAULT}mfa_process = oathtool --totp s3cret\n")
    assert isinstance(found.identities[0], Identity)
    assert "s3cret" not in repr(found)
