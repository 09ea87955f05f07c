#!/bin/sh
# The model against the kernel: pairs of rules made up by dice, and an event for each (tests/guest/pairs.rs). The key under which
# the kernel logs it is the one that `auditctl --explain` says, the kernel refuses the rules that `auditctl --check` says it
# refuses, and no rule that is called unreachable, redundant or impossible ever logs anything.
# guest: pairs -t 900
. /steps
count=184
place=/tmp/pairs

mkdir -p $place
mkfifo $place/go $place/done
chmod 755 $place
pairs provoke $count <$place/go >$place/done &
exec 7>$place/go 8<$place/done
# provoke NAME: makes every event, and waits until they are in the log
provoke() {
	auditctl -m "$1 begins" || fail "no message"
	echo go >&7
	read -r answer <&8
	[ "$answer" = done ] || fail "the actors ended"
	auditctl -m "$1 is over" || fail "no message"
	logged "$1 is over"
}

configure
start_auditd
auditctl -a always,exclude -F msgtype=PROCTITLE
auditctl -a always,exit -S all -F 'a3>=0x6d000000' -F 'a3<=0x6d0fffff' -F key=seen || fail "the rule for what events look like"
provoke look
for seed in $(seq "$(rounds 1 20)"); do
	pairs generate "$seed" $count $log $place/$seed || fail "no rules"
	auditctl -R $place/$seed/all.rules >$place/$seed/loaded 2>&1
	provoke "round-$seed"
	pairs compare "$seed" $count $log $place/$seed || verdict=1
done
[ -z "$verdict" ] || fail "the model differs from the kernel"

# Of rules for both names of a call, whatever their order, the one that is explained from the words and from the records.
dir=/tmp/names
mkdir $dir
for call in link rename; do
	for names in 'old new' 'new old'; do
		case=$call-${names% *}
		echo >$dir/old
		for name in $names; do echo "-w $dir/$name -p wa -k $name-$case"; done >/tmp/rules
		auditctl -D >/dev/null
		auditctl -R /tmp/rules >/dev/null 2>&1 || fail "not loaded"
		case $call in
		link) ln $dir/old $dir/new ;;
		rename) mv $dir/old $dir/new ;;
		esac
		auditctl -D >/dev/null
		rm -f $dir/*
		auditctl -m "$case is over"
		logged "$case is over"
		[ "$(grep -c "type=SYSCALL.*-$case\"" $log)" = 1 ] || fail "$case is not recorded once"
		event=$(sed -n 's/type=SYSCALL msg=\([^ ]*\) .*key="[a-z]*-'"$case"'"$/\1/p' $log)
		grep -F "msg=$event" $log >/tmp/event
		found=$(sed -n 's/^type=SYSCALL.* key="\(.*\)"$/\1/p' /tmp/event)
		for words in '' "syscall=$call path=$dir/old path=$dir/new success=yes perm=wa"; do
			# shellcheck disable=SC2086  # facts are words
			auditctl --explain /tmp/rules $words </tmp/event >/tmp/said
			grep -q "with key $found\$" /tmp/said || { cat /tmp/event /tmp/said; fail "$case: the key was $found"; }
		done
	done
done
