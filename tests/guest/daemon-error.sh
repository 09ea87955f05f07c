#!/bin/sh
# A disk that fails and each disk_error_action; a log, a directory, a file system that vanishes; /dev/full as log: what is
# lost is counted, and writing goes on by itself when it can.
# guest: -t 900
. /steps

# broken_disk ACTION: a daemon with that action, 300 records in its log, and a file system that has turned read-only
broken_disk() {
	log_disk ext2 2048
	configure "disk_error_action=$1" space_left=2% admin_space_left=1%
	: >/tmp/messages
	rm -f /tmp/helper /tmp/runlevel
	start_auditd
	audit_calls
	calls 300
	accounted 300
	echo u >/proc/sysrq-trigger
	until_true 30 grep -q ' /var/log/audit ext2 ro,' /proc/mounts || fail "the disk stays writable"
	n=0
	while [ $n -lt 8 ]; do
		calls 30
		usleep 300000
		n=$((n + 1))
	done
}
mended() { mount -o remount,rw /var/log/audit; }
error='write: Audit daemon detected an error writing an event to disk \(Read-only file system\)$'

dmesg -n 1
start_syslog
printf '#!/bin/sh\necho "$# words" >>/tmp/helper\n' >/sbin/helper
rm -f /sbin/init
printf '#!/bin/sh\necho "$1" >>/tmp/runlevel\n' >/sbin/init
chmod 755 /sbin/helper /sbin/init

# told five times until a write succeeds, or not at all; writing goes on by itself
for pair in SYSLOG=5 IGNORE=0; do
	broken_disk "${pair%=*}"
	[ "${pair#*=}" = 0 ] || told "$error" "${pair#*=}"
	[ "${pair#*=}" != 0 ] || refuse "$error" /tmp/messages
	state lost_to_disk_error 240
	mended
	calls 300
	accounted 840
	[ "$(ledger disk-error)" = 240 ] || fail "$(ledger disk-error) records lost to errors, not 240"
	state disk_error_detected false
	stop_auditd
done

# suspended, or a helper: until resumed, and a resume on a disk that is still broken changes nothing
for action in SUSPEND 'EXEC /sbin/helper'; do
	broken_disk "$action"
	state logging_suspended true
	auditctl --signal resume
	told "Couldn't open log file $log \(Read-only file system\)\$"
	calls 30
	drained
	state logging_suspended true
	mended
	auditctl --signal resume
	logged 'type=DAEMON_RESUME'
	calls 300
	# with the record of the resume that was none
	accounted 871
	[ "$(ledger)" = 271 ] || fail "$(ledger) records lost, not 271"
	case $action in
	SUSPEND) told 'suspending logging due to previously mentioned write error$' ;;
	*) until_true 30 test -s /tmp/helper || fail "no helper" ;;
	esac
	stop_auditd
done

# the end of the system is asked for once
for pair in SINGLE=1 HALT=0; do
	broken_disk "${pair%=*}"
	until_true 30 prints "${pair#*=}" cat /tmp/runlevel || fail "runlevels asked for: $(cat /tmp/runlevel)"
	told 'system( to single user mode)? and exiting due to previously mentioned write error$' 1
	mended
	calls 30
	accounted 570
	stop_auditd
done

# a disk under the disk that has no room: the write goes well, the sync does not
log_disk ext2 1024
umount /var/log/audit
mkdir -p /mnt/small
mount -t tmpfs -o size=300k tmpfs /mnt/small
dd if=/dev/zero of=/mnt/small/disk bs=1024 count=0 seek=2048 2>/dev/null
losetup /dev/loop7 /mnt/small/disk
mke2fs -b 1024 -m 0 /dev/loop7 >/dev/null && mount -t ext2 /dev/loop7 /var/log/audit && chmod 700 /var/log/audit || fail "no disk"
configure flush=SYNC space_left=2% admin_space_left=1%
: >/tmp/messages
start_auditd
audit_calls
dd if=/dev/zero of=/mnt/small/filler bs=1024 2>/dev/null
calls 900
told 'flush: Audit daemon detected an error writing an event to disk \(Input/output error|No space left on device\)$'
stop_auditd
umount /var/log/audit
losetup -d /dev/loop7
umount /mnt/small

