"""The environment that every child process of ours is started with: one without keys.

Apart from `children.py` so that the children themselves, which import parts of this package, need not load asyncio.
"""

from collections.abc import Mapping

# What a shell may have left in the environment that started the agent: no child of ours has a use for it.
_KEYS = frozenset({"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"})


def environment(environ: Mapping[str, str]) -> dict[str, str]:
    """`environ` without AWS keys."""
    return {name: value for name, value in environ.items() if name not in _KEYS}
