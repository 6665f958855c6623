"""Says why a provider gave no credentials. Nothing of what a program or a service said is in it, only its kind."""

import shlex

from trayexec.core.config.profiles import Provider
from trayexec.core.config.sections import header, shown
from trayexec.core.config.sources import Source
from trayexec.core.shell_words import argument
from trayexec.light.errors import Text, Trouble, trouble

_BY_AWS = {"refused", "unreachable", "html", "incomplete"}
_FAILED = {
    "unstarted": Text("it could not be started ({detail})"),
    "status": Text("it ended with status {detail}"),
    "quotes": Text("its line is empty, or a quote in it is not closed"),
}
# Which setting says in which account a profile is.
_ACCOUNT_IN = {Source.SSO: "sso_account_id", Source.LOGIN: "login_session", Source.WEB_IDENTITY: "role_arn"}
_NO_CREDENTIALS = {
    "long": Text("more than 64 KiB"),
    "nothing": Text("nothing at all"),
    "html": Text("a web page, as a proxy sends it"),
    "garbage": Text("no JSON object"),
    "version": Text("its Version is not 1"),
    "missing": Text("AccessKeyId or SecretAccessKey is missing"),
    "tokenless": Text("SessionToken is missing, and the rest is no access key of an IAM user"),
    "ended": Text("they have ended already, or their Expiration is no date"),
}


def _program(provider: Provider) -> str:
    """What is started, without its arguments: a secret may stand there."""
    line = dict(provider.settings).get("credential_process", "")
    try:
        return shown((shlex.split(line) or [""])[0])
    except ValueError:
        return ""


def slow(provider: Provider, seconds: int) -> Trouble:
    """It was ended, as it took too long."""
    return trouble(
        "source_slow",
        "{source} of profile {profile} gave no credentials within {seconds} s, and was ended.",
        "Run its command in a terminal to see what it waits for: it can ask nobody here, nor trayexec for {profile}.",
        source=provider.by,
        profile=provider.name,
        seconds=seconds,
    )


def broken(provider: Provider, detail: str) -> Trouble:
    """Our own part of it did not work."""
    return trouble(
        "source_broken",
        "The part of trayexec that asks {source} of profile {profile} did not work: {detail}",
        "If trayexec was updated while the agent ran: `trayexec agent restart`. Else install it again.",
        source=provider.by,
        profile=provider.name,
        detail=shown(detail),
    )


def other_account(provider: Provider, given: str) -> Trouble:
    """It gave credentials of another account than the profile says."""
    return trouble(
        "source_account",
        "{source} of profile {profile} gave credentials of account {given}, but the profile says {account}: they are "
        "not used.",
        "Correct {key} under {section}, or what it is that gives them.",
        source=provider.by,
        profile=provider.name,
        given=shown(given),
        account=shown(provider.account),
        key=_ACCOUNT_IN.get(provider.kind, "aws_account_id"),
        section=header(provider.profile),
    )


# The whole of it, by what `child.py` calls it: a code, what is wrong, and what to do.
_SAID = {
    "changed": (
        "source_changed",
        Text("Your AWS files were changed while {source} of profile {profile} was asked."),
        Text("Run the command again."),
    ),
    "absent": (
        "source_absent",
        Text("The instance metadata service gives profile {profile} no credentials."),
        Text("It is there on EC2 only, with an instance profile. Else name another source under {section}."),
    ),
    "absent-container": (
        "source_absent",
        Text("The container of whoever asks gives profile {profile} no credentials."),
        Text(
            "What AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI names has to answer, and to take the token "
            "beside it; only loopback, AWS's own addresses and https are asked."
        ),
    ),
    "no-crt": (
        "source_part",
        Text(
            "The login_session of profile {profile} is renewed by a key, for which botocore needs the package awscrt."
        ),
        Text(
            "Install the newest beside trayexec: `pipx inject trayexec awscrt`, or `pip install awscrt` where trayexec "
            "was installed by pip. Where it was installed otherwise, install it by pipx. Then run the command again."
        ),
    ),
    "no-login": (
        "sign_in",
        Text("Nobody is signed in for profile {profile} (login_session), or the sign-in has ended."),
        Text("Sign in with `aws login --profile {word}` (AWS CLI 2), and run the command again."),
    ),
}


