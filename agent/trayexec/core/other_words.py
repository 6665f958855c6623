"""Translates words that other tools have for what we do into ours.

Sources: aws-vault (exec, login, list, add, rotate, remove, clear, export), granted (assume, sso, credentials), saml2aws
(login, exec, console, list-roles, script), awsume (switches), aws-mfa, leapp, the AWS CLI (sso, login, logout,
configure), and what password managers call locking.
"""

from collections.abc import Mapping

from trayexec.light.errors import Text

_RUN = Text("Here that is `trayexec PROFILE -- CMD…`.")
_SHELL = Text("Here that is `trayexec shell PROFILE`, or `trayexec PROFILE -- CMD…` for one command.")
_OPEN = Text("Here that is `trayexec auth`.")
_RENEW = Text("Here that is `trayexec auth --force`.")
_FORGET = Text("Here that is `trayexec lock`.")
_LIST = Text("Here that is `trayexec list`.")
_CONSOLE = Text("Here that is `trayexec console PROFILE`.")
_PRINT = Text("Here that is `trayexec env PROFILE`.")
_STORE = Text("Here that is `trayexec keys add PROFILE`.")
_DROP = Text("Here that is `trayexec keys remove PROFILE`.")
_STOP = Text("Here that is `trayexec agent stop`.")
_START = Text("Here that is `trayexec agent start`.")
_LOOK = Text("Here that is `trayexec doctor`.")

OURS: Mapping[str, Text] = {
    **dict.fromkeys(("exec", "run", "execute", "x"), _RUN),
    **dict.fromkeys(("assume", "awsume", "switch", "use", "sh", "bash", "zsh", "subshell"), _SHELL),
    "login": Text("Here `trayexec auth` opens the session, and `trayexec console PROFILE` the AWS console."),
    "sso": Text("Profiles of IAM Identity Center work as they are: `aws sso login --profile PROFILE` (AWS CLI 2)."),
    **dict.fromkeys(("whoami", "id", "identity", "identities", "info"), Text("Here that is `trayexec status`.")),
    **dict.fromkeys(("ls", "profiles", "roles", "accounts", "list-roles", "list-profiles", "show"), _LIST),
    **dict.fromkeys(("unlock", "signin", "sign-in", "mfa", "authenticate", "authorize"), _OPEN),
    **dict.fromkeys(("refresh", "renew", "reauth", "mfa-login"), _RENEW),
    **dict.fromkeys(("logout", "signout", "sign-out", "clear", "forget", "purge", "revoke", "expire"), _FORGET),
    **dict.fromkeys(("open", "web", "browser", "url"), _CONSOLE),
    **dict.fromkeys(("export", "creds", "credentials", "print", "script", "printenv", "dotenv"), _PRINT),
    **dict.fromkeys(("add", "store", "save", "import", "configure"), _STORE),
    **dict.fromkeys(("remove", "rm", "delete", "del"), _DROP),
    "rotate": Text(
        "Make a new key in the AWS console (IAM), then `trayexec keys add PROFILE` puts it in place of the old."
    ),
    "key": Text("Here that is `trayexec keys list`."),
    **dict.fromkeys(
        ("server", "ecs-server", "ec2-server", "serve", "proxy"),
        Text("Here that is `trayexec --server PROFILE -- CMD…`."),
    ),
    **dict.fromkeys(("stop", "quit", "kill", "exit"), _STOP),
    **dict.fromkeys(("start", "daemon", "tray"), _START),
    **dict.fromkeys(("check", "diagnose", "debug", "init"), _LOOK),
    **dict.fromkeys(("history", "logs", "audit"), Text("Here that is `trayexec log`.")),
    **dict.fromkeys(("explain", "describe", "resolve"), Text("Here that is `trayexec why PROFILE`.")),
    **dict.fromkeys(
        ("completions", "init-shell"),
        Text("Here that is `trayexec completion bash` (or zsh, fish); `trayexec hook bash` has it as well."),
    ),
}


def ours(word: str) -> Text | None:
    """One line with our word for what another tool calls so; None for a word that we do not know."""
    return OURS.get(word.casefold())
