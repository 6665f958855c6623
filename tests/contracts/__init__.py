"""One suite per port, run on a fake and on the real adapter."""
