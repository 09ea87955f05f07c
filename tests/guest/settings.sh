#!/bin/sh
# auditctl's settings reach the kernel and come back as the kernel has them; the last word, -e 2, holds until the next boot.
# guest: quick
. /steps

# setting WORDS LINE: the option is taken, and the status has the line afterwards
setting() {
	# shellcheck disable=SC2086  # an option and its value
	auditctl $1 >/tmp/set || fail "auditctl $1 ended with $?"
	auditctl -s >/tmp/status
	expect "^$2\$" /tmp/status
}

setting '-b 1234' 'backlog_limit 1234'
setting '-r 77' 'rate_limit 77'
setting '-r 0' 'rate_limit 0'
setting '-f 0' 'failure 0'
setting '--backlog_wait_time 500' 'backlog_wait_time 500'
setting '-e 0' 'enabled 0'
auditctl -s -i >/tmp/words
expect '^enabled disable' /tmp/words
setting '-e 1' 'enabled 1'
auditctl --reset-lost >/tmp/lost || fail "--reset-lost ended with $?"
setting --loginuid-immutable 'loginuid_immutable 1 locked'

auditctl -a always,exit -F arch=b64 -S mkdir -F key=lock || fail "a rule is not taken"
auditctl -e 2 >/tmp/locked || fail "-e 2 ended with $?"
expect '^enabled 2$' /tmp/locked
auditctl -D >/tmp/drop 2>&1
[ $? = 255 ] || fail "-D is not refused once locked"
expect 'Error deleting rule \(Operation not permitted\)' /tmp/drop
auditctl -a always,exit -F arch=b64 -S rmdir -F key=late >/tmp/late 2>&1
[ $? = 1 ] || fail "a rule is not refused once locked"
expect 'The audit system is in immutable mode, no rule changes allowed' /tmp/late
auditctl -l >/tmp/list
expect '^-a always,exit -F arch=b64 -S mkdir -F key=lock$' /tmp/list
[ "$(wc -l </tmp/list)" = 1 ] || fail "the rules changed once locked"
echo '-D' >/tmp/r.rules
auditctl -R /tmp/r.rules >/tmp/out 2>&1 && fail "-R is not refused once locked"
augenrules --load >/tmp/augen 2>&1 || fail "augenrules on a locked system ended with $?"
expect 'Audit system is in immutable mode - exiting with no changes' /tmp/augen
