#!/bin/sh
# Under load: a broken configuration changes nothing and loses nothing, nor do rotations and a clock that steps; and of a
# burst the kernel has no room for, what it lost is in the ledger.
# guest: -t 900
. /steps

kernel_lost() { auditctl -s | sed -n 's/^lost //p'; }
auditctl -b 8192 --backlog_wait_time 60000 >/dev/null
log_disk tmpfs 262144
configure num_logs=900 max_log_file_action=ROTATE
start_auditd
audit_numbers
now=$(date +%s)
rm -f /tmp/enough
events 10000000 60 & producer=$!
for n in $(seq "$(rounds 5 40)"); do
	# what stands before the broken line must not count either
	cp $conf /tmp/good
	printf 'max_log_file = 8\nlog_format = ENRICHED\nnum_logs = x\n' >>$conf
	auditctl --signal reload
	until_true 30 prints "$n" sh -c '. /steps; all_logs | grep -c "op=reconfigure state=no-change .* res=failed"' ||
		fail "reload $n of a broken configuration is not refused"
	state max_log_size 409600
	cp /tmp/good $conf
	date -s "@$((now + (n % 2) * 100000 - 50000))" >/dev/null
	auditctl --signal rotate
	until_true 30 prints "$n" sh -c '. /steps; all_logs | grep -c type=DAEMON_ROTATE' || fail "no rotation $n"
	auditctl --signal reload
	until_true 30 prints "$n" sh -c '. /steps; all_logs | grep -c "op=reconfigure state=changed .* res=success"' ||
		fail "reload $n is refused"
done
: >/tmp/enough
wait $producer
date -s "@$now" >/dev/null
made=$(cat /tmp/made)
numbers() { all_logs | grep -c 'type=SYSCALL .*key="number"'; }
until_true 30 prints "$made" numbers || fail "$(numbers) of $made events are there"
[ "$(ledger)" = 0 ] || fail "records are lost"
refuse "$(printf '\035')" $log
whole
echo "$made events under reloads, rotations and clock steps"

# a burst the kernel has no room for
auditctl -b 64 --backlog_wait_time 0 >/dev/null
auditctl --reset-lost >/dev/null
rm -f /tmp/enough
kill -STOP "$(auditd_pid)"
events 3000
kill -CONT "$(auditd_pid)"
all_told() {
	auditctl -m settled >/dev/null
	[ "$(kernel_lost)" = "$(ledger kernel-backlog)" ]
}
until_true 30 all_told || fail "the kernel lost $(kernel_lost), the ledger says $(ledger kernel-backlog)"
[ "$(kernel_lost)" -gt 0 ] || fail "the kernel lost nothing"
state lost_to_kernel_backlog "$(kernel_lost)"
drained
[ $(($(numbers) - made + $(kernel_lost))) -ge 3000 ] || fail "$(($(numbers) - made)) of 3000 events are there, the kernel lost $(kernel_lost)"
stop_auditd
