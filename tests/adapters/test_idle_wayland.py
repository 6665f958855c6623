"""Idle time as a Wayland compositor tells it, and what comes over its socket that is no Wayland at all."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.wayland import USUAL, Compositor, compositor, message, string
from trayexec.adapters.bus.buses import Buses
from trayexec.adapters.idle import IdleTime
from trayexec.adapters.idle.wayland import WHILE, SeatWatch, WaylandError, WaylandIdle

NOTIFIER = 3


async def until(what: str, seen: Callable[[], bool]) -> None:
    """Wait for it, with the loop running."""

    async def sees() -> bool:
        return seen()

    await _until(what, sees)


async def known(idle: WaylandIdle | IdleTime, at_least: float) -> None:
    """Wait until so many seconds are told, or 0."""

    async def tells() -> bool:
        seconds = await idle.seconds()
        return seconds is not None and at_least <= seconds <= at_least * 7

    await _until(f"{at_least} s to be told", tells)


async def _until(what: str, holds: Callable[[], Awaitable[bool]]) -> None:
    try:
        async with asyncio.timeout(30):
            while True:
                if await holds():
                    return
                await asyncio.sleep(0.01)
    except TimeoutError:
        pytest.fail(f"waited for {what}")


def told(path: Path, said: Compositor) -> dict[str, str]:
    """The environment that leads there."""
    assert said.clients == 0
    return {"XDG_RUNTIME_DIR": str(path.parent), "WAYLAND_DISPLAY": path.name}


def test_idle_time_is_told_as_it_comes(tmp_path: Path) -> None:
    """Nobody, somebody, nobody: on one connection, whose end is `close`."""
    path = tmp_path / "wayland-1"
    with compositor(path) as said:
        env = told(path, said)

        async def asked() -> None:
            idle = IdleTime(env, Buses())
            assert await idle.seconds() == 0
            await until("a notification to be asked for", lambda: bool(said.timeouts))
            for _ in range(2):
                said.idled()
                await known(idle, WHILE)
                said.resumed()
                await known(idle, 0)
            await idle.close()

        asyncio.run(asked())
        assert (said.clients, list(said.timeouts.values()), said.by_keys) == (1, [10_000], False)


def test_a_newer_compositor_is_asked_for_keys_and_the_mouse_alone(tmp_path: Path) -> None:
    """A video that keeps the screen awake is nobody; a version that we do not know is not asked for."""
    path = tmp_path / "wayland-1"
    with compositor(path, globals_=((7, "ext_idle_notifier_v1", 9), (2, "wl_seat", 8))) as said:

        async def asked() -> None:
            idle = WaylandIdle({"WAYLAND_DISPLAY": str(path)})  # an absolute one needs no runtime folder
            assert await idle.seconds() == 0
            await until("a notification to be asked for", lambda: said.by_keys)
            await idle.close()

        asyncio.run(asked())


def test_who_uses_any_seat_is_there(tmp_path: Path) -> None:
    """A second seat counts from its appearance to its end."""
    path = tmp_path / "wayland-1"
    with compositor(path) as said:

        async def asked() -> None:
            idle = WaylandIdle({"WAYLAND_DISPLAY": str(path)})
            assert await idle.seconds() == 0
            await until("the first seat to be watched", lambda: 2 in said.watched)
            said.add((9, "wl_seat", 8))
            await until("the second one to be watched", lambda: 9 in said.watched)
            said.idled(2)
            said.idled(9)
            await known(idle, WHILE)
            said.resumed(9)
            await known(idle, 0)
            said.remove(9)
            await known(idle, WHILE)
            await idle.close()

        asyncio.run(asked())


@pytest.mark.parametrize(
    "globals_", [(), USUAL[:2], USUAL[2:]], ids=["nothing", "no idle time", "nobody who could be idle"]
)
def test_a_compositor_that_cannot_tell_is_not_believed(
    tmp_path: Path, globals_: tuple[tuple[int, str, int], ...]
) -> None:
    """Not known is not zero, and nothing stays open."""
    path = tmp_path / "wayland-1"
    with compositor(path, globals_=globals_) as said:

        async def asked() -> None:
            idle = WaylandIdle({"WAYLAND_DISPLAY": str(path)})
            assert await idle.seconds() is None
            assert await idle.seconds() is None

        asyncio.run(asked())
        assert said.clients == 2


def test_what_ends_is_not_known_and_begins_again(tmp_path: Path) -> None:
    """The compositor hangs up, takes the protocol away, or complains: the next question begins anew."""
    path = tmp_path / "wayland-1"
    with compositor(path) as said:
        ends: list[Callable[[], None]] = [
            said.hang_up,
            lambda: said.remove(NOTIFIER),
            lambda: said.send(message(1, 0, struct.pack("=II", 4, 1) + string("no"))),
            lambda: said.send(b"\0" * 8),
        ]

        async def asked() -> None:
            idle = WaylandIdle({"WAYLAND_DISPLAY": str(path)})
            for number, end in enumerate(ends, 1):
                assert await idle.seconds() == 0
                assert said.clients == number
                listens = idle._listens  # its end is what the next question must see
                assert listens is not None
                end()
                await until("the end to be noticed", listens.done)
            assert await idle.seconds() == 0
            await idle.close()

        asyncio.run(asked())


def test_nobody_there_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No display, none that listens, and one that says nothing."""
    monkeypatch.setattr("trayexec.adapters.idle.wayland.PATIENCE", 0.2)
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "silent"))
        silent.listen()

        async def asked() -> None:
            for env in ({}, {"WAYLAND_DISPLAY": str(tmp_path / "none")}, {"WAYLAND_DISPLAY": str(tmp_path / "silent")}):
                idle = WaylandIdle(env)
                assert await idle.seconds() is None
                await idle.close()

        asyncio.run(asked())


