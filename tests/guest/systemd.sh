#!/bin/sh
# systemd boots with auditd and audit-rules enabled; then what systemctl may and may not do to the daemon, its own control, a
# crash, a broken configuration, the same as a system extension, and the end of the system.
# guest: systemd -t 900
. /steps
log=/var/log/audit/audit.log
rm -rf /etc/init.d # OpenRC's
[ "$(cat /proc/1/comm)" = systemd ] || fail "PID 1 is $(cat /proc/1/comm)"

# property UNIT NAME
property() { systemctl show --property "$2" --value "$1"; }

# order WORDS: systemctl with these words goes well
order() { systemctl "$@" >/tmp/said 2>&1 || fail "systemctl $*: $? $(cat /tmp/said)"; }

# refused WORDS: systemctl refuses, because the unit says so
refused() {
	systemctl "$@" >/tmp/said 2>&1 && fail "systemctl $* is not refused"
	expect 'Operation refused, unit auditd.service may be requested by dependency only' /tmp/said
}

# as root who logged in as alice
by_alice() { sh -c 'echo 1000 >/proc/self/loginuid && exec "$@"' by_alice "$@" >/tmp/said 2>&1; }

# a clean bill for the units, and both started with the system, the daemon first
systemd-analyze verify --man=no /usr/lib/systemd/system/auditd.service /usr/lib/systemd/system/audit-rules.service \
	>/tmp/said 2>&1 || fail "systemd-analyze verify: $(cat /tmp/said)"
[ ! -s /tmp/said ] || fail "systemd-analyze verify: $(cat /tmp/said)"
# locked down: the exposure that systemd counts is 3.8 of 10
systemd-analyze security --offline=true --threshold=38 --no-pager /usr/lib/systemd/system/auditd.service >/tmp/said 2>&1 ||
	fail "more exposed than 3.8: $(tail -n 1 /tmp/said)"
[ "$(stat -c %a /var/log/audit)" = 700 ] || fail "mode of the log's folder"
[ "$(stat -c %a /run/audit)" = 700 ] || fail "mode of /run/audit"
order enable auditd audit-rules
order start multi-user.target
until_true 30 systemctl is-active --quiet audit-rules || fail "no rules: $(systemctl status audit-rules)"
order is-active auditd
pid=$(property auditd MainPID)
[ "$pid" = "$(auditd_pid)" ] || fail "systemd has pid $pid, the pid file $(auditd_pid)"
[ "$(kernel_pid)" = "$pid" ] || fail "the kernel has pid $(kernel_pid), systemd $pid"
[ "$(property auditd ActiveEnterTimestampMonotonic)" -le "$(property audit-rules ExecMainStartTimestampMonotonic)" ] ||
	fail "the rules were loaded before the daemon was up"
auditctl -l >/tmp/rules
expect 'path=/etc/passwd' /tmp/rules
logged 'type=CONFIG_CHANGE .*op=add_rule'
[ "$(grep -n -m 1 'type=DAEMON_START' $log | cut -d: -f1)" -lt "$(grep -n -m 1 'op=add_rule' $log | cut -d: -f1)" ] ||
	fail "rules stand before DAEMON_START"
order status auditd audit-rules --no-pager
expect 'Active: active \(running\)' /tmp/said
expect 'Active: active \(exited\)' /tmp/said
in_journal 'Init complete, auditd .* listening for events'
systemctl --failed --no-legend >/tmp/said
[ ! -s /tmp/said ] || fail "failed: $(cat /tmp/said)"

# reload; stop and restart are refused, and nothing happens
order reload auditd
logged 'type=DAEMON_CONFIG .*op=reconfigure state=changed .*res=success'
refused stop auditd
refused restart auditd
[ "$(auditd_pid)" = "$pid" ] || fail "another daemon after what was refused"
order reload audit-rules
auditctl -l >/tmp/rules
expect 'path=/etc/passwd' /tmp/rules

# the daemon's own control names who gave the order; a clean end is no failure and brings nothing back
by_alice auditctl --signal reload || fail "reload: $(cat /tmp/said)"
logged 'type=DAEMON_CONFIG .*op=reconfigure state=changed auid=1000 '
by_alice auditctl --signal rotate || fail "rotate: $(cat /tmp/said)"
logged 'type=DAEMON_ROTATE .*auid=1000 '
by_alice auditctl --signal resume || fail "resume: $(cat /tmp/said)"
logged 'type=DAEMON_RESUME .*auid=1000 '
by_alice auditctl --signal stop || fail "stop: $(cat /tmp/said)"
expect 'type=DAEMON_END .*op=terminate auid=1000 .*res=success' $log
until_true 30 auditd_gone "$pid" || fail "stop returned before the daemon was gone" # systemd buries it
stopped() { [ "$(property auditd ActiveState) $(property auditd Result)" = 'inactive success' ]; }
until_true 30 stopped || fail "after the stop: $(systemctl status auditd)"
sleep 1
[ "$(kernel_pid)" = 0 ] || fail "it came back after the stop"
auditctl -l >/tmp/rules
expect 'path=/etc/passwd' /tmp/rules

