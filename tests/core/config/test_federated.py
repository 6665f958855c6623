"""An identity as the federated user that signs in to the console."""

from dataclasses import replace

from trayexec.core.config.federated import is_federated, signing_in
from trayexec.core.config.profiles import Identity, Profile, Role, StsEndpoint

END = StsEndpoint("eu-central-1")
ALICE = Identity("default", "arn:aws-cn:iam::111111111111:mfa/alice", None, "default", END)
DEFAULT = Profile("default", "cn-north-1", ALICE)
ROLE = Role("arn:aws:iam::222222222222:role/federated-user/X", ALICE, "me", None, 3600, END)


def test_an_identity_becomes_its_federated_user() -> None:
    """In its partition and account, over itself, for an hour; all else of the profile stays."""
    found = signing_in(DEFAULT, "trayexec-" + "x" * 40)
    role = found.target
    assert isinstance(role, Role)
    assert is_federated(role)
    assert (role.arn, role.source, role.seconds) == (
        f"arn:aws-cn:sts::111111111111:federated-user/{role.session_name}",
        ALICE,
        3600,
    )
    assert len(role.session_name) == 32
    assert replace(found, target=ALICE) == DEFAULT


def test_a_role_signs_in_as_it_is() -> None:
    """Whatever its path is."""
    profile = replace(DEFAULT, target=ROLE)
    assert signing_in(profile, "me") is profile
    assert not is_federated(ROLE)
