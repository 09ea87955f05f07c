#!/bin/sh
# OpenRC boots with auditd and audit-rules in its runlevel; then every command of the two services, a broken configuration,
# the options of conf.d, and the daemon under supervise-daemon.
# guest: openrc -t 300
. /steps
log=/var/log/audit/audit.log

# service STATUS WORDS...: rc-service with these words ends with that status; what it says is in /tmp/said
service() {
	wanted=$1
	shift
	rc-service "$@" >/tmp/said 2>&1
	status=$?
	[ $status = "$wanted" ] || fail "rc-service $* ended with $status: $(cat /tmp/said)"
}

# as root who logged in as alice
by_alice() { sh -c 'echo 1000 >/proc/self/loginuid && exec rc-service "$@"' by_alice "$@" >/tmp/said 2>&1; }

# the boot
: >/etc/fstab
rm -rf /var/log/audit
for service in auditd audit-rules; do
	rc-update add $service boot >/tmp/said 2>&1 || fail "rc-update add $service: $(cat /tmp/said)"
done
for level in sysinit boot default; do openrc $level >>/tmp/boot 2>&1; done
expect 'Starting audit daemon .*ok' /tmp/boot
until_true 30 auditd_runs || fail "no daemon after the boot: $(cat /tmp/boot)"
auditd_registered || fail "the kernel has pid $(kernel_pid), the pid file $(auditd_pid)"
[ "$(stat -c %a /var/log/audit)" = 700 ] || fail "mode of the log's folder"
auditctl -l >/tmp/rules
expect 'path=/etc/passwd' /tmp/rules
service 0 auditd status
expect 'status: started' /tmp/said
service 0 audit-rules status

# the commands of the daemon, each told with its sender
by_alice auditd reload || fail "reload: $(cat /tmp/said)"
logged 'type=DAEMON_CONFIG .*op=reconfigure state=changed auid=1000 .*res=success'
by_alice auditd rotate || fail "rotate: $(cat /tmp/said)"
logged 'type=DAEMON_ROTATE .*auid=1000 .*res=success'
by_alice auditd resume || fail "resume: $(cat /tmp/said)"
logged 'type=DAEMON_RESUME .*auid=1000 .*res=success'
service 0 auditd state
expect '^records written = [1-9]' /tmp/said
pid=$(auditd_pid)
service 0 auditd restart
auditd_gone "$pid" || fail "the daemon of before the restart runs"
auditd_registered || fail "no daemon after the restart"

# a broken configuration: told, no reload, no restart into nothing, no start
cp /etc/audit/auditd.conf /tmp/good
echo 'num_logs = many' >>/etc/audit/auditd.conf
pid=$(auditd_pid)
service 1 auditd restart
expect 'Value many should only be numbers - line [0-9]+' /tmp/said
[ "$(kernel_pid)" = "$pid" ] || fail "a restart that cannot succeed ended the daemon"
service 1 auditd reload
expect 'Value many should only be numbers - line [0-9]+' /tmp/said
[ "$(kernel_pid)" = "$pid" ] || fail "a reload that cannot succeed ended the daemon"
service 0 auditd status
by_alice auditd stop || fail "stop: $(cat /tmp/said)"
expect 'type=DAEMON_END .*op=terminate auid=1000 .*res=success' $log
auditd_gone "$pid" || fail "stop returned before the daemon was gone"
[ "$(kernel_pid)" = 0 ] || fail "the kernel still has a daemon"
service 3 auditd status
expect 'status: stopped' /tmp/said
service 1 auditd reload
service 1 auditd start
expect 'Value many should only be numbers - line [0-9]+' /tmp/said
service 3 auditd status
cp /tmp/good /etc/audit/auditd.conf

# conf.d
printf 'AUDITD_OPTIONS="-s nochange"\nAUDITD_LOG_MODE=0750\n' >/etc/conf.d/auditd
auditctl -e 0 >/dev/null
service 0 auditd start
auditctl -s >/tmp/status
expect '^enabled 0' /tmp/status
[ "$(stat -c %a /var/log/audit)" = 750 ] || fail "mode of the log's folder is not that of conf.d"
service 0 auditd stop
auditctl -e 1 >/dev/null

# the rules: load again, one file, one that is broken, drop, keep
echo '-w /etc/hosts -p wa -k names' >/etc/audit/rules.d/99-more.rules
service 0 audit-rules reload
auditctl -l >/tmp/rules
expect 'path=/etc/hosts' /tmp/rules
service 0 audit-rules stop
[ "$(auditctl -l)" = 'No rules' ] || fail "rules are left: $(auditctl -l)"
echo 'AUDIT_RULES_FILE=/tmp/one.rules' >/etc/conf.d/audit-rules
echo '-a always,exit -S openatt' >/tmp/one.rules
service 1 audit-rules start
expect 'Some rules were not loaded' /tmp/said
echo '-a always,exit -F arch=b64 -S chroot -k root' >/tmp/one.rules
service 0 audit-rules start
[ "$(auditctl -l | wc -l)" = 1 ] || fail "more than the one file: $(auditctl -l)"
echo 'AUDIT_RULES_KEEP=yes' >>/etc/conf.d/audit-rules
service 0 audit-rules stop
[ "$(auditctl -l | wc -l)" = 1 ] || fail "the rules are not kept"

# supervised: comes back when it dies, stays away when it is stopped
echo 'supervisor=supervise-daemon' >/etc/conf.d/auditd
service 0 auditd start
until_true 30 auditd_runs || fail "no daemon under supervise-daemon"
service 0 auditd status
pid=$(auditd_pid)
kill -KILL "$pid"
came_back() { [ "$(auditd_pid)" != "$pid" ] && auditd_runs; }
until_true 30 came_back || fail "supervise-daemon does not start it again"
until_true 30 auditd_registered || fail "the kernel has pid $(kernel_pid), not $(auditd_pid)"
pid=$(auditd_pid)
by_alice auditd rotate || fail "rotate: $(cat /tmp/said)"
logged 'type=DAEMON_ROTATE .*auid=1000 .*res=success'
service 0 auditd stop
until_true 30 auditd_gone "$pid" || fail "it does not stop"
sleep 3
[ "$(kernel_pid)" = 0 ] || fail "it came back after the stop"
