#!/bin/sh
# Who may not is told so, and nothing is done: auditctl and auditd called by an ordinary user.
# guest: quick
. /steps
as alice 'auditctl -s' >/tmp/out 2>&1
[ $? = 4 ] || fail "auditctl as alice does not end with 4"
expect '^You must be root to run this program\.$' /tmp/out
as alice 'auditctl -D' >/tmp/out 2>&1
[ $? = 4 ] || fail "auditctl -D as alice does not end with 4"
as alice 'auditctl --help' >/tmp/out || fail "auditctl --help as alice ended with $?"
expect '^usage: auditctl' /tmp/out
as alice 'auditd -n' >/tmp/out 2>&1
[ $? = 6 ] || fail "auditd as alice, who may not read its configuration, does not end with 6"
mkdir /tmp/readable
# one whose log is not out of alice's sight
sed 's,^log_file =.*,log_file = /tmp/nowhere/audit.log,' /etc/audit/auditd.conf >/tmp/readable/auditd.conf
chmod 644 /tmp/readable/auditd.conf
as alice 'auditd -n -c /tmp/readable' >/tmp/out 2>&1
[ $? = 4 ] || fail "auditd as alice does not end with 4: $(cat /tmp/out)"
expect 'You must be root or have capabilities to run this program' /tmp/out
