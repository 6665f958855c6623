"""Notifications: the desktop's own with buttons, then plyer, then the log. `chain.py` is the port; it never raises."""
