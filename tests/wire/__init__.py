"""The protocol of the private socket."""
