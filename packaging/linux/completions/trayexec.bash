# bash-completion loads this with the first Tab; the code comes from the trayexec that is installed.
eval "$(trayexec completion bash)"
