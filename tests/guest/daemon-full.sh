#!/bin/sh
# A full disk and each disk_full_action, on a real small file system that something else fills and frees again: every record
# is in a log or in the ledger, and the state report says the same.
# guest: -t 900
. /steps

# full_disk ACTION [KEY=VALUE...]: a daemon with that action, 300 records in its log, and then no room
full_disk() {
	log_disk ext2 1024
	configure space_left=1% admin_space_left=0 "disk_full_action=$@"
	: >/tmp/messages
	start_auditd
	audit_calls
	calls 300
	accounted 300
	until_true 30 is_reserved || fail "nothing is set aside"
	fill
	calls 300
	told 'Audit daemon has no space left on logging partition'
}

# ends_well N TIMES [M]: there is room again and writing goes on: nothing is missing of N records, room was found missing
# so often, and there is a new reserve
ends_well() {
	accounted "$1" $3
	state lost_to_disk_full "$(ledger disk-full)"
	state lost_to_logging_suspended "$(ledger logging-suspended)"
	told 'no space left on logging partition$' "$2"
	until_true 30 is_reserved || fail "$(stat -c %s /var/log/audit/.auditd.reserve) bytes are set aside"
	stop_auditd
}
is_reserved() { prints 65536 stat -c %s /var/log/audit/.auditd.reserve; }

start_syslog
cat >/sbin/make-room <<X
#!/bin/sh
cut -d ' ' -f 19 /proc/self/stat >/tmp/helper
rm -f $filler
X
chmod 750 /sbin/make-room

# ignored, or told: the gap is in the log at once, by way of the reserve, and what fits is written as soon as it fits
for action in IGNORE SYSLOG; do
	full_disk $action
	logged 'cause=disk-full count=[0-9]+ first=[0-9]+ last=[0-9]+ '
	! is_reserved || fail "the reserve was not used"
	state space_left_on_partition false
	rm $filler
	state space_left_on_partition true
	calls 300
	ends_well 900 1
done

# suspended: also again when a resume finds no more room than before
full_disk SUSPEND
told 'suspending logging due to no space left on logging partition\.$' 1
auditctl --signal resume
told 'is attempting to resume logging' 1
calls 30
told 'suspending logging due to no space left on logging partition\.$' 2
state logging_suspended true
rm $filler
calls 300
auditctl --signal resume
logged 'type=DAEMON_RESUME .* res=success$'
told 'resumed logging' 2
state logging_suspended false
calls 300
# the record of the resume that was none may be lost
ends_well 1230 2 1

# rotated: the logs that are there move up until the oldest makes room
full_disk ROTATE num_logs=3
# One rotation for each write that fails, and how many writes 300 calls are depends on how busy the machine is.
moved_up() {
	calls 30
	test -s $log.2
}
until_true 30 moved_up || fail "no log is at the last place"
calls 300
rm $filler
told 'Audit daemon rotating log files$'
calls 300
is_told_of() { [ "$(ledger disk-full)" -gt 0 ]; } # in whichever of the logs: it may have been moved up since
until_true 30 is_told_of || fail "no log says what was lost"
[ "$(ls $log.* | wc -l)" = 2 ] || fail "there are $(ls $log*)"
stop_auditd

# the same when the logs alone fill the disk: the newest records are there
log_disk ext2 512
configure disk_full_action=ROTATE num_logs=3 space_left=1% admin_space_left=0
start_auditd
audit_calls
calls 4500
last_word() {
	auditctl -m 'the last word' >/dev/null
	drained
	grep -qs 'the last word' $log
}
until_true 30 last_word || fail "nothing is written any more"
auditctl --signal state --format json >/tmp/state
refuse '"lost_to_disk_full":0,' /tmp/state
whole
stop_auditd

# a helper makes room, with the usual niceness and not with the daemon's, and the daemon waits for SIGUSR2
full_disk 'EXEC /sbin/make-room' priority_boost=4
until_true 30 test -s /tmp/helper || fail "the helper did not run"
[ "$(cut -d ' ' -f 19 "/proc/$(auditd_pid)/stat")" = -4 ] || fail "the daemon has no boost"
[ "$(cat /tmp/helper)" = 0 ] || fail "the helper has niceness $(cat /tmp/helper)"
until_true 30 test ! -e $filler || fail "the helper made no room"
state logging_suspended true
calls 30
auditctl --signal resume
logged 'type=DAEMON_RESUME'
calls 300
ends_well 930 1

# the end of the system is asked for, once, and again when the disk is full again
rm -f /sbin/init
printf '#!/bin/sh\necho "$1" >>/tmp/runlevel\n' >/sbin/init
chmod 755 /sbin/init
for pair in SINGLE=1 HALT=0; do
	: >/tmp/runlevel
	full_disk "${pair%=*}"
	case ${pair%=*} in
	SINGLE) told 'is now changing the system to single user mode and exiting due to no space left on logging partition$' 1 ;;
	HALT) told 'is now halting the system and exiting due to no space left on logging partition$' 1 ;;
	esac
	calls 300
	until_true 30 test -s /tmp/runlevel || fail "no change of the runlevel"
	rm $filler
	state space_left_on_partition true
	[ "$(cat /tmp/runlevel)" = "${pair#*=}" ] || fail "runlevels asked for: $(cat /tmp/runlevel)"
	calls 30
	fill
	calls 300
	told 'no space left on logging partition$' 4
	until_true 30 prints "${pair#*=}${pair#*=}" cat /tmp/runlevel || fail "runlevels asked for: $(cat /tmp/runlevel)"
	rm $filler
	calls 30
	ends_well 1260 4
done
