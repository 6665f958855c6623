"""Narrows a role by session policies: what can be one, and for which role. It must not know files or AWS.

A session may do what the role may and, with session policies, one of these allows: of several policies each adds to
the others, and only the role's own rights bound them (https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html,
Session policies). So two are never joined that were not said together: the result would be wider than either.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from trayexec.core.config.profiles import Profile, Provider, Role
from trayexec.core.config.sections import shown
from trayexec.light.errors import Text, TrayexecError, Trouble, trouble

# API_AssumeRole, Policy and PolicyArns: characters in plain text, policies.
LONGEST, MOST_ARNS = 2048, 10
READ_ONLY = "ReadOnlyAccess"

_NAME = re.compile(r"(?:[\w+=,.@-]+/)*[\w+=,.@-]+", re.ASCII)  # of a policy of AWS's own, with its path
_ARN = re.compile(r"arn:(?P<partition>aws[a-z-]*):iam::(?P<owner>aws|[0-9]{12}):policy/[!-~]+")


@dataclass(frozen=True, slots=True)
class SessionPolicy:
    """What narrows a session: a document (JSON without blanks), and policies by ARN or, of AWS's own, by name."""

    document: str | None = None
    arns: tuple[str, ...] = ()


def packed(text: str) -> str:
    """A policy without the blanks that AWS would count. Raises TrayexecError (`policy`) for what is none."""
    try:
        said = json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise TrayexecError(_no_policy(_why(error))) from None
    if not isinstance(said, dict) or "Statement" not in said:
        raise TrayexecError(_no_policy(Text("it has no Statement")))
    document = json.dumps(said, separators=(",", ":"))
    if len(document) > LONGEST:
        raise TrayexecError(_too_large(len(document)))
    return document


def is_named(word: str) -> bool:
    """Whether a word can be the ARN of a policy, or the name of one of AWS's own."""
    return bool((_ARN if word.startswith("arn:") else _NAME).fullmatch(word))


def checked(policy: SessionPolicy) -> SessionPolicy:
    """The same, if it can be sent at all. Raises TrayexecError (`policy`)."""
    document = None if policy.document is None else packed(policy.document)
    wrong = next((one for one in policy.arns if not is_named(one)), None)
    if wrong is not None:
        raise TrayexecError(
            trouble(
                "policy",
                "{arn} is not the ARN of an IAM policy.",
                "Write it like arn:aws:iam::222222222222:policy/Name, or the name of one of AWS's own, "
                "like ReadOnlyAccess.",
                arn=shown(wrong),
            )
        )
    if len(policy.arns) > MOST_ARNS:
        raise TrayexecError(
            trouble(
                "policy",
                "There are {count} policies, and AWS takes at most {most} for a session.",
                "Leave some out, or write one policy that says the same.",
                count=len(policy.arns),
                most=MOST_ARNS,
            )
        )
    return SessionPolicy(document, tuple(dict.fromkeys(policy.arns)))


def narrowed(profile: Profile, rule: SessionPolicy | None, call: SessionPolicy | None = None) -> Profile:
    """The profile with its role narrowed as the settings say, or a caller. Raises TrayexecError (`policy`).

    Nothing is ever served wider than was asked: what cannot be applied is refused.
    """
    policy = call or rule
    if policy is None:
        return profile
    target = profile.target
    if not isinstance(target, Role):
        raise TrayexecError(_no_role(profile))
    meant = _for_role(target, checked(policy))
    if call is not None and rule is not None and meant != _for_role(target, checked(rule)):
        raise TrayexecError(_two(profile.name))
    if len(meant.document or "") + sum(map(len, meant.arns)) > LONGEST:
        raise TrayexecError(_too_large(len(meant.document or "") + sum(map(len, meant.arns))))
    return replace(profile, target=replace(target, policy=meant.document, policy_arns=meant.arns))


def _for_role(role: Role, policy: SessionPolicy) -> SessionPolicy:
    """The same with whole ARNs: names are those of AWS's own policies in the role's partition."""
    partition = role.arn.split(":")[1]
    arns = tuple(one if one.startswith("arn:") else f"arn:{partition}:iam::aws:policy/{one}" for one in policy.arns)
    for one in arns:
        match = _ARN.fullmatch(one)
        if match is None or match["partition"] != partition or match["owner"] not in {"aws", role.account}:
            raise TrayexecError(
                trouble(
                    "policy",
                    "The policy {arn} is not of the account {account} of the role, where AWS looks for it.",
                    "Name one of that account, or one of AWS's own.",
                    arn=shown(one),
                    account=role.account,
                )
            )
    return replace(policy, arns=arns)


def _once(pairs: Sequence[tuple[str, object]]) -> Mapping[str, object]:
    """An object of JSON. Raises ValueError for a key that comes twice: which of the two counts is anybody's guess."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _TwiceError
    return found


class _TwiceError(ValueError):
    """A key comes twice in one object."""


def _why(error: Exception) -> Text:
    if isinstance(error, json.JSONDecodeError):
        return Text("line {line}, column {column}", line=error.lineno, column=error.colno)
    if isinstance(error, _TwiceError):
        return Text("a key comes twice")
    return Text("it is nested too deeply")


def _no_policy(why: Text) -> Trouble:
    return trouble(
        "policy",
        "The session policy is not a policy in JSON ({why}).",
        "Write it like {example}, or name the ARN of a policy.",
        why=why,
        example='{"Version":"2012-10-17","Statement":[…]}',
    )


def _too_large(count: int) -> Trouble:
    return trouble(
        "policy",
        "The session policy has {count} characters without blanks, and AWS takes at most {most}, ARNs included.",
        "Shorten it, or store it as a policy of the role's account and name its ARN.",
        count=count,
        most=LONGEST,
    )


def _no_role(profile: Profile) -> Trouble:
    if isinstance(profile.root, Provider):
        return trouble(
            "policy",
            "The credentials of {profile} come from {source}, and only a role that trayexec assumes can be narrowed.",
            "Use a profile with a role_arn, or leave the policy out: on the line, or under [profile] in config.toml.",
            profile=shown(profile.name),
            source=profile.root.by,
        )
    return trouble(
        "policy",
        "{profile} is an identity itself, and AWS narrows only roles by a session policy.",
        "Use a profile with a role_arn, or leave the policy out: on the line, or under [profile] in config.toml.",
        profile=shown(profile.name),
    )


def _two(profile: str) -> Trouble:
    return trouble(
        "policy",
        "config.toml narrows {profile} already, and AWS would allow what either policy allows.",
        "Leave out the one on the line, or change the rule in config.toml.",
        profile=shown(profile),
    )
