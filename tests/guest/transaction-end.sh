#!/bin/sh
# An end in the middle of auditctl -R FILE --atomic: one that is asked for comes after the last rule, one by force leaves a part of
# the new rules in force, and the same load once more makes the set whole.
# guest: -t 900
. /steps
dmesg -n 1
seq 120 | sed 's/.*/-a always,exit -F arch=b64 -S rmdir -F a0=& -k new/' | sed '1i -D' >/tmp/many.rules

# end_by SIGNAL: ends a load when the first new rules are there; the status is in $status
end_by() {
	auditctl -D >/dev/null
	auditctl -a always,exit -F arch=b64 -S mkdir -k old || fail "no old rule"
	auditctl -R /tmp/many.rules --atomic >/tmp/out 2>&1 &
	load=$!
	until_true 60 new_rules || fail "nothing is loaded"
	kill "-$1" $load
	status=0
	wait $load || status=$?
}
new_rules() { auditctl -l | grep -q key=new; }

end_by TERM
[ "$status" = 143 ] || [ "$status" = 0 ] || fail "ended with $status: $(cat /tmp/out)"
expect '^loaded 120/120$' /tmp/out
auditctl --diff /tmp/many.rules || fail "the set is not whole after SIGTERM"

end_by KILL
auditctl -l | grep -q key=old && fail "rules of both sets are there"
count=$(auditctl -l | grep -c key=new)
echo "$count of 120 rules after SIGKILL"
auditctl -R /tmp/many.rules --atomic >/tmp/out 2>&1 || { cat /tmp/out; fail "not loaded again"; }
expect '^loaded 120/120$' /tmp/out
auditctl --diff /tmp/many.rules || fail "the set is not whole after it is loaded again"
