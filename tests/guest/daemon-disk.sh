#!/bin/sh
# The daemon and a disk that fills, vanishes or refuses: every action, the ledger of loss, the way back.
# guest: -t 240
. /steps
log=/var/log/audit/audit.log
conf=/etc/audit/auditd.conf

# configure KEY=VALUE...: over what does nothing about anything
configure() {
	{
		echo 'log_format = RAW
num_logs = 5
max_log_file = 100
space_left = 2
admin_space_left = 1
priority_boost = 0'
		for pair in "$@"; do echo "${pair%%=*} = ${pair#*=}"; done
	} >$conf
}
# fresh MIB: an empty file system for the log
fresh() {
	umount /var/log/audit 2>/dev/null
	mount -t tmpfs -o "size=$1k,mode=700" tmpfs /var/log/audit
}
# events N: so many records of user space, 4 kB each
padding=$(head -c 4000 /dev/zero | tr '\0' x)
events() { n=0; while [ $n -lt "$1" ]; do auditctl -m "$n $padding" || fail "no message"; n=$((n + 1)); done; }
# kill the memory of the last test
filler() { dd if=/dev/zero of=/var/log/audit/filler bs=1024 count="$1" 2>/dev/null; }
lines_end_well() {
	[ "$(tail -c 1 $log | od -An -c | tr -d ' ')" = '\n' ] || fail "the log ends in half a record"
	grep -Evq '^type=[A-Z_0-9]+ msg=audit\([0-9]+\.[0-9]{3}:[0-9]+\): ' $log && fail "a torn record: $(grep -Ev '^type=[A-Z_0-9]+ msg=audit' $log | cut -c1-80)"
	return 0
}
mkdir -p /var/log/audit

# suspended by a full disk: after the resume the log says how many records it lacks
fresh 4096
configure disk_full_action=SUSPEND
start_auditd
filler 3700
events 100
sleep 1
lines_end_well
rm /var/log/audit/filler
events 3
auditctl --signal resume
logged 'type=DAEMON_RESUME'
logged 'cause=logging-suspended count=[0-9]+'
events 5
sleep 1
lost=$(grep -o 'cause=[a-z-]* count=[0-9]*' $log | sed 's/.*=//' | awk '{n += $1} END {print n}')
kept=$(grep -c "type=USER .*$padding" $log)
[ $((lost + kept)) = 108 ] || fail "$kept records kept and $lost lost make no 108"
stop_auditd

# ignored: the gap is in the log at once, by way of the reserve, and what fits is written as soon as it fits
fresh 4096
configure disk_full_action=IGNORE
start_auditd
filler 3700
events 100
until_true 5 grep -q 'cause=disk-full count=[0-9]* first=[0-9]* last=[0-9]*' $log || fail "the ledger is not in the log"
[ "$(stat -c %s /var/log/audit/.auditd.reserve)" -lt 65536 ] || fail "the reserve was not used"
lines_end_well
rm /var/log/audit/filler
events 5
sleep 2
events 1
[ "$(stat -c %s /var/log/audit/.auditd.reserve)" = 65536 ] || fail "there is no whole reserve again"
sleep 1
lost=$(grep -o 'cause=[a-z-]* count=[0-9]*' $log | sed 's/.*=//' | awk '{n += $1} END {print n}')
kept=$(grep -c "type=USER .*$padding" $log)
[ $((lost + kept)) = 106 ] || fail "$kept records kept and $lost lost make no 106"
lines_end_well
stop_auditd

# rotated: the oldest makes room
fresh 2048
configure disk_full_action=ROTATE num_logs=2
start_auditd
events 1000
lines_end_well
[ -f $log.1 ] || fail "no rotation on a full disk"
stop_auditd

# a helper makes room, with the usual niceness and not with the daemon's, and the daemon waits for SIGUSR2
fresh 1024
cat >/sbin/make-room <<'X'
#!/bin/sh
cut -d ' ' -f 19 /proc/self/stat >/tmp/helper
rm -f /var/log/audit/filler
X
chmod 750 /sbin/make-room
configure 'disk_full_action=EXEC /sbin/make-room' priority_boost=4
start_auditd
[ "$(cut -d ' ' -f 19 "/proc/$(auditd_pid)/stat")" = -4 ] || fail "the daemon has no boost"
filler 700
events 100
until_true 5 test -s /tmp/helper || fail "the helper did not run"
[ "$(cat /tmp/helper)" = 0 ] || fail "the helper has niceness $(cat /tmp/helper)"
[ ! -e /var/log/audit/filler ] || sleep 1
auditctl --signal resume
logged 'type=DAEMON_RESUME'
stop_auditd

