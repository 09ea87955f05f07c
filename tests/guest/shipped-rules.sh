#!/bin/sh
# Every rule of rules/ is taken by the kernel, one for one and in order, and the settings of its base hold; Debian's auditctl
# reads the same rules back.
# guest: oracle
. /steps
cat /etc/audit/rules.d/*.rules >/tmp/all.rules
auditctl -R /tmp/all.rules >/tmp/loaded 2>&1 || fail "auditctl -R ended with $?: $(cat /tmp/loaded)"
auditctl -l >/tmp/list || fail "auditctl -l ended with $?"
wanted=$(grep -c '^-[aw]' /tmp/all.rules)
[ "$(wc -l </tmp/list)" = "$wanted" ] || fail "$wanted rules in the files, $(wc -l </tmp/list) in the kernel"
grep '^-[aw]' /tmp/all.rules | sed 's/.*\(key=\|-k \)//' >/tmp/keys
sed 's/.*\(key=\|-k \)//' /tmp/list | cmp - /tmp/keys || fail "the keys are not in the order of the files"
oracle auditctl -l >/tmp/oracle-list
# system calls its release has no names for yet
sed 's/fchmodat2/452/; s/removexattrat/466/; s/setxattrat/463/; s/file_setattr/469/' /tmp/list >/tmp/numbered
diff /tmp/numbered /tmp/oracle-list || fail "Debian's auditctl lists otherwise"
auditctl -s >/tmp/status
expect '^enabled 1$' /tmp/status
expect '^failure 1$' /tmp/status
expect '^backlog_limit 8192$' /tmp/status
expect '^backlog_wait_time 60000$' /tmp/status
