"""A real agent and real commands from end to end: what no single file of the source answers for."""
