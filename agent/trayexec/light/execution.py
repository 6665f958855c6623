"""The command of a run: where it is, which environment it gets (DESIGN 3.2), and how it takes this process's place."""

import os

from trayexec.light import caller_variables
from trayexec.light.errors import Text

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from trayexec.light.protocol_fields import CredentialsAnswer, EndpointAnswer, OverlayAnswer, RegionAnswer


REGIONS = ("AWS_REGION", "AWS_DEFAULT_REGION")


def find(name: str, environ: "Mapping[str, str]") -> str | int:
    """The program's path, or the exit status that a shell would give; said before anybody is asked for a code."""
    if "/" in name:
        candidates = [name]
    else:
        folders = environ.get("PATH", os.defpath).split(os.pathsep)
        candidates = [f"{folder or '.'}/{name}" for folder in folders] if name else []
    there = False
    for path in candidates:
        if os.access(path, os.X_OK) and not os.path.isdir(path):  # noqa: PTH112 — pathlib is slow to import
            return path
        there = there or (os.path.exists(path) and (path is name or not os.path.isdir(path)))  # noqa: PTH110, PTH112
    from trayexec.light import exits, stderr  # noqa: PLC0415 — only then

    if there:
        stderr.tell(Text("{name}: not executable", name=name))
        return exits.NOT_EXECUTABLE
    stderr.tell(Text("{name}: command not found", name=name))
    return exits.NOT_FOUND


def environment(
    served: "CredentialsAnswer", profile: str, region: str | None, environ: "Mapping[str, str]"
) -> "dict[str, str]":
    """The command's environment: DESIGN 3.2."""
    env = caller_variables.without(environ)
    env["AWS_ACCESS_KEY_ID"] = served["AccessKeyId"]
    env["AWS_SECRET_ACCESS_KEY"] = served["SecretAccessKey"]
    env["AWS_SESSION_TOKEN"] = served["SessionToken"]
    env["AWS_CREDENTIAL_EXPIRATION"] = served["Expiration"]
    env |= whose(profile, served)
    if "Overlay" in served:  # its settings are not those of [default], which is what SDKs read beside keys
        env |= _settings(served["Overlay"], profile)
    return in_region(region_of(region, served, environ), env)


def whose(profile: str, told: "CredentialsAnswer | EndpointAnswer") -> "dict[str, str]":
    """The variables that tell a command which profile it runs with, and in which account if that is known."""
    account = told.get("AccountId")
    return {"TRAYEXEC_PROFILE": profile, "AWS_ACCOUNT_ID": account} if account else {"TRAYEXEC_PROFILE": profile}


def _settings(overlay: "OverlayAnswer", profile: str) -> "dict[str, str]":
    """The variables by which the profile has its own settings; none where the agent's files are not to be seen here."""
    from trayexec.light import same_machine  # noqa: PLC0415 — only for such a profile
    from trayexec.live import overlay_origin  # noqa: PLC0415 — only for such a profile

    if same_machine.sees(overlay):
        own = overlay_origin.leading_to(overlay)
        return own if "profile" in overlay else {**own, "AWS_PROFILE": profile}  # else [default] has them there
    from trayexec.light import stderr  # noqa: PLC0415 — only then

    stderr.tell(
        Text(
            "{profile} has settings of its own (endpoints, FIPS and the like) where the agent runs, and they are not "
            "on this machine: the command runs without them",
            profile=profile,
        )
    )
    return {}


def region_of(named: str | None, served: "RegionAnswer", environ: "Mapping[str, str]") -> str | None:
    """The region of a command (DESIGN 3.2): named, the profile's or its source's, the caller's, that of [default]."""
    return named or callers_region(served, environ) or served.get("Region")


def callers_region(served: "RegionAnswer", environ: "Mapping[str, str]") -> str | None:
    """The caller's own region where it is better than the one that was served; not one that an outer run has left."""
    own = environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION")
    if not own or (served.get("Region") and served.get("RegionOf") != "default"):
        return None
    if "TRAYEXEC_PROFILE" in environ:
        from trayexec.live import overlay_origin  # noqa: PLC0415 — only for a run within a run

        return None if overlay_origin.left_over(environ) else own
    return own


def in_region(region: str | None, env: "dict[str, str]") -> "dict[str, str]":
    """The environment `env` with this region alone; with none, SDKs look into the files."""
    for name in REGIONS:
        env.pop(name, None)
        if region:
            env[name] = region
    return env


def become(program: str, command: "Sequence[str]", env: "dict[str, str]") -> int:
    """Let the command take this process's place. Only a failure returns: its exit status."""
    import _signal  # type: ignore[import-not-found]  # noqa: PLC0415 — built in; `signal` is slow to import

    for ignored in (_signal.SIGPIPE, _signal.SIGXFSZ):  # Python ignores these, and an ignored signal is inherited
        _signal.signal(ignored, _signal.SIG_DFL)
    try:
        os.execve(program, list(command), env)  # noqa: S606 — that is the product
    except OSError as error:
        import errno  # noqa: PLC0415 — only then

        if error.errno == errno.ENOEXEC:  # a script without `#!`: the shell's, as execvp(3) has it
            try:
                os.execve("/bin/sh", ["sh", program, *command[1:]], env)  # noqa: S606 — likewise
            except OSError as second:
                error = second
        from trayexec.light import exits, stderr  # noqa: PLC0415 — only then

        stderr.say(f"{command[0]}: {error.strerror}")
        return exits.NOT_FOUND if error.errno == errno.ENOENT else exits.NOT_EXECUTABLE
