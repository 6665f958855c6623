"""States of the keys: none, not ours, somebody else's, refused, in plain text."""

import json
import sys
from collections.abc import Callable

from hints.follow import ODD
from hints.state import Look, State
from hints.states import ALICES, BASE, IDENTITY, KEY, TEMPORARY, files
from support.rig import Rig
from trayexec.core.toml_lines import written_key

ODD_ROLE = '@ODD\n@DEVICE\n@URL\n\n[profile r]\n@ROLE\nsource_profile = it\'s "$HOME" -x 日本\n@URL\n'
ITEM = "import keyring, sys; keyring.set_password('trayexec', sys.argv[1], sys.argv[2])"
KEYLESS = "No keys are stored for {name}."


def item(value: str, *lines: tuple[str, ...]) -> Callable[[Rig], Look]:
    """What some other program, or an older trayexec, left in the keychain under the odd name."""

    def make(rig: Rig) -> Look:
        look = files(ODD_ROLE, *lines, stores=(ODD,))(rig)
        rig.desk.run([sys.executable, "-c", ITEM, ODD, value])
        return look

    return make


def with_keys(rig: Rig, key: str, secret: str, *words: str) -> Look:
    """What `keys add` says of a pair in the environment."""
    env = {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret}

    def look() -> str:
        done = rig.run("keys", "add", ODD, "--env", *words, env=env)
        return done.out + done.err

    return look


def of_another_account(rig: Rig) -> Look:
    """Bob's keys for alice's device; they are stored once alice's are."""
    files(ODD_ROLE)(rig)
    bob = rig.sim.world.add_key(rig.sim.world.add_user("222222222222", "bob"))
    return with_keys(rig, bob.id, bob.secret)


def wrong_secret(rig: Rig) -> Look:
    """Not the secret that belongs to the id; asked with whatever is in the keychain afterwards."""
    files(ODD_ROLE)(rig)
    key = rig.sim.world.user_key()
    return with_keys(rig, key.id, key.secret[:-1] + ("a" if key.secret[-1] != "a" else "b"))


def revoked(rig: Rig) -> Look:
    """AWS knows the stored key no more; the user gets another one."""
    files(ODD_ROLE, stores=(ODD,))(rig)
    old = rig.sim.world.user_key()
    rig.sim.world.add_key(rig.sim.world.users[old.holder.arn])
    rig.sim.world.revoke(old.id)
    return lambda: rig.auth(None, ODD).err


def in_plain_text(rig: Rig) -> Look:
    """The same key still stands in a file."""
    key = rig.sim.world.user_key()
    files(ODD_ROLE, shared=f"[{ODD}]\naws_access_key_id = {key.id}\naws_secret_access_key = {key.secret}\n")(rig)
    return with_keys(rig, key.id, key.secret)


def removed(rig: Rig) -> Look:
    """The profile has gone, its keys have not."""
    files(ODD_ROLE, stores=(ODD,))(rig)
    return files(BASE, ("keys", "list"))(rig)


def of_no_use(rig: Rig) -> Look:
    """No device is left in the profile of these keys."""
    files(ODD_ROLE, stores=(ODD,))(rig)
    return files("@ODD\n@URL\n", ("keys", "list"))(rig)


def in_environment(rig: Rig) -> Look:
    """Where nobody can be asked; the pair is in the environment then."""
    key = rig.sim.world.user_key()
    look = files(ODD_ROLE, ("keys", "add", ODD))(rig)
    rig.env.update({"AWS_ACCESS_KEY_ID": key.id, "AWS_SECRET_ACCESS_KEY": key.secret})
    return look


def several(rig: Rig) -> Look:
    """Two keys that would both be those of one profile; a person takes out the old one."""
    return files(ODD_ROLE, ("keys", "import"), shared=f"[{ODD}]\n{KEY}[{ODD}-longterm]\n{ALICES}")(rig)


def the_old_one_goes(rig: Rig) -> None:
    """What a person takes out."""
    files(ODD_ROLE, shared=f"[{ODD}-longterm]\n{ALICES}")(rig)