# a crash: it comes back, and once more
order start auditd
for crash in 1 2; do
	pid=$(auditd_pid)
	kill -KILL "$pid"
	came_back() { [ "$(auditd_pid)" != "$pid" ] && auditd_runs && auditd_registered; }
	until_true 30 came_back || fail "crash $crash: $(systemctl status auditd)"
done
[ "$(property auditd NRestarts)" = 2 ] || fail "$(property auditd NRestarts) restarts after two crashes"

# a broken configuration: a reload changes nothing; a start says why, and is not tried again
cp /etc/audit/auditd.conf /tmp/good
echo 'num_logs = many' >>/etc/audit/auditd.conf
pid=$(auditd_pid)
systemctl reload auditd 2>/dev/null && fail "the reload of a broken configuration succeeds"
logged 'type=DAEMON_CONFIG .*op=reconfigure state=no-change .*res=failed'
in_journal 'auditctl.*Value many should only be numbers - line [0-9]+'
order is-active auditd
[ "$(kernel_pid)" = "$pid" ] || fail "a bad configuration ended the daemon"
kill -KILL "$pid"
failed() { [ "$(property auditd ActiveState) $(property auditd ExecMainStatus)" = 'failed 6' ] || systemctl is-failed --quiet auditd; }
until_true 30 failed || fail "with a bad configuration: $(systemctl status auditd)"
sleep 1
[ "$(property auditd NRestarts)" -le 3 ] || fail "it is tried again and again: $(property auditd NRestarts)"
expect 'status=6' - <<-X
	$(systemctl status --no-pager auditd)
X
in_journal 'auditd.*Value many should only be numbers - line [0-9]+'
cp /tmp/good /etc/audit/auditd.conf
order reset-failed auditd
order start auditd

# what `service auditd ACTION` runs
actions=/usr/libexec/initscripts/legacy-actions/auditd
$actions/state >/tmp/said 2>&1 || fail "state: $(cat /tmp/said)"
[ -s /tmp/said ] || fail "state shows nothing"
for action in rotate resume reload; do
	$actions/$action >/tmp/said 2>&1 || fail "$action: $(cat /tmp/said)"
done
# as Debian's service and its scripts do it
mkdir -p /etc/init.d
ln -s $actions/rotate /etc/init.d/auditd
for action in rotate reload force-reload status; do
	/etc/init.d/auditd $action >/tmp/said 2>&1 || fail "init.d/auditd $action: $(cat /tmp/said)"
done
expect 'Active: active' /tmp/said
rm -r /etc/init.d
for action in restart condrestart; do
	pid=$(auditd_pid)
	$actions/$action >/tmp/said 2>&1 || fail "$action: $(cat /tmp/said)"
	[ "$(auditd_pid)" != "$pid" ] && auditd_runs || fail "$action did not start it anew"
done
$actions/stop || fail "stop: $?"
until_true 30 stopped || fail "after the action stop: $(systemctl status auditd)"
$actions/condrestart || fail "condrestart of a stopped daemon: $?"
[ "$(kernel_pid)" = 0 ] || fail "condrestart started a stopped daemon"
order start auditd

# the same as a system extension: laid over /usr, its configuration is copied where there is none, and its units run its program
by_alice auditctl --signal stop || fail "stop: $(cat /tmp/said)"
until_true 30 stopped || fail "after the stop: $(systemctl status auditd)"
auditctl -D >/dev/null
rm -r /etc/audit /usr/lib/systemd/system/auditd.service /usr/lib/systemd/system/audit-rules.service
echo 'ID=guest' >/usr/lib/os-release
/usr/src/auditbox/packaging/sysext /sbin/auditbox /sbin/auditbox /var/lib/extensions >/tmp/said 2>&1 ||
	fail "sysext: $? $(cat /tmp/said)"
systemd-sysext merge >/tmp/said 2>&1 || fail "systemd-sysext: $? $(cat /tmp/said)"
order daemon-reload
systemd-tmpfiles --create >/tmp/said 2>&1 || fail "systemd-tmpfiles: $? $(cat /tmp/said)"
order start auditd
order restart audit-rules # it was up
[ "$(readlink "/proc/$(auditd_pid)/exe")" = /usr/sbin/auditbox ] || fail "runs $(readlink "/proc/$(auditd_pid)/exe")"
auditctl -l >/tmp/rules
expect 'path=/etc/passwd' /tmp/rules

# the end of the system stops it, unlike people
printf '[Unit]\nDefaultDependencies=no\nRequires=shutdown.target\nAfter=shutdown.target\n' >/run/systemd/system/down.target
systemctl daemon-reload
pid=$(auditd_pid)
lines=$(wc -l <$log)
order start down.target
until_true 30 auditd_gone "$pid" || fail "the daemon outlives the system"
tail -n +"$lines" $log >/tmp/rest
expect 'type=DAEMON_END .*op=terminate .*pid=1 .*res=success' /tmp/rest
[ -z "$(ls /run/audit | grep auditd | grep -vx auditd.lock)" ] || fail "left behind: $(ls /run/audit)"
