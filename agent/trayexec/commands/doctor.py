"""`doctor`: what in this machine or shell stands in the way. It changes nothing and asks nobody."""

import argparse
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from trayexec import cli, client, origin, paths
from trayexec.adapters import settingsfile
from trayexec.adapters.keychain import SystemKeychain
from trayexec.commands import table
from trayexec.commands.overlays import Read, files_of
from trayexec.commands.talk import ask
from trayexec.core.inifile import Value, profile_of, section_for
from trayexec.core.overlay import may_be_no_identity, unreachable
from trayexec.core.profiles import Unserved
from trayexec.errors import Text, TrayexecError, Trouble
from trayexec.words import speaker

# These choose credentials or a profile behind our back; AWS_PROFILE is how people choose one on purpose.
STRAY = tuple(
    name for name in cli.FOREIGN if name.startswith("AWS_") and "PROFILE" not in name and name != "AWS_SDK_LOAD_CONFIG"
)
COMMENT = re.compile(r"\s[#;]")


class Grade(Enum):
    """How bad it is."""

    GOOD = "ok"
    NOTE = "note"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    grade: Grade
    about: Text
    text: Text
    hint: Text | None = None


def doctor(options: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Look at everything and say what was found; exit status 1 if anything stands in the way."""
    findings = list(_look(environ))
    speak = speaker(environ)
    if options.json:
        table.show_json(
            [
                {
                    "grade": one.grade.value,
                    "about": str(one.about),
                    "text": speak(one.text),
                    "hint": speak(one.hint) if one.hint else None,
                }
                for one in findings
            ]
        )
    else:
        marks = {Grade.GOOD: "✓", Grade.NOTE: "·", Grade.PROBLEM: "✗"}
        for one in findings:
            hint = f"\n  {speak(one.hint)}" if one.hint else ""
            print(f"{marks[one.grade]} {speak(one.about)}: {speak(one.text)}{hint}")  # noqa: T201 — the answer
    return 1 if any(one.grade is Grade.PROBLEM for one in findings) else cli.OK


def _look(environ: Mapping[str, str]) -> Iterator[Finding]:
    yield from _agent(environ)
    yield from _settings(environ)
    yield from _shell(environ)
    try:
        read = files_of(environ)
    except TrayexecError as error:
        yield _wrong(Text("AWS files"), error.trouble)
        return
    yield from _files(read)
    yield from _keys(read, environ)


def _agent(environ: Mapping[str, str]) -> Iterator[Finding]:
    where = paths.socket_path(environ)
    try:
        document: Any = ask({"op": "status", "wait": 0, **cli.files(environ)}, environ)
    except client.AgentAbsentError:
        document = None
    except TrayexecError as error:
        yield _wrong(Text("agent"), error.trouble)
        return
    if document is None:
        yield Finding(
            Grade.NOTE, Text("agent"), Text("none runs at {socket}; the first command starts it", socket=where)
        )
        return
    agent = document["agent"]
    yield Finding(
        Grade.GOOD,
        Text("agent"),
        Text("version {v} runs as process {pid} at {socket}", v=agent["version"], pid=agent["pid"], socket=where),
    )
    tray = str(agent["tray"])
    if tray == "none":
        yield Finding(
            Grade.NOTE,
            Text("tray"),
            Text("there is no icon: no tray was found when the agent started"),
            Text("Everything else works. After a change of desktop: trayexec agent stop"),
        )
    else:
        yield Finding(Grade.GOOD, Text("tray"), Text("the icon is shown by {way}", way=tray))
    prompt = str(agent["prompt"])
    yield Finding(Grade.GOOD, Text("dialog"), Text("the code is asked for by {tool}", tool=prompt))


def _settings(environ: Mapping[str, str]) -> Iterator[Finding]:
    path = paths.settings_path(environ)
    try:
        settingsfile.load(path)
    except TrayexecError as error:
        yield _wrong(Text("settings"), error.trouble)
    else:
        yield Finding(Grade.GOOD, Text("settings"), Text("{file} is read, if it is there", file=path))


def _shell(environ: Mapping[str, str]) -> Iterator[Finding]:
    if environ.get("TRAYEXEC_PROFILE") and environ.get("AWS_CREDENTIAL_EXPIRATION"):
        yield Finding(
            Grade.NOTE,
            Text("shell"),
            Text(
                "this shell runs under `trayexec {profile}`: its keys beat AWS_PROFILE in most SDKs",
                profile=environ["TRAYEXEC_PROFILE"],
            ),
            Text("To switch with AWS_PROFILE inside: trayexec shell {profile}", profile=environ["TRAYEXEC_PROFILE"]),
        )
        return
    stray = [name for name in environ if name in STRAY or name.startswith(cli.FOREIGN_PREFIX)]
    if stray:
        yield Finding(
            Grade.PROBLEM,
            Text("shell"),
            Text("{names} would be used instead of a profile", names=" ".join(stray)),
            Text("unset {names}", names=" ".join(stray)),
        )
    named, default = environ.get("AWS_PROFILE"), environ.get("AWS_DEFAULT_PROFILE")
    if named and default and named != default:
        yield Finding(
            Grade.PROBLEM,
            Text("shell"),
            Text(
                "AWS_PROFILE is {a} and AWS_DEFAULT_PROFILE is {b}: SDKs differ in which they use", a=named, b=default
            ),
            Text("unset AWS_DEFAULT_PROFILE"),
        )
    hooked = bool(environ.get(origin.OWN["AWS_CONFIG_FILE"]))
    if hooked:
        yield Finding(Grade.GOOD, Text("shell"), Text("AWS_PROFILE reaches every served profile in this shell"))
    else:
        yield Finding(
            Grade.NOTE,
            Text("shell"),
            Text("AWS_PROFILE is not ours here"),
            Text('`trayexec shell`, or eval "$(trayexec hook bash)" in ~/.bashrc, makes it so'),
        )


def _files(read: Read) -> Iterator[Finding]:
    if read.catalogue.warning is not None:
        yield _wrong(Text("AWS files"), read.catalogue.warning)
    problems = [one for one in read.catalogue.profiles.values() if isinstance(one, Unserved)]
    yield Finding(
        Grade.GOOD,
        Text("AWS files"),
        Text(
            "{config}: {served} profiles are served, {others} are not",
            config=read.paths[0],
            served=len(read.catalogue.profiles) - len(problems),
            others=len(problems),
        ),
    )
    hidden = unreachable(*read.parsed, read.catalogue)
    for name, reason in hidden.items():
        yield Finding(
            Grade.PROBLEM,
            Text("profile {profile}", profile=name),
            Text("does not work under --live: {why}", why=reason),
        )
    for one in problems:
        if one.name not in hidden:
            yield Finding(Grade.NOTE, Text("profile {profile}", profile=one.name), one.problem.title, one.problem.hint)
    yield from _dialects(read)


def _dialects(read: Read) -> Iterator[Finding]:
    """What SDKs read differently in the user's own files (facts: config-file grammar)."""
    config = read.parsed[0]
    if "default" in config and "profile default" in config:
        yield Finding(
            Grade.PROBLEM,
            Text("AWS files"),
            Text("[default] and [profile default] are both there, and SDKs differ in which they use"),
            Text("Make one section of the two: [default]"),
        )
    for section, settings in config.items():
        if section.startswith("profile") and profile_of(section) is None:
            yield Finding(
                Grade.PROBLEM,
                Text("AWS files"),
                Text("the section [{section}] is no profile to any SDK", section=section),
                Text('A name with spaces is written in quotes: [profile "a b"]'),
            )
        elif set("#;").intersection(section):
            yield Finding(
                Grade.NOTE,
                Text("AWS files"),
                Text(
                    "the SDKs of Java and Rust read nothing of this file because of the section [{section}]",
                    section=section,
                ),
                Text("Give the profile a name without # and ;"),
            )
        for key, value in settings.items():
            if isinstance(value, str) and key != "credential_process" and COMMENT.search(value):
                yield Finding(
                    Grade.NOTE,
                    Text("AWS files"),
                    Text("[{section}] {key} has what looks like a comment after it", section=section, key=key),
                    Text("The AWS CLI takes it for part of the value: write comments on lines of their own"),
                )


def _keys(read: Read, environ: Mapping[str, str]) -> Iterator[Finding]:
    for name in dict.fromkeys(one.keys for one in read.catalogue.identities):
        try:
            SystemKeychain(environ).read(name)
        except TrayexecError as error:
            if error.trouble.code == "keys_missing" and may_be_no_identity(_said_of(name, read)):
                yield Finding(
                    Grade.NOTE,
                    Text("keys of {name}", name=name),
                    Text(
                        "are in your AWS files alone: that will do under --live, but not for `trayexec {name} -- …`",
                        name=name,
                    ),
                    error.trouble.hint,
                )
                continue
            yield _wrong(Text("keys of {name}", name=name), error.trouble)
        else:
            yield Finding(Grade.GOOD, Text("keys of {name}", name=name), Text("are in the keychain"))
    for path in read.paths:
        if Path(path).exists() and Path(path).stat().st_mode & 0o077 and Path(path).stat().st_uid == os.geteuid():
            yield Finding(
                Grade.NOTE,
                Text("AWS files"),
                Text("others may read {file}", file=path),
                Text("chmod 600 {file}", file=path),
            )


def _said_of(profile: str, read: Read) -> Mapping[str, Value]:
    """What both files say of a profile."""
    config, shared = read.parsed
    return {**config.get(section_for(profile), {}), **shared.get(profile, {})}


def _wrong(about: Text, what: Trouble) -> Finding:
    return Finding(Grade.PROBLEM, about, what.title, what.hint)
