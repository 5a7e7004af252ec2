#compdef tokenward
# Completions of tokenward for zsh. The program itself is asked what may stand where.
_tokenward() {
    local line
    local -a found
    while IFS= read -r line; do
        case $line in
            (:files) _files ;;
            (:folders) _files -/ ;;
            (:commands) _command_names -e ;;
            (*) found+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}") ;;
        esac
    done < <("${words[1]}" __complete -- "${(@Q)words[2,CURRENT-1]}" "$PREFIX" 2>/dev/null)
    (( $#found )) && _describe -t values tokenward found
}
if [[ ${funcstack[1]} == _tokenward ]]; then
    _tokenward "$@"
else
    compdef _tokenward tokenward
fi