EVENTS = st.one_of(
    st.binary(max_size=40),
    st.builds(
        message,
        st.integers(0, 9),
        st.integers(0, 3),
        st.binary(max_size=24).map(lambda one: one + bytes(-len(one) % 4)),
    ),
    st.builds(
        lambda name, interface, version: message(
            2, 0, struct.pack("=I", name) + string(interface) + struct.pack("=I", version)
        ),
        st.integers(0, 5),
        st.sampled_from(["wl_seat", "ext_idle_notifier_v1", "x"]),
        st.integers(0, 3),
    ),
    st.builds(lambda name: message(2, 1, struct.pack("=I", name)), st.integers(0, 5)),
)


@given(st.lists(EVENTS, max_size=12), st.integers(1, 64))
def test_whatever_comes_is_wayland_or_the_end(events: list[bytes], cut: int) -> None:
    """It raises nothing else, however it is cut; what is told is never below zero, and what is sent is well formed."""
    watch, data, now = SeatWatch(), b"".join(events), 100.0
    sent = bytearray(watch.greeting())
    with contextlib.suppress(WaylandError):
        for start in range(0, len(data), cut):
            now += 1
            sent += watch.take(data[start : start + cut], now)
            seconds = watch.seconds(now)
            assert seconds is None or seconds >= 0
    while sent:
        size = struct.unpack_from("=II", sent)[1] >> 16
        assert 8 <= size <= len(sent)
        del sent[:size]


def test_a_flood_of_seats_is_bounded() -> None:
    """Sixteen are watched; the rest is heard, and forgotten."""
    watch = SeatWatch()
    watch.take(message(2, 0, struct.pack("=I", 1) + string("ext_idle_notifier_v1") + struct.pack("=I", 1)), 0.0)
    seat = string("wl_seat") + struct.pack("=I", 1)
    sent = [watch.take(message(2, 0, struct.pack("=I", name) + seat), 0.0) for name in range(2, 100)]
    assert sum(map(bool, sent)) == 16
