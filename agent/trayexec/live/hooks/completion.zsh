# trayexec: completion. In ~/.zshrc, behind compinit: eval "$(trayexec completion zsh)"; trayexec hook zsh has it, too
_trayexec() { # under the options of the completion system, whatever the shell's are
  local -i at=${words[(i)--]}
  if (( at < CURRENT )); then
    shift at words
    (( CURRENT -= at ))
    _normal
    return
  fi
  local said line word
  local -a given found open
  given=(trayexec "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}")
  said=$(@TRAYEXEC@ completion --line "${(F)given}" 2>/dev/null </dev/null)
  for line in ${(f)said}; do
    if [[ $line == $'\tfiles' ]]; then
      [[ $PREFIX == -*=* ]] && compset -P '*='
      [[ $PREFIX == dir=* ]] && compset -P 'dir='
      _files
      return
    fi
    word=${${line%%$'\t'*}//:/\\:}
    line=${line#*$'\t'}
    if [[ $word == *= ]]; then open+=("$word"); else found+=("$word${line:+:$line}"); fi
  done
  local -i failed=1 # else zsh goes on looking, with what it has for slips of the pen
  (( $#found )) && _describe -t words trayexec found && failed=0
  (( $#open )) && _describe -t words trayexec open -S '' && failed=0
  return failed
}
# compinit may come later in ~/.zshrc: look for it when the first prompt is shown
_trayexec_complete() {
  emulate -L zsh
  if (( $+functions[compdef] )); then
    compdef _trayexec trayexec
    (( $+functions[_trayexec_profiles] )) && compdef _trayexec_profiles -value-,AWS_PROFILE,-default-
  fi
  precmd_functions=(${precmd_functions:#_trayexec_complete})
  unfunction _trayexec_complete
}
_trayexec_at_prompt() {
  emulate -L zsh
  typeset -ga precmd_functions
  precmd_functions=(${precmd_functions:#_trayexec_complete} _trayexec_complete)
}
_trayexec_at_prompt
unfunction _trayexec_at_prompt
