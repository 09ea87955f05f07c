#!/bin/sh
# auditctl --signal reaches the daemon by every name it has for a signal, and comes back from stop when the daemon is gone.
# guest: quick
. /steps
start_auditd
for name in state CONT resume USR2 reload hup; do
	auditctl --signal $name >/tmp/out 2>&1 || fail "--signal $name ended with $?: $(cat /tmp/out)"
	[ -s /tmp/out ] && fail "--signal $name says $(cat /tmp/out)"
	auditd_runs || fail "--signal $name ended the daemon"
done
until_true 30 [ -s /run/audit/auditd.state ] || fail "no state file"
logged 'type=DAEMON_CONFIG'
auditctl --signal Rotate && auditctl --signal usr1 || fail "--signal rotate is refused"
until_true 30 [ -e /var/log/audit/audit.log.1 ] || fail "the log is not rotated"
auditctl -m 'hello from the test' || fail "-m ended with $?"
logged 'type=USER .*text=hello from the test exe="[^"]*" hostname=.* addr=\? terminal=.* res=success'
pid=$(auditd_pid)
auditctl --signal stop || fail "--signal stop ended with $?"
# A daemon that is gone may wait for its parent, without a program.
[ -e "/proc/$pid/exe" ] && fail "--signal stop came back before the daemon was gone"
status=0
auditctl --signal stop >/tmp/out 2>&1 || status=$?
[ $status = 2 ] || fail "without a daemon: $status"
expect '^Auditd is not running$' /tmp/out
