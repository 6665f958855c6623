"""Words every notification of the rules. It must not know how one is shown."""

from dataclasses import replace

from trayexec.core.broker.endings import Ending, Hit, Hits, How, first
from trayexec.core.broker.expiry_watch import Run, Watch, hit
from trayexec.core.broker.first_uses import FirstUse, is_known
from trayexec.core.clock import Instant
from trayexec.core.config.profiles import Identity, SignIn
from trayexec.core.config.sections import shown
from trayexec.core.ports import Notice, Urgency
from trayexec.core.shell_words import argument, profile
from trayexec.core.view import IconState, View
from trayexec.light.durations import spoken
from trayexec.light.errors import Text, Trouble

REAUTHENTICATE = "reauthenticate"
STANDING = "standing"  # the notification that answers a click on the icon
IDLE = "idle"  # the one that tells why all is locked
ENDINGS = "endings"  # the one that tells what ends: a later one replaces it
SNOOZE = "snooze"
FIRST_USE = "first-use"  # the one that tells which programs use what for the first time
LOCK = "lock"
HUSH = "hush"  # with the number of the notification behind a colon
_OFFER = (REAUTHENTICATE, Text("Re-authenticate"))
_SIGN_IN = (REAUTHENTICATE, Text("Sign in"))
_LATER = (SNOOZE, Text("Remind me later"))
NAMED = 3  # programs that are named before the others are counted


def endings(found: tuple[Ending, ...], watch: Watch, now: Instant) -> Notice:
    """All that ends or has ended, in one notification: whose, and when by the clock, which stays true as it stands.

    The commands are named that it hits, of those in `watch`.

    Services cut a title after some thirty letters (measured with xfce4-notifyd), so it has no account; the body has.
    """
    hits = {one.who: _hits(one, watch, now) for one in found}
    earliest = first(found, now)
    shown = _ending(earliest, hits[earliest.who], now)
    if len(found) == 1:
        return shown
    body = _line(found[0], hits[found[0].who], now)
    for one in found[1:]:
        body = Text("{lines}\n{line}", lines=body, line=_line(one, hits[one.who], now))
    title = Text("{title}, +{count}", title=shown.title, count=len(found) - 1)
    urgency = max((_ending(one, hits[one.who], now).urgency for one in found), key=lambda one: one.value)
    return replace(shown, title=title, body=body, urgency=urgency)


def _hits(ending: Ending, watch: Watch, now: Instant) -> Hits:
    """The commands that this hits."""
    if isinstance(ending.who, SignIn) or ending.how is How.REVOKED:
        return Hits()
    runs = hit(watch, ending.who, now)
    return Hits(_hit([one for one in runs if not one.renews]), _hit([one for one in runs if one.renews]))


def _hit(runs: list[Run]) -> Hit | None:
    return Hit(tuple(dict.fromkeys(one.program for one in runs)), runs[0].ends) if runs else None


def _line(ending: Ending, hits: Hits, now: Instant) -> Text:
    """One of several: who is named in full, and the commands that it hits."""
    title = _ending(ending, hits, now).title
    if isinstance(ending.who, SignIn):
        return title
    line = title.with_values({**title.values, "whose": ending.who.whose})
    if hits.cut is not None:
        at, programs = hits.cut.at.clock(now), _named(hits.cut.programs)
        line = Text("{line} (until {time}: {programs})", line=line, time=at, programs=programs)
    if hits.waiting is not None:
        at, programs = hits.waiting.at.clock(now), _named(hits.waiting.programs)
        line = Text("{line} (new code by {time}: {programs})", line=line, time=at, programs=programs)
    return line


def _ending(ending: Ending, hits: Hits, now: Instant) -> Notice:
    notice = _alone(ending, hits.cut, now)
    if hits.waiting is None:
        return notice
    waiting = Text(
        "A new code is needed by {time}, else these wait for it: {programs}.",
        time=hits.waiting.at.clock(now),
        programs=_named(hits.waiting.programs),
    )
    return replace(notice, body=Text("{reason} {next}", reason=notice.body, next=waiting))


def _alone(ending: Ending, cut: Hit | None, now: Instant) -> Notice:
    """Of one end, without a word of the commands that only wait."""
    at = "" if ending.at is None else ending.at.clock(now)
    who = ending.who
    if isinstance(who, SignIn):
        return sign_in_ends(who, at, is_last=ending.is_last) if ending.how is How.ENDS else sign_in_over(who)
    match ending.how:
        case How.ENDS:
            return expiring(who, at, why=ending.why, is_last=ending.is_last, cut=_without_aws(cut, now))
        case How.OVER:
            return expired(who, at, _without_aws(cut, now))
        case How.REVOKED:
            return revoked(who)


