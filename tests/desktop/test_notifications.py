"""Notices on a real dunst: buttons, updating, restarts, and what happens when there is nobody to show them."""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from jeepney import DBusAddress, HeaderFields, new_signal
from PIL import Image, ImageChops

from support import desktop
from support.desktop import Desktop, program
from trayexec.adapters.bus.buses import buses_of
from trayexec.adapters.bus.client import Bus, ignoring
from trayexec.adapters.bus.connection import connect
from trayexec.adapters.child_processes import run
from trayexec.adapters.notifications.chain import Notices, Shown, TranslatedNotice
from trayexec.adapters.notifications.dbus import DBusNotices
from trayexec.adapters.notifications.log import LogNotices
from trayexec.adapters.notifications.plyer_notification import PlyerNotices, tidy
from trayexec.core.ports import Notice, Urgency
from trayexec.light import agent_environment
from trayexec.light.errors import Text
from trayexec.light.own_command import python

AGAIN = ("auth", Text("Re-authenticate"))
LATER = ("later", Text("Later"))
SERVICE = "org.freedesktop.Notifications"


def notice(title: str, *, key: str = "expiry:work", urgency: Urgency = Urgency.NORMAL) -> Notice:
    """An expiry warning with two buttons."""
    body = Text("{name} ends in {minutes} minutes.", name="a_<b>&work", minutes=5)
    return Notice(key, Text("{title}", title=title), body, (AGAIN, LATER), urgency)


def with_dbus(
    desk: Desktop, story: Callable[[Notices, "asyncio.Queue[tuple[str, str]]"], Coroutine[Any, Any, None]]
) -> None:
    """Run `story` with notices over D-Bus only, and the queue of pressed buttons."""

    async def whole() -> None:
        pressed: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
        bus = session(desk)
        notices = Notices([DBusNotices(bus)])
        notices.on_action(lambda key, action: pressed.put_nowait((key, action)))
        try:
            await story(notices, pressed)
        finally:
            await bus.close()

    asyncio.run(whole())


def session(desk: Desktop, **changed: str) -> Bus:
    """The session bus of this desktop."""
    bus = buses_of(desk.env | changed).session
    assert bus is not None
    return bus


async def shown(desk: Desktop, count: int) -> None:
    """Wait until so many notifications are on the screen."""
    await asyncio.to_thread(
        desk.wait, f"{count} notifications on the screen", lambda: desk.notifications_shown() == count
    )


def start_dunst(desk: Desktop) -> None:
    """Start dunst again, with its settings as they are now."""
    desk._start("notifications", ["dunst", "-config", str(_dunstrc(desk))])
    desk.wait_name(SERVICE)


def _dunstrc(desk: Desktop) -> Path:
    return desk.home("home/.config/dunst/dunstrc")


async def soon(what: Awaitable[tuple[str, str]]) -> tuple[str, str]:
    """Wait, but not for ever."""
    return await asyncio.wait_for(what, desktop.PATIENCE)


def test_a_button_comes_back_with_its_key(desk: Desktop) -> None:
    """Press the second button: the callback gets the notice's key and that action, and dunst takes the notice away."""
    desk.start_notifications()

    async def story(notices: Notices, pressed: "asyncio.Queue[tuple[str, str]]") -> None:
        await notices.show(notice("Ends soon", urgency=Urgency.LAST))
        await shown(desk, 1)
        await asyncio.to_thread(desk.invoke_action, "Later")
        assert await soon(pressed.get()) == ("expiry:work", "later")

    with_dbus(desk, story)

    (sent,) = desk.notifications()
    assert (sent.app, sent.title, sent.urgency) == ("trayexec", "Ends soon", 2)
    assert sent.actions == {"default": "Re-authenticate", "auth": "Re-authenticate", "later": "Later"}


def test_a_click_on_the_notice_is_its_first_button(desk: Desktop) -> None:
    """The default action, which dunst calls by `dunstctl action`, does what the first button does."""
    desk.start_notifications()

    async def story(notices: Notices, pressed: "asyncio.Queue[tuple[str, str]]") -> None:
        await notices.show(notice("Ends soon"))
        await shown(desk, 1)
        await asyncio.to_thread(desk.run, ["dunstctl", "action", "0"])
        assert await soon(pressed.get()) == ("expiry:work", "auth")

    with_dbus(desk, story)


