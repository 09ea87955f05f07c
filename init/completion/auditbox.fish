# fish completion of the audit commands, loaded by the name of each. What fits is found by `complete`; fish itself offers no files, so
# that none are among words that are all that can follow.
function __auditbox
    set -l current (commandline -ct)
    set -l option (string match -r '^(?:--[^=]+|[a-z_]+!?)(?==)' -- $current)
    set -l begin ''
    set -l before (commandline -opc) (string match -r '^[^=]*,' -- $current)
    if test -n "$option"
        set begin "$option="
        set current (string replace -- $begin '' $current)
        set before (commandline -opc) $option =
    end
    set -l found (/usr/share/auditbox/complete $before 2>/dev/null)
    if test "$found[1]" = /
        set found (__fish_complete_directories "$current")
    else if test "$found[1]" = .
        set found
    else if not string match -qr -- '^[^-]' "$found[1]"; and not string match -qr -- '^'(string escape --style=regex -- "$current") $found
        set found (__fish_complete_path "$current")
    end
    for word in $found
        echo -- $begin$word
    end
end
for name in auditbox audisp-af_unix audisp-filter audisp-json audisp-remote audisp-statsd audisp-syslog auditctl auditd augenrules aulast aulastlog aureport ausearch ausyscall
    complete -c $name -f -a '(__auditbox)'
end
