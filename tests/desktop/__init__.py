"""Tests that need a display, a bus or a panel: all private, see `support.desktop`."""
