"""Tells the tray of the broker: the picture, the tooltip, the menu. It must not know any toolkit, nor change anything.

What is said of an identity is said in a person's words: whose it is and in which account, and until when it is open by
the clock on the wall. A line that needs somebody to do something does it when it is chosen.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from trayexec.core import messages
from trayexec.core.broker.profile_menu import profiles_menu, trouble_lines
from trayexec.core.broker.state import Broker, Locked, Open, Opening, PromptChannel, Prompting, Stage
from trayexec.core.broker.status import identities_shown
from trayexec.core.clock import Instant
from trayexec.core.config.profiles import Catalogue, Identity, Provider, SignIn
from trayexec.core.stamps import local
from trayexec.core.view import SHOW, Entry, IconState, Item, Separator, Submenu, View
from trayexec.light.errors import Text, Trouble

RING = 36  # steps in which the ring drains: finer ones would redraw the icon for nothing


@dataclass(frozen=True, slots=True)
class TrayLine:
    """How something stands, and, where a person has to do something, what the line in the menu says and does."""

    told: Text
    offer: Text | None = None
    action: str | None = None

    @property
    def item(self) -> Item:
        """The line of the menu."""
        return Item(self.offer or self.told, self.action)


@dataclass(frozen=True, slots=True)
class Around:
    """What the tray shows beside the broker: our version, what the user's own files say if they can be read.

    `at_login` is whether the agent starts at login; None where that is not known.
    """

    version: str = ""
    catalogue: Catalogue | None = None
    at_login: bool | None = None


def view(broker: Broker, now: Instant, around: Around | None = None) -> View:
    """What the tray shows."""
    around = around or Around()
    known = identities_shown(broker)
    icon_state, fill = _icon_state(broker, now)
    standing = [_identity(broker, one, now) for one in known]
    standing += [_sign_in(broker, one, now) for one in broker.sign_ins]
    standing += [TrayLine(line) for line in _provided(broker, now)]
    if not standing:
        offer = Text("Nothing is set up yet: click to copy the command for a terminal")
        standing = [TrayLine(Text("Nothing is set up yet"), offer, "copy:trayexec setup")]
    troubles = tuple(_troubles(broker, known))
    menu: list[Entry] = [*(one.item for one in standing), *map(_trouble_menu, troubles), Separator()]
    menu += [*_renewals(broker, known, now), Item(Text("Lock now"), "lock" if _has_anything(broker, now) else None)]
    menu.append(Separator())
    profiles = profiles_menu(broker, around.catalogue, now) if around.catalogue is not None else None
    if profiles is not None:
        menu.append(profiles)
    if broker.uses:
        menu.append(Submenu(Text("Recent use"), tuple(_use(broker, one, now) for one in range(len(broker.uses)))))
    menu += [Item(Text("Settings"), "settings"), Item(Text("Log"), "log")]
    if around.at_login is not None:
        menu.append(Item(Text("Start at login"), "login", is_checked=around.at_login))
    menu.append(Item(Text("Help"), "help"))
    menu += [Item(Text("Version {version}", version=around.version)), Separator(), _quit(broker, known, now)]
    needed = next((one.action for one in standing if one.action is not None), SHOW)
    told = (*(one.told for one in standing), *(one.title for one in troubles))
    return View(icon_state, fill, _in_lines(told), tuple(menu), needed, _headline(broker, known, now))


def _headline(broker: Broker, known: tuple[Identity, ...], now: Instant) -> Text:
    """The one sentence for who has just clicked."""
    sessions = [session for one in known if (session := broker.session(one, now)) is not None]
    if not sessions:
        return Text("Locked") if known else Text("Nothing is open")
    first = min(sessions, key=lambda one: one.expiry.left(now))
    return Text("Open until {time}", time=first.expiry.clock(now))


def _in_lines(texts: tuple[Text, ...]) -> Text:
    told = texts[0]
    for text in texts[1:]:
        told = Text("{lines}\n{line}", lines=told, line=text)
    return told


# Identities and sign-ins


def _identity(broker: Broker, identity: Identity, now: Instant) -> TrayLine:
    session = broker.session(identity, now)
    whose = _whose(identity)
    if session is not None:
        return TrayLine(Text("{whose}: open until {time}", whose=whose, time=session.expiry.clock(now)))
    match broker.phase(identity):
        case Prompting() as prompt:
            return TrayLine(_asking(broker, whose, identity, prompt))
        case Opening():
            return TrayLine(Text("{whose}: asking AWS", whose=whose))
        case _ if not identity.needs_code:
            return TrayLine(Text("{whose}: ready, without a code", whose=whose))
        case _:
            offer = Text("{whose}: locked, click to unlock", whose=whose)
            return TrayLine(Text("{whose}: locked", whose=whose), offer, f"auth:{identity.name}")


def _whose(identity: Identity) -> Text | str:
    """The identity in a person's words, and the name of its keys where that is another word."""
    if not identity.user or not identity.account or identity.name in {"default", identity.user}:
        return identity.whose
    return Text("{whose} ({name})", whose=identity.whose, name=identity.name)


