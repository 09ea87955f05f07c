#!/bin/sh
# The log is brought to the disk as often as `flush` says: counted where the kernel takes the calls, and the state report says
# the same.
. /steps
trace=/sys/kernel/tracing
mount -t tracefs tracefs $trace || fail "no tracing in this kernel"

# records N: so many events, one after the other; each is one record, and waited for: a busy daemon would take several in one batch
records() {
	count=0
	while [ $count -lt "$1" ]; do
		auditctl -m "message $count" >/dev/null
		logged "message $count "
		count=$((count + 1))
	done
}

# calls NAME: how often the daemon made the call
calls() { grep -c "sys_$1(" /tmp/calls; }

# between LEAST MOST NUMBER
between() { [ "$3" -ge "$1" ] && [ "$3" -le "$2" ]; }

# under FLUSH FREQ: 20 records under this setting, then /tmp/calls and /tmp/report
under() {
	configure flush="$1" freq="$2"
	rm -f /var/log/audit/*
	start_auditd
	logged 'type=DAEMON_START'
	auditctl -m before >/dev/null
	logged 'before'
	auditctl --signal state --format text >/tmp/before
	for call in fsync fdatasync sync_file_range syncfs; do
		echo 'comm == "auditd"' >$trace/events/syscalls/sys_enter_$call/filter
		echo 1 >$trace/events/syscalls/sys_enter_$call/enable
	done
	: >$trace/trace
	records 20
	auditctl --signal state --format text >/tmp/report
	cat $trace/trace >/tmp/calls
	echo 0 >$trace/events/enable
	stop_auditd
	echo "flush = $1, freq = $2: $(calls fsync) fsync, $(calls fdatasync) fdatasync, $(requested) requested"
}

# requested: syncs the daemon counts for the 20 records
requested() {
	echo $(($(sed -n 's/^disk syncs requested = //p' /tmp/report) - $(sed -n 's/^disk syncs requested = //p' /tmp/before)))
}

under NONE 0
[ "$(calls fsync) $(calls fdatasync) $(requested)" = '0 0 0' ] || fail "flush = none syncs: $(cat /tmp/calls)"

# every fifth record; two that came in one batch may put one sync off
for mode in INCREMENTAL INCREMENTAL_ASYNC; do
	under $mode 5
	between 3 4 "$(calls fsync)" || fail "flush = $mode, freq = 5: $(calls fsync) of 4 syncs"
	[ "$(calls fdatasync)" = 0 ] || fail "flush = $mode: $(cat /tmp/calls)"
	between "$(calls fsync)" 4 "$(requested)" || fail "flush = $mode: $(requested) syncs are reported"
done
under INCREMENTAL 50
[ "$(calls fsync)" -le 1 ] || fail "flush = INCREMENTAL, freq = 50: $(calls fsync) syncs after 20 records"

# every batch: as many as records here, unless some come together
under DATA 0
between 10 20 "$(calls fdatasync)" || fail "flush = data: $(calls fdatasync) of 20"
[ "$(calls fsync)" = 0 ] || fail "flush = data: $(cat /tmp/calls)"
under SYNC 0
between 10 20 "$(calls fsync)" || fail "flush = sync: $(calls fsync) of 20"
[ "$(calls fdatasync)" = 0 ] || fail "flush = sync: $(cat /tmp/calls)"
between "$(calls fsync)" 20 "$(requested)" || fail "flush = sync: $(requested) syncs are reported"