AS_ROLE = "assume_role = arn:aws:iam::222222222222:role/Deploy\n"
IN_USE = f"[{ODD}-longterm]\n{ALICES}{AS_ROLE}[{ODD}]\nassumed_role = True\n{TEMPORARY}"


def out_of_use(rig: Rig) -> None:
    """The time of the role's credentials has come, or a person has taken them out."""
    files(ODD_ROLE, shared=f"{IN_USE}expiration = 2020-01-01 00:00:00\n")(rig)


ON_SESSIONS = f"[{ODD}]\n{ALICES}[{ODD}-mfa]\nassumed_role = False\n{TEMPORARY}expiration = 2020-01-01 00:00:00\n"


def on_the_keys(rig: Rig) -> None:
    """A person has written the source that is told."""
    files(ODD_ROLE, shared=ON_SESSIONS)(rig)


def not_writable(rig: Rig) -> Look:
    """The file with the key is read-only."""
    look = files(ODD_ROLE, ("keys", "import", "--yes"), shared=f"[{ODD}]\n{ALICES}")(rig)
    rig.desk.home("home/.aws/credentials").chmod(0o400)
    return look


def writable(rig: Rig) -> None:
    """A person makes it writable."""
    rig.desk.home("home/.aws/credentials").chmod(0o600)


def others_there(rig: Rig) -> Look:
    """The keychain has an older key of the user's."""
    files(ODD_ROLE, stores=(ODD,))(rig)
    new = rig.sim.world.add_key(rig.sim.world.users[rig.sim.world.user_key().holder.arn])
    pair = f"aws_access_key_id = {new.id}\naws_secret_access_key = {new.secret}\n"
    return files(ODD_ROLE, ("keys", "import"), shared=f"[{ODD}]\n{pair}")(rig)


def open_to_rotate(rig: Rig) -> Look:
    """The session of the odd name is open."""
    look = files(ODD_ROLE, ("keys", "rotate", "--no-wait"), stores=(ODD,))(rig)
    rig.auth(None, ODD)
    return look


def gone_at_aws(rig: Rig) -> Look:
    """The stored key was deleted while its session is open, and there is another."""
    look, old = open_to_rotate(rig), rig.sim.world.user_key()
    rig.sim.world.add_key(rig.sim.world.users[old.holder.arn])
    rig.sim.world.revoke(old.id)
    return look


def printed(rig: Rig) -> Look:
    """A command prints the keys of the odd name, and others are stored under it."""
    look = files(ODD_ROLE, ("keys", "list"), ("keys", "rotate", ODD), stores=(ODD,))(rig)
    key = rig.sim.world.user_key()
    lines = rig.write("printed", f"aws_access_key_id = {key.id}\naws_secret_access_key = {key.secret}\n")
    rig.settings(f"[identity.{written_key(ODD)}]\nkeys = {json.dumps(['cat', str(lines)])}\n")
    return look


def printed_by_a_profile(rig: Rig) -> Look:
    """The credential_process of the odd name prints long-term keys."""
    key = rig.sim.world.user_key()
    said = {"Version": 1, "AccessKeyId": key.id, "SecretAccessKey": key.secret}
    document = rig.write("printed.json", json.dumps(said))
    config = f"@ODD\nregion = eu-central-1\ncredential_process = cat {document}\n@DEVICE\n@URL\n"
    return files(config, ("keys", "rotate", ODD))(rig)


def held(rig: Rig) -> Look:
    """The agent holds the keys of the odd name in memory."""
    files(ODD_ROLE)(rig)
    key = rig.sim.world.user_key()
    env = {"AWS_ACCESS_KEY_ID": key.id, "AWS_SECRET_ACCESS_KEY": key.secret}
    rig.run("keys", "add", ODD, "--env", "--memory", env=env)
    return lambda: rig.run("doctor").out


def on_a_server(rig: Rig) -> Look:
    """There is no keychain, and no desktop to have one."""
    rig.env["DBUS_SESSION_BUS_ADDRESS"] = "unix:path=/nowhere"
    return files(ODD_ROLE, ("auth", ODD, "--wait", "1"))(rig)


