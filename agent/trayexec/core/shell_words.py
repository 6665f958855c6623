"""Quotes names for commands that a person is told to type. Pure text."""

import shlex


def word(value: str) -> str:
    """`value` as one word of a POSIX shell; what no keyboard has is written as bash, zsh and ksh read it."""
    if value.isprintable():
        return shlex.quote(value)
    inner = "".join(
        one if one.isprintable() else _bytes(one) for one in value.replace("\\", "\\\\").replace("'", "\\'")
    )
    return f"$'{inner}'"


def _bytes(sign: str) -> str:
    """As octets, in three digits each, so that none is taken for the beginning of a longer one."""
    try:
        octets = sign.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # half of a pair, which no argument can be but JSON can say
        octets = sign.encode("utf-8", "surrogatepass")
    return "".join(f"\\{octet:03o}" for octet in octets)


def argument(name: str) -> str:
    """A profile's or an identity's name as the argument of a verb: one that looks like an option is said to be none."""
    return f"--profile {word(name)}" if name.startswith("-") else word(name)


def profile(name: str) -> str:
    """A profile's name before `--`, where also a glob and a group would be taken for what they are not."""
    return f"--profile {word(name)}" if name.startswith(("-", "@")) or set("*?[") & set(name) else word(name)
