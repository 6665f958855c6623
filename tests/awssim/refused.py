"""A refusal of AWS: an HTTP status, an error code, a message."""


class Refused(Exception):  # noqa: N818 — it is an answer, not an accident
    """AWS says no: an HTTP status, an error code, and a message."""

    def __init__(self, status: int, code: str, message: str) -> None:
        """Keep the three."""
        super().__init__(code)
        self.status = status
        self.code = code
        self.message = message
