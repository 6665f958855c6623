"""KWallet by its own interface, for a desktop where it has no Secret Service (KDE Frameworks before 5.97).

Used in the keychain's child like a back end of keyring, whose own one for KWallet wants dbus-python; its folder in the
wallet is the same. What is called: org.kde.KWallet, in KWallet's source (src/runtime/kwalletd/org.kde.KWallet.xml).
"""

from collections.abc import Callable
from typing import Any

from jeepney import DBusAddress, MessageType, new_method_call
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import DBusConnection, open_dbus_connection

SERVICES = {"org.kde.kwalletd6": "/modules/kwalletd6", "org.kde.kwalletd5": "/modules/kwalletd5"}  # the newest first
APP = "trayexec"  # by which a person who is asked knows us
PATIENCE = 3.0  # seconds for what asks nobody
STARTS = 15.0  # seconds for the first call, which may start the service
NOWHERE = 0  # the window that its question belongs to


class KWalletError(Exception):
    """It does not do what was asked."""


class KWallet:
    """The wallet that the desktop keeps for programs. Blocking."""

    def __init__(self, connection: DBusConnection, service: str) -> None:
        """Keep the way to it."""
        self._connection = connection
        self._address = DBusAddress(SERVICES[service], service, "org.kde.KWallet")
        self._handle = -1

    def opened(self, seconds: float, asks: Callable[[], None]) -> bool:
        """Open the wallet; a person may be asked, and gets so many seconds. False where they refuse, or nobody answers.

        KWallet alone knows whether it will ask: for a wallet that is open it does so if it does not know the program.
        """
        wallet = self._call("networkWallet")
        if not self._call("isOpen", "s", wallet):
            asks()
        try:
            self._handle = int(self._call("open", "sxs", wallet, NOWHERE, APP, seconds=seconds))
        except TimeoutError:
            return False
        return self._handle >= 0

    def lacks(self, service: str, name: str) -> bool:
        """Whether there is certainly nothing under this name: that is known without opening the wallet."""
        return bool(self._call("keyDoesNotExist", "sss", self._call("networkWallet"), service, name))

    def get_password(self, service: str, name: str) -> str | None:
        """What is kept under this name, None where nothing is."""
        where = (self._handle, service, name, APP)
        if not self._call("hasEntry", "isss", *where):
            return None
        return str(self._call("readPassword", "isss", *where))

    def set_password(self, service: str, name: str, password: str) -> None:
        """Keep it, and have it written at once. Raises KWalletError."""
        if self._call("writePassword", "issss", self._handle, service, name, password, APP) != 0:
            raise KWalletError("writePassword")
        self._call("sync", "is", self._handle, APP)

    def delete_password(self, service: str, name: str) -> None:
        """Take it away. Raises KWalletError."""
        if self._call("removeEntry", "isss", self._handle, service, name, APP) != 0:
            raise KWalletError("removeEntry")
        self._call("sync", "is", self._handle, APP)

    def is_enabled(self) -> bool:
        """Whether it keeps anything: a person can switch it off."""
        return bool(self._call("isEnabled", seconds=STARTS))

    def _call(self, member: str, signature: str = "", *words: Any, seconds: float = PATIENCE) -> Any:
        """What this method answers, if anything. Raises KWalletError, TimeoutError."""
        call = new_method_call(self._address, member, signature or None, words)
        reply = self._connection.send_and_get_reply(call, timeout=seconds)
        if reply.header.message_type is MessageType.error:
            raise KWalletError(member)
        return reply.body[0] if reply.body else None


def find() -> KWallet | None:
    """The newest that runs on the session bus or can be started there, and is switched on; None where there is none.

    Raises OSError, TimeoutError or KWalletError where the bus or it does not answer.
    """
    connection = open_dbus_connection()
    calls = [new_method_call(message_bus, member) for member in ("ListNames", "ListActivatableNames")]
    names = {name for call in calls for name in connection.send_and_get_reply(call, timeout=PATIENCE).body[0]}
    for service in SERVICES:
        if service in names:
            wallet = KWallet(connection, service)
            if wallet.is_enabled():
                return wallet
    connection.close()
    return None
