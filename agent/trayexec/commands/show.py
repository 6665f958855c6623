"""`status` and `list`: what is open, and what there is to use."""

from trayexec.commands.agent_request import check_files
from trayexec.commands.reading import Options
from trayexec.light import agent_client, context, exits, protocol

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from trayexec.light.protocol_fields import StatusAnswer


def status(options: Options, environ: "Mapping[str, str]") -> int:
    """The identities, and how each stands. Raises TrayexecError, in the end, for files that cannot be read."""
    if options.format is not None:
        from trayexec.commands import status_format  # noqa: PLC0415 — a prompt waits for it, and for nothing else

        return status_format.show(options.format, environ)
    document = _document(environ)
    if options.json:
        from trayexec.commands import as_json  # noqa: PLC0415 — one of the two is loaded

        as_json.show(document)
    else:
        from trayexec.commands import show_table  # noqa: PLC0415 — likewise: a script does not wait for what people need

        show_table.identities(document, environ)
    check_files(document)
    return exits.OK


def profiles(options: Options, environ: "Mapping[str, str]") -> int:
    """Every profile of the AWS config. Raises TrayexecError for files that cannot be read."""
    document = _document(environ)
    check_files(document)
    if options.json:
        from trayexec.commands import as_json  # noqa: PLC0415 — as above

        as_json.show(document["profiles"])
    else:
        from trayexec.commands import show_table  # noqa: PLC0415 — as above

        show_table.profiles(document, environ)
    return exits.OK


def _document(environ: "Mapping[str, str]") -> "StatusAnswer":
    answer = agent_client.obtain(protocol.status(context.surroundings(environ)), environ)
    return protocol.read_status(answer)
