# fish loads this with the first Tab; the code comes from the trayexec that is installed.
trayexec completion fish | source
