"""Objects on the bus, described once: the same tables answer calls, check their arguments and write the introspection.

Whatever comes in is answered, with a D-Bus error if it makes no sense; nothing that a caller sends raises here.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from jeepney import HeaderFields, Message, new_error, new_method_return

PROPERTIES = "org.freedesktop.DBus.Properties"

_ERROR = "org.freedesktop.DBus.Error."
_DOCTYPE = (
    '<!DOCTYPE node PUBLIC "-//freedesktop//DTD D-BUS Object Introspection 1.0//EN" '
    '"http://www.freedesktop.org/standards/dbus/1.0/introspect.dtd">\n'
)

_log = logging.getLogger(__name__)

Value = tuple[str, Any]  # a D-Bus variant: its signature and the value
Types = tuple[str, ...]  # complete D-Bus types, one an argument


class Refused(Exception):  # noqa: N818 — the caller's error, not ours
    """The answer to a call that makes no sense: the end of a D-Bus error name, and a sentence."""

    def __init__(self, name: str, text: str) -> None:
        """Answer with `org.freedesktop.DBus.Error.{name}`."""
        super().__init__(text)
        self.name = _ERROR + name


@dataclass(frozen=True, slots=True)
class BusMethod:
    """What a method takes and gives, and the function that answers with a tuple of what it gives."""

    takes: Types
    gives: Types
    answer: Callable[..., tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class BusInterface:
    """An interface of an object. `properties` is asked anew at every call."""

    name: str
    methods: Mapping[str, BusMethod]
    signals: Mapping[str, Types] = field(default_factory=dict)
    properties: Callable[[], Mapping[str, Value]] = dict


class BusObjects:
    """Objects by their path, each with one interface of its own beside the standard ones."""

    def __init__(self, objects: Mapping[str, BusInterface]) -> None:
        """Serve these."""
        self._objects = {path: _complete(interface) for path, interface in objects.items()}
        children = "".join(f'<node name="{path[1:]}"/>' for path in objects)
        # The root only says what is below it: `busctl tree` and the like begin there.
        self._objects["/"] = _standard(lambda: children)

    def reply(self, message: Message) -> Message:
        """The answer to this method call; never raises."""
        try:
            method = self._find(message)
            reply = new_method_return(message, "".join(method.gives) or None, method.answer(*message.body))
            reply.serialise(serial=1)  # an answer that does not fit its own signature is found here, not on the way out
        except Refused as refused:
            return new_error(message, refused.name, "s", (str(refused),))
        except Exception:  # noqa: BLE001 — a stranger's call must not end the icon; the log has the traceback
            _log.exception("a D-Bus call could not be answered")
            return new_error(message, f"{_ERROR}Failed", "s", ("trayexec could not answer this call",))
        return reply

    def _find(self, message: Message) -> BusMethod:
        fields = message.header.fields
        path, name, member = (
            fields.get(key) for key in (HeaderFields.path, HeaderFields.interface, HeaderFields.member)
        )
        interfaces = self._objects.get(path)
        if interfaces is None:
            raise Refused("UnknownObject", f"There is no object {path}")
        # A caller may leave the interface out.
        candidates = [interface for interface in interfaces if name in {None, interface.name}]
        if not candidates:
            raise Refused("UnknownInterface", f"{path} has no interface {name}")
        for interface in candidates:
            method = interface.methods.get(member)
            if method is not None:
                if fields.get(HeaderFields.signature, "") != "".join(method.takes):
                    raise Refused("InvalidArgs", f"{member} takes ({' '.join(method.takes)})")
                return method
        raise Refused("UnknownMethod", f"{path} has no method {member}")


def _complete(own: BusInterface) -> list[BusInterface]:
    def known(asked: str) -> Mapping[str, Value]:
        if asked != own.name:
            raise Refused("UnknownInterface", f"There are no properties of {asked}")
        return own.properties()

    def get(asked: str, name: str) -> tuple[Value]:
        values = known(asked)
        if name not in values:
            raise Refused("UnknownProperty", f"{own.name} has no property {name}")
        return (values[name],)

    def refuse(asked: str, name: str, _value: Value) -> tuple[()]:
        get(asked, name)
        raise Refused("PropertyReadOnly", f"{name} cannot be set")

    properties = BusInterface(
        PROPERTIES,
        {
            "Get": BusMethod(("s", "s"), ("v",), get),
            "GetAll": BusMethod(("s",), ("a{sv}",), lambda asked: (dict(known(asked)),)),
            "Set": BusMethod(("s", "s", "v"), (), refuse),
        },
        {"PropertiesChanged": ("s", "a{sv}", "as")},
    )
    return [own, properties, *_standard(lambda: _xml(own) + _xml(properties))]


def _standard(describe: Callable[[], str]) -> list[BusInterface]:
    """What every object has. `describe` gives the introspection of the rest."""
    standard: list[BusInterface] = []

    def introspect() -> tuple[str]:
        return (f"{_DOCTYPE}<node>{describe()}{''.join(_xml(interface) for interface in standard)}</node>",)

    standard += [
        BusInterface("org.freedesktop.DBus.Introspectable", {"Introspect": BusMethod((), ("s",), introspect)}),
        BusInterface("org.freedesktop.DBus.Peer", {"Ping": BusMethod((), (), lambda: ())}),
    ]
    return standard


def _xml(interface: BusInterface) -> str:
    methods = "".join(
        f'<method name="{name}">{_arguments(method.takes, "in")}{_arguments(method.gives, "out")}</method>'
        for name, method in interface.methods.items()
    )
    signals = "".join(
        f'<signal name="{name}">{_arguments(types)}</signal>' for name, types in interface.signals.items()
    )
    properties = "".join(
        f'<property name="{name}" type="{kind}" access="read"/>' for name, (kind, _) in interface.properties().items()
    )
    return f'<interface name="{interface.name}">{methods}{signals}{properties}</interface>'


def _arguments(types: Types, direction: str = "") -> str:
    way = f' direction="{direction}"' if direction else ""
    return "".join(f'<arg type="{kind}"{way}/>' for kind in types)
