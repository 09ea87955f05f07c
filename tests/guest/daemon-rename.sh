#!/bin/sh
# Every step of a rotation fails once, for each reason a file system has: it is said which step and why, what comes goes into
# the log that is there, and the next rotation works.
# guest: -t 900
. /steps

mark() {
	auditctl -m "mark-$1" >/dev/null || fail "no message"
	until_true 30 is_marked "$1" || fail "mark-$1 is in no log of $(ls /var/log/audit)"
}
is_marked() { all_logs | grep -q "mark-$1[^0-9]"; }
is_new() { [ -f $log ] && [ "$(stat -c %i $log)" != "$inode" ]; }
# ready TYPE KIB [OPTIONS]: logs 1 and 2 of four there may be, and a daemon
ready() {
	umount $log $log.1 $log.2 $log.3 2>/dev/null
	log_disk "$@"
	configure num_logs=4 max_log_file_action=ROTATE space_left=2% admin_space_left=1%
	: >/tmp/messages
	start_auditd
	number=0
	works
	works
}
# fails TEXT WHY TOLD: a rotation is tried and is not; what comes before and after is in the log that was
fails() {
	number=$((number + 2))
	mark $((number - 1))
	inode=$(stat -c %i $log)
	: >/tmp/messages
	auditctl --signal rotate
	told "$1 \\($2\\)\$"
	told "${3:-rotate: Audit daemon detected an error writing an event to disk \\($2\\)}\$"
	mark $number
}
# works: what has no way any more to fail; nothing that was ever marked is missing
works() {
	number=$((number + 1))
	mark $number
	inode=$(stat -c %i $log)
	auditctl --signal rotate
	until_true 30 is_new || fail "no rotation: $(ls -l /var/log/audit)"
	grep -q "mark-$number[^0-9]" $log.1 || fail "the newest mark is not in $log.1"
}
# ends MARKS...: these are there and no line is torn
ends() {
	for wanted; do is_marked "$wanted" || fail "mark-$wanted is in no log of $(ls /var/log/audit)"; done
	whole
	stop_auditd
}

start_syslog

# each step from or onto a file that is a mount point
for step in 2-3 1-2 log-1; do
	ready tmpfs 8192
	case $step in
	2-3) taken=$log.3 text="Error rotating logs from $log.2 to $log.3" ;;
	1-2) taken=$log.2 text="Error rotating logs from $log.2 to $log.3" ;;
	log-1) taken=$log text="Error rotating logs from $log to $log.1" ;;
	esac
	[ -e $taken ] || : >$taken
	mount --bind $taken $taken
	fails "$text" 'Device or resource busy'
	umount $taken
	[ -s $taken ] || rm $taken
	works
	ends 1 2 3 4 5
done

# a directory at the last place, and one that would have to go there
for place in 3 2; do
	ready tmpfs 8192
	: >$log.3
	rm $log.$place
	mkdir -p $log.$place/full
	case $place in
	3) fails "Error rotating logs from $log.2 to $log.3" 'Is a directory' ;;
	2) fails "Error rotating logs from $log.2 to $log.3" 'Not a directory' ;;
	esac
	rm -rf $log.3 $log.$place
	works
	ends 2 3 4 5
done

# a file system that is read-only for a while
ready ext2 2048
mark 90
echo u >/proc/sysrq-trigger
until_true 30 grep -q ' /var/log/audit ext2 ro,' /proc/mounts || fail "the disk stays writable"
: >/tmp/messages
auditctl --signal rotate
told "Error rotating logs from $log.2 to $log.3 \\(Read-only file system\\)\$"
mount -o remount,rw /var/log/audit
sleep 1
works
ends 1 2 90 3

# the renames go well and the new log cannot be made: lines go on into the old one under its new name, until one can
ready tmpfs 8192 nr_inodes=8
n=0
while touch /var/log/audit/taken.$n 2>/dev/null; do n=$((n + 1)); done
fails "Couldn't open log file $log" 'No space left on device' 'Audit daemon has no space left on logging partition'
sleep 3
told "Couldn't open log file $log" 1
[ ! -e $log ] || fail "there is a log"
grep -q "mark-$number[^0-9]" $log.1 || fail "what came after is not in $log.1"
rm /var/log/audit/taken.*
until_true 30 test -f $log || fail "no new log once there is room for its name"
works
ends 2 3 4 5
