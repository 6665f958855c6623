"""How credentials are written for another program to read: six formats, each with its own rules of quoting.

Pure: values in, text out. What is written here reads back as exactly what was put in, whatever the values are; where
a format cannot say a value, it is refused rather than changed.
"""

from collections.abc import Callable, Iterable, Mapping

from trayexec.light import caller_variables, execution, shell_quotes
from trayexec.light.errors import Text, TrayexecError, shown, trouble

# What docker, compose, direnv, python-dotenv and a shell all read as itself, without quotes.
_PLAIN = r"[\w./+=:@%,-]*"
# PowerShell takes each of these for a single quote (about_Quoting_Rules; `IsSingleQuote` in its tokenizer).
_PWSH_QUOTES = "['\N{LEFT SINGLE QUOTATION MARK}-\N{SINGLE HIGH-REVERSED-9 QUOTATION MARK}]"


class Exported:
    """What there is to write: the variables of DESIGN 3.2, the document they came from, and the profile's name."""

    __slots__ = ("document", "environ", "profile", "variables")

    def __init__(
        self,
        profile: str,
        variables: Mapping[str, str],
        document: Mapping[str, object],
        environ: Mapping[str, str] | None = None,
    ) -> None:
        """`environ` is the environment in which it may be read."""
        self.profile = profile
        self.variables = variables
        self.document = document
        self.environ = environ or {}

    @property
    def foreign(self) -> tuple[str, ...]:
        """The variables that would win over these, or be mixed with them, and so have to go."""
        names = (*caller_variables.to_unset(self.environ), *execution.REGIONS)
        return tuple(name for name in names if name not in self.variables)

    @property
    def exported(self) -> Mapping[str, str]:
        """What a shell has to set: these variables, and what may stay of the options of Java that are there."""
        return {**caller_variables.to_set(self.environ), **self.variables}


class ExportText:
    """The text, and what has to be said about it."""

    __slots__ = ("remarks", "text")

    def __init__(self, text: str, remarks: tuple[Text, ...] = ()) -> None:
        """Keep both."""
        self.text = text
        self.remarks = remarks


def sh(given: Exported) -> ExportText:
    """POSIX shells, bash and zsh: `eval "$(trayexec env account-a)"`. What would win over it is unset."""
    lines = [f"unset {' '.join(given.foreign)}"]
    lines += [f"export {name}={shell_quotes.posix(value)}" for name, value in given.exported.items()]
    return _page(lines)


def fish(given: Exported) -> ExportText:
    """`trayexec env account-a --format fish | source`."""
    lines = [f"set -e {name}" for name in given.foreign]
    lines += [f"set -gx {name} {shell_quotes.fish(value)}" for name, value in given.exported.items()]
    return _page([*lines, "true"])  # to erase what was not there is a failure, and `set` hands an older status on


def pwsh(given: Exported) -> ExportText:
    """`trayexec env account-a --format pwsh | Out-String | Invoke-Expression`."""
    lines = [f"Remove-Item -ErrorAction Ignore -LiteralPath Env:{name}" for name in given.foreign]
    lines += [f"$env:{name} = {_pwsh(value)}" for name, value in given.exported.items()]
    return _page(lines)


def dotenv(given: Exported) -> ExportText:
    """`docker run --env-file`, and the `.env` of compose, direnv and python-dotenv: no quotes, no blanks.

    docker takes everything after the `=` as it stands, the others know quotes, comments and `$`: only what all of
    them read alike is written. A file of this kind cannot unset anything. Raises TrayexecError for what it cannot say.
    """
    import re  # noqa: PLC0415 — not for `sh`: a shell's start may wait for that

    lines, remarks = [], []
    if "AWS_PROFILE" in given.variables:
        remarks.append(
            Text(
                "{profile} has settings of its own, in files of this machine that AWS_CONFIG_FILE names: a container "
                "has to see them at the same place",
                profile=shown(given.profile),
            )
        )
    for name, value in given.variables.items():
        if re.fullmatch(_PLAIN, value):
            lines.append(f"{name}={value}")
        elif name == "TRAYEXEC_PROFILE":
            remarks.append(
                Text(
                    "TRAYEXEC_PROFILE is left out: not every reader of such a file takes {value} for the same",
                    value=shown(value),
                )
            )
        else:
            raise _unwritable("dotenv", name, value)
    return _page(lines, remarks)


def as_json(given: Exported) -> ExportText:
    """AWS's credential_process document, with the region and the profile beside it."""
    import json  # noqa: PLC0415 — as in `dotenv`

    document = {key: value for key, value in given.document.items() if value is not None}
    document["Profile"] = given.profile
    return ExportText(json.dumps(document, indent=2) + "\n")


def ini(given: Exported) -> ExportText:
    """A section for a shared credentials file: it has the profile's own name.

    Raises TrayexecError for a name or a value that it cannot say.
    """
    name = given.profile
    if not name or name == "DEFAULT" or not name.isprintable() or name.strip() != name:
        raise _unwritable("ini", Text("the profile's name"), name)
    variables = given.variables
    lines = [
        f"[{name}]",
        f"aws_access_key_id = {variables['AWS_ACCESS_KEY_ID']}",
        f"aws_secret_access_key = {variables['AWS_SECRET_ACCESS_KEY']}",
        f"aws_session_token = {variables['AWS_SESSION_TOKEN']}",
        f"aws_credential_expiration = {variables['AWS_CREDENTIAL_EXPIRATION']}",
    ]
    if "AWS_ACCOUNT_ID" in variables:
        lines.append(f"aws_account_id = {variables['AWS_ACCOUNT_ID']}")
    region = variables.get("AWS_REGION")
    if region is not None:
        if not region.isprintable() or region.strip() != region:
            raise _unwritable("ini", "AWS_REGION", region)
        lines.append(f"region = {region}")
    return _page(lines)


FORMATS: Mapping[str, Callable[[Exported], ExportText]] = {
    "sh": sh,
    "fish": fish,
    "pwsh": pwsh,
    "dotenv": dotenv,
    "json": as_json,
    "ini": ini,
}


def _page(lines: Iterable[str], remarks: Iterable[Text] = ()) -> ExportText:
    return ExportText("".join(f"{line}\n" for line in lines), tuple(remarks))


def _pwsh(value: str) -> str:
    """Between single quotes only a quote means something, and two of them are one (about_Quoting_Rules)."""
    import re  # noqa: PLC0415 — as in `dotenv`

    return "'" + re.sub(_PWSH_QUOTES, lambda quote: quote[0] * 2, value) + "'"


def _unwritable(form: str, what: str | Text, value: str) -> TrayexecError:
    return TrayexecError(
        trouble(
            "unwritable",
            "The format {form} has no way to write {what}: {value}",
            "Take another --format, such as json.",
            form=form,
            what=what,
            value=shown(value),
        )
    )