STATES = (
    State(
        "keys in the agent's memory",
        held,
        (
            (
                "After that: `trayexec keys add {word} --memory`. Or let a command print them: keys under [identity] "
                "in config.toml."
            ),
        ),
        own=True,
    ),
    State(
        "no keychain on a server",
        on_a_server,
        (
            (
                "Let the agent hold the keys until it ends: `trayexec keys add {word} --memory`. Or let a command "
                "print them: keys under [identity.{table}] in config.toml."
            ),
        ),
        gone=True,
        own=True,
    ),
    State(
        "keys that a command prints",
        printed,
        (
            (
                "not used: the command {program} in config.toml prints others. `trayexec keys remove {name}` takes "
                "these out"
            ),
            (
                "Make one in the AWS console (IAM, Users, your user, Security credentials), put it where that "
                "command finds it, and delete the old one once `trayexec auth {word} --force` has worked."
            ),
        ),
        own=True,
    ),
    State(
        "keys that a credential_process prints",
        printed_by_a_profile,
        (
            (
                "If it prints long-term keys, make one in the AWS console (IAM, Users, your user, Security "
                "credentials), put it where that program finds it, and delete the old one once `trayexec auth {word} "
                "--force` has worked."
            ),
        ),
        own=True,
    ),
    State(
        "nobody to agree to a rotation",
        open_to_rotate,
        ("If you mean it, run `trayexec keys rotate {word} --yes`",),
        own=True,
    ),
    State(
        "a key to rotate that was deleted",
        gone_at_aws,
        ("It may have been deleted: make a new one in the AWS console, then run `trayexec keys add {word}`",),
        gone=True,
        own=True,
    ),
    State(
        "several keys to import",
        several,
        ("Take out the ones that are not used any more, and run `trayexec keys import` again.",),
        gone=True,
        own=True,
        then=the_old_one_goes,
    ),
    State(
        "a key of a role that is in use",
        files(ODD_ROLE, ("keys", "import"), shared=f"{IN_USE}expiration = 2036-01-01 00:00:00\n"),
        ("Run `trayexec keys import {word}` again then.",),
        gone=True,
        own=True,
        then=out_of_use,
    ),
    State(
        "a key of a role that is in use nobody knows how long",
        files(ODD_ROLE, ("keys", "import"), shared=IN_USE),
        ("Take them out of the file, and run `trayexec keys import` again.",),
        gone=True,
        own=True,
        then=out_of_use,
    ),
    State(
        "a role on sessions of aws-mfa",
        files(
            ODD_ROLE.replace('source_profile = it\'s "$HOME" -x 日本', f"source_profile = {ODD}-mfa"),
            ("keys", "import"),
            shared=ON_SESSIONS,
        ),
        ("Write source_profile = {keys} under {section}, and run `trayexec keys import {word}` again.",),
        gone=True,
        own=True,
        then=on_the_keys,
    ),
    State(
        "no such key to import",
        files(ODD_ROLE, ("keys", "import", "nobody")),
        ("`trayexec keys import --dry-run` shows which they hold.",),
        own=True,
    ),
    State(
        "a key that another role needs",
        files(
            f"{BASE}@ODD\n@ROLE\nsource_profile = default\n@DEVICE\n@URL\n\n"
            f"[profile from]\n@ROLE\nsource_profile = {ODD}\n@URL\n",
            ("keys", "import"),
            shared=f"[{ODD}]\n{ALICES}",
        ),
        ("It stays as it is. `trayexec why {word}` shows the way.",),
        own=True,
    ),
    State(
        "other keys than those to import",
        others_there,
        ("If these are the right ones, first `trayexec keys remove {word}`.",),
        gone=True,
        own=True,
    ),
    State(
        "a file that cannot be written",
        not_writable,
        (
            (
                "The keys are in the keychain, and still in that file. Make it writable, and run `trayexec keys "
                "import` again."
            ),
        ),
        gone=True,
        own=True,
        then=writable,
    ),
    State(
        "keys that are imported",
        files(ODD_ROLE, ("keys", "import", "--yes"), shared=f"[{ODD}]\n{ALICES}"),
        (
            "{file} is changed. What it said before, keys and all, is in {backup}: when everything works, `rm {word}`",
            (
                "what used these keys without trayexec has none now: run it as `trayexec {name} -- CMD…`, in `trayexec "
                "shell`, or with the hook"
            ),
        ),
        gone=True,
        own=True,
    ),
    State(
        "no keys",
        files(
            IDENTITY,
            ("auth", ODD, "--wait", "1"),
            ("auth", "--profile", "-x", "--wait", "1"),
            ("status",),
            ("keys", "list"),
        ),
        (
            "Store them: `trayexec keys add {word}`",
            "no keys: run `trayexec keys add {name}`",
            "not stored: run `trayexec keys add {name}`",
        ),
        gone=True,
        own=True,
    ),
    State(
        "keys aside",
        files(
            "@ODD\n@DEVICE\n@URL\n",
            ("auth", ODD, "--wait", "1"),
            ("why", ODD),
            shared=f"[{ODD}-longterm]\n{ALICES}[{ODD}]\n",
        ),
        (
            "Take them from [{aside}] in your AWS files: `trayexec keys import {word}`",
            "no keys are stored for {profile} yet: `trayexec keys import {word}` takes those of [{section}]",
        ),
        gone=True,
        own=True,
    ),
    State(
        "another program's item",
        item("{}", ("keys", "list"), ("auth", ODD, "--wait", "1")),
        (
            "not one that trayexec wrote: run `trayexec keys add {name}`",
            "Store the keys again: `trayexec keys add {word}`",
        ),
        gone=True,
        own=True,
    ),
    State(
        "keys of nobody",
        removed,
        ("no profile of this name any more: `trayexec keys remove {name}` takes them out",),
        gone=True,
        own=True,
    ),
    State(
        "keys of no use",
        of_no_use,
        ("not used: `trayexec why {name}` says what stands in the way",),
        own=True,
        leaves={"trayexec why": 1},
    ),
    State(
        "nobody to ask for keys",
        in_environment,
        ("Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, then run `trayexec keys add {word} --env`.",),
        own=True,
    ),
    State(
        "no profile leads to keys",
        files("[profile x]\nregion = x\n", ("keys", "list")),
        ("no profile of the AWS config leads to an identity with an MFA device: `trayexec list` says why",),
        own=True,
    ),
    State(
        "keys for a role",
        files(ODD_ROLE, ("keys", "add", "r")),
        ("It is assumed with those of {keys}: run `trayexec keys add {word}`.",),
        own=True,
    ),
    State(
        "another account's keys",
        of_another_account,
        ("Store keys of {other} with `trayexec keys add {word}`, or correct mfa_serial under {section}.",),
        own=True,
    ),
    State(
        "a wrong secret", wrong_secret, ("Store the pair again, copied whole: `trayexec keys add {word}`",), own=True
    ),
    State(
        "a revoked key",
        revoked,
        ("Make a new key in the AWS console (IAM, Security credentials), then: `trayexec keys add {word}`",),
        gone=True,
        own=True,
    ),
    State(
        "in plain text",
        in_plain_text,
        ("the same key is still in plain text under [{section}] of {file}. This removes it: `{command}`",),
        gone=True,
        own=True,
    ),
    State(
        "left in the shell",
        in_plain_text,
        ("`unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY`: nothing needs them in your shell any more",),
        own=True,
    ),
    State(
        "keys in the files alone",
        files(
            f'{BASE}[profile r]\n@ROLE\nsource_profile = it\'s "$HOME" -x 日本\n@URL\n@ODD\n@URL\n',
            ("doctor",),
            shared=f"[{ODD}]\n{KEY}",
        ),
        ("are in your AWS files alone: that will do under --live, but not for `trayexec {name} -- …`",),
        leaves={"trayexec ": 125},
        own=True,
    ),
)
