#!/bin/sh
# Rotation onto a name that something else holds: nothing is lost meanwhile, and once the name is free it works again.
# guest: -t 120
. /steps
log=/var/log/audit/audit.log
conf=/etc/audit/auditd.conf
configure() {
	{
		echo 'log_format = RAW
num_logs = 4
max_log_file = 100
space_left = 2
admin_space_left = 1'
		for pair in "$@"; do echo "${pair%%=*} = ${pair#*=}"; done
	} >$conf
}
message() { auditctl -m "$1" >/dev/null || fail "no message $1"; }
in_some_log() { cat $log $log.* 2>/dev/null | grep -qw -e "$1"; }
fresh() {
	umount /var/log/audit 2>/dev/null
	mkdir -p /var/log/audit
	mount -t tmpfs -o size=32m,mode=700 tmpfs /var/log/audit
}

fresh
configure max_log_file_action=ROTATE disk_error_action=SYSLOG
start_auditd
for n in 1 2 3; do
	message "before-$n"
	logged "before-$n"
	auditctl --signal rotate
	until_true 10 test -f $log.$n || fail "rotation $n did not happen"
done
for place in 3 2; do
	rm -f $log.$place
	mkdir -p $log.$place/full
	message "blocked-$place"
	auditctl --signal rotate
	sleep 2
	auditd_runs || fail "the daemon died of a rename onto .$place"
	message "after-$place"
	until_true 10 in_some_log "after-$place" || fail "nothing is logged after a failed rename onto .$place"
	in_some_log "blocked-$place" || fail "blocked-$place is lost"
	rm -rf $log.$place
	inode=$(stat -c %i $log)
	auditctl --signal rotate
	until_true 10 test -f $log.1 || fail "no rotation once .$place is free"
	sleep 1
	[ "$(stat -c %i $log)" != "$inode" ] || fail "the log is the old one once .$place is free"
	in_some_log "after-$place" || fail "after-$place is lost"
done
stop_auditd
