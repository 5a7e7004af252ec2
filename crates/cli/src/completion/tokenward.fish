# Completions of tokenward for fish. The program itself is asked what may stand where.
function __tokenward_complete
    set -l words (commandline -opc)
    set -l typed (commandline -ct)
    for line in ($words[1] __complete -- $words[2..-1] "$typed" 2>/dev/null)
        switch $line
            case :files
                __fish_complete_path $typed
            case :folders
                __fish_complete_directories $typed
            case :commands
                complete -C "$typed"
            case '*'
                echo $line
        end
    end
end
complete -c tokenward -f -a '(__tokenward_complete)'
