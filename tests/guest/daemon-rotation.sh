#!/bin/sh
# Rotation: by size with each max_log_file_action, by signal, how many logs stay, and whose they are.
# guest: -t 900
. /steps

# fresh KEY=VALUE...: a daemon on an empty disk
fresh() {
	log_disk tmpfs 32768
	configure "$@"
	: >/tmp/messages
	start_auditd
	audit_calls
}
# rotate: by signal, and waits for it
rotate() {
	inode=$(stat -c %i $log)
	auditctl --signal rotate
	until_true 30 is_new || fail "no rotation: $(ls -l /var/log/audit)"
}
is_new() { [ -f $log ] && [ "$(stat -c %i $log)" != "$inode" ]; }
# mark WORD: a record that has it;  holds FILE WORD: it is there
mark() {
	auditctl -m "mark-$1" >/dev/null || fail "no message"
	logged "mark-$1[^0-9]"
}
holds() { grep -q "mark-$2[^0-9]" "$1" || fail "mark-$2 is not in $1 of $(ls /var/log/audit)"; }
# grow: by more than a MiB; the end of it may be in the next log
grow() { calls 3600; }
suffixes() { (cd /var/log/audit && ls audit.log.* 2>/dev/null | sed 's/audit.log.//' | sort -n | tr '\n' ' '); }

start_syslog

# num_logs 0 and 1: no rotation, by whatever way, and the signal says so
for number in 0 1; do
	fresh num_logs=$number max_log_file=1 max_log_file_action=ROTATE
	mark 1
	grow
	auditctl --signal rotate
	told 'Log rotation disabled \(num_logs < 2\), skipping$' 1
	logged 'type=DAEMON_ROTATE'
	mark 2
	[ -z "$(suffixes)" ] || fail "num_logs = $number, and there is $(suffixes)"
	holds $log 1
	stop_auditd
done

# num_logs 3 by size: .1 is the newest, the oldest goes, a log ends with the record that reached the limit
fresh num_logs=3 max_log_file=1 max_log_file_action=ROTATE
for n in 1 2 3; do
	mark $n
	grow
	until_true 30 grep -qs "mark-$n[^0-9]" $log.1 || fail "no rotation $n: $(ls -l /var/log/audit)"
done
mark 4 # which needs a log in the place of the one that was moved
holds $log.1 3
holds $log.2 2
[ "$(suffixes)" = '1 2 ' ] || fail "logs: $(suffixes)"
for place in 1 2; do
	size=$(stat -c %s $log.$place) last=$(tail -n 1 $log.$place | wc -c)
	[ "$size" -ge 1048576 ] && [ $((size - last)) -lt 1048576 ] || fail "$log.$place has $size bytes, the last $last"
done
[ "$(stat -c '%a %u %g' $log $log.1 $log.2 | tr '\n' ,)" = '600 0 0,400 0 0,400 0 0,' ] || fail "$(ls -ln /var/log/audit)"
[ "$(ledger)" = 0 ] || fail "records are lost"
state logs_detected_last_rotate_shift 2
whole
stop_auditd

# 99 logs, all places taken; and 100 that are more than that
log_disk tmpfs 32768
n=1
while [ $n -le 99 ]; do echo "type=USER msg=audit(1.000:$n): old-$n" >$log.$n; n=$((n + 1)); done
: >/tmp/messages
configure num_logs=99 max_log_file_action=ROTATE
start_auditd
told "Log $log.99 removed as it exceeds num_logs parameter\$" 1
mark 1
rotate
mark 2
rotate
holds $log.1 2
holds $log.2 1
grep -q 'old-96$' $log.98 || fail "$log.98 has $(cat $log.98)"
[ ! -e $log.99 ] || fail "there is a hundredth log"
[ "$(suffixes | wc -w)" = 98 ] || fail "$(suffixes | wc -w) rotated logs"
stop_auditd

# a rotation that a crash has cut off before its last step is brought to its end at the start
rm $log.1
mark_of_log=$(head -n 1 $log)
start_auditd
[ "$(head -n 1 $log.1)" = "$mark_of_log" ] || fail "the rotation is not ended: $(ls /var/log/audit)"
holds $log.2 1
stop_auditd

# all are kept
fresh num_logs=2 max_log_file=1 max_log_file_action=KEEP_LOGS
for n in 1 2; do
	mark $n
	grow
	until_true 30 grep -qs "mark-$n[^0-9]" $log.1 || fail "no rotation $n"
done
mark 3
rotate
[ "$(suffixes)" = '1 2 3 ' ] || fail "logs: $(suffixes)"
holds $log.1 3
holds $log.2 2
holds $log.3 1
stop_auditd

# left as it is, or told of at every record
for action in IGNORE SYSLOG; do
	fresh max_log_file=1 max_log_file_action=$action
	grow
	calls 30
	accounted 3630
	[ -z "$(suffixes)" ] || fail "logs: $(suffixes)"
	case $action in
	IGNORE) refuse 'larger than max size' /tmp/messages ;;
	SYSLOG) told 'Audit daemon log file is larger than max size$' ;;
	esac
	stop_auditd
done

# suspended, also by a resume while the log is as large; with the log gone the resume works
fresh max_log_file=1 max_log_file_action=SUSPEND
grow
told 'is suspending logging due to logfile size\.$' 1
calls 30
drained
auditctl --signal resume
told 'is suspending logging due to logfile size\.$' 2
state logging_suspended true
mv $log $log.1
calls 30
drained
auditctl --signal resume
state logging_suspended false
calls 30
# with the record of the resume that was none
accounted 3690 1
[ "$(ledger logging-suspended)" -ge 60 ] || fail "$(ledger logging-suspended) lost while suspended, not 60 and more"
stop_auditd

# a helper moves the log, and writing goes on by itself
printf '#!/bin/sh\nmv %s %s.1\n' $log $log >/sbin/helper
chmod 750 /sbin/helper
fresh max_log_file=1 'max_log_file_action=EXEC /sbin/helper'
grow
until_true 30 test -s $log.1 || fail "the helper moved nothing"
told 'Audit daemon resumed logging\.$'
calls 30
accounted 3630
stop_auditd

# a group that may read: the log, the rotated ones, the directory; and what an earlier configuration has left
fresh
mark 1
rotate
stop_auditd
: >/tmp/messages
configure log_group=adm
start_auditd
told 'Adjusted audit log directory permissions for /var/log/audit/audit.log$' 1
mark 2
rotate
[ "$(stat -c '%a %u %g' $log $log.1 $log.2 /var/log/audit | tr '\n' ,)" = '640 0 4,440 0 4,440 0 0,750 0 4,' ] ||
	fail "$(ls -lna /var/log/audit)"
# of each log that was closed it is remembered which seconds it holds
until_true 30 grep -qs '^v2 ' /var/lib/auditbox/closed-logs || fail "no table of closed logs: $(ls -la /var/lib/auditbox)"
stop_auditd
