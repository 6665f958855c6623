"""The tray icon. `choose.py` finds the way that works here; every way is a file of its own.

- `sni.py` speaks StatusNotifierItem over D-Bus, with `bus.py` (the connection) and `dbusmenu.py` (the menu).
- `gtk.py`, `xorg.py`, `darwin.py` and `windows.py` are pystray's own backends, each with what it needs to be safe.
- `headless.py` shows nothing and waits.
- `pystrays.py` is the only place that imports pystray; `presenter.py` turns a view into an icon, a title and a menu.
"""
