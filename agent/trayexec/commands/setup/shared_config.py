"""The step that merges a config which a team shares into the person's own: profiles, groups and colours."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from trayexec.adapters import plain_file, settings_file
from trayexec.adapters.plain_file import BYTE_ORDER_MARK
from trayexec.commands import file_diff
from trayexec.commands.setup import file_change
from trayexec.commands.setup.interview import Interview, SkippedError
from trayexec.commands.setup.situation import Situation
from trayexec.commands.setup.step import SetupStep
from trayexec.core import logsmith, team_config
from trayexec.core.settings import Settings
from trayexec.core.team_config import Difference, TeamConfig
from trayexec.light import paths
from trayexec.light.errors import Text, TrayexecError, trouble
from trayexec.live.carry_home import own_text

LONGEST_FILE = 1_000_000


def read(path: str) -> "SharedConfig":
    """The config at this path. Raises TrayexecError: `usage` for an address, `file`, `team_config` with its line."""
    if "://" in path:
        raise TrayexecError(
            trouble(
                "usage",
                "--from takes a file, and {path} is an address.",
                "Clone the repository that has it, and name the file in there.",
                path=path,
            )
        )
    content = plain_file.read(path, limit=LONGEST_FILE)
    if content is None:
        raise TrayexecError(
            trouble("usage", "There is no file {path}.", "--from takes the file of a shared config.", path=path)
        )
    parse = logsmith.parse if path.endswith((".yaml", ".yml")) else team_config.parse
    return SharedConfig(path, parse(content.text.removeprefix(BYTE_ORDER_MARK), file=path))


@dataclass(frozen=True, slots=True)
class SharedConfig:
    """What a team shares, and the file that says it."""

    file: str
    team: TeamConfig

    @property
    def step(self) -> SetupStep:
        """The step for it."""
        return SetupStep(Text("Shared config"), self._there, self._plan, self._take, self._lines)

    def _there(self, situation: Situation) -> Text | None:
        news = _News.of(self.team, situation)
        if news.missing or news.differing or news.groups or news.colours:
            return None
        return Text("you have all that stands in {file}", file=self.file)

    def _plan(self, _situation: Situation) -> Text:
        return Text("Would change your files so, and ask about each profile, group and colour that you have otherwise:")

    def _lines(self, situation: Situation) -> Iterator[str]:
        """All that could change."""
        news = _News.of(self.team, situation)
        config, own = situation.paths[0], paths.settings_path(situation.environ)
        text = own_text(Path(config))
        yield from file_diff.lines(text, team_config.merged(text, news.missing, news.differing), config)
        text = own_text(Path(own))
        yield from file_diff.lines(text, _settings(text, news.groups, news.colours, own), own)

    def _take(self, situation: Situation, interview: Interview) -> None:
        news = _News.of(self.team, situation)
        taken = [one for one in news.differing if self._wanted(one, situation, interview)]
        config, own = situation.paths[0], paths.settings_path(situation.environ)
        if news.missing or taken:
            file_change.change(config, lambda text: _checked(text, news.missing, taken, config), interview)
        have = news.have
        groups = {
            name: globs
            for name, globs in news.groups.items()
            if self._wants(Text("Group {name}", name=name), have.groups.get(name, ()), globs, interview)
        }
        colours = {
            glob: colour
            for glob, colour in news.colours.items()
            if self._wants(Text("The colour of {name}", name=glob), _colour(have, glob), (colour,), interview)
        }
        if groups or colours:
            os.makedirs(os.path.dirname(own), mode=0o700, exist_ok=True)  # noqa: PTH103, PTH120 — a path of ours
            file_change.change(own, lambda text: _settings(text, groups, colours, own), interview)
        if not (news.missing or taken or groups or colours):
            raise SkippedError

    def _wanted(self, one: Difference, situation: Situation, interview: Interview) -> bool:
        """Whether the person wants a section as the team has it, though theirs says something else."""
        interview.say(
            Text("[{section}] says something else in your files than in {file}:", section=one.header, file=self.file)
        )
        interview.lines(
            file_diff.masked(line)
            for key, (mine, theirs) in one.values.items()
            for line in ([f"-{key} = {mine}"] if mine else []) + ([f"+{key} = {theirs}"] if theirs else [])
        )
        if one.in_credentials:
            interview.say(
                Text(
                    "It stays as it is: {keys} stands in {file}, which wins. Take it out there first.",
                    keys=", ".join(one.in_credentials),
                    file=situation.paths[1],
                )
            )
            return False
        return interview.wants(Text("Take that of {file}?", file=self.file))

    def _wants(self, what: Text, mine: tuple[str, ...], theirs: tuple[str, ...], interview: Interview) -> bool:
        """The same for a group or a colour; what the person has not is taken."""
        if not mine:
            return True
        interview.say(
            Text(
                "{what} is {mine} in your settings, and {theirs} in {file}.",
                what=what,
                mine=", ".join(mine),
                theirs=", ".join(theirs),
                file=self.file,
            )
        )
        return interview.wants(Text("Take that of {file}?", file=self.file))


@dataclass(frozen=True, slots=True)
class _News:
    """What the person does not have, or otherwise; `have` are their settings."""

    missing: Mapping[str, team_config.Section]
    differing: tuple[Difference, ...]
    groups: Mapping[str, tuple[str, ...]]
    colours: Mapping[str, str]
    have: Settings

    @classmethod
    def of(cls, team: TeamConfig, situation: Situation) -> "_News":
        """Compare. Raises TrayexecError for settings that are not right."""
        config, shared = situation.pair.config, situation.pair.shared
        have = settings_file.load(paths.settings_path(situation.environ))
        return cls(
            {section: team.sections[section] for section in team_config.missing(team, config, shared)},
            team_config.differences(team, config, shared),
            {name: globs for name, globs in team.groups.items() if have.groups.get(name) != globs},
            {glob: colour for glob, colour in team.colours.items() if _colour(have, glob) != (colour.lower(),)},
            have,
        )


def _colour(have: Settings, glob: str) -> tuple[str, ...]:
    return tuple(rule.colour for rule in have.rules if rule.pattern == glob and rule.colour)


def _checked(text: str, missing: Mapping[str, team_config.Section], taken: list[Difference], file: str) -> str:
    """The text with all of it. Raises TrayexecError if it was, or became, one that AWS's tools refuse."""
    file_change.parsed(text, file)
    after = team_config.merged(text, missing, taken)
    found = file_change.parsed(after, file)
    for section, said in missing.items():
        if any(found.get(section, {}).get(key) != value for key, value in said.items()):
            raise TrayexecError(
                trouble(
                    "setup_merge",
                    "[{section}] finds no place in {file}.",
                    "Write them there by hand.",
                    section=section,
                    file=file,
                )
            )
    return after


def _settings(text: str, groups: Mapping[str, tuple[str, ...]], colours: Mapping[str, str], file: str) -> str:
    """The text of config.toml with these groups and colours. Raises TrayexecError where they do not fit in."""
    try:
        return team_config.settings_merged(text.removeprefix(BYTE_ORDER_MARK), groups, colours)
    except ValueError:
        raise TrayexecError(
            trouble(
                "setup_merge",
                "The groups and colours find no place in {file}.",
                "Write them there by hand.",
                file=file,
            )
        ) from None