# the log is deleted with its directory: both are made anew, and the ledger has what went with the old ones
opened='The audit log is gone from its place and is opened anew$'
log_disk tmpfs 8192
umount /var/log/audit
configure
: >/tmp/messages
start_auditd
audit_calls
calls 30
accounted 30
rm -rf /var/log/audit
calls 90
until_true 30 test -f $log || fail "no log is opened where one was deleted"
told "$opened" 1
calls 300
# of those before the deletion some may be counted too, and records of the daemon's own
accounted 390 100
[ "$(ledger disk-error)" -gt 0 ] || fail "nothing is said to have gone with the log"
state lost_to_disk_error "$(ledger disk-error)"
[ "$(stat -c %a /var/log/audit) $(stat -c %a $log)" = '700 600' ] || fail "$(ls -la /var/log/audit)"

# moved by somebody else: nothing is lost, and the log is where its path leads
mv $log $log.old
calls 30
until_true 30 test -f $log || fail "no log is opened where one was moved away"
told "$opened" 2
calls 30
accounted 450 100

# its file system is taken away: writing goes on below
mount -t tmpfs -o size=4m,mode=700 tmpfs /var/log/audit
auditctl -m 'the daemon looks after what it has written' >/dev/null
until_true 30 test -f $log || fail "no log on the new file system"
calls 30
until_true 30 prints 30 kept || fail "$(kept) records on the new file system"
umount -l /var/log/audit
told "$opened" 4
calls 30
accounted 480 100

# the new directory is no safe one: said so, and opened by itself as soon as it is. The daemon does not see the moment without one, in
# which it would make its own.
before=$(kept)
kill -STOP "$(auditd_pid)"
mv /var/log/audit /var/log/kept
mkdir -m 777 /var/log/audit || fail "the directory is there already"
kill -CONT "$(auditd_pid)"
auditctl -m 'the daemon looks after what it has written' >/dev/null
told 'Unsafe audit log directory for /var/log/audit/audit.log \(/var/log/audit: '
calls 30
moved() { cat /var/log/kept/audit.log* | grep -c 'type=SYSCALL .*key="call"'; }
until_true 30 prints $((before + 30)) moved || fail "not all are in the log that was moved"
[ ! -e $log ] || fail "a log in a directory that is open to all"
chmod 700 /var/log/audit
until_true 30 test -f $log || fail "no log once the directory is safe"
[ "$(moved)" = $((before + 30)) ] || fail "other records are in the log that was moved"
calls 30
accounted 30

# a device is no log: not at the start, not by a resume, and as a stream it loses what is counted
auditctl --signal rotate
logged 'type=DAEMON_ROTATE'
mknod $log.device c 1 7
mv -f $log.device $log
told "Couldn't open log file $log \(not a regular file\)\$"
rm $log
until_true 30 test -f $log || fail "no log once the device is gone"
stop_auditd
configure log_file=/dev/full
auditd 2>/tmp/err; [ $? = 6 ] || fail "/dev/full is taken as log: $(cat /tmp/err)"
expect 'not a regular file' /tmp/err
configure
auditd -f >/dev/full 2>/tmp/err & pid=$!
until_true 30 grep -q 'Init complete' /tmp/err || fail "not ready: $(cat /tmp/err)"
calls 30
until_true 30 grep -q 'Audit daemon has no space left on logging partition' /tmp/err || fail "a full stream is not told: $(cat /tmp/err)"
state lost_to_disk_full '\(3[0-9]\|[4-9][0-9]\)'
kill -TERM $pid
until_true 30 auditd_gone $pid || fail "no end"

# A limit of the size of files (ulimit -f, LimitFSIZE=) is lifted; where that may not be, writing fails as on a broken disk, as the signal that
# ends others is ignored.
rm -f $log
(ulimit -f 64 && start_auditd) || exit 1
n=0; while [ $n -lt 12 ]; do auditctl -m "$n $(printf '%08000d' 0)" >/dev/null; n=$((n + 1)); done
until_true 30 grep -q 'text=11 0' $log || fail 'not all is in the log'
[ "$(stat -c %s $log)" -gt 90000 ] || fail "the log has $(stat -c %s $log) bytes"
ignored=$(sed -n 's/^SigIgn:[[:space:]]*//p' "/proc/$(auditd_pid)/status")
[ $((0x$ignored >> 24 & 1)) = 1 ] || fail "SIGXFSZ is not ignored: $ignored"
stop_auditd

# an unsafe directory is refused
chmod 777 /var/log/audit
auditd 2>/tmp/err; [ $? = 1 ] || fail "a directory open to all is used"
