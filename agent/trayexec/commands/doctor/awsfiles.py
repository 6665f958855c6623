"""Checks of the user's AWS files: are profiles served, and does each SDK read the same. Pure."""

import re
from collections.abc import Iterator

from trayexec.adapters.providers.failures import without_crt
from trayexec.commands.doctor.facts import Facts
from trayexec.commands.doctor.finding import Finding, good, note, problem, wrong
from trayexec.core.config import problems
from trayexec.core.config.inifile import profile_of
from trayexec.core.config.profiles import Profile, Provider, Unserved
from trayexec.core.config.sections import header, shown
from trayexec.core.config.sources import Source
from trayexec.core.shell_words import word
from trayexec.light.errors import Text, Trouble

COMMENT = re.compile(r"\s[#;]")
FILES = Text("AWS files")


def aws_files(facts: Facts) -> Iterator[Finding]:
    """They can be read, and at least one profile in them is served."""
    if isinstance(facts.read, Trouble):
        yield wrong(FILES, facts.read)
        return
    read = facts.read
    names = read.catalogue.profiles
    served = sum(isinstance(one, Profile) for one in names.values())
    others = len(names) - served
    counted = Text(
        "{config}: {served}, {others}",
        config=read.paths[0],
        served=Text("{n} profile can be used" if served == 1 else "{n} profiles can be used", n=served),
        others=Text("{n} is not" if others == 1 else "{n} are not", n=others),
    )
    if served:
        yield good("aws_files", FILES, counted)
    elif names:
        yield problem(
            "no_profiles",
            FILES,
            counted,
            Text(
                "`trayexec list` says of each what is wrong and what to do about it, `trayexec setup` leads you "
                "through it."
            ),
        )
    elif read.paths[0] in facts.absent:
        yield problem(
            "no_profiles",
            FILES,
            Text("there is no file {config}, so there is no profile to use", config=read.paths[0]),
            Text("`trayexec setup` leads you to a first one."),
        )
    else:
        yield problem(
            "no_profiles",
            FILES,
            Text("{config} has no profile", config=read.paths[0]),
            Text("`trayexec setup` leads you to a first one."),
        )


def profiles(facts: Facts) -> Iterator[Finding]:
    """Every profile that cannot be served, and why."""
    if isinstance(facts.read, Trouble):
        return
    told: set[Text] = set()
    for one in facts.read.catalogue.profiles.values():
        if not isinstance(one, Unserved):
            continue
        about = Text("profile {profile}", profile=shown(one.name))
        if one.problem.code == problems.OTHER_ACCOUNT and one.problem.hint not in told:
            # Who has stored keys wants to use them; for all profiles over the same keys it is said once.
            told.add(one.problem.hint)
            yield problem(one.problem.code, about, one.problem.title, one.problem.hint)
        elif one.problem.code != problems.OTHER_ACCOUNT:
            yield note(one.problem.code, about, one.problem.title, one.problem.hint)


def remarks(facts: Facts) -> Iterator[Finding]:
    """What a person should know of how profiles resolve: what wins, and what is written for other tools."""
    if isinstance(facts.read, Trouble):
        return
    for one in dict.fromkeys(each for found in facts.read.catalogue.profiles.values() for each in found.notes):
        yield note("profile_remark", FILES, one)


def login_sessions(facts: Facts) -> Iterator[Finding]:
    """Profiles of `aws login`, where the package is missing by which botocore renews them."""
    if isinstance(facts.read, Trouble) or facts.has_crt:
        return
    for one in facts.read.catalogue.profiles.values():
        if isinstance(one, Profile) and isinstance(one.root, Provider) and one.root.kind is Source.LOGIN:
            lacking = without_crt(one.root)
            yield problem(lacking.code, Text("profile {profile}", profile=shown(one.name)), lacking.title, lacking.hint)


def dialects(facts: Facts) -> Iterator[Finding]:
    """What SDKs read differently in the user's own files (facts: config-file grammar)."""
    if isinstance(facts.read, Trouble):
        return
    config = facts.read.parsed[0]
    if "default" in config and "profile default" in config:
        yield problem(
            "section_twice",
            FILES,
            Text("[default] and [profile default] are both there, and SDKs differ in which they use"),
            Text("Make one section of the two: [default]"),
        )
    for section, values in config.items():
        if section.startswith("profile") and profile_of(section) is None:
            yield problem(
                "section_no_profile",
                FILES,
                Text("the section [{section}] is no profile to any SDK", section=shown(section)),
                Text("A name with spaces is written in quotes: {example}", example=header(_meant(section))),
            )
        elif set("#;").intersection(section):
            yield note(
                "section_comment",
                FILES,
                Text(
                    "the SDKs of Java and Rust read nothing of this file because of the section [{section}]",
                    section=shown(section),
                ),
                Text("Give the profile a name without # and ;"),
            )
        for key, value in values.items():
            if isinstance(value, str) and key != "credential_process" and COMMENT.search(value):
                yield note(
                    "value_comment",
                    FILES,
                    Text(
                        "[{section}] {key} has what looks like a comment after it",
                        section=shown(section),
                        key=shown(key),
                    ),
                    Text("The AWS CLI takes it for part of the value: write comments on lines of their own"),
                )


def _meant(section: str) -> str:
    """The name that the words after `profile` were to be."""
    return section.removeprefix("profile").strip().strip("'\"") or "a b"


def readable_files(facts: Facts) -> Iterator[Finding]:
    """Nobody else may read the files."""
    for path in facts.loose:
        yield note(
            "files_readable",
            FILES,
            Text("others may read {file}", file=path),
            Text("`chmod 600 {file}`", file=word(path)),
        )


def code_processes(facts: Facts) -> Iterator[Finding]:
    """No mfa_process stands in a file that somebody else could have written."""
    if isinstance(facts.read, Trouble):
        return
    found = {file for one in facts.read.catalogue.identities if one.code is not None for file in one.code.files}
    for path, why in facts.doubted.items():
        if path in found:
            yield problem(
                "mfa_process_untrusted",
                FILES,
                Text("no mfa_process is run, for {file} cannot be trusted: {why}", file=path, why=why),
                Text(
                    "Only you may write to the file and its folder; or name the command in config.toml, as code under "
                    "[identity.NAME]."
                ),
            )
