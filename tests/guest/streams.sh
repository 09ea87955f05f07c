#!/bin/sh
# What changes something is never cut short by its own output: rules are loaded whole, and the daemon goes on, when the
# standard streams are full, closed, or have lost their reader.
. /steps
target=/etc/audit/audit.rules
mkdir -p /etc/audit/rules.d
# Every rule without an arch is warned of.
for n in $(seq 40); do echo "-a always,exit -S open -F path=/tmp/$n -k k$n"; done >/etc/audit/rules.d/10.rules

loaded() { auditctl -l | grep -c path=/tmp/; }
# whole STATUS COMMAND...: it ends so, and all rules are there
whole() {
	wanted=$1
	shift
	[ "$(cat /tmp/status)" = "$wanted" ] || fail "$*: status $(cat /tmp/status), not $wanted"
	[ "$(loaded)" = 40 ] || fail "$*: $(loaded) of 40 rules"
	auditctl -D >/dev/null
}

augenrules --load 2>/tmp/err || fail "augenrules --load: $(cat /tmp/err)"
expect 'syscall mismatch' /tmp/err
auditctl -D >/dev/null
for command in 'augenrules --load' "auditctl -R $target"; do
	status=0
	$command >/dev/full 2>/dev/full || status=$?
	echo $status >/tmp/status
	whole 0 "$command, both full"
	status=0
	$command >&- 2>&- || status=$?
	echo $status >/tmp/status
	whole 0 "$command, both closed"
	rm /tmp/status
	{ sleep 1; $command; echo $? >/tmp/status; } 2>&1 | true
	whole 0 "$command, no reader"
done
# Deleting shows what is left.
auditctl -w /tmp/left -k left
{ sleep 1; auditctl -D; echo $? >/tmp/status; } | true
[ "$(cat /tmp/status)" = 0 ] || fail "auditctl -D without a reader: $(cat /tmp/status)"
[ "$(auditctl -l)" = 'No rules' ] || fail "rules are left"
# What only shows fails.
auditctl -s >/dev/full 2>/tmp/err && fail "auditctl -s does not see a full disk"
expect '^auditctl: cannot write: No space left on device$' /tmp/err

# The daemon in the foreground, its reader of standard error gone
configure
mkfifo /tmp/errors
cat /tmp/errors >/tmp/read & reader=$!
auditd -f >/tmp/records 2>/tmp/errors & pid=$!
until_true 30 grep -q 'Init complete' /tmp/read || fail "not ready: $(cat /tmp/read)"
kill $reader
auditctl --signal reload
auditctl -m after-the-reader
until_true 30 grep -q after-the-reader /tmp/records || fail "no record once the reader has gone"
auditd_gone $pid && fail "the daemon ended"
kill -TERM $pid
until_true 30 auditd_gone $pid || fail "no end"

# and with one that reads nothing
exec 5<>/tmp/errors
head -c 65536 /dev/zero >&5
auditd -f >/tmp/records 2>&5 & pid=$!
until_true 30 auditd_registered || fail "a full pipe holds the start up"
auditctl --signal reload
auditctl -m with-a-full-pipe
until_true 30 grep -q with-a-full-pipe /tmp/records || fail "no record while standard error is full"
kill -TERM $pid
until_true 30 auditd_gone $pid || fail "no end"
echo "rules and daemon are whole"
