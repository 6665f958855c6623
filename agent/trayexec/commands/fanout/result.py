"""How one profile's command ended, and what that makes of the whole run. Pure."""

from trayexec.light.errors import Text
from trayexec.light.frozen import Frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Literal

    from trayexec.light.errors import Trouble

    End = Literal["exited", "denied", "unbegun"]  # how it ended, or why it never began: no credentials, or no turn

SUCCESS, SOME_FAILED, NO_CREDENTIALS, BY_SIGNAL = 0, 123, 125, 128


class Result(Frozen):
    """One profile's line of the table. `status` is 128 + n after a signal n, None where nothing ran; in seconds."""

    profile: "str"
    account: "str | None"
    end: "End"
    status: "int | None" = None
    seconds: "float" = 0.0
    trouble: "Trouble | None" = None

    @property
    def good(self) -> bool:
        """Whether all went well, its output included."""
        return self.end == "exited" and self.status == 0 and self.trouble is None


def exit_status(results: "Iterable[Result]") -> int:
    """0 all succeeded, 125 some profile got no credentials, 123 some command failed or never ran."""
    ends = list(results)
    if any(one.end == "denied" for one in ends):
        return NO_CREDENTIALS
    return SUCCESS if all(one.good for one in ends) else SOME_FAILED


def shown_status(result: Result) -> Text:
    """The cell of the table."""
    if result.end == "denied":
        return Text("no credentials")
    if result.status is None:
        return Text("not run")
    cell = Text("{status}", status=result.status)
    if result.status > BY_SIGNAL:
        import signal  # noqa: PLC0415 — slow to load, for the one name

        try:
            name = signal.Signals(result.status - BY_SIGNAL).name
        except ValueError:
            return cell
        return Text("{status} ({signal})", status=result.status, signal=name)
    return cell
