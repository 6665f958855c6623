"""Checks of what is ours: the agent, its icon, how it asks, our settings and our folder. Pure."""

import os
from collections.abc import Iterator
from typing import assert_never

from trayexec.adapters.autostart import Standing
from trayexec.commands.autostart import told
from trayexec.commands.doctor.facts import Agent, Facts
from trayexec.commands.doctor.finding import Finding, good, note, problem, wrong
from trayexec.commands.missing_parts import missing, no_icon
from trayexec.core.config.sections import shown
from trayexec.core.settings import Command
from trayexec.core.shell_words import argument, word
from trayexec.light.errors import Text, Trouble

AGENT = Text("agent")
# By whom the icon is shown, as they call themselves.
TRAYS = {"sni": "StatusNotifierItem", "appindicator": "AppIndicator", "xorg": "XEmbed"}


def agent_runs(facts: Facts) -> Iterator[Finding]:
    """One listens, of this version; or one will be started by the first command."""
    match facts.agent:
        case None if facts.environ.get("TRAYEXEC_SOCKET"):
            yield problem(
                "agent_absent",
                AGENT,
                Text("none listens at {socket}, which TRAYEXEC_SOCKET names", socket=facts.socket),
                Text("`unset TRAYEXEC_SOCKET`, or start one there: `trayexec agent start`"),
            )
        case None if facts.environ.get("TRAYEXEC_NO_AUTOSTART") == "1":
            yield problem(
                "agent_absent",
                AGENT,
                Text("none runs, and TRAYEXEC_NO_AUTOSTART=1 keeps commands from starting one"),
                Text("Start it: `trayexec agent start`"),
            )
        case None:
            yield note(
                "agent_absent",
                AGENT,
                Text("none runs at {socket}; the first command starts it", socket=facts.socket),
            )
        case Trouble() as why:
            yield wrong(AGENT, why)
        case Agent(version, pid):
            yield good(
                "agent",
                AGENT,
                Text("version {v} runs as process {pid} at {socket}", v=version, pid=pid, socket=facts.socket),
            )
            if version != facts.version:
                yield note(
                    "agent_version",
                    AGENT,
                    Text(
                        "it is version {theirs}, and this command is version {ours}", theirs=version, ours=facts.version
                    ),
                    Text("It takes over by itself once nobody waits, or now, without a code: `trayexec agent restart`"),
                )
        case _:
            assert_never(facts.agent)


def one_agent(facts: Facts) -> Iterator[Finding]:
    """A second one has sessions of its own, which `lock` and `agent stop` here do not reach."""
    for one in facts.others:
        yield problem(
            "agent_second",
            AGENT,
            Text(
                "another one of yours listens at {socket} (process {pid}): it asks for codes of its own, and no lock "
                "from here reaches it",
                socket=one.socket,
                pid=one.pid or Text("unknown"),
            ),
            Text("Stop it: `TRAYEXEC_SOCKET={socket} trayexec agent stop`", socket=word(one.socket)),
        )


def icon(facts: Facts) -> Iterator[Finding]:
    """Whether there is one in the tray."""
    if not isinstance(facts.agent, Agent):
        return
    if facts.agent.tray == "none" and facts.parts.display and not facts.parts.icon:
        what = no_icon(facts.parts.desktop)
        yield note(what.code, Text("tray"), what.title, what.hint)
    elif facts.agent.tray == "none":
        yield note(
            "tray_none",
            Text("tray"),
            Text("there is no icon: no tray was found when the agent started"),
            Text("Everything else works. After a change of desktop: `trayexec agent stop`"),
        )
    else:
        way = TRAYS.get(facts.agent.tray, facts.agent.tray)
        yield good("tray", Text("tray"), Text("the icon is shown by {way}", way=way))


def parts_of_desktop(facts: Facts) -> Iterator[Finding]:
    """Notifications and dialogs. The icon is the agent's to tell, and the keyring is asked for each pair of keys."""
    about = {"notifications_none": Text("notifications"), "dialog_none": Text("dialog")}
    for what in missing(facts.parts, facts.environ):
        if what.code in about:
            yield note(what.code, about[what.code], what.title, what.hint)


def start_at_login(facts: Facts) -> Iterator[Finding]:
    """What starts the agent at login starts this one; who wants none has none."""
    about = Text("start at login")
    if isinstance(facts.autostart, Trouble):
        yield wrong(about, facts.autostart)
        return
    if facts.autostart is None or facts.autostart.standing is Standing.OFF:
        return
    said, hint = told(facts.autostart)
    match facts.autostart.standing:
        case Standing.ON:
            yield good("autostart", about, said)
        case Standing.GONE:
            yield problem("autostart_gone", about, said, hint or Text(""))
        case other:
            yield note(f"autostart_{other.value.replace('-', '_')}", about, said, hint)


