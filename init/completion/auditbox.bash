# bash completion of the audit commands; bash-completion(7) loads it by the name of the command. What fits is found by `complete`.
_auditbox() {
	local current=${COMP_WORDS[COMP_CWORD]} before=("${COMP_WORDS[@]:0:COMP_CWORD}") word first=
	# A = is a word of its own here.
	[[ $current != = ]] || { before+=(=) current=; }
	[[ $current != *,* ]] || before+=("${current%,*},")
	COMPREPLY=()
	# Not by compgen -W, which evaluates its words; and what has a meaning to the shell is quoted, for it lands on the command line.
	while IFS= read -r word; do
		first=${first:-$word}
		[[ $word != [/.] && $word == "$current"* ]] || continue
		[[ $word != *[^[:alnum:]_,./:=@%+-]* ]] || printf -v word %q "$word"
		COMPREPLY+=("$word")
	done < <(/usr/share/auditbox/complete "${before[@]}" 2>/dev/null | cut -f1)
	[[ ${COMPREPLY[0]-} != *= ]] || compopt -o nospace
	# A file may follow where a word of ours need not.
	case $first in
	'' | -*) ;;
	/) compopt +o default -o dirnames ;;
	*) compopt +o default ;;
	esac
}
complete -o default -F _auditbox auditbox audisp-af_unix audisp-filter audisp-json audisp-remote audisp-statsd audisp-syslog auditctl auditd augenrules aulast aulastlog aureport ausearch ausyscall
