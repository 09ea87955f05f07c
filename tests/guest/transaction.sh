#!/bin/sh
# auditctl -R FILE --atomic and augenrules --load --atomic: a set comes into force whole or not at all, whoever refuses it;
# auditctl --diff: what differs between files and the kernel, also on a locked one.
# guest: quick
. /steps
settings() { auditctl -s | grep -E '^(enabled|failure|rate_limit|backlog_limit|backlog_wait_time) '; }
# ends STATUS WORDS...
ends() {
	wanted=$1
	shift
	status=0
	"$@" >/tmp/out 2>&1 || status=$?
	[ $status = "$wanted" ] || { cat /tmp/out; fail "$*: status $status, not $wanted"; }
}
unchanged() {
	auditctl -l | cmp -s - /tmp/before || fail "$1: rules are $(auditctl -l)"
	settings | cmp -s - /tmp/settings || fail "$1: settings are $(settings)"
}

auditctl -b 500 >/dev/null
auditctl -f 1 >/dev/null
auditctl -a always,exit -F arch=b64 -S mkdir -F 'auid>=1000' -F auid!=unset -k old
auditctl -w /etc/passwd -p wa -k old-watch 2>/dev/null
auditctl -A never,exit -F arch=b64 -S rmdir -F dir=/tmp
auditctl -a always,exclude -F msgtype=CWD
auditctl -l >/tmp/before
settings >/tmp/settings
[ "$(wc -l </tmp/before)" = 4 ] || fail "not 4 rules to begin with: $(cat /tmp/before)"

cat >/tmp/new.rules <<'RULES'
-D
-b 8192
-f 2
-a always,exit -F arch=b64 -S openat -F success=0 -k access
-w /etc/group -p wa -k identity
-a always,exit -F arch=b64 -F dir=/no/such/directory -F perm=wa -k lost
-a always,exit -F arch=b64 -S chmod -F auid=someone-else -k who
-a always,exit -F arch=b64 -S unlink -k delete
RULES

# What is wrong to read changes nothing.
ends 1 auditctl -R /tmp/new.rules --atomic
expect '^Unknown user: someone-else$' /tmp/out
expect '^/tmp/new.rules:7:45: ' /tmp/out
expect '^nothing has been changed$' /tmp/out
unchanged "after a bad line"

# What the kernel alone refuses puts everything back.
sed -i '/someone-else/d' /tmp/new.rules
ends 1 auditctl --atomic -R /tmp/new.rules
expect '^/tmp/new.rules:6: Error sending add rule data request .No such file or directory.$' /tmp/out
expect '^the rules that were there are in force again: 4$' /tmp/out
unchanged "after the kernel refused a rule"

# Left out and named, the rest comes into force and is counted.
ends 0 auditctl -R /tmp/new.rules --atomic --skip-missing
expect '^/tmp/new.rules:6: skipped: /no/such/directory does not exist$' /tmp/out
expect '^loaded 3/4, 1 skipped$' /tmp/out
[ "$(auditctl -l | sed 's/.*[ =]//' | tr '\n' ' ')" = 'access identity delete ' ] || fail "rules: $(auditctl -l)"
settings | grep -q '^backlog_limit 8192$' || fail "settings: $(settings)"

# The same rule twice is one.
grep -v -e no/such /tmp/new.rules >/tmp/good.rules
echo '-w /etc/group -p wa -k identity' >>/tmp/good.rules
ends 0 auditctl -R /tmp/good.rules --atomic
expect '^/tmp/good.rules:7: the rule is there already$' /tmp/out
expect '^loaded 4/4$' /tmp/out

# Differences by meaning: none, drift by another hand, another key, order.
ends 0 auditctl --diff /tmp/good.rules
expect '^/tmp/good.rules:7:1: error\[AB006\]: the same rule once more' /tmp/out
expect '^auditctl: loading without --atomic, -c or -i stops at /tmp/good.rules:7$' /tmp/out
[ "$(wc -l </tmp/out)" = 2 ] || fail "a difference: $(cat /tmp/out)"
auditctl -d always,exit -F arch=b64 -S unlink -k delete
auditctl -a always,exit -F arch=b64 -S rename -k new
ends 1 auditctl --diff /tmp/good.rules kernel
expect '^removed: -a always,exit -F arch=b64 -S unlink -F key=delete$' /tmp/out
expect '^added: -a always,exit -F arch=b64 -S rename -F key=new$' /tmp/out
ends 2 auditctl --diff /tmp/not-there

# augenrules: a refused set leaves the file as it is, too.
rm -rf /etc/audit/rules.d
mkdir -p /etc/audit/rules.d
cp /tmp/good.rules /etc/audit/rules.d/20-b.rules
auditctl -l >/tmp/before
settings >/tmp/settings
echo '-a always,exit -F exe=/no/such/program -S all -k x' >/etc/audit/rules.d/30-c.rules
echo old >/etc/audit/audit.rules
ends 1 augenrules --load --atomic
expect '^/etc/audit/rules.d/30-c.rules:1: Error sending' /tmp/out
unchanged "after augenrules"
[ "$(cat /etc/audit/audit.rules)" = old ] || fail "the file has changed"
echo '-e 2' >/etc/audit/rules.d/10-a.rules
ends 0 augenrules --load --atomic --skip-missing
expect '^loaded 4/5, 1 skipped$' /tmp/out
grep -q 'program' /etc/audit/audit.rules || fail "the file is not the merged one"
settings | grep -q '^enabled 2$' || fail "not locked: $(settings)"

# Errors of the historic way name the file in rules.d as well; a locked kernel says so.
ends 1 auditctl -R /tmp/good.rules --atomic
expect 'immutable mode' /tmp/out
ends 0 auditctl --diff /tmp/good.rules
sed -i 's/-k access/-k denied/' /tmp/good.rules
ends 3 auditctl --diff /tmp/good.rules
expect '^key changed: .*key=denied$' /tmp/out
