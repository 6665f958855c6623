"""`doctor`: every check on its own, and the whole on machines where something is wrong."""