def _without_aws(cut: Hit | None, now: Instant) -> Text | None:
    """Which commands lose AWS, and from when on."""
    if cut is None:
        return None
    return Text("From {time} on without AWS: {programs}.", time=cut.at.clock(now), programs=_named(cut.programs))


def expiring(identity: Identity, at: str, *, is_last: bool, why: Text | None = None, cut: Text | None = None) -> Notice:
    """The session ends at that time of day; `why` it was not renewed, which was to be without anybody being asked.

    `cut` says which commands lose AWS whatever is done.
    """
    whose = identity.whose
    if cut is None:
        body = Text("The session of {whose} ends. Re-authenticate now, and nothing is interrupted.", whose=whose)
    else:
        body = Text(
            "The session of {whose} ends. {cut} Re-authenticate now, and nothing else is interrupted.",
            whose=whose,
            cut=cut,
        )
    if why is not None:
        body = Text("{whose}: its command could not renew it: {why}", whose=whose, why=why)
    return Notice(
        ENDINGS,
        Text("Expires at {time}: {whose}", whose=identity.who, time=at),
        body,
        (_OFFER,) if is_last else (_OFFER, _LATER),
        Urgency.LAST if is_last else Urgency.NORMAL,
        IconState.EXPIRING,
    )


def expired(identity: Identity, at: str, cut: Text | None) -> Notice:
    """The session is over, as it is every day; what came of it works until that time of day, if any does."""
    return Notice(
        ENDINGS,
        Text("Expired: {whose}", whose=identity.who),
        _kept(identity.whose, at, cut),
        (_OFFER,),
        picture=IconState.LOCKED,
    )


def _kept(whose: Text | str, at: str, cut: Text | None) -> Text:
    """What goes on for a while after a session."""
    if cut is not None:
        return Text("The session of {whose} is over. {cut}", whose=whose, cut=cut)
    if at:
        return Text(
            "The session of {whose} is over. Credentials that are out already work until {time}.",
            whose=whose,
            time=at,
        )
    return Text("The session of {whose} is over. The next command that needs it asks for a code.", whose=whose)


def _named(programs: tuple[str, ...]) -> Text | str:
    """Programs by name; of many the first, and how many more."""
    named = ", ".join(programs[:NAMED])
    more = len(programs) - NAMED
    return Text("{names} and {count} more", names=named, count=more) if more > 0 else named


def revoked(identity: Identity) -> Notice:
    """AWS refused the session before its time."""
    return Notice(
        ENDINGS,
        Text("Refused by AWS: {whose}", whose=identity.who),
        Text("The session of {whose} was revoked, or the keys were changed.", whose=identity.whose),
        (_OFFER,),
        Urgency.LAST,
    )


def sign_in_ends(sign_in: SignIn, at: str, *, is_last: bool) -> Notice:
    """The sign-in ends at that time of day."""
    return Notice(
        ENDINGS,
        Text("Sign-in ends {time}: {name}", name=sign_in.name, time=at),
        Text("Sign in to {name} again now, and nothing is interrupted.", name=sign_in.name),
        (_SIGN_IN,) if is_last else (_SIGN_IN, _LATER),
        Urgency.LAST if is_last else Urgency.NORMAL,
        IconState.EXPIRING,
    )


def sign_in_over(sign_in: SignIn) -> Notice:
    """The sign-in is over: its time, or somebody, has ended it."""
    return Notice(
        ENDINGS,
        Text("Sign-in over: {name}", name=sign_in.name),
        Text("Credentials already handed out work until they expire. The next command that needs it opens a page."),
        (_SIGN_IN,),
        picture=IconState.LOCKED,
    )


def idle_locked(seconds: int) -> Notice:
    """Nobody was at the machine, and so everything is locked."""
    return Notice(
        IDLE,
        Text("Locked: nobody was here for {duration}", duration=spoken(seconds)),
        Text("Your sessions are forgotten, as idle_lock in config.toml says. The next command asks for a code again."),
        (_OFFER,),
        picture=IconState.LOCKED,
    )


