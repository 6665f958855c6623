"""`python -m trayexec`: the same as the `trayexec` command. Also run as a file, where only its folder is known."""

import sys

if not __package__:
    _folder = __file__.rpartition("/")[0] or "."
    _root = _folder.rpartition("/")[0] or "."
    # The folder of a script comes first on the path, unless that is isolated: ours holds modules, but no packages.
    sys.path[:] = [one for one in sys.path if one != _folder]
    if _root not in sys.path:
        sys.path.insert(0, _root)
elif not sys.flags.safe_path and sys.path and not __file__.startswith(sys.path[0] + "/trayexec/"):
    del sys.path[0]  # `-m` puts the current folder there, in which there may be anything

from trayexec.cli import main

main()
