"""`credential-process --from-files PROFILE`: the access key that stands in the user's own AWS files.

Under `--live` those files are out of sight, and the overlay holds no secret. So for a profile that we do not serve, an
SDK starts us to read what it would have read by itself.
"""

from collections.abc import Mapping

from trayexec import cli, origin
from trayexec.adapters.awsfiles import files_of_this_user
from trayexec.errors import TrayexecError, trouble


def document(profile: str, environ: Mapping[str, str]) -> Mapping[str, object]:
    """AWS's credential_process document; without `Expiration`, as such keys have none.

    Raises TrayexecError (`no_key`, `file`, `config_syntax`).
    """
    named = cli.files(environ)
    keys = files_of_this_user(origin.outside(environ)).keys_of(profile, named.get("config"), named.get("shared"))
    if keys is None:
        raise TrayexecError(
            trouble(
                "no_key",
                "Your AWS files hold no access key of {profile} any more.",
                "Put it back, or run the command again in a new shell.",
                profile=profile,
            )
        )
    token = {"SessionToken": keys.session_token.reveal()} if keys.session_token is not None else {}
    return {
        "Version": 1,
        "AccessKeyId": keys.access_key_id,
        "SecretAccessKey": keys.secret_access_key.reveal(),
        **token,
    }