def _asking(broker: Broker, whose: Text | str, identity: Identity, prompt: Prompting) -> Text:
    printed = identity.program is not None or broker.settings.keys_command(identity.keys) is not None
    if prompt.stage is Stage.FETCHING and printed:
        return Text("{whose}: waiting for the keys from their command", whose=whose)
    if prompt.stage is Stage.FETCHING:
        return Text("{whose}: waiting for the password of your keyring", whose=whose)
    if prompt.stage is Stage.QUEUED:
        return Text("{whose}: waiting for its turn to ask", whose=whose)
    if prompt.channel is PromptChannel.COMMAND:
        return Text("{whose}: waiting for the code from its command", whose=whose)
    if prompt.channel is PromptChannel.DIALOG:
        return Text("{whose}: waiting for the code in the dialog", whose=whose)
    return Text("{whose}: waiting for the code on a terminal", whose=whose)


def _sign_in(broker: Broker, sign_in: SignIn, now: Instant) -> TrayLine:
    state = broker.sign_in(sign_in)
    name = sign_in.name
    if state.attempt is not None:
        return TrayLine(Text("{name}: waiting for the sign-in in the browser", name=name))
    if state.token is None or state.token.expiry.left(now) <= 0:
        offer = Text("{name}: not signed in, click to sign in", name=name)
        return TrayLine(Text("{name}: not signed in", name=name), offer, f"sign-in:{name}")
    if state.token.renews:
        return TrayLine(Text("{name}: signed in", name=name))
    return TrayLine(Text("{name}: signed in until {time}", name=name, time=state.token.expiry.clock(now)))


def _renewals(broker: Broker, known: tuple[Identity, ...], now: Instant) -> Iterator[Item]:
    """What is open can be renewed at any time."""
    for one in known:
        if one.needs_code and broker.session(one, now) is not None:
            yield Item(Text("Renew {whose}", whose=_whose(one)), f"auth:{one.name}")
    for sign_in in broker.sign_ins:
        state = broker.sign_in(sign_in)
        if state.attempt is None and state.token is not None and state.token.expiry.left(now) > 0:
            yield Item(Text("Sign in to {name} again", name=sign_in.name), f"sign-in:{sign_in.name}")


def _provided(broker: Broker, now: Instant) -> Iterator[Text]:
    """What providers gave that is still good, and what they failed with last."""
    for provider, state in broker.roles.items():
        if not isinstance(provider, Provider):
            continue
        name = Text("{profile} ({source})", profile=provider.name, source=provider.by)
        if state.credentials is not None and state.credentials.expiry.left(now) > 0:
            yield Text("{whose}: open until {time}", whose=name, time=state.credentials.expiry.clock(now))
        elif state.failure is not None:
            yield Text("{name}: {why}", name=name, why=state.failure.why.title)


# The rest of the menu


def _troubles(broker: Broker, known: tuple[Identity, ...]) -> Iterator[Trouble]:
    phases = (broker.phase(one) for one in known)
    found = [phase.trouble for phase in phases if isinstance(phase, Locked | Open) and phase.trouble is not None]
    yield from dict.fromkeys((*found, *((broker.warning,) if broker.warning is not None else ())))


def _trouble_menu(why: Trouble) -> Entry:
    """What is wrong, with the fix behind it: a line to read, and its command to copy where there is one."""
    title, *fix = trouble_lines(why)
    return Submenu(title.label, tuple(fix)) if fix else title


def _has_anything(broker: Broker, now: Instant) -> bool:
    """Whether there is anything that a lock takes away."""
    sessions = any(broker.session(one, now) is not None for one in broker.phases)
    return sessions or any(state.credentials is not None for state in broker.roles.values())


def _use(broker: Broker, index: int, now: Instant) -> Item:
    use = broker.uses[index]
    when = local(int(use.at.wall), now.wall)
    if use.answer is None:
        return Item(Text("{when}  {profile}  {program}", when=when, profile=use.profile, program=use.program))
    return Item(
        Text(
            "{when}  {profile}  {program}: {answer}",
            when=when,
            profile=use.profile,
            program=use.program,
            answer=messages.answered(use.answer.verdict, use.answer.holds),
        )
    )


def _quit(broker: Broker, known: tuple[Identity, ...], now: Instant) -> Entry:
    """To quit forgets what a code has opened: then it takes a second choice."""
    open_ones = [one for one in known if one.needs_code and broker.session(one, now) is not None]
    if not open_ones:
        return Item(Text("Quit"), "quit")
    return Submenu(
        Text("Quit"),
        (
            *(Item(Text("{whose} is open, and needs a new code afterwards", whose=_whose(one))) for one in open_ones),
            Item(Text("Quit all the same"), "quit"),
        ),
    )


def _icon_state(broker: Broker, now: Instant) -> tuple[IconState, float]:
    """The most urgent thing there is to say about all identities, in one picture."""
    phases = list(broker.phases.values())
    lefts = [
        (phase.session.expiry.left(now), phase.length, identity.needs_code)
        for identity, phase in broker.phases.items()
        if isinstance(phase, Open) and phase.session.expiry.left(now) > 0
    ]
    under_way = any(state.attempt is not None for state in broker.sign_ins.values())
    if under_way or any(broker.prompting(one) is not None for one in broker.phases):
        return IconState.ASKING, 0.0
    if lefts:
        left, length, asked = min([one for one in lefts if one[2]] or lefts)
        fill = round(min(1.0, left / length) * RING) / RING if length > 0 else 0.0
        soon = asked and bool(broker.settings.warn) and left <= max(broker.settings.warn)
        return (IconState.EXPIRING if soon else IconState.OPEN), fill
    if broker.warning is not None or any(isinstance(one, Locked) and one.trouble is not None for one in phases):
        return IconState.TROUBLE, 0.0
    return IconState.LOCKED, 0.0
