#!/bin/sh
# busybox's init is PID 1: rcS starts the daemon, as on Buildroot's systems; and a line of inittab keeps it running.
# guest: inits -t 600 -k pid1=busybox
. /steps
script=/etc/init.d/S02auditd
[ "$(tr '\0' ' ' </proc/1/cmdline)" = '/bin/busybox init ' ] || fail "PID 1 is $(cat /proc/1/cmdline)"

until_true 30 auditd_runs || fail "rcS started no daemon"
until_true 30 auditd_registered || fail "the kernel has pid $(kernel_pid)"
auditctl -l >/tmp/rules
expect 'path=/etc/passwd' /tmp/rules
# what the script can be asked for, by busybox's ash
$script status >/tmp/said || fail "status: $?"
expect "running, pid $(auditd_pid)\$" /tmp/said
pid=$(auditd_pid)
$script reload || fail "reload: $?"
logged 'type=DAEMON_CONFIG .*op=reconfigure state=changed .*res=success'
[ "$(auditd_pid)" = "$pid" ] || fail "a reload is another daemon"
$script restart || fail "restart: $?"
[ "$(auditd_pid)" != "$pid" ] || fail "a restart is no other daemon"
until_true 30 auditd_registered || fail "after a restart the kernel has pid $(kernel_pid)"
pid=$(auditd_pid)
$script stop || fail "stop: $?"
auditd_gone "$pid" || fail "stop returned before the daemon was gone"
expect 'type=DAEMON_END .*op=terminate .*res=success' $log
status=0
$script status >/tmp/said || status=$?
[ "$status" = 3 ] || fail "status of a stopped daemon: $status $(cat /tmp/said)"

# by inittab: it is started, and started again
grep '^::' /usr/share/doc/auditbox/inittab >>/etc/inittab
kill -HUP 1
until_true 30 auditd_runs || fail "inittab starts no daemon"
pid=$(auditd_pid)
kill -KILL "$pid"
came_back() { [ "$(auditd_pid)" != "$pid" ] && auditd_runs && auditd_registered; }
until_true 30 came_back || fail "it does not come back"

# with a configuration it cannot start with it is not tried at once again
cp $conf /tmp/good
echo 'num_logs = many' >>$conf
kill -KILL "$(auditd_pid)"
rests() { ps | grep -q '[s]leep 60'; }
until_true 30 rests || fail "it is tried again and again: $(ps)"
cp /tmp/good $conf
kill "$(ps | sed -n 's/^ *\([0-9]*\) .*[s]leep 60$/\1/p')"
until_true 30 auditd_runs || fail "no daemon after the mending"

# and kept away
sed -i '/S02auditd run/d' /etc/inittab
kill -HUP 1
sleep 1
pid=$(auditd_pid)
auditctl --signal stop || fail "stop: $?"
until_true 30 auditd_gone "$pid" || fail "it runs on"
sleep 2
[ "$(kernel_pid)" = 0 ] || fail "it came back"
