"""D-Bus: one connection to each of the desktop's buses, for tray, notifications and screen lock.

`buses.py` has the two, `client.py` keeps one, `connection.py` is the line to it; `objects.py` answers what others ask.
"""
