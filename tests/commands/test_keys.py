"""`keys`: whose keys go under which name, what they replace, what is left of them in plain text, and what there is."""

import json
import re
import subprocess
from collections.abc import Iterator

import pytest

from awssim.world import Key
from support.desktop import eventually, private_desktop
from support.rig import Done, Rig, rig_on

ALICE, BOB = "111111111111", "222222222222"


@pytest.fixture
def own() -> Iterator[Rig]:
    """A rig with a keyring of its own, in which the keys of alice are stored; bob is a user of another account."""
    with private_desktop() as desk, rig_on(desk) as rig:
        bob = rig.sim.world.add_user(BOB, "bob")
        rig.sim.world.add_key(bob)
        rig.sim.world.add_device(bob)
        rig.store_keys()
        yield rig


def add(rig: Rig, name: str, key: Key, *words: str) -> Done:
    """`keys add NAME --env` with this pair, by a script."""
    env = {"AWS_ACCESS_KEY_ID": key.id, "AWS_SECRET_ACCESS_KEY": key.secret}
    return rig.run("keys", "add", name, "--env", *words, env=env)


def item(rig: Rig, name: str) -> dict[str, str]:
    """What the keychain has under this name."""
    said = rig.desk.run(["secret-tool", "lookup", "service", "trayexec", "username", name])
    found: dict[str, str] = json.loads(said)
    return found


def former(rig: Rig, name: str, key: Key) -> None:
    """Store a pair as former versions did: without whose it is."""
    value = json.dumps({"access_key_id": key.id, "secret_access_key": key.secret})
    attributes = ["service", "trayexec", "username", name, "application", "Python keyring library"]
    rig.desk.run(["secret-tool", "store", "--label=former", *attributes], stdin=value)


def section(name: str, rig: Rig, *lines: str) -> str:
    """A section of the config whose STS is the double."""
    return "\n".join((f"[{name}]", f"endpoint_url = {rig.sim.url}", "region = eu-central-1", *lines, ""))


def sessions(rig: Rig) -> int:
    """How often AWS was asked for a session."""
    return sum(call.action == "GetSessionToken" for call in rig.sim.calls)


def test_keys_of_another_account_than_the_devices_are_refused(own: Rig) -> None:
    """Both accounts are named, nothing is replaced, and the session goes on to be alice's."""
    bob = own.sim.world.user_key("bob")
    for words in ((), ("--yes",)):
        done = add(own, "default", bob, *words)
        assert done.status == 125
        assert ALICE in done.err
        assert BOB in done.err
        assert "mfa_serial" in done.err
    assert item(own, "default")["access_key_id"] == own.sim.world.user_key().id
    assert own.auth().status == 0


def test_other_keys_are_replaced_only_if_somebody_agrees(own: Rig) -> None:
    """The old id and the new one, and whose they are, are shown; a script has to say --yes, a person y."""
    alice = own.sim.world.user_key()
    new = own.sim.world.add_key(next(iter(own.sim.world.users.values())))
    refused = add(own, "default", new)
    assert refused.status == 125
    assert all(word in refused.err for word in (alice.id, new.id, "user/alice", ALICE, "--yes"))
    assert item(own, "default")["access_key_id"] == alice.id
    env = {"AWS_ACCESS_KEY_ID": new.id, "AWS_SECRET_ACCESS_KEY": new.secret}
    for answer, there in (("n", alice.id), ("y", new.id)):
        terminal = own.terminal("keys", "add", "default", "--env", env=env)
        terminal.wait_for(r"Replace them\? \[y/N\]")
        terminal.type(f"{answer}\n")
        terminal.ended()
        assert item(own, "default")["access_key_id"] == there
    assert add(own, "default", alice, "--yes").status == 0
    assert add(own, "default", alice).status == 0, "the same keys replace nothing"


def test_a_role_gets_no_keys_of_its_own_while_its_device_is_missing(own: Rig) -> None:
    """They would lie in the keychain for nobody; the profile that they are of is named."""
    role = "role_arn = arn:aws:iam::222222222222:role/Deploy"
    own.config(section("default", own) + section("profile role", own, role, "source_profile = default"))
    done = add(own, "role", own.sim.world.user_key())
    assert done.status == 125
    assert "role is a role and has no keys of its own" in done.err
    assert "`trayexec keys add default`" in done.err


