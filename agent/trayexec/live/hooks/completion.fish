# trayexec: completion. In ~/.config/fish/config.fish: trayexec completion fish | source; trayexec hook fish has it, too
function __trayexec_words
    set -l typed (commandline -ct)
    set -l given (commandline -opc) "$typed" # in quotes, for an empty one is a word, too
    set -l before trayexec
    for word in $given[2..-1]
        set before "$before"\n"$word"
    end
    @TRAYEXEC@ completion --line "$before" 2>/dev/null </dev/null | while read -l line
        if test "$line" = \tfiles
            __fish_complete_path (commandline -ct)
        else
            echo $line
        end
    end
end
function __trayexec_command
    set -l line (commandline -opc)
    set -l at (contains -i -- -- $line)
    complete -C (string join ' ' -- (string escape -- $line[(math $at + 1)..-1]) (commandline -ct))
end
complete -c trayexec -e
complete -c trayexec -f
complete -c trayexec -n 'not contains -- -- (commandline -opc)' -a '(__trayexec_words)'
complete -c trayexec -n 'contains -- -- (commandline -opc)' -a '(__trayexec_command)'
