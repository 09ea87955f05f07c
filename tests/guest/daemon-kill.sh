#!/bin/sh
# The daemon killed, stopped and started while events flow: what was in the log stays there, no record is torn, what is
# missing died with the daemon and nothing else did, and what the kernel had no room for is in the ledger.
# guest: -t 900
. /steps

# numbers: the events that are in the logs, in that order
numbers() { all_logs | sed -n 's/.*type=SYSCALL .* a0=\([0-9a-f]*\) .*key="number".*/\1/p'; }
# missing LAST: the numbers up to LAST that are not there, and how many runs they make, in $missing and $runs
missing() {
	numbers | sort >/tmp/there
	[ -z "$(uniq -d /tmp/there)" ] || fail "twice in the logs: $(uniq -d /tmp/there | head -n 3)"
	awk -v first=$first -v last="$1" 'BEGIN { for (n = 1; n <= last; n++) printf "%x %d\n", first + n, n }' >/tmp/wanted
	awk 'NR == FNR { there[$1]; next } !($1 in there) { print $2 }' /tmp/there /tmp/wanted | sort -n >/tmp/missing
	missing=$(wc -l </tmp/missing)
	runs=$(awk '$1 != last + 1 { runs++ } { last = $1 } END { print runs + 0 }' /tmp/missing)
}
fresh() {
	log_disk tmpfs 262144
	configure "$@"
	start_auditd
	audit_numbers
}
# flow: events from now on;  grows: there are some more than when it was last asked;  dam: ends them
flow() {
	rm -f /tmp/enough
	events 10000000 60 & producer=$!
	size=0
}
grows() {
	before=$size size=$(stat -c %s $log)
	[ "$size" -gt $((before + 20000)) ]
}
dam() {
	: >/tmp/enough
	wait $producer
	made=$(cat /tmp/made)
}
kernel_lost() { auditctl -s | sed -n 's/^lost //p'; }

auditctl -b 8192 --backlog_wait_time 60000 >/dev/null

# killed under load: each number that the dead daemon has left in the log is there, and each kill makes one gap at most
kills=$(rounds 4 30)
fresh
flow
kill=1
while [ $kill -le $kills ]; do
	until_true 30 grows || fail "nothing flows before kill $kill"
	killed=$(auditd_pid)
	kill -9 "$killed"
	until_true 30 auditd_gone "$killed" || fail "the daemon survives kill -9"
	numbers >/tmp/seen.$kill
	auditd || fail "no start after kill -9: $?"
	whole
	kill=$((kill + 1))
done
dam
auditctl -m 'the last word' >/dev/null
logged 'the last word'
missing $made
sort -u /tmp/seen.* >/tmp/seen
[ "$(wc -l </tmp/seen)" -gt 0 ] || fail "nothing was in the log at a kill"
lost=$(awk 'NR == FNR { there[$1]; next } !($1 in there)' /tmp/there /tmp/seen | wc -l)
[ "$lost" = 0 ] || fail "$lost records that were in the log are gone"
echo "$kills kills, $made events: $missing are missing in $runs gaps; torn: $(ledger torn-record)"
[ "$runs" -le "$kills" ] || fail "$runs gaps by $kills kills: $(head -n 20 /tmp/missing | tr '\n' ' ')"
[ "$(wc -l </tmp/there)" -ge "$(wc -l </tmp/seen)" ] || fail "fewer are there than were seen"
[ "$(kernel_lost)" = "$(ledger kernel-backlog)" ] || fail "the kernel lost $(kernel_lost), the ledger says $(ledger kernel-backlog)"
whole
stop_auditd

# stopped and started under load, by signal and by auditctl: nothing at all is missing
stops=$(rounds 3 30)
fresh
flow
stop=1
while [ $stop -le $stops ]; do
	until_true 30 grows || fail "nothing flows before stop $stop"
	if [ $((stop % 2)) = 0 ]; then stop_auditd; else auditctl --signal stop || fail "--signal stop: $?"; fi
	start_auditd
	stop=$((stop + 1))
done
dam
auditctl -m 'the last word' >/dev/null
logged 'the last word'
missing $made
[ "$missing" = 0 ] || fail "$missing of $made events are missing: $(head -n 20 /tmp/missing | tr '\n' ' ')"
[ "$(all_logs | grep -c 'type=DAEMON_START')" = $((stops + 1)) ] || fail "not every start is in the log"
[ "$(all_logs | grep -c 'type=DAEMON_END')" = "$stops" ] || fail "not every end is in the log"
whole

# no daemon, and a kernel that has little room: what it lost is in the log of the daemon that comes
auditctl -b 64 --backlog_wait_time 0 >/dev/null
rm -f /tmp/enough
auditctl --reset-lost >/dev/null
log_before=$(ledger kernel-backlog)
stop_auditd
events 1500
start_auditd
all_told() {
	auditctl -m settled >/dev/null
	[ "$(kernel_lost)" = $(($(ledger kernel-backlog) - log_before)) ]
}
until_true 30 all_told || fail "the kernel lost $(kernel_lost), the ledger says $(($(ledger kernel-backlog) - log_before))"
[ "$(kernel_lost)" -gt 0 ] || fail "the kernel lost nothing"
drained
there=$(($(numbers | wc -l) - made))
[ $((there + $(kernel_lost))) -ge 1500 ] || fail "of 1500 events $there are there, and the kernel lost $(kernel_lost)"
state kernel_lost_counter "$(kernel_lost)"
stop_auditd

# the serials of the ledger: what the kernel refused and what died with a killed daemon are the ones that are missing
serials() { sed -n '/^type=DAEMON_/d; s/^type=[A-Z_]* msg=audit([0-9.]*:\([0-9]*\)).*/\1/p' $log | sort -nu; }
holes() { serials | awk 'last && $1 > last + 1 { if (!first) first = last + 1; end = $1 - 1 } { last = $1 } END { print first, end }'; }
gap() { sed -n "s/.*op=lost-events cause=$1 .* first=\([0-9]*\) last=\([0-9]*\) .*/\1 \2/p" $log; }
log_disk tmpfs 65536
configure
start_auditd
audit_calls
calls 30
auditctl -r 5 >/dev/null
calls 300
auditctl -r 0 >/dev/null
calls 30
drained
logged 'op=lost-events cause=kernel-'
all_said() { [ "$(gap 'kernel-[a-z-]*' | awk '{ if (!first) first = $1; end = $2 } END { print first, end }')" = "$(holes)" ]; }
until_true 30 all_said || fail "the ledger says $(gap 'kernel-[a-z-]*'), missing are $(holes)"
auditctl --signal rotate
logged 'type=DAEMON_ROTATE'
calls 30
killed=$(auditd_pid)
kill -STOP "$killed"
calls 60
until_true 30 no_backlog || fail "the kernel keeps its records: $(auditctl -s)"
kill -9 "$killed"
until_true 30 auditd_gone "$killed" || fail "the daemon survives kill -9"
auditd || fail "no start after kill -9: $?"
calls 30
drained
logged 'op=lost-events cause=daemon-killed'
[ "$(gap daemon-killed)" = "$(holes)" ] || fail "the ledger says $(gap daemon-killed), missing are $(holes)"
stop_auditd