def test_keys_without_a_device_are_asked_about_where_their_profile_says(own: Rig) -> None:
    """An endpoint of one's own counts before the device is known as it does after."""
    own.config(section("profile new", own))
    before = len(own.sim.calls)
    done = add(own, "new", own.sim.world.user_key())
    assert done.status == 0, done.err
    assert [call.action for call in own.sim.calls[before:]] == ["GetCallerIdentity"]


def test_a_name_that_is_not_there_is_answered_with_those_that_are(own: Rig) -> None:
    """All near ones with their accounts, and which profiles have keys of their own; nothing is asked of anybody."""
    own.config(
        section("default", own, f"mfa_serial = arn:aws:iam::{ALICE}:mfa/alice")
        + section("profile bobs", own, f"mfa_serial = arn:aws:iam::{BOB}:mfa/bob")
        + section("profile bobby", own, f"mfa_serial = arn:aws:iam::{BOB}:mfa/bob")
    )
    done = add(own, "bob", own.sim.world.user_key("bob"))
    assert done.status == 125
    assert all(word in done.err for word in ("There is no profile bob", f"bobs ({BOB})", f"bobby ({BOB})", "default"))
    assert "bob" not in [one["name"] for one in own.run("keys", "list", "--json").json]


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("AKIA123", "7 characters"),
        ("akiaiosfodnn7example", "begins with akia"),
        ("ASIAIOSFODNN7EXAMPLE", "temporary"),
        ("AIDAIOSFODNN7EXAMPLE", "id of a user"),
        ("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "looks like a secret"),
    ],
)
def test_the_shape_of_an_id_is_looked_at_before_the_secret_is_asked(bare: Rig, typed: str, says: str) -> None:
    """What cannot be the id of a long-term key is told at once, and a secret in its place is not shown again."""
    terminal = bare.terminal("keys", "add", "default")
    terminal.wait_for("Access key id: ")
    terminal.type(f"{typed}\n")
    status, screen = terminal.ended()
    assert status == 125
    assert says in screen.replace("\r\n", " ")
    assert "Secret access key" not in screen
    assert not bare.sim.calls


def test_a_secret_of_the_wrong_shape_is_not_sent(own: Rig) -> None:
    """Half of it copied, or something around it: AWS is not asked, and it is not shown."""
    key = own.sim.world.user_key()
    before = len(own.sim.calls)
    for secret in (key.secret[:-1], f'"{key.secret}"', key.secret + "x"):
        env = {"AWS_ACCESS_KEY_ID": key.id, "AWS_SECRET_ACCESS_KEY": secret}
        done = own.run("keys", "add", "default", "--env", env=env)
        assert done.status == 125
        assert f"{len(secret)} characters" in done.err
        assert secret not in done.err
    assert len(own.sim.calls) == before


def test_whose_the_keys_are_is_kept_with_them_and_shown(own: Rig) -> None:
    """In the item, and in `keys list`, which also has what no profile leads to any more."""
    arn = f"arn:aws:iam::{ALICE}:user/alice"
    assert item(own, "default")["arn"] == arn
    assert item(own, "default")["account"] == ALICE
    former(own, "gone long ago", own.sim.world.user_key("bob"))
    done = own.run("keys", "list", "--json").json
    assert [(one["name"], one["account"], one["arn"], one["used"]) for one in done] == [
        ("default", ALICE, arn, True),
        ("gone long ago", None, None, False),
    ]
    shown = own.run("keys", "list")
    assert ALICE in shown.out
    assert "trayexec keys remove 'gone long ago'" in shown.out
    assert own.run("keys", "remove", "gone long ago").status == 0
    assert "gone" not in own.run("keys", "list").out


