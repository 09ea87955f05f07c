#!/bin/sh
# The daemon's life: it registers with the kernel, writes what happens, is told apart from a second one, answers its signals,
# and leaves nothing behind when it ends.
# guest: quick
. /steps
start_auditd
pid=$(auditd_pid)
auditctl -s >/tmp/status
expect "^pid $pid\$" /tmp/status
logged '^type=DAEMON_START msg=audit\([0-9.:]*\): op=start .* res=success'

auditd >/tmp/second 2>&1
[ $? != 0 ] || fail "a second daemon starts"
auditctl -s >/tmp/status
expect "^pid $pid\$" /tmp/status

auditctl -m 'a word from the guest' || fail "auditctl -m ended with $?"
logged "^type=USER .*a word from the guest"
auditctl --signal reload || fail "--signal reload ended with $?"
logged '^type=DAEMON_CONFIG .*op=reconfigure state=changed .*res=success'
auditctl --signal rotate || fail "--signal rotate ended with $?"
until_true 30 test -f /var/log/audit/audit.log.1 || fail "nothing is rotated"
logged '^type=DAEMON_ROTATE'
[ "$(stat -c '%a %U' /var/log/audit/audit.log.1)" = '400 root' ] || fail "$(stat /var/log/audit/audit.log.1)"
[ "$(stat -c '%a %U' /var/log/audit/audit.log)" = '600 root' ] || fail "$(stat /var/log/audit/audit.log)"
auditctl --signal state || fail "--signal state ended with $?"
until_true 30 test -s /run/audit/auditd.state || fail "there is no state file"
[ "$(stat -c %a /run/audit/auditd.state)" = 640 ] || fail "$(stat /run/audit/auditd.state)"

auditctl --signal stop || fail "--signal stop ended with $?"
until_true 30 auditd_gone "$pid" || fail "it does not stop"
logged '^type=DAEMON_END .*op=terminate .*res=success'
for left in /run/audit/auditd.pid /run/audit/auditd.state; do
	[ ! -e "$left" ] || fail "$left is left behind"
done
auditctl -s >/tmp/status
expect '^pid 0$' /tmp/status
auditctl --signal state >/tmp/out 2>&1
[ $? = 2 ] || fail "a signal to no daemon does not end with 2"
expect 'Auditd is not running' /tmp/out
