"""The recipes of the README and the cookbook, run as they stand there."""