def way_to_ask(facts: Facts) -> Iterator[Finding]:
    """A person can be asked for the code: in a dialog, by a program, or on this terminal."""
    about = Text("dialog")
    if not isinstance(facts.read, Trouble) and facts.read.catalogue.identities and not _asked_for(facts):
        yield good("prompt", about, Text("no identity needs a code"))
        return
    if isinstance(facts.agent, Agent) and facts.agent.prompt != "terminal":
        yield good("prompt", about, Text("the code is asked for by {tool}", tool=facts.agent.prompt))
        return
    if isinstance(facts.settings, Trouble):
        return
    if not isinstance(facts.agent, Agent) and (isinstance(facts.settings.prompt, Command) or facts.here.display):
        return  # what the agent will find is not known before it starts
    if facts.here.terminal:
        yield good("prompt", about, Text("the code is asked for on the terminal"))
    elif _all_open(facts):
        yield note(
            "prompt_nowhere",
            about,
            Text("there is no display and no terminal here, so nobody can be asked when the session ends"),
            Text(
                "Run `trayexec auth {word} --force` on a terminal of this machine before that.",
                word=_some_identity(facts),
            ),
        )
    else:
        yield problem(
            "prompt_nowhere",
            about,
            Text("there is no display and no terminal here, so nobody can be asked for the code"),
            Text(
                "Run `trayexec auth {word}` on a terminal of this machine: what waits goes on then.",
                word=_some_identity(facts),
            ),
        )


def other_display(facts: Facts) -> Iterator[Finding]:
    """An agent that cron or ssh started shows no dialog, also to a shell that has a display."""
    if isinstance(facts.agent, Agent) and not facts.agent.display and facts.here.display:
        yield note(
            "agent_display",
            Text("dialog"),
            Text("this shell has a display, and the agent was started where there was none: it shows no dialog"),
            Text("The next command starts one with a display after: `trayexec agent stop` (it forgets what is open)"),
        )


def other_settings(facts: Facts) -> Iterator[Finding]:
    """The agent goes on with the config.toml of the shell that started it, whatever XDG_CONFIG_HOME says here."""
    theirs = facts.agent.settings if isinstance(facts.agent, Agent) else ""
    if theirs and os.path.realpath(theirs) != os.path.realpath(facts.settings_path):
        yield note(
            "agent_settings",
            Text("settings"),
            Text(
                "the agent reads {theirs}, and this shell would read {ours}: XDG_CONFIG_HOME was another where the "
                "agent was started",
                theirs=theirs,
                ours=facts.settings_path,
            ),
            Text("To let it read that of this shell, for all shells: `trayexec agent stop`, then any command"),
        )


def _all_open(facts: Facts) -> bool:
    """Whether nobody has to be asked now: the agent has a session of each identity, and there is one."""
    if not isinstance(facts.agent, Agent) or not facts.agent.open or isinstance(facts.read, Trouble):
        return False
    return set(_asked_for(facts)) <= set(facts.agent.open)


def settings(facts: Facts) -> Iterator[Finding]:
    """Our config.toml can be read, and says nothing wrong, nor of identities that there are not."""
    if isinstance(facts.settings, Trouble):
        yield wrong(Text("settings"), facts.settings)
        return
    yield good("settings", Text("settings"), Text("{file} is read, if it is there", file=facts.settings_path))
    if isinstance(facts.read, Trouble):
        return
    known = {one.keys for one in facts.read.catalogue.identities}
    for name in facts.settings.identities:
        if name not in known:
            yield note(
                "settings_identity",
                Text("settings"),
                Text("[identity.{name}] in config.toml is for no identity of your AWS files", name=shown(name)),
                Text("`trayexec status` shows the identities there are."),
            )


def state_folder(facts: Facts) -> Iterator[Finding]:
    """The logs and the overlays of --live can be written."""
    if facts.unfit is not None:
        yield problem(
            "state_folder",
            Text("state folder"),
            Text(
                "nothing can be written to {folder} ({why}): no log, and no --live",
                folder=facts.state_folder,
                why=facts.unfit,
            ),
            Text("Make room there, or give the folder to yourself: `ls -ld {folder}`", folder=word(facts.state_folder)),
        )


def _some_identity(facts: Facts) -> str:
    """An identity to be unlocked, the first that is locked, as it is typed."""
    names = _asked_for(facts)
    opened = facts.agent.open if isinstance(facts.agent, Agent) else ()
    return argument(next((one for one in names if one not in opened), names[0] if names else "default"))


def _asked_for(facts: Facts) -> list[str]:
    """The identities that a code opens."""
    if isinstance(facts.read, Trouble):
        return []
    return [one.name for one in facts.read.catalogue.identities if one.needs_code]
