"""Profiles whose credentials others give: served in every mode, like roles, and never from another source."""

import json
import shlex
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from awssim.world import Key, Trust, new_secret, new_token, temporary_key_id
from support.rig import COMMAND, Rig

BOTO3 = """\
import boto3, json, sys
found = boto3.Session(profile_name=sys.argv[1]).get_credentials().get_frozen_credentials()
print(json.dumps([found.access_key, found.secret_key, found.token]))
"""
WHO = (sys.executable, "-c", "import boto3; print(boto3.client('sts').get_caller_identity()['Account'])")
ACCOUNT = "444444444444"


def given(rig: Rig, *, seconds: float = 7200.0, account: str = ACCOUNT) -> Key:
    """Temporary credentials of a user of another account, as a program of somebody else's would have them."""
    world = rig.sim.world
    user = world.users.get(f"arn:aws:iam::{account}:user/bob") or world.add_user(account, "bob")
    return world.keep(Key(temporary_key_id(), new_secret(), user, new_token(), time.time() + seconds))


def document(key: Key, **more: object) -> str:
    """What a credential_process prints."""
    expires = None if key.expires is None else time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(key.expires))
    said = {"AccessKeyId": key.id, "SecretAccessKey": key.secret, "SessionToken": key.token, "Expiration": expires}
    return json.dumps({"Version": 1, **{name: value for name, value in {**said, **more}.items() if value is not None}})


def program(rig: Rig, name: str, body: str) -> str:
    """A shell script that leaves a line in `runs-NAME` each time, as a line of a section."""
    script = rig.write(
        f"bin/{name}", f"#!/bin/sh\necho run >> {shlex.quote(str(rig.desk.home('runs-' + name)))}\n{body}\n"
    )
    script.chmod(0o700)
    return f"credential_process = {script} --with args\n"


def runs(rig: Rig, name: str) -> int:
    """How often that program was started."""
    path = Path(rig.desk.home("runs-" + name))
    return len(path.read_text().splitlines()) if path.exists() else 0


def prints(text: str) -> str:
    """A body that prints this."""
    return f"cat <<'END'\n{text}\nEND"


def configured(rig: Rig, text: str) -> None:
    """The usual config, and this."""
    rig.config(rig.sim.world.config_text(rig.sim.url) + "\n" + text)


def section(rig: Rig, name: str, lines: str) -> str:
    """A section that says where AWS is."""
    return f"[profile {name}]\nregion = eu-central-1\nendpoint_url = {rig.sim.url}\n{lines}"


def status_of(rig: Rig, name: str) -> Mapping[str, object]:
    """What `list --json` says of a profile."""
    found: Mapping[str, object] = next(one for one in rig.run("list", "--json").json if one["name"] == name)
    return found


@pytest.fixture
def vault(bare: Rig) -> Rig:
    """A profile whose program prints a session; no keyring, no code, no person."""
    configured(bare, section(bare, "vault", program(bare, "vault", prints(document(given(bare))))))
    return bare


def test_a_program_gives_the_credentials_once_for_all(vault: Rig) -> None:
    """Nobody is asked for a code, and a second command gets the same without the program."""
    first, second = (vault.run("vault", "--", *WHO) for _ in range(2))
    assert (first.status, first.out.strip(), second.out.strip()) == (0, ACCOUNT, ACCOUNT), first.err
    assert runs(vault, "vault") == 1
    assert [(one["profile"], one["answer"]) for one in vault.ledger] == [("vault", "ok")] * 2


def test_botocore_itself_gets_the_same(vault: Rig) -> None:
    """Asked for the same profile, outside of us."""
    served = vault.run("credential-process", "vault").json
    outside = vault.desk.run([sys.executable, "-c", BOTO3, "vault"])
    assert [served[name] for name in ("AccessKeyId", "SecretAccessKey", "SessionToken")] == json.loads(outside)


MODES: Mapping[str, tuple[str, ...]] = {
    "run": ("vault", "--", *WHO),
    "live": ("--live", "vault", "--", *WHO),
    "server": ("--server", "vault", "--", *WHO),
    "fan-out": ("vault", "over", "--output", "json", "--yes", "--", *WHO),
}


