"""What every run, credential-process and hook pay for: connection, protocol, exec. Imports are an allow-list."""