def outlived(runs: tuple[Run, ...], now: Instant) -> Notice:
    """Commands still run whose credentials end at a time of day: in one notification, however many there are."""
    run = min(runs, key=lambda one: one.ends.left(now))
    at = run.ends.clock(now)
    key = f"run:{' '.join(f'{one.process.pid}:{one.process.started}' for one in runs)}:{run.profile}"
    if len(runs) > 1:
        programs = _named(tuple(dict.fromkeys(one.program for one in runs)))
        return Notice(
            key,
            Text("Loses AWS at {time}: {programs}", programs=programs, time=at),
            Text(
                "Their AWS credentials end, and they cannot take new ones. What runs this long renews by itself under "
                "--live; --need starts it with more time."
            ),
            picture=IconState.EXPIRING,
        )
    return Notice(
        key,
        Text("Loses AWS at {time}: {program}", program=run.program, time=at),
        Text(
            "Its AWS credentials end. It runs as {profile} (process {pid}) and cannot take new ones. What runs this "
            "long renews by itself under `trayexec --live {word} -- …`; --need starts it with more time.",
            pid=run.process.pid,
            profile=shown(run.profile),
            word=profile(run.profile),
        ),
        picture=IconState.EXPIRING,
    )


def first_uses(found: tuple[FirstUse, ...], number: int) -> Notice:
    """Programs have used profiles for the first time in this session, in one notification, however many they are."""
    names = tuple(dict.fromkeys(one.name for one in found))
    profiles = tuple(dict.fromkeys(shown(one.profile) for one in found))
    hush = Text("Not again for this program") if len(names) == 1 else Text("Not again for these programs")
    offered = ((f"{HUSH}:{number}", hush),) if all(map(is_known, found)) else ()
    is_one = len(names) == len(profiles) == 1  # also where it was started in two ways
    return Notice(
        FIRST_USE,
        _first_use_title(found[-1]) if is_one else _first_uses_title(names, profiles),
        _first_use(found[-1]) if is_one else _first_uses(names, profiles),
        ((LOCK, Text("Lock now")), *offered),
        Urgency.LOW,
        IconState.OPEN,
    )


def _first_use_title(one: FirstUse) -> Text:
    name, profile_name = one.name, shown(one.profile)
    if not one.account:
        return Text("{program} uses {profile}", program=name, profile=profile_name)
    return Text("{program} uses {profile}, account {account}", program=name, profile=profile_name, account=one.account)


def _first_uses_title(names: tuple[str, ...], profiles: tuple[str, ...]) -> Text:
    if len(names) == 1:
        return Text("{program} uses {count} profiles", program=names[0], count=len(profiles))
    if len(profiles) == 1:
        return Text("{count} programs use {profile}", count=len(names), profile=profiles[0])
    return Text("{programs} programs use {profiles} profiles", programs=len(names), profiles=len(profiles))


def _first_use(one: FirstUse) -> Text:
    """Under whom it runs, or in what, as far as that is known."""
    if one.automaton:
        return Text(
            "For the first time in this session. It runs under {automaton}, which acts by itself.",
            automaton=one.automaton,
        )
    if one.app not in {"", one.name}:
        return Text("For the first time in this session. It runs in {app}.", app=one.app)
    return Text("For the first time in this session.")


def _first_uses(names: tuple[str, ...], profiles: tuple[str, ...]) -> Text:
    if len(names) == 1:
        return Text("For the first time in this session: {profiles}", profiles=_named(profiles))
    return Text(
        "For the first time in this session, {programs}: {profiles}", programs=_named(names), profiles=_named(profiles)
    )


def standing(view: View) -> Notice:
    """How it stands, for who has clicked on the icon: with a button for what is needed, where something is."""
    asks = view.needed.partition(":")[0]
    offer = {"auth": Text("Unlock"), "sign-in": Text("Sign in")}.get(asks)
    buttons = ((REAUTHENTICATE, offer),) if offer is not None else ()
    return Notice(STANDING, view.headline, view.tooltip, buttons, picture=view.icon_state)


def unlock_failed(why: Trouble) -> Notice:
    """A click on the icon led nowhere: say why, with the fix."""
    return Notice("unlock", why.title, why.hint)


def no_dialog(identity: Identity) -> Notice:
    """A click on the icon cannot open a dialog here: say where the code can be entered instead."""
    return Notice(
        "unlock",
        Text("No dialog for the MFA code"),
        Text("Enter it on a terminal with `trayexec auth {word}`.", word=argument(identity.name)),
    )
