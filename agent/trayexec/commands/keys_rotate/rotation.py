"""Does the steps of a rotation, one after the other: IAM, the keychain, the note of what was begun."""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Protocol, assert_never

from trayexec.commands import keychain_entry
from trayexec.commands.keys_rotate import problems
from trayexec.core.config.profiles import StsEndpoint
from trayexec.core.credentials import LongTermKeys
from trayexec.core.ports import Keychain, Refusal, StsError
from trayexec.core.rotation import (
    AccessKey,
    Begin,
    Begun,
    Delete,
    Discard,
    Finish,
    Forget,
    Full,
    Iam,
    Make,
    PutInPlace,
    Seen,
    Step,
    SwitchOff,
    beside,
    next_step,
)
from trayexec.light.errors import Text, TrayexecError

IN_A_ROW = 3  # times that AWS has to take a new key: one place may know it before another does
PAUSE, PATIENCE, REMIND = 1.0, 120.0, 10  # seconds between tries, for all of them, and until something is said again


class Notes(Protocol):
    """What is written down of rotations that were begun."""

    def read(self, name: str) -> Begun | None:
        """What was begun for the keys of that name."""

    def write(self, name: str, begun: Begun) -> None:
        """Write it down. Raises TrayexecError."""

    def forget(self, name: str) -> None:
        """Take it away. Raises TrayexecError."""


class CallerCheck(Protocol):
    """Says whose keys are."""

    def check(self, endpoint: StsEndpoint, keys: LongTermKeys, name: str) -> str:
        """GetCallerIdentity: the caller's ARN. Raises StsError."""


@dataclass(frozen=True, slots=True)
class KeyOwner:
    """Whose keys are rotated: the keychain's name for them, whose they are, and where STS is asked."""

    name: str
    arn: str
    endpoint: StsEndpoint


@dataclass(frozen=True, slots=True)
class RotationPorts:
    """What a rotation works with; `pause` sleeps for seconds, `now` is Unix seconds."""

    keychain: Keychain
    iam: Iam
    sts: CallerCheck
    notes: Notes
    pause: Callable[[float], None] = time.sleep
    now: Callable[[], float] = time.time


