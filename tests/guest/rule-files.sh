#!/bin/sh
# auditctl -R and single rules against the kernel: a bad line is named with its number and stops the file, -i goes on past
# it, -c too but says so in the end; a rule is refused a second time, and found again to be deleted.
# guest: quick
. /steps

count() { auditctl -l | grep -c '^-[aw]'; }

cat >/tmp/bad.rules <<'RULES'
# a comment
-a always,exit -F arch=b64 -S mkdir -F key=one

-a always,exit -F arch=b64 -S no_such_call -F key=two
-a always,exit -F arch=b64 -S rmdir -F key=three
RULES
auditctl -R /tmp/bad.rules >/tmp/out 2>&1
[ $? = 1 ] || fail "a file with a bad line does not end with 1"
expect 'no_such_call' /tmp/out
expect 'There was an error in line 4 of /tmp/bad.rules' /tmp/out
[ "$(count)" = 1 ] || fail "$(count) rules after the bad line stopped the file, not 1"

auditctl -D >/tmp/out || fail "-D ended with $?"
[ "$(auditctl -l)" = 'No rules' ] || fail "rules are left after -D"
sed '1i -i' /tmp/bad.rules >/tmp/ignore.rules
auditctl -R /tmp/ignore.rules >/tmp/out 2>&1 || fail "with -i a bad line ends with $?"
[ "$(count)" = 2 ] || fail "with -i $(count) rules are loaded, not 2"

auditctl -D >/tmp/out
sed '1i -c' /tmp/bad.rules >/tmp/continue.rules
auditctl -R /tmp/continue.rules >/tmp/out 2>&1 && fail "with -c a bad line leaves no trace in the status"
[ "$(count)" = 2 ] || fail "with -c $(count) rules are loaded, not 2"

auditctl -a always,exit -F arch=b64 -S mkdir -F key=one >/tmp/out 2>&1 && fail "the same rule is taken twice"
expect 'Rule exists' /tmp/out
auditctl -d always,exit -F arch=b64 -S mkdir -F key=one || fail "-d ended with $?"
auditctl -d always,exit -F arch=b64 -S mkdir -F key=one >/tmp/out 2>&1 && fail "a rule is deleted that is not there"
[ "$(count)" = 1 ] || fail "-d left $(count) rules, not 1"
auditctl -w /etc/hosts -p wa -k hosts >/tmp/out 2>&1 || fail "-w ended with $?"
auditctl -D -k hosts >/tmp/out || fail "-D -k ended with $?"
[ "$(count)" = 1 ] || fail "-D -k left $(count) rules, not 1"
# what the kernel refuses without a word of why, a check of the file finds
while IFS= read -r rule; do
	# shellcheck disable=SC2086  # a rule is several words
	auditctl $rule >/tmp/out 2>&1 && fail "the kernel takes $rule"
	expect 'Invalid argument' /tmp/out
	echo "$rule" | auditctl --check - >/tmp/out 2>&1
	expect 'error\[AB007\]' /tmp/out
done <<'RULES'
-a always,exit -F arch=b64 -S open -F exe=/bin/sh -F exe=/bin/busybox
-a never,exclude -F exe=/bin/sh -F exe=/bin/busybox
-a always,exit -F path=/etc/
-a always,exit -F path=/
-a always,exit -F path=/etc/hosts -F inode=5
-a always,exit -F arch=b64 -S open -F uid&3
-a always,exit -F arch=b64 -S open -F devmajor&=3
-a always,exit -F arch=b64 -S open -F obj_user>foo
-a always,exit -F arch=b64 -S open -F uid=-1
-a always,exit -F arch=b64 -S open -F gid!=4294967295
-a always,exit -F arch=b64 -S open -F auid>unset
RULES
auditctl -R /tmp/not-there.rules >/tmp/out 2>&1 && fail "a file that is not there is taken"
expect '/tmp/not-there.rules' /tmp/out
