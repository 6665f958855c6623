"""AssumeRoleWithWebIdentity in the double is as strict as AWS's; checked with boto3 and with the real AWS CLI."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from awssim import Sim
from awssim.web_identity import Issuer
from awssim.world import Trust

ACCOUNT = "222222222222"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/Pipeline"


@pytest.fixture
def sim() -> Iterator[Sim]:
    """An AWS with a role for one subject."""
    with Sim() as sim:
        issuer = sim.world.add_issuer(ACCOUNT)
        sim.world.add_role(ACCOUNT, "Pipeline", Trust((issuer.url,), subject="repo:main*", session_name="ci*"))
        yield sim


def issuer(sim: Sim) -> Issuer:
    """The one that the account knows."""
    return sim.world.issuers[0]


def token(sim: Sim, subject: str = "repo:main", *, seconds: float = 60, audience: str | None = None) -> str:
    """One that is good, unless told."""
    return issuer(sim).token(subject, ends=time.time() + seconds, audience=audience)


def ask(sim: Sim, token: str, **more: Any) -> Any:
    """Boto3 asks, without keys."""
    client = boto3.client(
        "sts", region_name="eu-west-1", endpoint_url=sim.url, config=Config(signature_version=UNSIGNED)
    )
    try:
        parameters = {"RoleArn": ROLE, "RoleSessionName": "ci-1", "WebIdentityToken": token, **more}
        return client.assume_role_with_web_identity(**parameters)
    finally:
        client.close()


def test_a_good_token_is_worth_the_role(sim: Sim) -> None:
    """For as long as was asked, with whose token it was."""
    answer = ask(sim, token(sim), DurationSeconds=900)
    assert answer["SubjectFromWebIdentityToken"] == "repo:main"
    assert answer["Provider"] == issuer(sim).url
    assert answer["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/Pipeline/ci-1"
    assert 600 < answer["Credentials"]["Expiration"].timestamp() - time.time() <= 900


OTHER = Issuer(ACCOUNT, "https://elsewhere.example.com", "sts.amazonaws.com", "x")
REFUSED: dict[str, tuple[Callable[[Sim], str], dict[str, Any], str]] = {
    "no token": (lambda _: "nonsense", {}, "InvalidIdentityToken"),
    "not three parts": (lambda sim: token(sim).replace(".", ""), {}, "InvalidIdentityToken"),
    "another's signature": (lambda sim: token(sim)[:-2] + "xx", {}, "InvalidIdentityToken"),
    "an issuer nobody knows": (lambda _: OTHER.token("repo:main", ends=9e9), {}, "InvalidIdentityToken"),
    "for somebody else": (lambda sim: token(sim, audience="other"), {}, "InvalidIdentityToken"),
    "has ended": (lambda sim: token(sim, seconds=-1), {}, "ExpiredTokenException"),
    "another subject": (lambda sim: token(sim, "repo:fork"), {}, "AccessDenied"),
    "another session name": (token, {"RoleSessionName": "other"}, "AccessDenied"),
    "another account's role": (token, {"RoleArn": ROLE.replace(ACCOUNT, "333333333333")}, "InvalidIdentityToken"),
    "no such role": (token, {"RoleArn": f"{ROLE}s"}, "AccessDenied"),
    "a user's role": (token, {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/Deploy"}, "AccessDenied"),
    "too long": (token, {"DurationSeconds": 3601}, "ValidationError"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_aws_refuses_is_refused(sim: Sim, kind: str) -> None:
    """With AWS's code, and logged."""
    make, more, code = REFUSED[kind]
    with pytest.raises(ClientError) as refused:
        ask(sim, make(sim), **more)
    assert refused.value.response["Error"]["Code"] == code
    assert [(call.action, call.outcome) for call in sim.calls] == [("AssumeRoleWithWebIdentity", code)]


def test_the_aws_cli_takes_it_for_aws(sim: Sim, tmp_path: Path) -> None:
    """By a profile with a token's file, as in a pipeline."""
    (tmp_path / "token").write_text(token(sim))
    (tmp_path / "config").write_text(
        f"[profile ci]\nregion = eu-west-1\nendpoint_url = {sim.url}\nrole_arn = {ROLE}\nrole_session_name = ci-2\n"
        f"web_identity_token_file = {tmp_path}/token\n"
    )
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "AWS_CONFIG_FILE": f"{tmp_path}/config"}
    aws = [str(Path(sys.executable).with_name("aws")), "sts", "get-caller-identity", "--profile", "ci"]
    done = subprocess.run(aws, env=environment, capture_output=True, text=True, check=True, timeout=60)
    assert json.loads(done.stdout)["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/Pipeline/ci-2"