def test_it_works_in_every_mode(vault: Rig) -> None:
    """And so does a role over it, which AWS gives for an hour without a code."""
    world = vault.sim.world
    world.add_role("555555555555", "Partner", Trust((f"arn:aws:iam::{ACCOUNT}:user/bob",)))
    with Path(vault.desk.home("home/.aws/config")).open("a") as config:
        config.write(
            section(vault, "over", "role_arn = arn:aws:iam::555555555555:role/Partner\nsource_profile = vault\n")
        )
    said = {mode: vault.run(*words) for mode, words in MODES.items()}
    assert all(done.status == 0 and ACCOUNT in done.out for done in said.values()), said
    assert "555555555555" in said["fan-out"].out
    env = vault.run("env", "over", "--format", "json")
    assert env.json["AccountId" if "AccountId" in env.json else "AWS_ACCOUNT_ID"] == "555555555555"
    assert runs(vault, "vault") == 1


def test_callers_at_once_start_the_program_once(vault: Rig) -> None:
    """And all of them go on."""
    waiting = [vault.start("credential-process", "vault") for _ in range(5)]
    said = [process.communicate(timeout=60)[0] for process in waiting]
    assert all(json.loads(one)["AccessKeyId"] for one in said)
    assert len(set(said)) == 1
    assert runs(vault, "vault") == 1


def test_list_status_and_why_name_it_with_the_time_left(vault: Rig) -> None:
    """Before and after; nobody is told to store keys."""
    assert "credential_process  ready: no code is asked for" in vault.run("list").out
    assert status_of(vault, "vault")["source"] == {
        "kind": "process",
        "by": "credential_process",
        "profile": "vault",
        "role": None,
        "signed_in": None,
        "expires_at": None,
    }
    assert vault.run("vault", "--", "true").status == 0
    assert "open until" in vault.run("list").out
    found = status_of(vault, "vault")
    assert found["identity"] is None
    assert found["expires_at"]
    (source,) = vault.status()["sources"]
    assert source["expires_at"] == found["expires_at"]
    said = vault.run("status")
    assert "vault" in said.out
    assert "credential_process" in said.out
    why = vault.run("why", "vault")
    assert why.status == 0
    assert "its credentials come from credential_process of profile vault" in why.out


def test_lock_forgets_them(vault: Rig) -> None:
    """One, or all: the program is started again."""
    for number, words in enumerate((("lock", "vault"), ("lock",)), 2):
        assert vault.run("vault", "--", "true").status == 0
        assert vault.run(*words).status == 0
        assert status_of(vault, "vault")["expires_at"] is None
        assert vault.run("vault", "--", "true").status == 0
        assert runs(vault, "vault") == number


def test_auth_says_that_no_code_is_needed(vault: Rig) -> None:
    """There is nothing to unlock."""
    done = vault.run("auth", "vault", "--no-wait")
    assert done.status == 125
    assert "needs no code" in done.err


OTHERS = "[default]\naws_access_key_id = AKIADEFAULT\naws_secret_access_key = x\n[vault]\noutput = json\n"


@pytest.mark.parametrize("body", ["exit 7", "echo garbage", f"echo '{json.dumps({'Version': 1})}'"])
def test_nobody_else_takes_the_place_of_a_program_that_fails(bare: Rig, body: str) -> None:
    """Neither keys of [default], nor the environment, nor what another profile was given."""
    text = section(bare, "good", program(bare, "good", prints(document(given(bare)))))
    configured(bare, text + section(bare, "vault", program(bare, "vault", body)))
    bare.write("home/.aws/credentials", OTHERS).chmod(0o600)
    assert bare.run("good", "--", "true").status == 0
    shell: dict[str, str | None] = {"AWS_ACCESS_KEY_ID": "AKIASHELL", "AWS_SECRET_ACCESS_KEY": "x"}
    for words in (("vault", "--", "echo", "ran"), ("--live", "vault", "--", "echo", "ran"), ("env", "vault")):
        done = bare.run(*words, env=shell)
        assert (done.status, done.out) == (125, "")
        assert "vault" in done.err
    inside = bare.run("--live", "--", sys.executable, "-c", BOTO3, "vault", env=shell)
    assert inside.status != 0
    assert inside.out == ""
    said = status_of(bare, "vault")
    assert said["expires_at"] is None
    assert said["refused"]


def test_a_program_that_fails_later_takes_nothing_away_and_its_end_is_an_end(vault: Rig) -> None:
    """What it gave is good as long as it is good."""
    assert vault.run("vault", "--", "true").status == 0
    script = Path(vault.desk.home("bin/vault"))
    script.write_text("#!/bin/sh\nexit 1\n")
    assert vault.run("vault", "--", *WHO).out.strip() == ACCOUNT
    assert vault.run("lock").status == 0
    assert vault.run("vault", "--", *WHO).status == 125


def test_an_edited_line_is_another_source(vault: Rig) -> None:
    """Nobody is served from what the old one gave."""
    assert vault.run("vault", "--", *WHO).out.strip() == ACCOUNT
    other = prints(document(given(vault, account="666666666666")))
    configured(vault, section(vault, "vault", program(vault, "other", other)))
    assert vault.run("vault", "--", *WHO).out.strip() == "666666666666"


