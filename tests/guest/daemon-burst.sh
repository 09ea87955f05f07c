#!/bin/sh
# 100,000 events in bursts from several processes, more than the kernel has room for: what it says it lost is what the log
# and the state report say, and of what it did not lose nothing is missing.
# guest: -t 900 -c 2
. /steps
configure num_logs=2 space_left=20 admin_space_left=10
start_auditd
auditctl -b 128 --backlog_wait_time 0 >/dev/null
auditctl -a always,exit -F arch=b64 -S umask -F auid=7777 -k burst >/dev/null
sleep 1
auditctl --reset-lost >/dev/null

# burst N: a process that makes 3 N events as fast as it can: the shell's umask calls umask(2) three times
cat >/tmp/burst <<'X'
echo 7777 >/proc/self/loginuid
n=0
while [ $n -lt "$1" ]; do umask 022; n=$((n + 1)); done
X
for round in 1 2 3 4 5; do
	producers=''
	for process in 1 2 3 4; do
		sh /tmp/burst 1700 &
		producers="$producers $!"
	done
	# shellcheck disable=SC2086  # several processes
	wait $producers
	sleep 1
done

# the loss is noticed with the next record, once the kernel tells it
all_counted() {
	auditctl -m settled >/dev/null
	lost=$(auditctl -s | sed -n 's/^lost //p')
	counted=$(ledger kernel-backlog)
	[ "$lost" = "$counted" ]
}
until_true 30 all_counted || fail "the kernel lost $lost, the log says $counted"
[ "$lost" -gt 0 ] || fail "the bursts were no bursts: nothing is lost"
state lost_to_kernel_backlog "$lost"

auditctl -m 'the last word' >/dev/null
logged 'the last word'

# an event without its first record, or with that alone, is one the kernel has counted
events=$((5 * 4 * 1700 * 3))
calls=$(grep -c '^type=SYSCALL .*key="burst"' $log)
titles=$(grep -c '^type=PROCTITLE' $log)
echo "of $events events $calls are in the log; the kernel lost $lost records"
[ $((events - titles)) -le "$lost" ] || fail "$calls calls and $titles titles of $events events, the kernel lost $lost records"
whole
stop_auditd
