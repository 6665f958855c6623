"""`credential-process --from-files PROFILE`: what the user's own AWS files give a profile, as botocore resolves it.

Under `--live` those files are out of sight, and the overlay holds no secret. So for a profile that we do not serve, an
SDK starts us to go where it would have gone by itself. Nobody is asked for a code, and nothing but these files is asked
for credentials: neither the environment nor the machine.
"""

from collections.abc import Mapping

from trayexec.adapters.aws_files import Keys, files_of_this_user
from trayexec.light import context, protocol
from trayexec.light.errors import TrayexecError, trouble
from trayexec.live import overlay_origin


def document(profile: str, environ: Mapping[str, str]) -> Mapping[str, object]:
    """AWS's credential_process document; without `Expiration` for keys that have none.

    Raises TrayexecError (`no_key`, `outside`, `file`, `config_syntax`).
    """
    named = context.files(environ)
    own = overlay_origin.outside(environ)
    files = files_of_this_user(own)
    keys = files.keys_of(profile, named.get("config"), named.get("shared"))
    if keys is not None:
        return _document(keys, None)
    from trayexec.adapters import botocore_keys  # noqa: PLC0415 — plain keys need no SDK, and callers wait

    found = botocore_keys.credentials(profile, files.paths(named.get("config"), named.get("shared")), own)
    if found is None:
        raise TrayexecError(
            trouble(
                "no_key",
                "Your AWS files hold no access key of {profile} any more.",
                "Put it back, or run the command again in a new shell.",
                profile=profile,
            )
        )
    return _document(*found)


def _document(keys: Keys, expires: str | None) -> Mapping[str, object]:
    return protocol.process_document(
        keys.access_key_id,
        keys.secret_access_key.reveal(),
        keys.session_token.reveal() if keys.session_token is not None else None,
        expiration=expires,
        account=keys.account,
    )