def test_one_notice_is_updated_not_stacked(desk: Desktop) -> None:
    """The same key replaces what is shown, another key stands beside it; closing takes away only its own."""
    desk.start_notifications()

    async def story(notices: Notices, pressed: "asyncio.Queue[tuple[str, str]]") -> None:
        await notices.show(notice("15 minutes"))
        await notices.show(notice("5 minutes"))
        await shown(desk, 1)
        await notices.show(notice("Other", key="expiry:home"))
        await shown(desk, 2)
        await notices.close("expiry:work")
        await shown(desk, 1)
        await notices.close("expiry:work")
        await notices.close("never shown")
        await notices.show(notice("15 minutes"))
        await shown(desk, 2)
        await asyncio.to_thread(desk.invoke_action, "Later")
        assert (await soon(pressed.get()))[1] == "later"

    with_dbus(desk, story)

    first, second, other, again = desk.notifications()
    assert first.replaces == other.replaces == again.replaces == 0
    assert second.replaces != 0


def test_markup_is_shown_as_it_is(desk: Desktop) -> None:
    """A body is escaped for a service that says it renders markup, and only for that one; a title is never markup."""
    desk.start_notifications()

    async def story(notices: Notices, _: "asyncio.Queue[tuple[str, str]]") -> None:
        await notices.show(notice("<u>&title"))
        await shown(desk, 1)

    with_dbus(desk, story)
    desk._running.pop("notifications").end()
    desk.wait_no_name(SERVICE)
    _dunstrc(desk).write_text(_dunstrc(desk).read_text() + " markup = full\n")
    start_dunst(desk)
    with_dbus(desk, story)

    plain, marked = desk.notifications()
    assert plain.body == "a_<b>&work ends in 5 minutes."
    assert marked.body == "a_&lt;b&gt;&amp;work ends in 5 minutes."
    assert plain.title == marked.title == "<u>&title"


async def shown_before_the_end(desk: Desktop, notices: Notices) -> None:
    """Show a notice on dunst, and then end that."""
    await notices.show(notice("Before"))
    await shown(desk, 1)
    desk._running.pop("notifications").end()
    await asyncio.to_thread(desk.wait_no_name, SERVICE)


def test_a_restarted_service_is_used_again(desk: Desktop) -> None:
    """Dunst dies and comes back: the next notice is new there (no old number), and its buttons work."""
    desk.start_notifications()

    async def story(notices: Notices, pressed: "asyncio.Queue[tuple[str, str]]") -> None:
        await shown_before_the_end(desk, notices)
        await notices.show(notice("Nobody is there"))
        await asyncio.to_thread(start_dunst, desk)
        await notices.show(notice("After"))
        await shown(desk, 1)
        await asyncio.to_thread(desk.invoke_action, "Later")
        assert await soon(pressed.get()) == ("expiry:work", "later")

    with_dbus(desk, story)

    assert [sent.replaces for sent in desk.notifications() if sent.title in {"Before", "After"}] == [0, 0]


