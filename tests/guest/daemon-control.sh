#!/bin/sh
# The daemon's life: start, records of its own, signals and who sent them, reports, reload good and bad, the second daemon,
# the foreground, standard output as log, and the end.
. /steps
configure freq=20 num_logs=3 max_log_file=8 max_log_file_action=ROTATE space_left=20 admin_space_left=10 \
	space_left_action=SYSLOG name_format=HOSTNAME metrics_file=/run/audit/metrics.prom
hostname box
auditd --check-config >/tmp/values || fail "the configuration is refused"
expect '^num_logs = 3$' /tmp/values
echo 'num_logs = many' >/tmp/auditd.conf
auditd --check-config -c /tmp 2>/tmp/err && fail "a bad configuration is accepted"
expect '^Value many should only be numbers - line 1$' /tmp/err
expect '^Refused: /tmp/auditd.conf, line 1, key num_logs$' /tmp/err

start_auditd
logged '^node=box type=DAEMON_START msg=audit\([0-9]+\.[0-9]{3}:[0-9]+\): op=start ver=[^ ]+ format=raw kernel=6[^ ]* auid=4294967295 pid=[0-9]+ uid=0 ses=4294967295 .*res=success$'
pid=$(auditd_pid)
[ "$(kernel_pid)" = "$pid" ] || fail "the kernel has another pid than the pid file"
[ "$(cat "/proc/$pid/oom_score_adj")" = -1000 ] || fail "the OOM killer may take the daemon"

# a second daemon is refused with the first one's name and pid, and leaves it alone
auditd 2>/tmp/err && fail "a second daemon starts"
expect "already has a daemon: auditd, pid $pid" /tmp/err
auditd_runs || fail "the first daemon did not survive"

# who sent what: a login of alice's, then root
auditctl -w /etc/shadow -p r -k shadow >/dev/null 2>&1
as alice 'cat /etc/shadow' 2>/dev/null
logged 'key="shadow"'
sh -c 'echo 1000 >/proc/self/loginuid && exec auditctl --signal rotate'
logged 'type=DAEMON_ROTATE .*op=rotate-logs auid=1000 uid=0 ses=[0-9]+ pid=[0-9]+.* res=success'
head -n 1 $log | grep -q 'type=DAEMON_ROTATE' || fail "the record of the rotation is not the first of the new log"
[ -f $log.1 ] || fail "there is no rotated log"
[ "$(stat -c %a $log.1) $(stat -c %a $log)" = '400 600' ] || fail "modes are $(stat -c %a $log.1 $log)"
is_new() { [ -f $log ] && [ "$(stat -c %i $log)" != "$inode" ]; }
for n in 1 2 3; do
	inode=$(stat -c %i $log)
	auditctl --signal rotate
	until_true 30 is_new || fail "no rotation $n: $(ls $log*)"
done
[ "$(ls $log* | wc -l)" = 3 ] || fail "there are $(ls $log*)"

# of two at the same moment each is named for its own: the kernel remembers the later one only. The sender is there until it was asked.
daemon=$(auditd_pid)
for order in '1000 HUP' '1001 USR1' '1002 USR2'; do
	sh -c 'echo "$1" >/proc/self/loginuid && kill "-$2" "$3" && until [ -e /tmp/named ]; do usleep 100000; done' by ${order} "$daemon" &
done
in_both() { cat $log.1 $log | grep -Eq "$1"; }
for order in 'CONFIG .*op=reconfigure state=changed auid=1000' 'ROTATE .*op=rotate-logs auid=1001' 'RESUME .*op=resume-logging auid=1002'; do
	until_true 30 in_both "type=DAEMON_$order " || fail "in no log: $order: $(grep type=DAEMON_ $log.1 $log)"
done
: >/tmp/named
wait

# reports in three forms
auditctl --signal state --format json >/tmp/json || fail "no report: $?"
expect '"audit_version":"' /tmp/json
auditctl --signal state --format text | grep -q '^audit version = ' || fail "no report as text"
auditctl --signal state --format yaml 2>/tmp/err && fail "a format nobody knows"
until_true 30 test -s /run/audit/metrics.prom || fail "no metrics"
expect '^Logging partition free space = [0-9]+ MiB$' /run/audit/auditd.state
expect '^lost to kernel-backlog = 0$' /run/audit/auditd.state
expect '"records_written":[0-9]+' /run/audit/auditd.state.json
expect '^auditd_records_received_total [0-9]+$' /run/audit/metrics.prom
[ "$(stat -c %a /run/audit/auditd.state)" = 640 ] || fail "mode of the report"