# degraded: priority events are kept, and it ends by itself
fresh 8192
configure space_left_action=DEGRADE space_left=4 priority_keys=keep,other
start_auditd
auditctl -a always,exit -F arch=b64 -S chmod -F auid=7777 -k keep
auditctl -a always,exit -F arch=b64 -S unlink -F auid=7777 -k shed
filler 5000
events 3
sleep 2
sh -c 'echo 7777 >/proc/self/loginuid; : >/tmp/f; chmod 600 /tmp/f; rm /tmp/f'
logged 'type=SYSCALL .*key="keep"'
sleep 1
grep -q 'type=SYSCALL .*key="shed"' $log && fail "a shed event is in the log"
rm /var/log/audit/filler
logged 'cause=degraded count=[0-9]+'
sh -c 'echo 7777 >/proc/self/loginuid; : >/tmp/f; rm /tmp/f'
logged 'type=SYSCALL .*key="shed"'
auditctl -D >/dev/null
stop_auditd

# mail and the system log
fresh 8192
mkdir -p /usr/lib
printf '#!/bin/sh\n{ echo "$@"; cat; } >/tmp/mail\n' >/usr/lib/sendmail
chmod 755 /usr/lib/sendmail
configure space_left_action=EMAIL space_left=4 action_mail_acct=bob
start_auditd
filler 5000
events 3
sleep 2; events 1
until_true 5 grep -q '^Subject: Audit Disk Space Alert$' /tmp/mail || fail "no mail"
expect '^-t -fbob$' /tmp/mail
expect '^To: bob$' /tmp/mail
stop_auditd

# the end of the system is asked for, once
fresh 1024
cp /sbin/init /tmp/init.kept 2>/dev/null
rm -f /sbin/init
printf '#!/bin/sh\necho "$1" >>/tmp/runlevel\n' >/sbin/init
chmod 755 /sbin/init
configure disk_full_action=SINGLE
start_auditd
filler 700
events 100
until_true 5 test -s /tmp/runlevel || fail "no change of the runlevel"
[ "$(cat /tmp/runlevel)" = 1 ] || fail "runlevel: $(cat /tmp/runlevel)"
stop_auditd

# the directory vanishes under the daemon, and comes back
fresh 4096
configure disk_error_action=SYSLOG
start_auditd
events 3
mv /var/log/audit /var/log/gone 2>/dev/null || umount -l /var/log/audit
events 3
auditctl --signal rotate
sleep 2
auditd_runs || fail "the daemon died with its directory"
mkdir -p /var/log/audit
auditctl --signal rotate
logged 'type=DAEMON_ROTATE'
events 3
sleep 1
[ "$(grep -c "$padding" $log)" = 3 ] || fail "records do not go into the new log"
stop_auditd

# a file system that turns read-only, and back
fresh 4096
configure max_log_file=1 max_log_file_action=ROTATE disk_error_action=SYSLOG
start_auditd
events 3
mount -o remount,ro /var/log/audit 2>/dev/null || echo "busy: stays writable"
events 3
sleep 1
mount -o remount,rw /var/log/audit
events 300
sleep 1
[ -f $log.1 ] || fail "no rotation after the disk came back"
lines_end_well
auditctl --signal state; sleep 1
auditd_runs || fail "the daemon died"
stop_auditd

# a full device as log is no regular file: refused, not fallen for
configure log_file=/dev/full
auditd 2>/tmp/err; [ $? = 6 ] || fail "/dev/full is taken as log: $(cat /tmp/err)"
expect 'not a regular file' /tmp/err

# an unsafe directory is refused
umount /var/log/audit 2>/dev/null
mkdir -p /var/log/audit; chmod 777 /var/log/audit
configure
auditd 2>/tmp/err; [ $? = 1 ] || fail "a directory open to all is used"
chmod 700 /var/log/audit
