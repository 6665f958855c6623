"""A profile's credentials as the AWS CLI would find them without us, from a pair of files and from nothing else.

botocore walks by itself; it only gets no way to the environment's keys, to a container or to the machine's role, which
would answer where the files do not.
"""

import logging
import os
from collections.abc import Mapping

import botocore.session
from botocore.credentials import CredentialResolver, RefreshableCredentials
from botocore.exceptions import BotoCoreError, ClientError, ProfileNotFound

from trayexec.adapters.aws_files import Keys
from trayexec.core.config.sections import shown
from trayexec.core.credentials import Secret
from trayexec.core.shell_words import word
from trayexec.light.errors import TrayexecError, trouble

# Methods of botocore's providers that know nothing but a profile; `botocore.credentials` names them.
_OF_PROFILES = (
    *("assume-role", "assume-role-with-web-identity", "sso", "shared-credentials-file"),
    *("login", "custom-process", "config-file"),
)


def credentials(profile: str, paths: tuple[str, str], environ: Mapping[str, str]) -> tuple[Keys, str | None] | None:
    """The credentials and their end (`YYYY-MM-DDTHH:MM:SSZ`, None for keys that have none); None if there are none.

    `environ` becomes this process's environment: what botocore starts sees what it would see without us. Raises
    TrayexecError (`outside`).
    """
    logging.getLogger("botocore").disabled = True  # what it would say there is said below, in a sentence
    logging.getLogger("botocore.credentials").disabled = True
    os.environ.clear()
    os.environ.update({**environ, "AWS_CONFIG_FILE": paths[0], "AWS_SHARED_CREDENTIALS_FILE": paths[1]})
    try:
        session = botocore.session.Session(profile=profile)
        whole = session.get_component("credential_provider")
        providers = [one for one in whole.providers if one.METHOD in _OF_PROFILES]
        for one in providers:
            if one.METHOD == "assume-role":
                one._prompter = _no_prompt  # noqa: SLF001 — as the AWS CLI sets its `cache`; there is no other way
        found = CredentialResolver(providers).load_credentials()
        if found is None:
            return None
        frozen = found.get_frozen_credentials()
    except ProfileNotFound:
        return None
    except (BotoCoreError, ClientError, OSError, ValueError, RuntimeError) as error:
        raise TrayexecError(
            trouble(
                "outside",
                "Without trayexec, profile {profile} gets no credentials either: {why}",
                "Try it in a shell without --live: "
                "`AWS_CONFIG_FILE={file} aws sts get-caller-identity --profile {word}`",
                profile=shown(profile),
                why=shown(str(error)),
                file=word(paths[0]),
                word=word(profile),
            )
        ) from None
    keys = Keys(
        frozen.access_key,
        Secret(frozen.secret_key),
        Secret(frozen.token) if frozen.token else None,
        frozen.account_id or None,
    )
    return keys, _end(found)


def _end(found: object) -> str | None:
    end = found._expiry_time if isinstance(found, RefreshableCredentials) else None  # noqa: SLF001 — nothing else says it
    return end.strftime("%Y-%m-%dT%H:%M:%SZ") if end is not None else None


def _no_prompt(asked: str) -> str:
    del asked
    raise TrayexecError(
        trouble(
            "outside_code",
            "This role wants an MFA code of its own, which can only be asked for by the AWS CLI itself.",
            "Let trayexec have the profile (`trayexec list` says what stands in the way), or use it without --live.",
        )
    )
