"""The double of the sign-in of `aws login` refuses what AWS refuses; botocore's own provider lives on it."""

import json
from pathlib import Path

import pytest
from botocore.exceptions import LoginInsufficientPermissions, LoginRefreshRequired
from botocore.session import Session
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from awssim import Sim
from awssim.login import NotSoError
from awssim.p256 import verifies
from support.login import ALICE, HERE, URL, Program, coded, ended, signed_in


@pytest.fixture
def program() -> Program:
    """Nobody has signed in."""
    return Program()


def test_a_code_is_good_once(program: Program) -> None:
    """Fifteen minutes of credentials, a refresh token, and who it is."""
    code = program.code()
    told = program.begin(code)
    assert (told.status, told.document["tokenType"], told.document["expiresIn"]) == (200, "aws_sigv4", 900)
    payload = told.document["idToken"].split(".")[1]
    assert coded(json.dumps({"sub": ALICE}).encode())[:20] == payload[:20]
    assert program.begin(code).document["error"] == "AUTHCODE_EXPIRED"
    late = program.code()
    program.now += 300
    assert program.begin(late).document["error"] == "AUTHCODE_EXPIRED"
    for wrong in ({"codeVerifier": "w" * 64}, {"redirectUri": HERE + "/"}, {"more": "x"}, {"grantType": "password"}):
        assert program.begin(program.code(), **wrong).document["error"] == "INVALID_REQUEST"


def test_a_refresh_token_is_good_once_and_for_its_key(program: Program) -> None:
    """For twelve hours, unless somebody ends the sign-in."""
    token = program.begin(program.code()).document["refreshToken"]
    following = program.refresh(token).document
    assert "idToken" not in following
    assert program.refresh(token).document["error"] == "TOKEN_EXPIRED"
    key, program.key = program.key, ec.generate_private_key(ec.SECP256R1())
    assert program.refresh(following["refreshToken"]).document["error"] == "INVALID_REQUEST"
    program.key = key
    program.double.end_sessions("USER_CREDENTIALS_CHANGED")
    assert program.refresh(following["refreshToken"]).document["error"] == "USER_CREDENTIALS_CHANGED"
    other = program.begin(program.code()).document
    program.now += 43200
    assert program.refresh(other["refreshToken"]).document["error"] == "TOKEN_EXPIRED"


def test_a_proof_is_looked_at(program: Program) -> None:
    """It is signed by its key, for this request, now, and once."""
    used = program.proof()
    assert program.begin(program.code(), used).status == 200
    head, payload, signature = program.proof().split(".")
    wrongs = (
        used,
        "",
        "x.y.z",
        f"{head}.{payload}",
        f"{head}.{payload}.{signature[:-4]}AAAA",
        program.proof(htu=URL.replace("eu-west-1", "eu-west-3")),
        program.proof(htm="GET"),
        program.proof(iat=int(program.now) - 301),
        program.proof(jti=""),
        program.proof({"typ": "jwt"}),
        program.proof({"alg": "none"}),
        program.proof({"jwk": {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}}),
        program.proof({"jwk": None}),
    )
    for wrong in wrongs:
        assert program.begin(program.code(), wrong).document["error"] == "INVALID_REQUEST", wrong


def test_signatures_are_those_of_the_standard() -> None:
    """FIPS 186-4 as cryptography has it: good ones are, and none is with a bit another."""
    for number in range(8):
        key, message = ec.generate_private_key(ec.SECP256R1()), b"message %d" % number
        r, s = decode_dss_signature(key.sign(message, ec.ECDSA(SHA256())))
        numbers = key.public_key().public_numbers()
        signature = r.to_bytes(32) + s.to_bytes(32)
        assert verifies((numbers.x, numbers.y), message, signature)
        assert not verifies((numbers.x, numbers.y), message + b"!", signature)
        assert not verifies((numbers.x, numbers.y ^ 1), message, signature)
        assert not verifies((numbers.x, numbers.y), message, bytes(64))
        assert not verifies((numbers.x, numbers.y), message, signature[:-1] + bytes([signature[-1] ^ 1]))


def test_what_the_page_refuses(program: Program) -> None:
    """Another client's address, a challenge that is none, and anything that it does not know."""
    wrongs = (
        {"redirect_uri": "https://example.com/oauth/callback"},
        {"client_id": "arn:aws:signin:::devtools/cross-device"},
        {"code_challenge": "short"},
        {"code_challenge_method": "S256"},
        {"scope": "all"},
        {"state": ""},
        {"more": "x"},
    )
    for wrong in wrongs:
        with pytest.raises(NotSoError):
            program.double.authorize(program.page(**wrong))
    assert "error=access_denied" in program.double.refuse(program.page())
    there = {
        "client_id": "arn:aws:signin:::devtools/cross-device",
        "redirect_uri": "https://eu-west-1.signin.aws.amazon.com/v1/sessions/confirmation",
    }
    assert program.double.authorize(program.page(**there)).startswith(there["redirect_uri"])


def test_botocore_lives_on_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its provider reads what the AWS CLI keeps, proves its key, and refreshes until the sign-in is ended."""
    with Sim() as sim:
        config = tmp_path / "config"
        config.write_text(f"[profile mine]\nlogin_session = {ALICE}\nregion = eu-west-1\nendpoint_url = {sim.url}\n")
        monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
        monkeypatch.setenv("AWS_LOGIN_CACHE_DIRECTORY", str(tmp_path))
        kept = signed_in(sim, tmp_path, left=-1)
        first = json.loads(kept.read_text())["refreshToken"]
        session = Session(profile="mine")
        assert session.create_client("sts").get_caller_identity()["Arn"] == ALICE
        assert json.loads(kept.read_text())["refreshToken"] != first
        for word, error in (
            ("TOKEN_EXPIRED", LoginRefreshRequired),
            ("INSUFFICIENT_PERMISSIONS", LoginInsufficientPermissions),
        ):
            ended(kept)
            with sim.login() as login:
                login.end_sessions(word)
            with pytest.raises(error):
                Session(profile="mine").create_client("sts").get_caller_identity()
