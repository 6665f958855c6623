"""The rules, tested without files, clocks or networks."""
