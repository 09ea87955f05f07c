# fish completion of the audit commands, loaded by the name of each. What fits is found by `complete`.
function __auditbox
    /usr/share/auditbox/complete (commandline -opc) 2>/dev/null
end
for name in auditbox auditctl auditd augenrules aulast aulastlog aureport ausearch ausyscall
    complete -c $name -a '(__auditbox)'
end
