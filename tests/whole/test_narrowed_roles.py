"""Session policies: on the line and in config.toml, in every mode, and never served wider than was asked."""

import json
import os
import shlex
from pathlib import Path

import pytest

from support.rig import COMMAND, Rig
from trayexec.commands import narrowing
from trayexec.light.errors import TrayexecError

LIST = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:List*", "Resource": "*"}]}
NOTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
KEY = 'echo "$AWS_ACCESS_KEY_ID"'


def policy(rig: Rig, said: object) -> str:
    """A file with this policy, laid out for people."""
    return str(rig.write("home/policy.json", json.dumps(said, indent=4)))


def sent(rig: Rig) -> list[dict[str, str]]:
    """The session policies of each AssumeRole, in order."""
    return [
        {name: value for name, value in one.asked.items() if name.startswith("Policy")}
        for one in rig.sim.calls
        if one.action == "AssumeRole"
    ]


@pytest.fixture
def plain(open_rig: Rig) -> Rig:
    """An open rig without settings, and with nothing of a role in memory."""
    open_rig.settings("")
    return open_rig


@pytest.mark.parametrize("said", [LIST, NOTHING], ids=["list", "nothing"])
def test_the_role_may_do_no_more(plain: Rig, said: object) -> None:
    """AWS gets the policy without its blanks, and lets the command do just that."""
    done = plain.run("account-a", "--policy", policy(plain, said), "--", "aws", "s3api", "list-buckets")
    assert {"Policy": json.dumps(said, separators=(",", ":"))} in sent(plain)
    assert (done.status == 0, "of-222222222222" in done.out) == ((True, True) if said is LIST else (False, False))


def test_read_only_is_the_policy_of_aws(plain: Rig) -> None:
    """By its ARN in the role's partition; a policy's ARN may be named, too, and several."""
    assert plain.run("account-a", "--read-only", "--", "aws", "s3api", "list-buckets").status == 0
    assert {"PolicyArns.member.1.arn": READ_ONLY} in sent(plain)
    view = "arn:aws:iam::aws:policy/job-function/ViewOnlyAccess"
    assert plain.run("account-a", "--policy", view, f"--policy={READ_ONLY}", "--", "true").status == 0
    assert {"PolicyArns.member.1.arn": view, "PolicyArns.member.2.arn": READ_ONLY} in sent(plain)


def test_each_policy_has_credentials_of_its_own(plain: Rig) -> None:
    """In memory as well: the plain role is never served in place of the narrow one, nor the other way round."""
    lines = (("account-b",), ("account-b", "--read-only"), ("account-b", "--policy", policy(plain, LIST)))
    first = [plain.run(*words, "--", "sh", "-c", KEY).out for words in lines]
    asked = len(sent(plain))
    assert [plain.run(*words, "--", "sh", "-c", KEY).out for words in lines] == first
    assert len(set(first)) == len(lines)
    assert len(sent(plain)) == asked


def test_every_mode_is_narrowed(plain: Rig) -> None:
    """A fan-out, an endpoint, `env`, and a role by its ARN."""
    narrow = plain.run("account-a", "--read-only", "--", "sh", "-c", KEY).out.strip()
    done = plain.run("account-a", "account-b", "--read-only", "--output", "json", "--", "sh", "-c", KEY)
    assert narrow in done.out
    assert plain.run("env", "account-a", "--read-only", "--format", "json").json["AccessKeyId"] == narrow
    ask = 'curl -s -H "Authorization: $AWS_CONTAINER_AUTHORIZATION_TOKEN" "$AWS_CONTAINER_CREDENTIALS_FULL_URI"'
    served = plain.run("--server", "account-a", "--read-only", "--", "sh", "-c", ask)
    assert served.json["AccessKeyId"] == narrow
    assert plain.run("222222222222:Deploy", "--read-only", "--", "sh", "-c", KEY).out.strip() == narrow


