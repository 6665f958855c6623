"""Session policies as AWS takes and applies them: what is one, which there are, and what a session may do with them."""

import json
import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from awssim.refused import Refused

MOST_ARNS = 10
# AWS's own policies, as far as anything here asks for them.
MANAGED: Mapping[str, str] = {
    f"arn:aws:iam::aws:policy/{name}": json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]}
    )
    for name, actions in {
        "ReadOnlyAccess": ["s3:Get*", "s3:List*", "iam:Get*", "iam:List*"],
        "job-function/ViewOnlyAccess": ["s3:ListAllMyBuckets"],
        "AmazonEC2ReadOnlyAccess": ["ec2:Describe*"],
    }.items()
}


def sent(parameters: Mapping[str, str], stored: Mapping[str, str], account: str) -> tuple[str, ...]:
    """The session policies of a request, as documents; none where it has none. Raises Refused."""
    members = {name: value for name, value in parameters.items() if name.startswith("PolicyArns.")}
    if any(not re.fullmatch(r"PolicyArns\.member\.\d+\.arn", name) for name in members):
        raise Refused(400, "MalformedInput", "Unable to parse PolicyArns")
    if len(members) > MOST_ARNS:
        message = "1 validation error detected: Value at 'policyArns' failed to satisfy constraint: Member must have "
        raise Refused(400, "ValidationError", f"{message}length less than or equal to 10")
    documents = []
    if "Policy" in parameters:
        documents.append(_checked(parameters["Policy"]))
    for arn in members.values():
        owner = arn.split(":")[4] if arn.count(":") > 4 else ""
        if owner not in {"aws", account} or arn not in {**MANAGED, **stored}:
            raise Refused(400, "InvalidParameterValue", f"The policy {arn} does not exist or is not attachable.")
        documents.append({**MANAGED, **stored}[arn])
    return tuple(documents)


def allow(documents: tuple[str, ...], action: str) -> bool:
    """Whether a session with these policies may do that, as far as they go: one allows it, and none denies it."""
    if not documents:
        return True
    effects = {
        statement["Effect"]
        for document in documents
        for statement in _listed(json.loads(document)["Statement"])
        if any(fnmatchcase(action.lower(), pattern.lower()) for pattern in _listed(statement["Action"]))
    }
    return effects == {"Allow"}


def _checked(document: str) -> str:
    """Raises Refused for what AWS would not take for a policy."""
    malformed = Refused(400, "MalformedPolicyDocument", "Syntax errors in policy.")
    try:
        said = json.loads(document)
    except ValueError:
        raise Refused(400, "MalformedPolicyDocument", "This policy contains invalid Json") from None
    if not isinstance(said, dict) or not said.keys() <= {"Version", "Id", "Statement"} or "Statement" not in said:
        raise malformed
    for statement in _listed(said["Statement"]):
        if not isinstance(statement, dict) or statement.get("Effect") not in {"Allow", "Deny"}:
            raise malformed
        if not {"Action", "Resource"} <= statement.keys() or not statement.keys() <= {
            *("Sid", "Effect", "Action", "Resource", "Condition"),
        }:
            raise malformed
    return document


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