def test_the_age_and_the_last_use_are_shown_of_what_is_open(own: Rig) -> None:
    """AWS says both with the session; without one nobody is asked for a code, and what a policy forbids is left out."""
    assert own.run("keys", "list", "--json").json[0]["created_at"] is None
    own.unlock()
    codes = own.sim.count("GetSessionToken")
    listed = own.run("keys", "list", "--json").json[0]
    assert listed["created_at"] == "2026-01-05T09:00:00Z"
    assert listed["last_used_service"] == "sts"
    assert re.search(r"\d+ d +\S.* \(sts\)", own.run("keys", "list").out)
    own.sim.world.restrict("alice", permits=("iam:List*",))
    listed = own.run("keys", "list", "--json").json[0]
    assert (listed["created_at"], listed["last_used_at"]) == ("2026-01-05T09:00:00Z", None)
    own.sim.world.restrict("alice", permits=())
    assert own.run("keys", "list", "--json").json[0]["created_at"] is None
    assert own.run("lock").status == 0
    assert own.run("keys", "list", "--json").json[0]["created_at"] is None
    assert own.sim.count("GetSessionToken") == codes


def test_an_item_of_a_former_version_goes_on_working(own: Rig) -> None:
    """AWS is asked whose it is before its code is sent, once, and the answer is kept."""
    former(own, "default", own.sim.world.user_key())
    assert "arn" not in item(own, "default")
    assert own.auth().status == 0
    assert item(own, "default")["arn"] == f"arn:aws:iam::{ALICE}:user/alice"
    asked = [call.action for call in own.sim.calls]
    assert asked[-2:] == ["GetCallerIdentity", "GetSessionToken"]
    assert own.run("lock").status == 0
    assert own.auth().status == 0
    assert [call.action for call in own.sim.calls][-2:] == ["GetSessionToken", "GetSessionToken"]


@pytest.mark.parametrize("inherits", [True, False])
def test_the_serial_of_another_account_is_never_sent(own: Rig, *, inherits: bool) -> None:
    """Neither for keys of a former version, whose account nobody knew, nor once it is known: AWS gets no such code."""
    device = f"mfa_serial = arn:aws:iam::{ALICE}:mfa/alice"
    lines = () if inherits else (device,)
    own.config(section("default", own, device) + section("profile bob", own, *lines))
    former(own, "bob", own.sim.world.user_key("bob"))
    eventually("the agent to see it", lambda: "bob" in [one["name"] for one in own.status()["identities"]])
    before = {one["name"]: one["account"] for one in own.status()["identities"]}
    if inherits:
        assert before.get("bob") is None, "nobody knows it, and it is not guessed"
    for _ in range(2):
        done = own.auth("123456", "bob")
        assert done.status == 125
        assert ALICE in done.err
        assert BOB in done.err
        assert "[profile bob]" in done.err
    assert sessions(own) == 0
    listed = {one["name"]: one for one in own.run("list", "--json").json}
    assert BOB in listed["bob"]["problem"]
    assert own.run("doctor").status == 1
    if inherits:
        own.config(section("default", own, device) + section("profile bob", own, f"mfa_serial = {device_of_bob()}"))
        assert own.auth(own.sim.code("bob"), "bob").status == 0
        assert ("bob", BOB) in [(one["name"], one["account"]) for one in own.status()["identities"]]


def device_of_bob() -> str:
    """The serial of bob's own device."""
    return f"arn:aws:iam::{BOB}:mfa/bob"


def test_keys_that_only_inherit_a_serial_are_stored_and_what_is_missing_is_said(own: Rig) -> None:
    """Whoever has not written bob's device yet may store his keys: they are not used before it is written."""
    own.config(section("default", own, f"mfa_serial = arn:aws:iam::{ALICE}:mfa/alice") + section("profile bob", own))
    done = add(own, "bob", own.sim.world.user_key("bob"))
    assert done.status == 0, done.err
    assert f"mfa_serial = arn:aws:iam::{BOB}:mfa/<device>" in done.err
    assert own.run("bob", "--", "true").status == 125
    assert sessions(own) == 0


