"""What every child process of ours is started with: our own Python as an argv, and an environment without keys.

Apart from `children.py` so that the children themselves, which import parts of this package, need not load asyncio.
"""

import os
import site
import sys
from collections.abc import Mapping

# What a shell may have left in the environment that started the agent: no child of ours has a use for it.
_KEYS = frozenset({"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"})


def python(module: str) -> list[str]:
    """The argv that runs a module of ours in a Python that neither the environment nor the current folder can bend.

    `-I` also hides the user's own site-packages. Where this package was installed there (`pip install --user`), that
    would hide the package itself, and `-E -P` keeps the rest of the protection.
    """
    home = os.path.realpath(site.getusersitepackages()) if site.ENABLE_USER_SITE else None
    ours = home is not None and os.path.realpath(__file__).startswith(home + os.sep)
    return [sys.executable, *(("-E", "-P") if ours else ("-I",)), "-m", module]


def environment(environ: Mapping[str, str]) -> dict[str, str]:
    """`environ` without AWS keys."""
    return {name: value for name, value in environ.items() if name not in _KEYS}
