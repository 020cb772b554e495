// The scripts that teach a shell to ask `mimic __complete`. Pure text; each is tried in its own shell by the tests.

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

const bash = `# mimic completion for bash. Use it now:  source <(mimic completion bash)
_mimic() {
  local line mode= cur="\${COMP_WORDS[COMP_CWORD]}"
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ -z $mode ]]; then mode=$line; else COMPREPLY+=("\${line%%$'\\t'*}"); fi
  done < <("\${COMP_WORDS[0]}" __complete bash "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  if [[ $mode == files ]]; then
    compopt -o filenames 2>/dev/null
    while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$cur")
  fi
  if [[ \${#COMPREPLY[@]} -eq 1 && \${COMPREPLY[0]} == *: ]]; then compopt -o nospace 2>/dev/null; fi
}
complete -F _mimic mimic ./mimic
`;

const zsh = `#compdef mimic
# mimic completion for zsh. Use it now:  source <(mimic completion zsh)
_mimic() {
  local -a lines described
  local line mode
  lines=("\${(@f)$("\${words[1]}" __complete zsh "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  mode="\${lines[1]}"
  for line in "\${(@)lines[2,-1]}"; do
    described+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done
  (( \${#described} )) && _describe -t values mimic described
  [[ $mode == files ]] && _files
  return 0
}
if [[ \${zsh_eval_context[-1]} == loadautofunc ]]; then _mimic "$@"; else compdef _mimic mimic; fi
`;

const fish = `# mimic completion for fish. Use it now:  mimic completion fish | source
function __mimic_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l program $words[1]
    set -e words[1]
    set -l lines ($program __complete fish $words "$current" 2>/dev/null)
    test (count $lines) -gt 1; and printf '%s\\n' $lines[2..-1]
    test "$lines[1]" = files; and __fish_complete_path "$current"
end
complete -c mimic -f -a '(__mimic_complete)'
`;

const scripts: Readonly<Record<Shell, string>> = { bash, zsh, fish };
export const completionScript = (shell: Shell): string => scripts[shell];