class Rotation:
    """The rotation of one identity's keys. `say` is told what takes its time."""

    def __init__(self, identity: KeyOwner, ports: RotationPorts, say: Callable[[Text], None]) -> None:
        """Nothing is looked at yet."""
        self._identity = identity
        self._ports = ports
        self._say = say

    def look(self) -> Seen:
        """What is there now. Raises TrayexecError."""
        name, keychain = self._identity.name, self._ports.keychain
        new = keychain_entry.former(keychain, beside(name))
        stored = keychain.read(name).access_key_id
        found = self._ports.iam.keys()
        listed = {one.id: one if one.id == stored else replace(one, unused=self._never_used(one)) for one in found}
        return Seen(
            stored=stored,
            beside=new.access_key_id if new is not None else None,
            listed=listed,
            begun=self._ports.notes.read(name),
            now=self._ports.now(),
        )

    def check(self, seen: Seen) -> None:
        """Raise TrayexecError where nothing can be done: before anybody is asked, and anything is changed."""
        if seen.begun is None and seen.stored not in seen.listed:
            raise TrayexecError(problems.not_of_user(self._identity.name, self._identity.arn, seen.stored))
        step = next_step(seen)
        if isinstance(step, Full):
            raise TrayexecError(problems.two_keys(self._identity.name, self._identity.arn, seen.stored, step.other))

    def go_on(self, seen: Seen) -> Seen:
        """Do all that is left to do, and return what is there in the end. Raises TrayexecError."""
        while True:
            step = next_step(seen)
            try:
                seen = self._do(step, seen)
            except TrayexecError:
                self._say_how_it_stands(seen)
                raise
            if isinstance(step, Finish):
                return seen

    def _do(self, step: Step, seen: Seen) -> Seen:
        match step:
            case Begin(new):
                after = replace(seen, begun=self._note(Begun(seen.stored, self._ports.now(), new)))
            case Make():
                after = self._make(seen)
            case PutInPlace():
                after = self._put_in_place(seen)
            case SwitchOff(key):
                after = self._switch_off(seen, key)
            case Delete(key):
                after = self._delete(seen, key)
            case Discard():
                after = self._discard(seen)
            case Forget() | Finish():
                after = self._clean(seen)
            case Full(other):
                raise TrayexecError(problems.two_keys(self._identity.name, self._identity.arn, seen.stored, other))
            case _:
                assert_never(step)
        return after

    def _never_used(self, key: AccessKey) -> bool:
        """Whether AWS says so; where it does not tell, it may have been used."""
        try:
            return self._ports.iam.last_use(key.id) is None
        except TrayexecError as error:
            if error.trouble.code not in {"iam_denied", "iam_gone"}:
                raise
            return False

    def _note(self, begun: Begun) -> Begun:
        self._ports.notes.write(self._identity.name, begun)
        return begun

    def _make(self, seen: Seen) -> Seen:
        """Make a key. One that cannot be stored is taken back at once: nobody would have its secret."""
        self._say(Text("making a new key…"))
        made = self._ports.iam.make()
        try:
            self._ports.keychain.store(beside(self._identity.name), made)
        except TrayexecError:
            with suppress(TrayexecError):
                self._ports.iam.delete(made.access_key_id)
            self._discard(seen)
            raise
        begun = seen.begun or Begun(seen.stored, self._ports.now())
        seen = replace(
            seen,
            beside=made.access_key_id,
            begun=self._note(replace(begun, new=made.access_key_id)),
        )
        return _with(seen, AccessKey(made.access_key_id, active=True, created=self._ports.now()))

    def _put_in_place(self, seen: Seen) -> Seen:
        name, keychain = self._identity.name, self._ports.keychain
        new = keychain.read(beside(name))
        self._wait_until_taken(new)
        keychain.store(name, replace(new, arn=self._identity.arn))
        self._ports.iam.take(new)
        return replace(seen, stored=new.access_key_id)

    def _wait_until_taken(self, new: LongTermKeys) -> None:
        """Wait until AWS takes the new key every time. Raises TrayexecError."""
        self._say(
            Text("waiting until AWS takes the new key {key} everywhere…", key=keychain_entry.end(new.access_key_id))
        )
        taken, tries = 0, 0
        while True:
            try:
                arn = self._ports.sts.check(self._identity.endpoint, new, self._identity.name)
            except StsError as error:
                if error.refusal is not Refusal.KEYS:
                    raise
                taken = 0
            else:
                if arn != self._identity.arn:
                    raise TrayexecError(problems.of_another(self._identity.name, self._identity.arn, arn))
                taken += 1
            if taken == IN_A_ROW:
                return
            tries += 1
            if tries * PAUSE > PATIENCE:
                raise TrayexecError(problems.not_taken_yet(self._identity.name, new.access_key_id))
            if tries % REMIND == 0:
                self._say(Text("still waiting for AWS ({seconds} s)…", seconds=round(tries * PAUSE)))
            self._ports.pause(PAUSE)

    def _switch_off(self, seen: Seen, key: str) -> Seen:
        self._say(Text("switching the old key {key} off…", key=keychain_entry.end(key)))
        self._ports.iam.switch_off(key)
        return _with(seen, replace(seen.listed[key], active=False))

    def _delete(self, seen: Seen, key: str) -> Seen:
        self._say(Text("deleting the key {key}…", key=keychain_entry.end(key)))
        self._ports.iam.delete(key)
        return replace(seen, listed={one: said for one, said in seen.listed.items() if one != key})

    def _discard(self, seen: Seen) -> Seen:
        with suppress(TrayexecError):
            self._ports.keychain.remove(beside(self._identity.name))
        return replace(seen, beside=None)

    def _clean(self, seen: Seen) -> Seen:
        """Take away what was kept for a rotation: the second item first, for the note says what it was."""
        seen = self._discard(seen)
        self._ports.notes.forget(self._identity.name)
        return replace(seen, begun=None)

    def _say_how_it_stands(self, seen: Seen) -> None:
        """What a person has to know who reads next why it did not go on."""
        if seen.begun is None or seen.beside is None:
            self._say(Text("the key {key} is in use as before", key=keychain_entry.end(seen.stored)))
        elif seen.stored == seen.beside:
            self._say(
                Text(
                    "the new key {new} is stored and in use; AWS still has the old one, {old}",
                    new=keychain_entry.end(seen.stored),
                    old=keychain_entry.end(seen.begun.old),
                )
            )
        else:
            self._say(
                Text(
                    "the key {old} is in use as before; the new one, {new}, is stored beside it",
                    new=keychain_entry.end(seen.beside),
                    old=keychain_entry.end(seen.stored),
                )
            )


def _with(seen: Seen, key: AccessKey) -> Seen:
    listed: Mapping[str, AccessKey] = {**seen.listed, key.id: key}
    return replace(seen, listed=listed)
