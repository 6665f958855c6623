"""How trayexec is started again, from whatever it was installed as. Light: shells wait for it.

Layouts: an environment of its own (venv, pipx, editable), the user's site-packages, a private folder that a start
script puts on its path (as a distribution's package has it), a zip application, a frozen bundle. The processes that we
start ourselves take nothing from the environment or the current folder.
"""

import os
import sys

CHILD = "--child"  # of a frozen bundle, which has no `-m`: be the module that follows
CURRENT = "current"  # the link to the installed version that packaging/folder/install.sh keeps beside its folders

# What a script's `#!` line can hold on every system; in another folder the interpreter has to be named.
_LONGEST = 120
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-")
# Folders of a prefix in which packages are: the prefix's scripts are in its `bin`.
_LIBRARIES = ("lib", "lib64", "libexec", "share")
# What a child does first where its Python would not find us: the folders are ours, found by whoever started us.
_BOOT = (
    "import runpy, sys; sys.path[:0] = [path for path in {folders} if path not in sys.path]; "
    "runpy.run_module({module}, run_name='__main__', alter_sys=True)"
)
_PACKAGE = os.path.dirname(os.path.dirname(__file__))  # noqa: PTH120 — pathlib is slow to import
_ROOT = os.path.dirname(_PACKAGE)  # noqa: PTH120 — likewise; for a zip application this is the archive


def command(executable: str = sys.executable) -> tuple[str, ...]:
    """What starts us from any folder and with any PATH, to be written into files: the same whoever asks."""
    if _is_frozen():
        return (_of_bundle(executable),)
    for script in _scripts(executable):
        if os.access(script, os.X_OK) and not os.path.isdir(script):  # noqa: PTH112 — pathlib is slow to import
            is_plain = len(script) <= _LONGEST and _PLAIN.issuperset(script)
            return (script,) if is_plain else (executable, *_isolation(), script)
    if os.path.isdir(_ROOT):  # noqa: PTH112 — likewise
        return (executable, *_isolation(), f"{_PACKAGE}/__main__.py")
    return (executable, *_isolation(), _ROOT)


def again() -> list[str]:
    """The argv that starts us anew, as we are installed by now, for a process that we start at once."""
    return [_installed_bundle()] if _is_frozen() else python("trayexec")


def installed(module: str) -> list[str]:
    """As `python`, but of the version that is installed by now: a bundle may have another one beside it."""
    return [_installed_bundle(), CHILD, module] if _is_frozen() else python(module)


def installed_file() -> str:
    """A file that is another one as soon as another version is installed."""
    return _of_bundle(sys.executable) if _is_frozen() else f"{_PACKAGE}/__init__.py"


def prefix() -> str:
    """The folder that has our `share`."""
    return os.path.dirname(_of_bundle(sys.executable)) if _is_frozen() else sys.prefix  # noqa: PTH120 — pathlib is slow


def python(module: str) -> list[str]:
    """The argv that runs a module of ours in a Python that neither the environment nor the current folder can bend."""
    if _is_frozen():
        return [sys.executable, CHILD, module]
    argv = [sys.executable, *_isolation()]
    if _is_in_site():
        return [*argv, "-m", module]
    return [*argv, "-c", _BOOT.format(folders=ascii(_folders()), module=ascii(module))]


def be(words: list[str]) -> None:
    """A frozen bundle's part of `python`: run the module that `words` name, in this process."""
    import runpy  # noqa: PLC0415 — only in the children of a bundle

    module = words[0] if words else ""
    if module.partition(".")[0] != "trayexec":
        sys.exit(f"{CHILD} is for our own use: {module} is no module of ours")
    sys.argv[1:] = words[1:]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def data(name: str) -> str:
    """A text that lies in our package, be that in a folder, in an archive or in a bundle. Raises OSError."""
    return __loader__.get_data(f"{_PACKAGE}/{name}").decode()  # type: ignore[name-defined, no-any-return]


def _is_frozen() -> bool:
    return bool(getattr(sys, "frozen", False))


def _of_bundle(executable: str) -> str:
    """A bundle's program by the name that it keeps when another version is installed, where there is such a name."""
    folder, name = os.path.split(executable)
    lasting = f"{os.path.dirname(folder)}/{CURRENT}/{name}"  # noqa: PTH120 — pathlib is slow to import
    return lasting if os.access(lasting, os.X_OK) else executable


def _installed_bundle() -> str:
    """The program in its own folder: by that name a process tells an installer which version it runs."""
    return os.path.realpath(_of_bundle(sys.executable))


def _scripts(executable: str) -> list[str]:
    """Where the start script of this installation would be: never one of another installation."""
    scripts = []
    parts = _ROOT.split("/")
    depths = [depth for depth, part in enumerate(parts) if part in _LIBRARIES]
    if depths:
        scripts.append("/".join([*parts[: depths[-1]], "bin", "trayexec"]))
    if sys.prefix != sys.base_prefix:  # a virtual environment, where we may be editable
        scripts.append(os.path.dirname(executable) + "/trayexec")  # noqa: PTH120 — pathlib is slow to import
    return scripts


def _isolation() -> tuple[str, ...]:
    """`-I` also hides the user's own site-packages; where we are in there, the rest of its protection is kept."""
    if sys.flags.no_site:
        return ("-I", "-S")  # as a distribution's package starts us: a child's path is what ours is
    import site  # noqa: PLC0415 — loaded already

    if not site.ENABLE_USER_SITE:
        return ("-I",)
    return ("-E", "-P") if _is_in(os.path.realpath(site.getusersitepackages())) else ("-I",)


def _is_in_site() -> bool:
    """Whether every isolated start of this Python finds us."""
    if sys.flags.no_site:
        return False
    import site  # noqa: PLC0415 — as above

    folders = [*site.getsitepackages(), *([site.getusersitepackages()] if site.ENABLE_USER_SITE else [])]
    return any(os.path.realpath(folder) == os.path.realpath(_ROOT) for folder in folders)


def _is_in(folder: str) -> bool:
    return (os.path.realpath(_ROOT) + os.sep).startswith(folder + os.sep)


def _folders() -> list[str]:
    """Where we are, and what else was put on our path on purpose: not by the environment, not for where it began."""
    chance = {"", *os.environ.get("PYTHONPATH", "").split(os.pathsep)}
    if not sys.flags.safe_path:
        chance |= {_here(), os.path.dirname(os.path.realpath(sys.argv[0]))}  # noqa: PTH120 — pathlib is slow to import
    return [_ROOT, *(path for path in sys.path if os.path.isabs(path) and path not in chance and path != _ROOT)]  # noqa: PTH117 — likewise


def _here() -> str:
    try:
        return os.getcwd()  # noqa: PTH109 — pathlib is slow to import
    except OSError:
        return ""