def has_crt() -> bool:
    """Whether there is an awscrt that is new enough for what botocore does with it: distributions have older ones."""
    from botocore import compat  # noqa: PLC0415 — only `doctor` asks

    return getattr(compat, "EC", None) is not None


def without_crt(provider: Provider) -> Trouble:
    """The package is missing by which botocore renews a sign-in of `aws login`."""
    return why(provider, "no-crt", "")


def why(provider: Provider, failed: str, detail: str) -> Trouble:
    """What `child.py` says of a failure, in words: `failed` is its kind, `detail` what belongs to it."""
    if provider.kind is Source.LOGIN and failed not in {*_SAID, "refused", "unreachable", "html"}:
        failed = "no-login"  # what the AWS CLI keeps is no sign-in
    if provider.kind is Source.CONTAINER and failed in {"absent", "unreachable", "quotes", "incomplete"}:
        failed = "absent-container"
    if failed in _SAID:
        code, title, hint = _SAID[failed]
        values: dict[str, str | int | Text] = {
            "source": provider.by,
            "profile": provider.name,
            "word": argument(provider.profile),
            "section": header(provider.profile),
        }
        return Trouble(code, title.with_values(values), hint.with_values(values))
    if provider.kind is Source.WEB_IDENTITY and failed == "unstarted":
        return _unread(provider, detail)
    if provider.kind is not Source.PROCESS and failed in _BY_AWS:
        return _of_aws(provider, failed, detail)
    if failed in _FAILED:
        return trouble(
            "source_failed",
            "{source} of profile {profile} failed: {program}: {why}",
            "Write its program with an absolute path under {section}, and run it in a terminal to see what it says.",
            source=provider.by,
            profile=provider.name,
            program=_program(provider),
            why=_FAILED[failed].with_values({"detail": shown(detail)}),
            section=header(provider.profile),
        )
    return trouble(
        "source_keys" if failed == "tokenless" else "source_garbled",
        "Profile {profile} is given no credentials by {source}: {why}",
        "Run its program in a terminal to see what it prints: one JSON object with Version, AccessKeyId, "
        "SecretAccessKey, SessionToken and Expiration.",
        source=provider.by,
        profile=provider.name,
        why=_NO_CREDENTIALS.get(failed) or Text("{detail}", detail=shown(detail or failed)),
    )


def _unread(provider: Provider, detail: str) -> Trouble:
    return trouble(
        "source_failed",
        "The token of profile {profile} cannot be read from {file}: {detail}",
        "Let what writes that file write it, or correct web_identity_token_file under {section}.",
        profile=provider.name,
        file=shown(dict(provider.settings).get("web_identity_token_file", "")),
        detail=shown(detail),
        section=header(provider.profile),
    )


def _of_aws(provider: Provider, failed: str, detail: str) -> Trouble:
    """Why there is nothing from AWS itself."""
    if failed != "refused":
        return trouble(
            "source_unreachable",
            "AWS did not answer for {source} of profile {profile} ({detail}).",
            "Check the network, and the proxy on the way; then try again.",
            source=provider.by,
            profile=provider.name,
            detail=_NO_CREDENTIALS["html"] if failed in {"html", "incomplete"} else shown(detail),
        )
    return Trouble(
        "source_refused",
        Text(
            "AWS refused {source} of profile {profile}: {code}",
            source=provider.by,
            profile=provider.name,
            code=shown(detail),
        ),
        _hint(provider, detail),
    )


def _hint(provider: Provider, code: str) -> Text:
    """What to do about a refusal of AWS's (API_AssumeRoleWithWebIdentity, GetRoleCredentials: Errors)."""
    if provider.kind is Source.LOGIN:
        return Text("Whoever signed in needs the right signin:CreateOAuth2Token (policy SignInLocalDevelopmentAccess).")
    if provider.kind is Source.SSO:
        return Text(
            "Check sso_account_id and sso_role_name under {section}: whoever signed in is not given that role, or "
            "signed in at another organisation.",
            section=header(provider.profile),
        )
    if code in {"ExpiredTokenException", "ExpiredToken"}:
        return Text("The token in its file has ended: let what writes that file write a new one.")
    if code in {"InvalidIdentityToken", "IDPRejectedClaim"}:
        return Text("Check the token in its file: the account of the role must know its issuer and its audience.")
    return Text(
        "Check role_arn under {section}, and whom the role's trust policy lets in.", section=header(provider.profile)
    )
