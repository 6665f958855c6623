"""Our own dialog: one layout, drawn by GTK (`gtk_child.py`) or Tk (`tk_child.py`) in a process of its own.

`tool.py` starts it and reads its answer. `code_field.py` is what both know about typing six digits.
"""