def test_another_service_in_its_place_is_used(desk: Desktop) -> None:
    """Dunst goes and Xfce's daemon comes: what was dunst's number means nothing there, and a button comes back."""
    (daemon,) = Path("/usr/lib").glob("*/xfce4/notifyd/xfce4-notifyd")
    desk.start_notifications()

    async def story(notices: Notices, pressed: "asyncio.Queue[tuple[str, str]]") -> None:
        await shown_before_the_end(desk, notices)
        bare = desk.pixels()
        desk._start("notifications", [str(daemon)])
        await asyncio.to_thread(desk.wait_name, SERVICE)
        await notices.show(notice("After"))
        await notices.show(notice("Updated"))
        left, _, right, bottom = await asyncio.to_thread(desk.wait, "the notification", lambda: _drawn(desk, bare))
        await asyncio.to_thread(desk.click, left + (right - left) // 3, bottom - 30)  # on the first of its two buttons
        assert await soon(pressed.get()) == ("expiry:work", "auth")

    with_dbus(desk, story)

    replaced = {sent.title: sent.replaces for sent in desk.notifications()}
    assert (replaced["Before"], replaced["After"]) == (0, 0)
    assert replaced["Updated"] != 0


def _drawn(desk: Desktop, bare: Image.Image) -> tuple[int, int, int, int] | None:
    """Where the screen looks another than it did, if that is large enough for a notification."""
    box = ImageChops.difference(bare, desk.pixels()).getbbox()
    return box if box is not None and box[2] - box[0] > 100 and box[3] - box[1] > 40 else None


def test_a_restarted_bus_is_used_again(desk: Desktop) -> None:
    """The bus goes away and another one comes: the next notice goes there."""
    desk.start_bus()

    async def story() -> list[Shown]:
        bus = session(desk)
        way = DBusNotices(bus)
        note = TranslatedNotice("k", "title", "body", (), Urgency.NORMAL)
        deliveries = [await way.show(note)]  # a bus, but nobody to show it
        desk.stop_bus()
        deliveries.append(await way.show(note))
        desk.start_notifications()
        deliveries.append(await way.show(note))
        await bus.close()
        return deliveries

    assert asyncio.run(story()) == [Shown.FAILED, Shown.FAILED, Shown.SHOWN]


def test_a_strangers_signal_is_ignored(desk: Desktop) -> None:
    """Anybody on the bus can address a signal to us: only the notification service presses buttons."""
    desk.start_notifications()
    address = desk.env["DBUS_SESSION_BUS_ADDRESS"]

    async def story(notices: Notices, pressed: "asyncio.Queue[tuple[str, str]]") -> None:
        await notices.show(notice("Ends soon"))
        await shown(desk, 1)
        (way,) = notices._ways
        assert isinstance(way, DBusNotices)
        assert way._connection is not None
        ((number, _),) = way._shown.items()
        stranger = await connect(address, ignoring)
        signal = new_signal(
            DBusAddress("/org/freedesktop/Notifications", interface=SERVICE), "ActionInvoked", "us", (number, "later")
        )
        signal.header.fields[HeaderFields.destination] = way._connection.name
        stranger.send(signal)
        await stranger.owner(SERVICE)  # the bus has handled what came before
        await way._connection.owner(SERVICE)  # and we have read it
        assert pressed.empty()
        await asyncio.to_thread(desk.invoke_action, "Re-authenticate")
        assert await soon(pressed.get()) == ("expiry:work", "auth")
        await stranger.close()

    with_dbus(desk, story)


def test_without_any_bus_the_log_has_it(desk: Desktop, caplog: pytest.LogCaptureFixture) -> None:
    """No D-Bus at all: a line in the log, and nothing raised."""
    notices = Notices([DBusNotices(session(desk)), PlyerNotices(desk.env), LogNotices(logging.getLogger("told"))])

    async def story() -> None:
        await notices.show(notice("Ends soon"))
        await notices.close("expiry:work")

    with caplog.at_level(logging.INFO):
        asyncio.run(story())

    assert [(record.name, record.getMessage()) for record in caplog.records] == [
        ("told", "Ends soon: a_<b>&work ends in 5 minutes.")
    ]


def test_a_bus_that_never_answers_is_given_up(desk: Desktop) -> None:
    """A socket that takes connections and says nothing costs some seconds, no more."""

    async def story() -> Shown:
        way = DBusNotices(session(desk, DBUS_SESSION_BUS_ADDRESS=f"unix:path={path}"))
        return await way.show(TranslatedNotice("k", "title", "body", (), Urgency.NORMAL))

    path = str(desk.home("run/mute"))
    with socket.socket(socket.AF_UNIX) as mute:
        mute.bind(path)
        mute.listen()
        assert asyncio.run(story()) is Shown.FAILED


def test_plyer_shows_a_notice(desk: Desktop) -> None:
    """Plyer's own way (notify-send here), title and body safe for it; it cannot say whether it worked."""
    desk.start_notifications()
    program("notify-send")
    note = TranslatedNotice("k", "-t <b>title", "--hint <i>body & more", (("auth", "Open"),), Urgency.NORMAL)

    delivery = asyncio.run(PlyerNotices(desk.env).show(note))

    assert delivery is Shown.PERHAPS
    sent = desk.wait_notification("title")
    assert sent.title == "\u2060-t ‹b›title"  # noqa: RUF001 — what `tidy` promises
    assert sent.body == "\u2060--hint ‹i›body & more"  # noqa: RUF001 — likewise
    assert sent.actions == {}


def test_what_is_quiet_is_shown_with_its_buttons_or_not_at_all(desk: Desktop, caplog: pytest.LogCaptureFixture) -> None:
    """Plyer would stack them, with no button to stop that: then it is a line in the log, and no warning."""
    desk.start_notifications()
    notices = Notices([PlyerNotices(desk.env), LogNotices(logging.getLogger("told"))])
    with caplog.at_level(logging.INFO):
        asyncio.run(notices.show(notice("Somebody uses it", urgency=Urgency.LOW)))
    assert [(record.name, record.levelname) for record in caplog.records] == [("told", "INFO")]
    assert not desk.notifications()


def test_plyer_failing_is_known(desk: Desktop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without notify-send plyer has nothing: its traceback stays with the child, and the next way is tried."""
    desk.start_bus()
    note = TranslatedNotice("k", "title", "body", (), Urgency.NORMAL)
    monkeypatch.setattr(agent_environment, "STANDARD", ())

    assert asyncio.run(PlyerNotices(desk.env | {"PATH": "/nonexistent"}).show(note)) is Shown.FAILED


def test_perhaps_is_followed_by_the_log(desk: Desktop, caplog: pytest.LogCaptureFixture) -> None:
    """A bus with nobody to show notices: plyer thinks it worked, so the log has it as well."""
    desk.start_bus()
    notices = Notices([DBusNotices(session(desk)), PlyerNotices(desk.env), LogNotices(logging.getLogger("told"))])

    with caplog.at_level(logging.INFO):
        asyncio.run(notices.show(notice("Ends soon")))

    assert [record.name for record in caplog.records] == ["told"]


@pytest.mark.parametrize(
    ("words", "units", "expected"),
    [
        ("short", 63, "short"),
        ("x" * 63, 63, "x" * 63),
        ("x" * 64, 63, "x" * 62 + "…"),
        ("🔒" * 40, 63, "🔒" * 31 + "…"),
        ("-t", 63, "\u2060-t"),
    ],
)
def test_tidy_counts_what_windows_counts(words: str, units: int, expected: str) -> None:
    """At most so many UTF-16 units, never half a character."""
    assert tidy(words, units) == expected
    assert len(tidy(words, units).encode("utf-16-le")) <= 2 * units


def test_a_way_that_raises_is_passed_over(caplog: pytest.LogCaptureFixture) -> None:
    """Whatever a way of showing does, the notice goes on to the next and nobody is interrupted."""

    class Broken(LogNotices):
        async def show(self, note: TranslatedNotice) -> Shown:
            raise RuntimeError(note.title)

        async def withdraw(self, key: str) -> None:
            raise RuntimeError(key)

    notices = Notices([Broken(logging.getLogger("broken")), LogNotices(logging.getLogger("told"))])

    async def story() -> None:
        await notices.show(notice("Ends soon"))
        await notices.close("expiry:work")

    with caplog.at_level(logging.INFO):
        asyncio.run(story())

    assert [record.name for record in caplog.records if "Ends soon: " in record.getMessage()] == ["told"]
    assert len(caplog.records) == 3


def test_plyers_child_is_not_bent_by_the_environment(desk: Desktop) -> None:
    """A `plyer` on PYTHONPATH is not the one that runs."""
    trap = desk.home("home/plyer.py")
    trap.write_text("raise SystemExit('bent')")

    environ = desk.env | {"PYTHONPATH": str(trap.parent)}
    ended = asyncio.run(
        run(python("trayexec.adapters.notifications.plyer_child"), environ, seconds=desktop.PATIENCE, given=b"{}")
    )

    assert b"bent" not in ended.err
    assert b"title" in ended.err  # the KeyError of an empty request: our own module ran
