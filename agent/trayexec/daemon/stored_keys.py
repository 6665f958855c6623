"""The keys of an identity, once it is sure that they may be used with its device. Blocking: for workers."""

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from trayexec.core import messages
from trayexec.core.config import ownership
from trayexec.core.config.profiles import Identity
from trayexec.core.credentials import LongTermKeys
from trayexec.core.ports import Keychain, Refusal, Sts, StsError
from trayexec.light.errors import TrayexecError

if TYPE_CHECKING:
    from concurrent.futures import Future


class StoredKeys:
    """The keychain, the keys that we are to hold in memory, and AWS to ask whose keys are of which nobody says it."""

    def __init__(self, keychain: Keychain, sts: "Future[Sts]", remember: Callable[[str, str | None], None]) -> None:
        """`remember` is told the ARN of whose keys are stored under a name, or None when there are none."""
        self._keychain = keychain
        self._held: dict[str, LongTermKeys] = {}
        self._sts = sts
        self._remember = remember

    @property
    def held(self) -> frozenset[str]:
        """Under which names there are keys in memory alone."""
        return frozenset(self._held)

    def all_held(self) -> Mapping[str, LongTermKeys]:
        """The keys that are in memory alone, by their names."""
        return dict(self._held)

    def hold(self, name: str, keys: LongTermKeys | None) -> None:
        """Hold these in memory as those of this name, in place of what the keychain has; None forgets them."""
        if keys is None:
            self._held.pop(name, None)
        else:
            self._held[name] = keys

    def usable(
        self, identity: Identity, asks: Callable[[float], None] | None = None, printed: LongTermKeys | None = None
    ) -> LongTermKeys:
        """The keys, if they are of the account of the identity's device: a serial of another account is never sent.

        They are those that the identity's own command has `printed`, else those that are held, else those that the
        keychain has. `asks` is told when the keychain asks for its own password first.

        Raises TrayexecError: as the keychain does, `keys_account`; and StsError when AWS had to be asked in vain.
        """
        if printed is None:
            return self._of_its_device(identity, self._known(identity, asks))
        try:
            return self._as_said(identity, self._of_its_device(identity, self._with_owner(identity, printed)))
        except StsError as error:
            if error.refusal is not Refusal.KEYS:
                raise
            raise StsError(messages.printed(error.trouble, identity), Refusal.KEYS) from None
        except TrayexecError as error:
            raise TrayexecError(messages.printed(error.trouble, identity)) from None

    def _as_said(self, identity: Identity, keys: LongTermKeys) -> LongTermKeys:
        """The keys, of the account that stands beside the program that prints them, where one does.

        Raises TrayexecError (`source_account`).
        """
        program, account = identity.program, ownership.account_in(keys.arn)
        if program is not None and program.account and account and account != program.account:
            raise TrayexecError(messages.printed_of_another(program, account))
        return keys

    def _of_its_device(self, identity: Identity, keys: LongTermKeys) -> LongTermKeys:
        """The keys, which are of the device's account. Raises TrayexecError (`keys_account`) where they are not."""
        default = ""
        if identity.inherited and not ownership.told_by_serial(identity):
            with contextlib.suppress(TrayexecError):
                default = ownership.account_in(self._keychain.read("default").arn)
        foreign = ownership.fault(identity, ownership.account_in(keys.arn), default=default)
        if foreign is not None:
            raise TrayexecError(foreign)
        return keys

    def _known(self, identity: Identity, asks: Callable[[float], None] | None) -> LongTermKeys:
        """The keys, and whose they are: asked of AWS where the item does not say, and then kept with it."""
        name = identity.keys
        held = self._held.get(name)
        if held is not None:
            return held
        try:
            keys = self._keychain.read(name, asks)
        except TrayexecError as error:
            if error.trouble.code != "keys_missing":
                raise
            self._remember(name, None)
            if not identity.aside:
                raise
            raise TrayexecError(messages.keys_aside(identity)) from None
        if not keys.arn:
            keys = self._with_owner(identity, keys)
            with contextlib.suppress(TrayexecError):  # a keychain that takes nothing now is asked again next time
                if self._keychain.read(name).access_key_id == keys.access_key_id:
                    self._keychain.store(name, keys)
        self._remember(name, keys.arn)
        return keys

    def _with_owner(self, identity: Identity, keys: LongTermKeys) -> LongTermKeys:
        """The keys with whose they are, asked of AWS unless that is known. Raises StsError."""
        if keys.arn:
            return keys
        return replace(keys, arn=self._sts.result().check(identity.endpoint, keys, identity.keys))