def test_a_program_that_asks_for_its_own_profile_is_told_so_at_once(bare: Rig) -> None:
    """By a run and by credential-process, however it comes to it; another profile it may ask for."""
    said = bare.desk.home("said")
    us = shlex.join(COMMAND)
    inner = f"{us} loop -- true 2>{said}; {us} credential-process loop 2>>{said}; exit 1"
    configured(bare, section(bare, "loop", program(bare, "loop", inner)))
    done = bare.run("loop", "--", "true")
    assert done.status == 125
    assert said.read_text().count("the very command that is to provide them") == 2
    assert runs(bare, "loop") == 1


def test_keys_without_a_session_and_a_device_are_handed_to_nobody(bare: Rig) -> None:
    """It is said what is missing."""
    key = bare.sim.world.user_key()
    keys = {"Version": 1, "AccessKeyId": key.id, "SecretAccessKey": key.secret}
    bare.config(section(bare, "vault", program(bare, "vault", prints(json.dumps(keys)))))
    done = bare.run("vault", "--", "echo", "ran")
    assert (done.status, done.out) == (125, "")
    assert "no mfa_serial is known" in done.err
    assert key.secret not in done.err + bare.log


def test_nothing_of_it_is_on_disk(vault: Rig) -> None:
    """Neither the credentials nor what else the program said."""
    assert vault.run("vault", "--", "true").status == 0
    key = next(one for one in vault.sim.world.keys.values() if one.token is not None)
    for path in vault.desk.home("home/.local").rglob("*"):
        if path.is_file():
            text = path.read_bytes().decode(errors="replace")
            assert key.secret not in text
            assert str(key.token) not in text


def test_a_web_identity_works_in_every_mode(bare: Rig) -> None:
    """With its account, and a role over it."""
    world = bare.sim.world
    issuer = world.add_issuer(ACCOUNT)
    role = world.add_role(ACCOUNT, "Pipeline", Trust((issuer.url,), subject="repo:*"))
    world.add_role("555555555555", "Partner", Trust((role.arn,)))
    file = bare.write("token", issuer.token("repo:main", ends=time.time() + 600))
    lines = f"role_arn = {role.arn}\nweb_identity_token_file = {file}\n"
    over = "role_arn = arn:aws:iam::555555555555:role/Partner\nsource_profile = vault\n"
    configured(bare, section(bare, "vault", lines) + section(bare, "over", over))
    assert status_of(bare, "vault")["account"] == ACCOUNT
    said = {mode: bare.run(*words) for mode, words in MODES.items()}
    assert all(done.status == 0 and ACCOUNT in done.out for done in said.values()), said
    assert "555555555555" in said["fan-out"].out
    assert bare.run("env", "vault", "--format", "dotenv").out.count(ACCOUNT) == 1
    console = bare.run("console", "vault", "--print", env={"AWS_ENDPOINT_URL_SIGNIN": bare.sim.url})
    assert console.status == 0, console.err
    assert bare.sim.count("AssumeRoleWithWebIdentity") == 1
    assert "web_identity_token_file" in bare.run("list").out


def test_list_names_the_role_where_the_settings_do(bare: Rig) -> None:
    """Of a web identity with its ARN; of Identity Center by its name, as whose ARN only AWS knows."""
    token = "role_arn = arn:aws:iam::222222222222:role/ci/Pipeline\nweb_identity_token_file = /run/token\n"
    sso = "sso_start_url = https://x.awsapps.com/start\nsso_region = eu-west-1\nsso_account_id = 333333333333\n"
    configured(bare, section(bare, "ci", token) + section(bare, "dev", f"{sso}sso_role_name = Developer\n"))
    said = {one["name"]: (one["role"], one.get("source", {}).get("role")) for one in bare.run("list", "--json").json}
    assert said["ci"] == ("arn:aws:iam::222222222222:role/ci/Pipeline", "ci/Pipeline")
    assert said["dev"] == (None, "Developer")
    lines = {line.split()[0]: line.split()[1:3] for line in bare.run("list").out.splitlines()}
    assert lines["ci"] == ["222222222222", "ci/Pipeline"]
    assert lines["dev"] == ["333333333333", "Developer"]
    assert "not signed in: the first command leads there" in bare.run("list").out
    assert "as Developer of account 333333333333, by the sign-in to x.awsapps.com" in bare.run("why", "dev").out
    assert bare.run("why", "dev").out.rstrip().endswith("now: not signed in: the first command leads there")
