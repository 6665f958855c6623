"""The verbs that tell: env, console, log; and what is said about commands that run for long."""
