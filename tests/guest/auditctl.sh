#!/bin/sh
# auditctl on a real kernel: settings, rules that come, go and stand in order, files of rules, and the lock.
# guest: quick
. /steps
run() { auditctl "$@" >/tmp/out 2>/tmp/err; }
# ends STATUS WORDS...: auditctl ends so
ends() {
	wanted=$1
	shift
	status=0
	run "$@" || status=$?
	[ $status = "$wanted" ] || { cat /tmp/out /tmp/err; fail "auditctl $*: status $status, not $wanted"; }
}

# Settings, and the status shown after them.
ends 0 -e 1 -b 1024
[ "$(wc -l </tmp/out)" = 9 ] || fail "-e and -b show $(cat /tmp/out)"
expect '^enabled 1$' /tmp/out
expect '^backlog_limit 1024$' /tmp/out
ends 0 -r 0x10
expect '^rate_limit 16$' /tmp/out
ends 0 -r 0
ends 0 --backlog_wait_time 15000
ends 0 -f 0
ends 0 -s
[ "$(sed 's/ .*//' /tmp/out | tr '\n' ' ')" = 'enabled failure pid rate_limit backlog_limit lost backlog backlog_wait_time backlog_wait_time_actual loginuid_immutable ' ] ||
	fail "-s shows $(cat /tmp/out)"
expect '^loginuid_immutable 0 unlocked$' /tmp/out
ends 0 -s -i
expect '^enabled enabled$' /tmp/out
expect '^failure silent$' /tmp/out
ends 0 --reset-lost
expect '^lost: [0-9]+$' /tmp/err
ends 0 --reset_backlog_wait_time_actual
expect '^backlog_wait_time_actual: [0-9]+$' /tmp/err
ends 255 -e 3
expect '^Enable must be 0, 1, or 2 was 3$' /tmp/err

# Rules come, stand in order, and go.
ends 0 -D
expect '^No rules$' /tmp/out
ends 0 -a always,exit -F arch=b64 -S open -F key=one
ends 0 -A never,exit -F arch=b64 -S close -F key=two
ends 0 -w /etc/passwd -p wa -k three
ends 0 -l
printf '%s\n' '-a never,exit -F arch=b64 -S close -F key=two' '-a always,exit -F arch=b64 -S open -F key=one' \
	'-w /etc/passwd -p wa -k three' | cmp - /tmp/out || fail "-l shows $(cat /tmp/out)"
ends 255 -a always,exit -F arch=b64 -S open -F key=one
expect 'add rule data request \(Rule exists\)' /tmp/err
ends 0 -l -k thre
[ "$(cat /tmp/out)" = '-w /etc/passwd -p wa -k three' ] || fail "-l -k shows $(cat /tmp/out)"
ends 0 -l -k nothing
[ -s /tmp/out ] && fail "-l -k of no rule shows $(cat /tmp/out)"
ends 0 -W /etc/passwd -p wa -k three
ends 255 -W /etc/passwd -p wa -k three
expect 'delete rule data request \(No such file or directory\)' /tmp/err
ends 0 -D -k two
[ -s /tmp/out ] && fail "-D -k with other rules left shows $(cat /tmp/out)"
ends 0 -d always,exit -F arch=b64 -S open -F key=one
ends 0 -l
expect '^No rules$' /tmp/out

# A watch works, a user message arrives.
ends 0 -w /tmp/watched -p w -k watched
mkdir /tmp/tree /tmp/other
ends 0 -w /tmp/tree -p wa -k tree
ends 0 -q /tmp/tree,/tmp/other
ends 0 -t
ends 0 -m 'a word from the test'
ends 255 -m "$(printf 'tab\there')"
ends 0 -D

# Files: comments and blank lines count, escapes work, a bad line is named, what stood before it stays.
cat >/tmp/good.rules <<'RULES'
# a comment
-D

-b 2048
-w /tmp/with\ space -p r -k sp
-a always,exit -F arch=b64 -S rename -F key=mv
RULES
ends 0 -R /tmp/good.rules
expect '^No rules$' /tmp/out
expect '^backlog_limit 2048$' /tmp/out
ends 0 -l
expect '^-w /tmp/with space -p r -k sp$' /tmp/out
cat >/tmp/mixed.rules <<'RULES'
-D
-w /tmp/first
-a always,exit -F arch=b64 -S nosuch
-w /tmp/last
RULES
ends 1 -R /tmp/mixed.rules
expect '^Syscall name unknown: nosuch$' /tmp/err
expect '^/tmp/mixed.rules:3:31: "nosuch"' /tmp/err
expect '^There was an error in line 3 of /tmp/mixed.rules$' /tmp/err
ends 0 -l
[ "$(cat /tmp/out)" = '-w /tmp/first -p rwxa' ] || fail "after a bad line: $(cat /tmp/out)"
{ echo -i; cat /tmp/mixed.rules; } >/tmp/ignoring.rules
ends 0 -R /tmp/ignoring.rules
ends 0 -l
expect '^-w /tmp/last -p rwxa$' /tmp/out
{ echo -c; cat /tmp/mixed.rules; } >/tmp/going-on.rules
ends 1 -R /tmp/going-on.rules
ends 0 -l
expect '^-w /tmp/last -p rwxa$' /tmp/out
ends 1 -R /tmp/nothing-here
expect "^audit rules file /tmp/nothing-here doesn't exist$" /tmp/err
chmod o+w /tmp/good.rules
ends 1 -R /tmp/good.rules
expect 'world writable' /tmp/err
ends 1 -R /tmp

# A dry run changes nothing and needs no privilege.
ends 0 -D
as alice 'auditctl --dry-run -w /etc/passwd -p wa -k x' >/tmp/dry 2>/dev/null || fail "a dry run needs privilege"
expect '^1011 04000000' /tmp/dry
ends 0 -l
expect '^No rules$' /tmp/out
status=0
as alice 'auditctl -l' >/tmp/out 2>/tmp/err || status=$?
[ $status = 4 ] || fail "alice lists rules: $status"
expect '^You must be root to run this program.$' /tmp/err

# No daemon.
ends 2 --signal stop
expect '^Auditd is not running$' /tmp/err
ends 1 --signal SIGHUP

# The lock.
ends 0 --loginuid-immutable
ends 0 -s
expect '^loginuid_immutable 1 locked$' /tmp/out
ends 0 -w /tmp/kept -k kept
ends 0 -e 2
ends 1 -w /tmp/late
expect '^The audit system is in immutable mode, no rule changes allowed$' /tmp/err
ends 1 -R /tmp/mixed.rules
expect 'immutable mode' /tmp/err
ends 255 -D
ends 255 -e 0
ends 0 -s -i
expect '^enabled enabled\+immutable$' /tmp/out
ends 0 -l
[ "$(cat /tmp/out)" = '-w /tmp/kept -p rwxa -k kept' ] || fail "locked rules: $(cat /tmp/out)"
