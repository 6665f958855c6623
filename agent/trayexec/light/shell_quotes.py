"""One word in the quotes of a shell, whatever is in it. Light: `shlex` costs `hook` more than all the rest."""


def posix(value: str) -> str:
    """Between single quotes nothing means anything but the quote itself (POSIX shell, 2.2.2)."""
    return "'" + value.replace("'", "'\"'\"'") + "'"


def fish(value: str) -> str:
    r"""Between single quotes only `\'` and `\\` mean something (fish, Quotes)."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
