"""What is said of a command line that cannot be read. Loaded only then, and with an option that has a value."""

from trayexec.light.errors import Text, TrayexecError, trouble

TYPE_CHECKING = False


def misread(sentence: str, /, **values: str | Text) -> TrayexecError:
    """The command line of a run cannot be read: why, and how one is written."""
    return TrayexecError(
        trouble("usage", sentence, "Usage: trayexec [--region R] [--need 2h] [--wait S] PROFILE -- CMD…", **values)
    )


def nobody(verb: str = "") -> TrayexecError:
    """Nothing says whose credentials the command, or this verb, is to have."""
    return TrayexecError(
        trouble(
            "usage",
            "No profile is named, and AWS_PROFILE names none either.",
            "Type one after the verb: `trayexec {verb} PROFILE` (`trayexec list` shows them)"
            if verb
            else "Type one before the command: `trayexec PROFILE -- CMD…` (`trayexec list` shows them)",
            verb=verb,
        )
    )


def seconds(option: str, value: str) -> int:
    """The value of an option of that name, in seconds. Raises TrayexecError (`usage`)."""
    from trayexec.light import durations  # noqa: PLC0415 — only with an option

    most = {"--wait": durations.LONGEST_WAIT, "--long": durations.LONGEST_LONG}.get(option, durations.LONGEST_NEED)
    try:
        return durations.parse_up_to(value, most, least=durations.SHORTEST_LONG if option == "--long" else 0)
    except ValueError as error:
        raise misread("{option}: {why}.", option=option, why=error.args[0]) from None
