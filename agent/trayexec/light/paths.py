"""Where our own things are: the socket, the settings, the log. Pure: the environment comes in, nothing is touched."""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


def home(environ: "Mapping[str, str]") -> str:
    """The user's home folder: $HOME, else what the system's user list says."""
    if environ.get("HOME"):
        return environ["HOME"]
    import os  # noqa: PLC0415 — the run path seldom needs it

    if sys.platform == "win32":
        return os.path.expanduser("~")  # noqa: PTH111 — pathlib is slow to import
    import pwd  # noqa: PLC0415 — likewise

    try:
        return pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:
        return "/"


def state_folder(environ: "Mapping[str, str]") -> str:
    """Where the log is, and the socket when there is no runtime folder."""
    if sys.platform == "darwin":
        return home(environ) + "/Library/Application Support/trayexec"
    return (_absolute(environ, "XDG_STATE_HOME") or home(environ) + "/.local/state") + "/trayexec"


def live_folder(environ: "Mapping[str, str]") -> str:
    """Where the overlays for `--live` are: they outlive the agent, and the login.

    No XDG_STATE_HOME moves it: an overlay is believed for being here, and whoever reads one may have lost that
    variable, or have it from a project.
    """
    return state_folder({"HOME": home(environ)}) + "/live"


def socket_path(environ: "Mapping[str, str]") -> str:
    """The private socket of DESIGN 3.7: $TRAYEXEC_SOCKET, the runtime folder, the state folder."""
    named = environ.get("TRAYEXEC_SOCKET")
    if named:
        return named
    runtime = _absolute(environ, "XDG_RUNTIME_DIR")
    if runtime and sys.platform != "darwin":
        return runtime + "/trayexec/agent.sock"
    if sys.platform == "darwin":
        return state_folder(environ) + "/agent.sock"
    return home(environ) + "/.local/state/trayexec/agent.sock"


def settings_path(environ: "Mapping[str, str]") -> str:
    """Our `config.toml`, in the platform's folder for configuration."""
    if sys.platform == "darwin":
        return home(environ) + "/Library/Application Support/trayexec/config.toml"
    return config_home(environ) + "/trayexec/config.toml"


def config_home(environ: "Mapping[str, str]") -> str:
    """Where programs keep their settings by the XDG Base Directory specification."""
    return _absolute(environ, "XDG_CONFIG_HOME") or home(environ) + "/.config"


def data_home(environ: "Mapping[str, str]") -> str:
    """Where programs keep their data by the XDG Base Directory specification, and the user's own man pages are."""
    return _absolute(environ, "XDG_DATA_HOME") or home(environ) + "/.local/share"


def log_path(environ: "Mapping[str, str]") -> str:
    """The agent's log: what happened to the agent itself."""
    return state_folder(environ) + "/agent.log"


def ledger_path(environ: "Mapping[str, str]") -> str:
    """Who asked for what, and what was answered."""
    return state_folder(environ) + "/requests.jsonl"


def stored_path(environ: "Mapping[str, str]") -> str:
    """Under which names keys are stored in the keychain, and whose they are: one file, as there is one keychain.

    No XDG_STATE_HOME moves it, for the agent and a shell may differ in that.
    """
    return state_folder({"HOME": home(environ)}) + "/stored-keys.json"


def quiet_path(environ: "Mapping[str, str]") -> str:
    """Of which programs a person wants to hear no more."""
    return state_folder(environ) + "/quiet-programs.json"


def rotations_path(environ: "Mapping[str, str]") -> str:
    """What is written down of rotations of keys that were begun: one file, as `stored_path`."""
    return state_folder({"HOME": home(environ)}) + "/rotations.json"


def _absolute(environ: "Mapping[str, str]", name: str) -> str:
    """A folder named by the XDG Base Directory specification, which says that relative ones are to be ignored."""
    value = environ.get(name, "")
    return value.rstrip("/") if value.startswith("/") else ""
