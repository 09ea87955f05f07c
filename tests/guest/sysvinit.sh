#!/bin/sh
# sysvinit is PID 1, and its rc starts and ends the daemon by the script in /etc/init.d; what the script can be asked for, a crash,
# a broken configuration.
# guest: inits -t 900 -k pid1=sysvinit
. /steps
script=/etc/init.d/auditd
[ "$(readlink /proc/1/exe)" = /sbin/sysvinit ] || fail "PID 1 is $(readlink /proc/1/exe)"

# does STATUS WORD: the script ends so
does() {
	status=0
	$script "$2" >/tmp/said 2>&1 || status=$?
	[ "$status" = "$1" ] || fail "$2: $status $(cat /tmp/said)"
}

# Nothing is enabled yet; as update-rc.d does by the script's own header.
does 3 status
expect '^# Default-Start: *2 3 4 5$' $script
ln -s ../init.d/auditd /etc/rc2.d/S02auditd
ln -s ../init.d/auditd /etc/rc0.d/K01auditd
/etc/init.d/rc 2 >/tmp/said 2>&1 || fail "rc 2: $(cat /tmp/said)"
auditd_runs || fail "no daemon: $(cat /tmp/said)"
auditd_registered || fail "the kernel has pid $(kernel_pid)"
auditctl -l >/tmp/rules
expect 'path=/etc/passwd' /tmp/rules
does 0 status
expect "running, pid $(auditd_pid)" /tmp/said
pid=$(auditd_pid)
does 0 start
[ "$(auditd_pid)" = "$pid" ] || fail "a second start is another daemon"

does 0 reload
logged 'type=DAEMON_CONFIG .*op=reconfigure state=changed .*res=success'
lines=$(grep -c 'op=reconfigure state=changed' $log)
does 0 force-reload
until_true 30 prints $((lines + 1)) grep -c 'op=reconfigure state=changed' $log || fail "force-reload is no reload"
[ "$(auditd_pid)" = "$pid" ] || fail "force-reload is another daemon"
does 0 rotate
logged 'type=DAEMON_ROTATE .*res=success'
does 0 resume
does 0 state
[ -s /tmp/said ] || fail "state shows nothing"
does 0 restart
[ "$(auditd_pid)" != "$pid" ] && auditd_runs || fail "restart: $(cat /tmp/said)"

pid=$(auditd_pid)
does 0 condrestart
[ "$(auditd_pid)" != "$pid" ] && auditd_runs || fail "condrestart: $(cat /tmp/said)"

# what Debian's package says in /etc/default/auditd counts
mkdir -p /etc/default
printf 'EXTRAOPTIONS="-s nochange"\nAUDITD_CLEAN_STOP="yes"\nUSE_AUGENRULES="no"\n' >/etc/default/auditd
echo '-w /etc/hostname -p wa -k as-it-is' >/etc/audit/audit.rules
does 0 restart
tr '\0' ' ' <"/proc/$(auditd_pid)/cmdline" >/tmp/words
expect '-s nochange' /tmp/words
auditctl -l >/tmp/rules
expect 'as-it-is' /tmp/rules
does 0 stop
[ "$(auditctl -l)" = 'No rules' ] || fail "after a clean stop: $(auditctl -l)"
does 0 condrestart
[ "$(kernel_pid)" = 0 ] || fail "condrestart started a stopped daemon"
rm /etc/default/auditd
does 0 start
auditctl -l >/tmp/rules
expect 'path=/etc/passwd' /tmp/rules

# a crash is seen, and a start mends it
kill -KILL "$(auditd_pid)"
until_true 30 auditd_gone "$(auditd_pid)" || fail "it does not die"
does 1 status
does 0 start
auditd_runs || fail "no daemon after the crash"

# a broken configuration: what runs is left running
cp $conf /tmp/good
echo 'num_logs = many' >>$conf
pid=$(auditd_pid)
does 6 restart
expect 'Value many should only be numbers - line [0-9]+' /tmp/said
[ "$(auditd_pid)" = "$pid" ] && auditd_runs || fail "a restart that fails ended it"
does 1 reload
cp /tmp/good $conf
does 2 nonsense

# the end of the system
pid=$(auditd_pid)
/sbin/sysvinit 0
until_true 30 auditd_gone "$pid" || fail "it outlives runlevel 0"
expect 'type=DAEMON_END .*op=terminate .*res=success' $log
does 0 stop
