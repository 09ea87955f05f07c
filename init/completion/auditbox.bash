# bash completion of the audit commands; bash-completion(7) loads it by the name of the command. What fits is found by `complete`.
_auditbox() {
	local IFS=$'\n' current=${COMP_WORDS[COMP_CWORD]} found
	found=$(/usr/share/auditbox/complete "$1" "${COMP_WORDS[COMP_CWORD - 1]}" 2>/dev/null | cut -f1)
	# shellcheck disable=SC2207  # a word a line
	COMPREPLY=($(compgen -W "$found" -- "$current"))
	[[ ${COMPREPLY[0]-} != *= ]] || compopt -o nospace
}
complete -o default -F _auditbox auditbox auditctl auditd augenrules aulast aulastlog aureport ausearch ausyscall
