"""Refuses credentials to the very program that is to provide them. Light: loaded by who would wait for itself."""

from trayexec.light.errors import TrayexecError, trouble


def refused(profile: str) -> TrayexecError:
    """Why a program that gives the credentials of `profile` gets none of them."""
    return TrayexecError(
        trouble(
            "recursion",
            "The credentials of {profile} are asked for by the very command that is to provide them.",
            "Let that command use another profile: TRAYEXEC_CHAIN says which ones are taken.",
            profile=profile,
        )
    )