@pytest.mark.parametrize("place", ["[default]", "[default-longterm]", "[other]", "config"])
def test_a_copy_in_plain_text_is_named_with_a_command_that_removes_it(own: Rig, place: str) -> None:
    """In either file, under any name; what the command leaves is everything else, to the letter."""
    key = own.sim.world.user_key()
    pair = f"aws_access_key_id={key.id}\nAWS_Secret_Access_Key : {key.secret}\n"
    rest = "# mine\n[first]\nregion = eu-west-1\n\n[temporary]\naws_access_key_id = ASIA\n"
    if place == "config":
        config = own.sim.world.config_text(own.sim.url)
        file = own.config(config + pair)
        rest = config
    else:
        file = own.write("home/.aws/credentials", f"{rest}{place}\n{pair}# last\n")
        rest = f"{rest}{place}\n# last\n"
    done = add(own, "default", key)
    assert done.status == 0, done.err
    line = next(one for one in done.err.splitlines() if "plain text" in one)
    assert str(file) in line
    assert place.strip("[]") in line or place == "config"
    subprocess.run(["sh", "-c", line.partition("This removes it: ")[2].strip("`")], check=True)
    assert file.read_text() == rest
    assert "plain text" not in add(own, "default", key).err


@pytest.mark.parametrize("aside", ["default-longterm", "default-long-term"])
def test_the_layout_of_aws_mfa_works_at_once(own: Rig, aside: str) -> None:
    """After `keys add default` one code serves every role; what aws-mfa wrote is named, is no choice and no fault."""
    key = own.sim.world.user_key()
    own.run("keys", "remove", "default")
    own.config(own.sim.world.config_text(own.sim.url) + section("profile saml", own))
    temporary = "aws_access_key_id = ASIAOLDOLDOLDOLDOLD7\naws_secret_access_key = x\naws_session_token = x\n"
    own.write(
        "home/.aws/credentials",
        f"[{aside}]\naws_access_key_id = {key.id}\naws_secret_access_key = {key.secret}\n"
        f"[default]\nassumed_role = False\n{temporary}expiration = 2026-01-31 21:07:09\n[saml]\n{temporary}",
    ).chmod(0o600)
    assert f"[{aside}]" in own.run("why", "account-a").out
    missing = own.auth("123456").err
    assert f"Take them from [{aside}] in your AWS files: `trayexec keys import default`" in missing
    assert add(own, "default", key).status == 0
    assert own.auth().status == 0
    for name in ("account-a", "account-b", "default"):
        assert own.run(name, "--", "true").status == 0
    assert [one["name"] for one in own.status()["identities"]] == ["default"]
    ran = own.run("*", "--yes", "--output", "json", "--", "true")
    assert ran.status == 0, ran.err
    assert {json.loads(line)["profile"] for line in ran.out.splitlines()} == {"account-a", "account-b", "default"}
    problems = {one["name"]: one["problem"] for one in own.run("list", "--json").json}
    assert "aws-mfa" in problems[aside]
    assert "temporary" in problems["saml"]
    own.desk.home("home/.aws/config").chmod(0o600)
    found = own.run("doctor", "--json").json
    assert not [
        one for one in found if one["grade"] == "problem" and one["code"].startswith(("profile_", "keys_missing"))
    ]
    assert "several" not in own.run("auth", "--no-wait").err


def test_stored_keys_win_over_the_process_of_another_tool(own: Rig) -> None:
    """A plain run, --live and `why` agree; once they are removed, it is the other tool's again."""
    own.config(
        section(
            "profile vault",
            own,
            f"mfa_serial = arn:aws:iam::{ALICE}:mfa/alice",
            "credential_process = sh -c 'exit 7'",
        )
    )
    assert "credential_process" in own.run("list").out
    assert add(own, "vault", own.sim.world.user_key()).status == 0
    assert own.auth(None, "vault").status == 0
    assert own.run("vault", "--", "true").status == 0
    assert "win over its credential_process" in own.run("why", "vault").out
    inside = own.run("--live", "vault", "--", "aws", "configure", "get", "credential_process")
    assert "trayexec" in inside.out
    assert own.run("keys", "remove", "vault").status == 0
    done = own.run("vault", "--", "true")
    assert done.status == 125
    assert "ended with status 7" in done.err


def test_keys_that_a_projects_files_do_not_use_are_not_said_to_be_nobodys(own: Rig) -> None:
    """The usual files may need them: no command that takes them out is named."""
    own.config("[profile other]\nregion = eu-west-1\n")
    assert "keys remove default" in own.run("keys", "list").out
    other = own.write("home/project/config", "[profile other]\nregion = eu-west-1\n")
    said = own.run("keys", "list", env={"AWS_CONFIG_FILE": str(other)}).out
    assert "not used by these AWS files" in said
    assert "remove" not in said
