# bench.bash: completion of bench's options, files, devices and names, for bash.
# SPDX-License-Identifier: MIT

# The words that stand behind an option's name in the help: "NAME        by: auto, register, local" -> auto register local.
_convcl_bench_names() {
    "$1" --help 2>/dev/null | sed -n "s/^.*$2 NAME *\(.*: \)\{0,1\}//p" | tr ',' ' '
}

_convcl_bench() {
    local current=${COMP_WORDS[COMP_CWORD]} before='' command='' options values='' word
    [ "$COMP_CWORD" -lt 1 ] || before=${COMP_WORDS[COMP_CWORD - 1]}
    for word in compare conv gemm cache; do
        [ "${COMP_WORDS[1]}" != "$word" ] || [ "$COMP_CWORD" -eq 1 ] || command=$word
    done
    COMPREPLY=()
    case $before in
    --format) values='text markdown csv json' ;;
    # The help lists the networks on the line behind the option.
    --net) values=$("${COMP_WORDS[0]}" --help 2>/dev/null | sed -n '/--net NAME/{n;p;}' | tr ',' ' ') ;;
    --phase) values='forward forward-backward both' ;;
    --tune) values='off quick full' ;;
    --math) values='default strict fast' ;;
    --dir) values='fwd bwd_data bwd_weights' ;;
    --algo) values=$(_convcl_bench_names "${COMP_WORDS[0]}" --algo) ;;
    -g | --gemm) values=$(_convcl_bench_names "${COMP_WORDS[0]}" --gemm) ;;
    -d | --device) values="all $("${COMP_WORDS[0]}" --list-devices --format csv 2>/dev/null | sed -n 's/^\([0-9][0-9]*\),.*/\1/p')" ;;
    --json | --html | --plot | --cache)
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        compopt -o filenames 2>/dev/null
        return
        ;;
    cache) [ "$command" != cache ] || values='show clear export import' ;;
    export | import)
        [ "$command" != cache ] || mapfile -t COMPREPLY < <(compgen -f -- "$current")
        return
        ;;
    esac
    if [ -z "$values" ] && [[ $current == -* ]]; then
        # The help is the list: what is new there is completed here.
        options=$("${COMP_WORDS[0]}" ${command:+"$command"} --help 2>/dev/null | grep -o -E -- '(^|[ ,(])--?[a-z][a-z-]*' | tr -d ' ,(')
        values=$options
    elif [ -z "$values" ] && [ "$COMP_CWORD" -eq 1 ]; then
        values='compare conv gemm cache'
    fi
    if [ -n "$values" ]; then
        mapfile -t COMPREPLY < <(compgen -W "$values" -- "$current" | sort -u)
    elif [ "$command" = compare ]; then
        mapfile -t COMPREPLY < <(compgen -f -X '!*.json' -- "$current" && compgen -d -- "$current")
        compopt -o filenames 2>/dev/null
    fi
}

complete -F _convcl_bench bench
