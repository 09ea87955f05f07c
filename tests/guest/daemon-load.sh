#!/bin/sh
# The daemon under load: killed and started again, reloaded with a broken file, rotated without pause, the clock stepping;
# and the loss in bursts is what the kernel says it is.
# guest: -t 300
. /steps
log=/var/log/audit/audit.log
conf=/etc/audit/auditd.conf
cat >$conf <<X
log_format = RAW
flush = INCREMENTAL_ASYNC
freq = 50
num_logs = 900
max_log_file = 400
max_log_file_action = ROTATE
space_left = 20
admin_space_left = 10
X
auditctl -b 8192 --backlog_wait_time 60000 >/dev/null
auditctl -a always,exit -F arch=b64 -S chmod -F auid=7777 -k load
# load N: one process, N events
cat >/tmp/load <<'X'
echo 7777 >/proc/self/loginuid
n=0
while [ $n -lt "$1" ]; do chmod 600 /tmp/target; n=$((n + 1)); done
X
: >/tmp/target
load() { sh /tmp/load "$1"; }
all_logs() { cat $log $log.* 2>/dev/null; }
whole() {
	all_logs >/tmp/all
	grep -Ev '^type=[A-Z_0-9]+ msg=audit\([0-9]+\.[0-9]{3}:[0-9]+\): ' /tmp/all >/tmp/torn
	[ ! -s /tmp/torn ] || fail "torn: $(head -n 3 /tmp/torn | cut -c1-100)"
}

# killed under load five times: no event is lost to the log, as the kernel keeps what was not taken; no record is torn
start_auditd
load 400 & loader=$!
for n in 1 2 3 4 5; do
	usleep 400000
	kill -9 "$(auditd_pid)"
	usleep 100000
	auditd || fail "no start after kill -9: $?"
done
wait $loader
sleep 1
whole
events=$(grep -c 'type=SYSCALL .*key="load"' /tmp/all)
echo "killed five times: $events of 400 events"
torn=$(grep -c 'cause=torn-record' /tmp/all)
echo "torn records cut off: $torn"

# stopped and started while events flow
rm -f $log.*; auditctl --signal rotate; sleep 1; rm -f $log.*
load 300 & loader=$!
for n in 1 2 3; do
	usleep 300000
	auditctl --signal stop || fail "stop: $?"
	auditd || fail "start: $?"
done
wait $loader
sleep 1
whole
[ "$(grep -c 'type=SYSCALL .*key="load"' /tmp/all)" = 300 ] || fail "$(grep -c 'type=SYSCALL .*key="load"' /tmp/all) of 300 events after stop and start"

# a broken configuration and rotations under load, and a clock that steps
rm -f $log.*; auditctl --signal rotate; sleep 1; rm -f $log.*
load 300 & loader=$!
cp $conf /tmp/good
now=$(date +%s)
for n in 1 2 3 4 5; do
	echo 'num_logs = x' >>$conf
	auditctl --signal reload
	usleep 200000
	cp /tmp/good $conf
	auditctl --signal rotate
	date -s "@$((now + (n % 2) * 100000 - 50000))" >/dev/null
	usleep 200000
	auditctl --signal reload
done
wait $loader
date -s "@$now" >/dev/null
sleep 1
whole
[ "$(grep -c 'type=SYSCALL .*key="load"' /tmp/all)" = 300 ] || fail "$(grep -c 'type=SYSCALL .*key="load"' /tmp/all) of 300 events under reloads"
expect 'state=no-change' /tmp/all
expect 'state=changed' /tmp/all

# a burst the kernel has no room for: what it lost is in the ledger
auditctl -b 64 --backlog_wait_time 0 >/dev/null
auditctl --reset-lost >/dev/null
kill -STOP "$(auditd_pid)"
load 300
kill -CONT "$(auditd_pid)"
sleep 7
load 1
sleep 7
lost=$(auditctl -s | sed -n 's/^lost //p')
whole
counted=$(grep -o 'cause=kernel-backlog count=[0-9]*' /tmp/all | sed 's/.*=//' | awk '{n += $1} END {print n + 0}')
[ "$lost" -gt 0 ] || fail "the kernel lost nothing"
[ "$lost" = "$counted" ] || fail "the kernel lost $lost, the ledger says $counted"
grep 'cause=kernel-backlog' /tmp/all
stop_auditd
