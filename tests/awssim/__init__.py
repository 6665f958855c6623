"""A strict loopback double of AWS STS, with as much of IAM as an MFA login needs. Standard library only.

It refuses whatever AWS refuses: signatures are recomputed, a code works once, sessions end, trust policies count.
The rules were taken from AWS's documentation and from recorded answers; nothing here comes from botocore, so the
double does not share its mistakes.
"""

from awssim.faults import Fault, Kind
from awssim.server import Sim
from awssim.sts import Call
from awssim.totp import totp
from awssim.world import Trust, World, default_world

__all__ = ["Call", "Fault", "Kind", "Sim", "Trust", "World", "default_world", "totp"]
