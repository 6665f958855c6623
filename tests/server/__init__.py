"""`--server`: the clients that it is for, and a lease through the day."""
