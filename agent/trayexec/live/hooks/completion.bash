# trayexec: completion. In ~/.bashrc: eval "$(trayexec completion bash)"; what trayexec hook bash prints has it, too
_trayexec() {
  local word=${COMP_WORDS[COMP_CWORD]} quoting=%q line quoted said i IFS=$' \t\n'
  local -a given=(trayexec)
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    if [[ ${COMP_WORDS[i]} == -- ]]; then
      if declare -F _command_offset >/dev/null; then
        _command_offset $((i + 1))
      elif ((COMP_CWORD == i + 1)); then
        while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -c -- "$word")
      else
        compopt -o default 2>/dev/null
      fi
      return
    fi
    case ${COMP_WORDS[i]} in # readline takes = for a word of its own, and @, and both together
      = | @ | =@) ;;
      *) given+=("${COMP_WORDS[i]}") ;;
    esac
  done
  case $word in
    [\'\"]*) word=${word:1} quoting=%s ;; # readline goes on within the quote
    =) word='' ;;
    *) IFS= read word <<<"${2-$word}" ;; # without -r it takes the backslashes away; the second one has the @
  esac
  given+=("$word")
  said=$(IFS=$'\n'; @TRAYEXEC@ completion --line "${given[*]}" 2>/dev/null </dev/null)
  while IFS= read -r line; do
    if [[ $line == $'\tfiles' ]]; then
      compopt -o default 2>/dev/null
    elif [[ $line == "$word"* && $line == *$'\t'* ]]; then
      line=${line%%$'\t'*}
      [[ $line != *= ]] || compopt -o nospace 2>/dev/null
      printf -v quoted $quoting "$line"
      COMPREPLY+=("$quoted")
    fi
  done <<<"$said"
}
complete -F _trayexec trayexec
