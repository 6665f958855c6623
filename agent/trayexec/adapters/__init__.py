"""The outside world, one room per neighbour: the only place for third-party imports."""
