"""Finds the `mfa_process` that prints the codes of a profile's device. It must not know files, nor run anything.

It is looked for as the device's serial is, in the profile and then along its sources: aws-vault does so, too
(https://github.com/ByteNess/aws-vault/blob/main/USAGE.md, mfa_process). [default] lends it to nobody.
"""

from collections.abc import Iterable

from trayexec.core.config.profiles import CodeProcess
from trayexec.core.config.sections import Sections

KEY = "mfa_process"


def found(sections: Sections, names: Iterable[str], serial: str) -> CodeProcess | None:
    """What the first of these profiles says that says anything of this device. Raises ProfileError.

    What stands beside the serial of another device prints that one's codes.
    """
    for name in names:
        line = sections.text(name, KEY)
        own = sections.profiles.get(name, {}).get("mfa_serial", serial)
        if line and line.strip() and own == serial:
            return CodeProcess(line.strip(), name, sections.files)
    return None
