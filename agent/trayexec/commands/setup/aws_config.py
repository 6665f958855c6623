"""The step that finds the AWS config, or writes a first one: for an IAM user with keys, or for IAM Identity Center."""

import os
import re
from collections.abc import Mapping

from trayexec.commands.setup import file_change
from trayexec.commands.setup.interview import Interview
from trayexec.commands.setup.situation import Situation
from trayexec.commands.setup.step import SetupStep
from trayexec.core.config import adhoc
from trayexec.core.config.inifile import section_for
from trayexec.core.config.partitions import partition_of
from trayexec.light.errors import Text, TrayexecError, shown, trouble

_REGION = re.compile(r"[a-z]{2,}(-[a-z]+)+-[0-9]{1,2}")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@/+=:,-]*", re.ASCII)  # a section's header takes it as it is
_ACCOUNT = re.compile(r"[0-9]{12}", re.ASCII)
_PERMISSION_SET = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)
_START_URL = re.compile(r"https://[A-Za-z0-9.-]+(/[!-~]*)?")
_USUAL_REGION = "us-east-1"

Sections = dict[str, dict[str, str]]


def there(situation: Situation) -> Text | None:
    """How many profiles there are, if any. Raises TrayexecError (`file`) where there could be none."""
    count, served = len(situation.catalogue.profiles), len(situation.served)
    file = situation.paths[0]
    if os.path.exists(file) and not os.path.isfile(file):  # noqa: PTH110, PTH113 — a string, as the CLI has it
        raise TrayexecError(
            trouble(
                "file",
                "{file} is no file, so no profile can be written to it.",
                "Unset AWS_CONFIG_FILE, or name a file with it.",
                file=file,
            )
        )
    if not count or situation.without_section:
        return None
    if served == count or count == 1:  # noqa: PLR1714 — two reasons
        return Text("{file} has one profile" if count == 1 else "{file} has {count} profiles", file=file, count=count)
    return Text("{file}: {served} of {count} profiles can be used", file=file, count=count, served=served)


def plan(situation: Situation) -> Text:
    """What a first config is made of, or what an incomplete one lacks."""
    if situation.without_section:
        return Text(
            "Would add the profiles that roles are assumed with to {file}: {names}",
            file=situation.paths[0],
            names=", ".join(map(shown, situation.without_section)),
        )
    return Text("Would ask how you sign in to AWS, and write a first profile to {file}.", file=situation.paths[0])


def take(situation: Situation, interview: Interview) -> None:
    """Ask for what a first config needs, or an incomplete one, and write it."""
    for name in situation.without_section:
        interview.say(
            Text("Roles are assumed with the keys of {name}, and there is no such profile yet.", name=shown(name))
        )
        region = _region(situation.environ, interview, Text("Region for it:"))
        file_change.settings(situation.paths[0], {section_for(name): {"region": region}}, interview)
    if situation.without_section:
        return
    interview.say(Text("{file} has no profiles yet.", file=situation.paths[0]))
    kind = interview.choose(
        Text("How do you sign in to AWS?"),
        (
            Text("with an access key of an IAM user, and codes of an MFA device"),
            Text("at IAM Identity Center (SSO), in the browser"),
        ),
    )
    new = _of_sso(situation.environ, interview) if kind else _of_keys(situation.environ, interview)
    file_change.settings(situation.paths[0], new, interview)


def _of_keys(environ: Mapping[str, str], interview: Interview) -> Sections:
    """[default] for the keys, and the roles that are assumed with them."""
    region = _region(environ, interview, Text("Region:"))
    new: Sections = {"default": {"region": region}}
    question = Text("Role to work as, by its ARN or as 123456789012:Name (Return: none):")
    while True:
        role = interview.until(
            question,
            lambda word: None if not word or adhoc.is_role(word) else Text("That is neither."),
        )
        if not role:
            return new
        account, _, name = role.partition(":")
        arn = role if role.startswith("arn:") else f"arn:{partition_of(region).name}:iam::{account}:role/{name}"
        usual = arn.rpartition("/")[2].casefold()
        profile = _profile(interview, usual if section_for(usual) not in new else "")
        question = Text("Another role (Return: no more):")
        new[section_for(profile)] = {"role_arn": arn, "source_profile": "default", "region": region}


def _of_sso(environ: Mapping[str, str], interview: Interview) -> Sections:
    """A sign-in, and a profile that lives on it."""
    url = interview.until(
        Text("Start URL of your organisation's access portal:"),
        lambda word: None if _START_URL.fullmatch(word) else Text("It looks like https://corp.awsapps.com/start"),
    )
    home = _region(environ, interview, Text("Region of IAM Identity Center:"))
    account = interview.until(
        Text("Account to work in, by its number:"),
        lambda word: None if _ACCOUNT.fullmatch(word) else Text("An account number has 12 digits."),
    )
    role = interview.until(
        Text("Permission set, as the access portal shows it:"),
        lambda word: None if _PERMISSION_SET.fullmatch(word) else Text("Write its name, like ReadOnlyAccess."),
    )
    region = _region({"AWS_REGION": home}, interview, Text("Region to work in:"))
    profile = _profile(interview, role.casefold())
    session = url.partition("://")[2].partition(".")[0]
    return {
        f"sso-session {session}": {
            "sso_start_url": url,
            "sso_region": home,
            "sso_registration_scopes": "sso:account:access",
        },
        section_for(profile): {
            "sso_session": session,
            "sso_account_id": account,
            "sso_role_name": role,
            "region": region,
        },
    }


def _region(environ: Mapping[str, str], interview: Interview, question: Text) -> str:
    usual = environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or ""
    return interview.until(
        question,
        lambda word: None if _REGION.fullmatch(word) else Text("A region looks like eu-central-1."),
        usual if _REGION.fullmatch(usual) else _USUAL_REGION,
    )


def _profile(interview: Interview, usual: str) -> str:
    """A name for a profile that is none of [default]'s."""
    return interview.until(
        Text("Name for its profile:"),
        lambda word: (
            None
            if _NAME.fullmatch(word) and word != "default"
            else Text("A name has letters, digits and . - _ in it; `default` is that of your keys.")
        ),
        usual,
    )


STEP = SetupStep(Text("AWS config"), there, plan, take, suffices=lambda situation: bool(situation.served))
