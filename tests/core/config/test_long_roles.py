"""Which role a code of its own opens for hours, by a caller's word or the settings', and what cannot be."""

from dataclasses import replace

import pytest

from support.stage import ADMIN, ALICE, BASE, DEEP, A, profile
from trayexec.core.config.long_roles import lengthened
from trayexec.core.config.profiles import Identity, Profile
from trayexec.core.settings import Delivery, ProfileRule
from trayexec.light.errors import TrayexecError

HOUR = 3600
PLAIN = ProfileRule("*")
LONG = ProfileRule("*", delivery=Delivery.LONG)
WANTS = profile("wants", replace(ADMIN, seconds=8 * HOUR))


@pytest.mark.parametrize(("rule", "call"), [(PLAIN, 8 * HOUR), (LONG, 8 * HOUR), (LONG, None)])
def test_it_is_an_identity_of_its_own(rule: ProfileRule, call: int | None) -> None:
    """The same keys and device, so the same person and codes; apart from the session and from other lengths."""
    made = lengthened(WANTS, rule, call)
    target = made.target
    assert isinstance(target, Identity)
    assert (target.keys, target.mfa_serial, target.name) == (ALICE.keys, ALICE.mfa_serial, "default (wants, 8h)")
    assert target.role == WANTS.target
    assert (made.account, target.account) == (ADMIN.account, ADMIN.account)
    assert target != ALICE
    assert target != lengthened(WANTS, PLAIN, 4 * HOUR).target
    assert lengthened(A, PLAIN, 8 * HOUR).target == target  # another name for the same


@pytest.mark.parametrize("one", [A, BASE, DEEP, WANTS])
def test_nobody_is_asked_for_a_code_more_without_a_word(one: Profile) -> None:
    """Of the settings it is a word for roles that ask for more than an hour."""
    assert lengthened(one, PLAIN) is one
    if one is not WANTS:
        assert lengthened(one, LONG) is one


@pytest.mark.parametrize("one", [BASE, DEEP])
def test_what_has_no_role_over_keys_is_refused(one: Profile) -> None:
    """A code opens one role, and with the keys."""
    with pytest.raises(TrayexecError) as error:
        lengthened(one, LONG, 2 * HOUR)
    assert error.value.trouble.code == "long"
