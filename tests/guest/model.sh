#!/bin/sh
# The model against the kernel: pairs of rules made up by dice, and an event for each (tests/guest/pairs.rs). The key under which
# the kernel logs it is the one that `auditctl --explain` says, the kernel refuses the rules that `auditctl --check` says it
# refuses, and no rule that is called unreachable, redundant or impossible ever logs anything.
# guest: pairs -t 300
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
