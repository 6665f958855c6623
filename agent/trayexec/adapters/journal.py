"""The agent's log: a small rotating file in the state folder, with whatever looks like a secret taken out."""

import logging
import logging.handlers
import os
from pathlib import Path

from trayexec.adapters.redact import place_of, redacted
from trayexec.light import private_files

SIZE, KEPT = 512 * 1024, 2
CHATTY = ("botocore", "boto3", "urllib3", "keyring", "PIL", "asyncio", "s3transfer")


class Redactor(logging.Filter):
    """The second line of defence: nothing secret is ever passed to the log, and if it were, it would not arrive."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record's text in place; of an error its kind and its places are told, never its words."""
        said = redacted(record.getMessage())
        error = record.exc_info[1] if record.exc_info else None
        record.msg = f"{said}: {place_of(error)}" if error is not None else said
        record.args = ()
        record.exc_info = record.exc_text = record.stack_info = None
        return True


class _Private(logging.handlers.RotatingFileHandler):
    def _open(self) -> "logging.io.TextIOWrapper":  # type: ignore[name-defined]
        descriptor = private_files.keep(self.baseFilename)
        return os.fdopen(descriptor, "a", encoding="utf-8", errors="backslashreplace")


def open_journal(path: Path) -> logging.Logger:
    """The log at `path`, or one that goes nowhere when it cannot be written: a full disk must not stop the agent."""
    journal = logging.getLogger("trayexec")
    journal.propagate = False
    journal.setLevel(logging.INFO)
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
        logging.getLogger(name).propagate = False
        logging.getLogger(name).handlers = [logging.NullHandler()]
    logging.raiseExceptions = False
    handler: logging.Handler
    try:
        private_files.own_folder(str(path.parent))
        handler = _Private(path, maxBytes=SIZE, backupCount=KEPT)
    except OSError:
        handler = logging.NullHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%Y-%m-%dT%H:%M:%S%z"))
    handler.addFilter(Redactor())
    for old in list(journal.handlers):
        journal.removeHandler(old)
        old.close()
    journal.addHandler(handler)
    return journal
