#!/bin/sh
# runit's own runsv runs the daemon: rules first, orders by auditctl and by sv, a crash, a broken configuration.
# guest: openrc
. /steps
log=/var/log/audit/audit.log
sv=/etc/sv/auditd
supervised() { cat $sv/supervise/pid; }
for script in $sv/run $sv/finish; do sh -n "$script" || fail "$script"; done

runsv $sv >/tmp/said 2>&1 &
until_true 30 auditd_runs || fail "no daemon: $(cat /tmp/said)"
[ "$(auditd_pid)" = "$(supervised)" ] || fail "runsv has pid $(supervised), the pid file $(auditd_pid)"
until_true 30 auditd_registered || fail "the kernel has pid $(kernel_pid)"
auditctl -l >/tmp/rules
expect 'path=/etc/passwd' /tmp/rules
sv status $sv >/tmp/status
expect "^run: $sv: \(pid $(auditd_pid)\)" /tmp/status

# orders: by name of who gave them, or runit's own
sh -c 'echo 1000 >/proc/self/loginuid && exec auditctl --signal rotate' || fail "rotate: $?"
logged 'type=DAEMON_ROTATE .*auid=1000 .*res=success'
sv hup $sv || fail "sv hup"
logged 'type=DAEMON_CONFIG .*op=reconfigure state=changed .*res=success'

# a restart is an end and a start, a crash brings it back
pid=$(auditd_pid)
sv -w 60 restart $sv || fail "sv restart: $(cat /tmp/said)"
came_back() { [ "$(auditd_pid)" != "$pid" ] && auditd_runs && auditd_registered; }
until_true 60 came_back || fail "no daemon after a restart: $(cat /tmp/said)"
expect 'type=DAEMON_END .*op=terminate .*res=success' $log
pid=$(auditd_pid)
kill -KILL "$pid"
until_true 60 came_back || fail "it does not come back: $(cat /tmp/said)"

# a configuration it cannot start with: told, and not tried for ever
cp /etc/audit/auditd.conf /tmp/good
echo 'num_logs = many' >>/etc/audit/auditd.conf
kill -KILL "$(auditd_pid)"
is_down() { sv status $sv >/tmp/status && grep -q '^down:' /tmp/status && ! grep -q 'want up' /tmp/status; }
until_true 30 is_down || fail "a configuration it cannot read: $(cat /tmp/status)"
expect 'Value many should only be numbers - line [0-9]+' /tmp/said
tried=$(grep -c 'Value many' /tmp/said)
sleep 3
[ "$(grep -c 'Value many' /tmp/said)" = "$tried" ] || fail "it is tried again and again"
cp /tmp/good /etc/audit/auditd.conf
sv -w 60 up $sv || fail "sv up: $(cat /tmp/said)"
until_true 60 came_back || fail "no daemon after the mending: $(cat /tmp/said)"

# the end
pid=$(auditd_pid)
sv -w 60 down $sv || fail "sv down"
auditd_gone "$pid" || fail "sv down returned before the daemon was gone"
expect 'type=DAEMON_END .*op=terminate .*res=success' $log
[ "$(kernel_pid)" = 0 ] || fail "the kernel still has a daemon"
