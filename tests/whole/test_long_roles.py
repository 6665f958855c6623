"""`--long`, and `delivery = "long"`: a role for hours, opened by a code of its own, apart from the session."""

import time
from datetime import datetime

import pytest

from awssim import Trust
from support.rig import Rig

HOURS = 8
END = 'echo "$AWS_CREDENTIAL_EXPIRATION $AWS_ACCESS_KEY_ID"'


@pytest.fixture
def long(rig: Rig) -> Rig:
    """A rig whose codes come by themselves, with a role that may last eight hours."""
    trust = Trust(("arn:aws:iam::111111111111:root",), mfa=True)
    rig.sim.world.add_role("222222222222", "Deploy", trust, profile="account-a", max_seconds=HOURS * 3600)
    rig.config(
        rig.sim.world.config_text(rig.sim.url)
        + f"\n[profile chained]\nrole_arn = arn:aws:iam::333333333333:role/Deploy\nsource_profile = account-a\n"
        f"endpoint_url = {rig.sim.url}\n"
    )
    rig.answer_by_itself()
    return rig


def ends(stamp: str) -> float:
    """Seconds from now."""
    return datetime.fromisoformat(stamp).timestamp() - time.time()


def calls(rig: Rig) -> list[tuple[str, str | None, bool]]:
    """What AWS was asked for, for how long, and whether a code came along."""
    return [
        (one.action, one.asked.get("DurationSeconds"), one.code)
        for one in rig.sim.calls
        if one.action in {"AssumeRole", "GetSessionToken"}
    ]


def test_one_code_opens_it_and_no_session(long: Rig) -> None:
    """From the keys, with the code; who comes next is served from memory, and the plain role is another one."""
    stamp, key = long.run("account-a", "--long", "8h", "--", "sh", "-c", END).out.split()
    assert HOURS * 3600 - 120 < ends(stamp) <= HOURS * 3600 + 5
    assert calls(long) == [("AssumeRole", "28800", True)]
    assert long.run("account-a", "--long", "8h", "--no-wait", "--", "sh", "-c", END).out.split() == [stamp, key]
    plain, other = long.run("account-a", "--", "sh", "-c", END).out.split()
    assert ends(plain) <= 3605
    assert other != key
    assert calls(long)[1:] == [("GetSessionToken", "43200", True), ("AssumeRole", "3600", False)]
    states = {one["name"]: one["phase"] for one in long.status()["identities"]}
    assert states == {"default": "open", "default (account-a, 8h)": "open"}


def test_a_lock_forgets_it(long: Rig) -> None:
    """With the identity whose keys it came from."""
    assert long.run("account-a", "--long", "2h", "--", "true").status == 0
    assert long.run("lock", "default").status == 0
    done = long.run("account-a", "--long", "2h", "--no-wait", "--", "true")
    assert done.status == 125
    assert "needs a code of its own" in done.err


def test_the_settings_choose_it_where_it_can_be(long: Rig) -> None:
    """For roles that ask for more than an hour, with the keys as their source; the rest is as ever."""
    path = long.desk.home("home/.aws/config")
    long.config(path.read_text().replace("[profile account-a]", "[profile account-a]\nduration_seconds = 28800"))
    long.answer_by_itself(more='[profile."*"]\ndelivery = "long"\n')
    stamp, key = long.run("account-a", "--", "sh", "-c", END).out.split()
    assert ends(stamp) > 3700
    assert long.run("credential-process", "account-a").json["AccessKeyId"] == key
    states = {one["name"]: one["expires_at"] for one in long.status()["profiles"]}
    assert states["account-a"] == stamp
    assert long.run("account-b", "--", "true").status == 0
    assert long.run("default", "--", "true").status == 0
    assert calls(long)[1:] == [("GetSessionToken", "43200", True), ("AssumeRole", "3600", False)]


def test_more_than_the_role_allows_is_found_without_a_code(long: Rig) -> None:
    """While the session is open AWS tells it by which no it says: the code then asks for the last whole hour."""
    trust = Trust(("arn:aws:iam::111111111111:root",), mfa=True)
    long.sim.world.add_role("222222222222", "Deploy", trust, profile="account-a", max_seconds=7 * 3600)
    long.unlock()
    done = long.run("account-a", "--long", "12h", "--", "sh", "-c", END, seconds=90)
    assert done.status == 0, done.err
    assert 7 * 3600 - 120 < ends(done.out.split()[0]) <= 7 * 3600 + 5
    assert "account-a gets 7h in place of 12h: its role may last no longer" in done.err
    assert [one for one in calls(long) if one[2]] == [("GetSessionToken", "43200", True), ("AssumeRole", "25200", True)]
    assert long.run("account-a", "--long", "12h", "--no-wait", "--", "true").status == 0


def test_more_than_the_role_allows_costs_a_code_without_a_session(long: Rig) -> None:
    """Then AWS says so when the code is there, and the next one asks for less."""
    done = long.run("account-a", "--long", "12h", "--", "sh", "-c", END, seconds=90)
    assert done.status == 0, done.err
    assert HOURS * 3600 - 120 < ends(done.out.split()[0]) <= HOURS * 3600 + 5
    assert "AWS does not let the role Deploy last 12h: the next code asks for 8h." in done.err
    assert "account-a gets 8h in place of 12h" in done.err
    assert calls(long) == [("AssumeRole", "43200", True), ("AssumeRole", "28800", True)]


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("default", "--long", "2h"), 125, "default has no role"),
        (("chained", "--long", "2h"), 125, "is a role assumed from another role"),
        (("account-a", "--long", "13h"), 2, "--long"),
        (("--live", "account-a", "--long", "2h"), 2, "--long"),
    ],
)
def test_what_cannot_be_long_is_refused(long: Rig, words: tuple[str, ...], status: int, said: str) -> None:
    """In words, and nobody is asked."""
    done = long.run(*words, "--", "echo", "ran")
    assert (done.status, done.out, long.tries) == (status, "", 0)
    assert said in done.err
