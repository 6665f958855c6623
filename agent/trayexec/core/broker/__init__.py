"""The agent's rules: one pure function, `step(broker, event, now) -> (broker, effects)`."""