# reload: a bad file changes nothing, a good one does, and the node's name stays
echo 'num_logs = many' >>$conf
auditctl --signal reload
logged 'node=box type=DAEMON_CONFIG .*op=reconfigure state=no-change auid=0 uid=0 ses=[0-9]+ pid=[0-9]+.* res=failed'
sed -i '$d' $conf
echo 'tls_psk_file = /etc/audit/tls/audit.psk' >>$conf
auditctl --signal reload
until_true 30 sh -c "[ \$(grep -c 'op=reconfigure state=no-change' $log) = 2 ]" || fail "an encrypted listener is promised at a reload"
auditd --check-config >/tmp/values 2>/tmp/err; [ $? = 6 ] || fail "an encrypted listener is promised"
expect "^Refused: $conf, line $(wc -l <$conf), key tls_psk_file$" /tmp/err
expect '^tls_psk_file = /etc/audit/tls/audit.psk asks for TLS' /tmp/err
sed -i '$d; s/^log_format.*/log_format = ENRICHED/' $conf
auditctl --signal reload
logged 'node=box type=DAEMON_CONFIG .*op=reconfigure state=changed auid=0 pid=[0-9]+.* res=success'
as alice 'cat /etc/shadow' 2>/dev/null
logged "$(printf '\035')ARCH=x86_64 SYSCALL=open(at)? AUID=\"alice\" UID=\"alice\""

# reloads that come while one is under way: the last file wins
for size in $(seq 20 60); do
	sed -i "s/^max_log_file = .*/max_log_file = $size/" $conf
	kill -HUP "$(auditd_pid)"
done
last_counts() { auditctl --signal state --format text | grep -qx "max log size = $((60 * 1024)) KiB"; }
until_true 30 last_counts || fail "not the last file: $(auditctl --signal state --format text | grep '^max log size')"
for n in 1 2 3; do auditctl --signal reload & done
sed -i 's/^max_log_file = .*/max_log_file = many/' $conf
auditctl --signal reload 2>/tmp/err && fail "the answer to an earlier reload is taken for this one's"
expect 'Value many should only be numbers' /tmp/err
sed -i 's/^max_log_file = .*/max_log_file = 8/' $conf
wait
auditctl --signal reload || fail "a sound file again"

auditctl --signal resume
logged 'type=DAEMON_RESUME .*op=resume-logging auid=0 .*res=success'
kill -INT "$pid"; kill -PIPE "$pid"; sleep 1
auditd_runs || fail "a signal that means nothing ends the daemon"
auditctl --signal stop || fail "auditctl --signal stop ended with $?"
auditd_gone "$pid" || fail "stop returned before the daemon was gone"
expect 'type=DAEMON_END .*op=terminate auid=0 uid=0 ses=[0-9]+ pid=[0-9]+.* res=success' $log
[ -z "$(ls /run/audit | grep auditd | grep -vx auditd.lock)" ] || fail "left behind: $(ls /run/audit)"
[ "$(kernel_pid)" = 0 ] || fail "the kernel still has a daemon"

# the foreground: records on standard output, no log
rm -f $log*
auditd -f >/tmp/stream 2>/tmp/err & pid=$!
until_true 30 grep -q 'type=DAEMON_START' /tmp/stream || fail "nothing on standard output"
until_true 30 grep -q 'Init complete' /tmp/err || fail "not ready: $(cat /tmp/err)"
as alice 'cat /etc/shadow' 2>/dev/null
until_true 30 grep -q 'key="shadow"' /tmp/stream || fail "no event on standard output"
kill -TERM $pid
until_true 30 auditd_gone $pid || fail "no end"
expect 'type=DAEMON_END' /tmp/stream
[ ! -e $log ] || fail "there is a log in the foreground"

# log_file = - from the background
sed -i 's,^num_logs.*,log_file = -,' $conf
auditd >/tmp/stream2
until_true 30 auditd_runs
as alice 'cat /etc/shadow' 2>/dev/null
until_true 30 grep -q 'key="shadow"' /tmp/stream2 || fail "no event on standard output"
stop_auditd

# refused keys, -n, -s nochange, a link as configuration
echo 'transport = tls' >>$conf
auditd 2>/tmp/err; [ $? = 6 ] || fail "an encrypted listener is promised"
expect 'transport = tls asks for another transport than plain TCP' /tmp/err
sed -i '$d; s/^log_file.*/num_logs = 3/' $conf
mkdir /tmp/links && ln -s $conf /tmp/links/auditd.conf
auditd -c /tmp/links 2>/tmp/err; [ $? = 6 ] || fail "a link is followed"
auditd -s nonsense 2>/tmp/err; [ $? = 2 ] || fail "-s nonsense"
auditctl -e 0 >/dev/null
auditd -n -l -c /tmp/links -s nochange & pid=$!
until_true 30 auditd_registered || fail "no daemon"
[ "$(auditd_pid)" = $pid ] || fail "-n forks"
auditctl -s | grep -q '^enabled 0' || fail "-s nochange changes"
kill -TERM $pid
until_true 30 auditd_gone $pid || fail "no end"
