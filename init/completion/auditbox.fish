# fish completion of the audit commands, loaded by the name of each. What fits is found by `complete`.
function __auditbox
    set -l option (string match -r '^(?:--[^=]+|[a-z_]+!?)(?==)' -- (commandline -ct))
    set -l list (string match -r '^[^=]*,' -- (commandline -ct))
    if test -n "$option"
        /usr/share/auditbox/complete (commandline -opc) $option = 2>/dev/null | sed "s/^/$option=/"
    else
        /usr/share/auditbox/complete (commandline -opc) $list 2>/dev/null
    end
end
for name in auditbox audisp-af_unix audisp-filter audisp-json audisp-remote audisp-statsd audisp-syslog auditctl auditd augenrules aulast aulastlog aureport ausearch ausyscall
    complete -c $name -a '(__auditbox)'
end
