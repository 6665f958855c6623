"""Where the folder's programs begin: undo what the loader did to the environment, and be `trayexec` or one of its own.

The loader of PyInstaller finds our libraries by LD_LIBRARY_PATH, for which it starts itself anew, and leaves notes to
itself. That is for this process: what a person runs with us, and what we run, gets what we got.
"""

import os
import sys

NOTES = "_PYI_"  # the loader's own variables
PATH, FORMER = "LD_LIBRARY_PATH", "LD_LIBRARY_PATH_ORIG"


def restore(environ: "os._Environ[str]", libraries: str) -> None:
    """Take out what the loader put in: its notes, and the folder of our libraries in front of the person's own."""
    for name in [name for name in environ if name.startswith(NOTES)]:
        del environ[name]
    ours, _, theirs = environ.get(PATH, "").partition(":")
    if ours != libraries:
        return
    if not theirs:
        del environ[PATH]
        return
    environ[PATH] = theirs
    if environ.get(FORMER) == theirs:
        del environ[FORMER]


def lead_tk(environ: "os._Environ[str]", libraries: str) -> None:
    """Tell Tk where its scripts are: it looks for them beside an installed Tcl."""
    environ["TCL_LIBRARY"], environ["TK_LIBRARY"] = f"{libraries}/_tcl_data", f"{libraries}/_tk_data"


libraries = sys._MEIPASS  # type: ignore[attr-defined]  # noqa: SLF001 — PyInstaller's name for the folder
restore(os.environ, libraries)
if sys.argv[1:2] == ["--child"] and ".tk_" in sys.argv[2]:
    lead_tk(os.environ, libraries)

from trayexec.cli import main, main_agent  # noqa: E402 — nothing of ours before the environment is a person's again

if os.path.basename(sys.argv[0]) == "trayexec-agent":  # noqa: PTH119 — pathlib is slow to import
    main_agent()
main()
