"""The agent's process: the loop that owns the state, the private socket, the composition root."""