def test_the_settings_narrow_a_profile(plain: Rig) -> None:
    """Whoever asks, by whatever way, and by the role's ARN as well; the last rule that says one counts as a whole."""
    narrow = plain.run("account-a", "--read-only", "--", "sh", "-c", KEY).out.strip()
    plain.settings('[profile.account-a]\npolicy_arns = ["ReadOnlyAccess"]\n')
    assert plain.run("222222222222:Deploy", "--", "sh", "-c", KEY).out.strip() == narrow
    text = json.dumps(json.dumps(NOTHING))
    plain.settings(f'[profile."*"]\npolicy = {text}\n[profile.account-a]\npolicy_arns = ["ReadOnlyAccess"]\n')
    assert plain.run("account-a", "--", "sh", "-c", KEY).out.strip() == narrow
    assert plain.run("credential-process", "account-a").json["AccessKeyId"] == narrow
    assert plain.run("account-a", "--read-only", "--", "sh", "-c", KEY).out.strip() == narrow
    assert "narrows the profiles of the role" in plain.run("222222222222:Deploy", "--", "true").err
    wider = plain.run("account-a", "--policy", policy(plain, LIST), "--", "echo", "ran")
    assert (wider.status, wider.out) == (125, "")
    assert "config.toml narrows account-a already" in wider.err
    states = {one["name"]: one for one in plain.status()["profiles"]}
    assert states["account-a"]["expires_at"]
    assert "default is an identity itself" in states["default"]["problem"]
    assert "is an identity itself" in plain.run("default", "--", "true").err


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("default", "--read-only"), 125, "default is an identity itself"),
        (("--live", "account-a", "--read-only"), 2, "Under --live each profile is as its config has it"),
        (("account-a", "--read-only", "--policy", READ_ONLY), 2, "--read-only and --policy do not go together"),
        (("account-a", "--policy", "/nonexistent"), 125, "The policy /nonexistent cannot be read"),
        (("account-a", "--policy", "arn:aws:iam::333333333333:policy/X"), 125, "is not of the account 222222222222"),
        (("account-a", "--policy", "arn:aws:iam::222222222222:policy/X"), 125, "does not take the session policy"),
    ],
)
def test_what_cannot_be_narrowed_is_refused(plain: Rig, words: tuple[str, ...], status: int, said: str) -> None:
    """In words, and nothing has run."""
    done = plain.run(*words, "--", "echo", "ran")
    assert (done.status, done.out) == (status, "")
    assert said in done.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<html>sign in to the network", "not a policy in JSON (line 1, column 1)"),
        (json.dumps({**LIST, "Id": "x" * 2048}), "AWS takes at most 2048"),
        ("x" * 70_000, "cannot be read: > 64 KiB"),
        ("\udcff", "cannot be read: no UTF-8"),
    ],
    ids=["html", "large", "endless", "bytes"],
)
def test_a_file_that_is_no_policy_is_said_before_aws_is_asked(plain: Rig, tmp_path: Path, text: str, said: str) -> None:
    """And nobody is asked for anything."""
    file = tmp_path / "policy"
    file.write_text(text, encoding="utf-8", errors="surrogateescape")
    before = len(plain.sim.calls)
    done = plain.run("account-a", "--policy", str(file), "--", "echo", "ran")
    assert (done.status, done.out, len(plain.sim.calls)) == (125, "", before)
    assert said in done.err


def test_a_policy_may_come_through_a_pipe_and_one_that_nobody_writes_to_is_not_waited_for(
    plain: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a shell has it for `<(…)`. A folder and a device are none."""
    whole = [*COMMAND, "account-a", "--policy"]
    line = f"{shlex.join(whole)} <(sleep 0.1; cat {shlex.quote(policy(plain, LIST))}) -- echo ran"
    assert plain.desk.run(["bash", "-c", line]) == "ran\n"
    monkeypatch.setattr(narrowing, "PATIENCE", 0.05)
    os.mkfifo(tmp_path / "pipe")
    for path, said in ((tmp_path / "pipe", "nothing came"), (tmp_path, "directory"), (Path("/dev/zero"), "neither")):
        with pytest.raises(TrayexecError, match=said):
            narrowing.fields([str(path)])
