"""`keys`: long-term keys into the keychain, out of it, and which are there. They never pass through the agent."""

import argparse
import getpass
import sys
from collections.abc import Mapping

from trayexec import cli
from trayexec.adapters.awsfiles import files_of_this_user
from trayexec.adapters.clock import SystemClock
from trayexec.adapters.harden import seal
from trayexec.adapters.keychain import SystemKeychain
from trayexec.adapters.sts import BotoSts
from trayexec.commands import table
from trayexec.commands.talk import ask
from trayexec.core.credentials import LongTermKeys, Secret
from trayexec.core.profiles import Catalogue, Endpoint, Profile, Role, Unserved
from trayexec.errors import Text, TrayexecError, trouble
from trayexec.words import speaker

LAST = 4  # characters of an access key id that are shown


def add(options: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Ask for a pair of keys, see whether AWS takes it, and store it."""
    seal()
    speak = speaker(environ)
    catalogue = _catalogue(environ)
    name = _keys_name(catalogue, options.profile)
    keys = _from_environment(environ) if options.env else _from_person(environ)
    cli.say(speak(Text("asking AWS whose keys these are…")))
    arn = BotoSts(SystemClock()).check(_endpoint(catalogue, name, environ), keys)
    SystemKeychain(environ).store(name, keys)
    _forget(name, environ)
    cli.say(speak(Text("the keys of {arn} are in the keychain as {name}", arn=arn, name=name)))
    problem = catalogue.profiles.get(name)
    if isinstance(problem, Unserved):
        cli.say(f"{speak(problem.problem.title)} {speak(problem.problem.hint)}")
    if options.env:
        cli.say(speak(Text("unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY: nothing needs them in your shell any more")))
    return cli.OK


def listed(options: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Every identity that the AWS config leads to, and whether its keys are stored."""
    speak = speaker(environ)
    names = dict.fromkeys(one.keys for one in _catalogue(environ).identities)
    found = {name: _last_four(name, environ) for name in names}
    if options.json:
        table.show_json([{"name": name, "stored": last is not None, "key": last} for name, last in found.items()])
    elif found:
        rows = [
            (name, last or speak(Text("not stored: run `trayexec keys add {name}`", name=name)))
            for name, last in found.items()
        ]
        table.show([speak(Text("IDENTITY")), speak(Text("ACCESS KEY"))], rows)
    else:
        cli.say(speak(Text("no profile of the AWS config leads to an identity with an MFA device")))
    return cli.OK


def _last_four(name: str, environ: Mapping[str, str]) -> str | None:
    """The end of the stored access key id, enough to tell keys apart; None when nothing is stored."""
    try:
        return "…" + SystemKeychain(environ).read(name).access_key_id[-LAST:]
    except TrayexecError as error:
        if error.trouble.code != "keys_missing":
            raise
        return None


def remove(options: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Take a pair out of the keychain, and let the agent forget what it made of it."""
    SystemKeychain(environ).remove(options.profile)
    _forget(options.profile, environ)
    cli.say(speaker(environ)(Text("the keys of {name} are no longer in the keychain", name=options.profile)))
    return cli.OK


def _catalogue(environ: Mapping[str, str]) -> Catalogue:
    return files_of_this_user(environ).load()


def _keys_name(catalogue: Catalogue, name: str) -> str:
    """The keychain's name for the keys of `name`: its own, unless it is a role, whose keys are another's."""
    profile = catalogue.profiles.get(name)
    if isinstance(profile, Profile) and isinstance(profile.target, Role) and profile.identity.keys != name:
        raise TrayexecError(
            trouble(
                "not_an_identity",
                "{profile} is a role and has no keys of its own.",
                "It is assumed with those of {keys}: run `trayexec keys add {keys}`.",
                profile=name,
                keys=profile.identity.keys,
            )
        )
    return name


def _endpoint(catalogue: Catalogue, name: str, environ: Mapping[str, str]) -> Endpoint:
    for identity in catalogue.identities:
        if identity.keys == name:
            return identity.endpoint
    region = environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or "us-east-1"
    return Endpoint(region, environ.get("AWS_ENDPOINT_URL_STS") or environ.get("AWS_ENDPOINT_URL"))


def _from_environment(environ: Mapping[str, str]) -> LongTermKeys:
    if environ.get("AWS_SESSION_TOKEN"):
        raise TrayexecError(
            trouble(
                "not_long_term",
                "AWS_SESSION_TOKEN is set: these are no long-term keys.",
                "Unset it if it is left over, and name an IAM user's own access key.",
            )
        )
    key_id, secret = environ.get("AWS_ACCESS_KEY_ID", ""), environ.get("AWS_SECRET_ACCESS_KEY", "")
    return _checked(key_id, secret)


def _from_person(environ: Mapping[str, str]) -> LongTermKeys:
    if not sys.stdin.isatty():
        raise TrayexecError(
            trouble(
                "no_terminal",
                "There is no terminal to ask for the keys on.",
                "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, then run `trayexec keys add PROFILE --env`.",
            )
        )
    speak = speaker(environ)
    sys.stderr.write(speak(Text("Access key id: ")))
    sys.stderr.flush()
    key_id = sys.stdin.readline()
    return _checked(key_id, getpass.getpass(speak(Text("Secret access key (not shown): ")), sys.stderr))


def _checked(key_id: str, secret: str) -> LongTermKeys:
    key_id, secret = key_id.strip(), secret.strip()
    if not key_id or not secret:
        raise TrayexecError(
            trouble(
                "keys_incomplete",
                "The access key id or the secret access key is missing.",
                "Both are needed; --env takes them from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
            )
        )
    if key_id.startswith("ASIA"):
        raise TrayexecError(
            trouble(
                "not_long_term",
                "That access key id belongs to temporary credentials.",
                "Use an IAM user's own access key: its id begins with AKIA.",
            )
        )
    return LongTermKeys(key_id, Secret(secret))


def _forget(name: str, environ: Mapping[str, str]) -> None:
    """A session made with other keys must not live on under this name."""
    try:
        ask({"op": "lock", "identity": name, **cli.surroundings(environ)}, environ)
    except TrayexecError as error:
        if error.trouble.code not in {"unknown_identity", "ambiguous"}:
            raise
