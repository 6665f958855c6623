"""The tray icon. `choose.py` finds the way that works here; every way is a file of its own.

- `sni.py` speaks StatusNotifierItem over D-Bus, with `dbusmenu.py` (the menu).
- `gtk.py`, `xorg.py`, `darwin.py` and `windows.py` are pystray's own backends, each with what it needs to be safe.
- `headless.py` shows nothing and waits.
- `pystrays.py` is the only place that imports pystray; `presenter.py` draws a view by its means.
"""
