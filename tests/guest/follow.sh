#!/bin/sh
# ausearch --follow while the log is rotated three times under load: nothing is missing, twice, or in two parts.
# guest: -t 900
. /steps

log_disk tmpfs 65536
configure num_logs=9 max_log_file=1 max_log_file_action=ROTATE
start_auditd
audit_calls
ausearch --follow --raw >/tmp/followed &
follower=$!
ausearch --follow --format csv -m SYSCALL >/tmp/table &
tabulator=$!
# Where it begins is where the log ends when it opens it.
has_log() { ls -l "/proc/$1/fd" | grep -q "$log"; }
for reader in $follower $tabulator; do until_true 60 has_log "$reader" || fail "$reader does not open the log"; done
sleep 1
mark() { auditctl -m "mark-$1" >/dev/null || fail "no message"; }
has() { grep -q "mark-$1[^0-9]" /tmp/followed; }
mark 1
until_true 30 has 1 || fail "the first record does not come: $(tail -n 3 /tmp/followed)"
for n in 1 2 3; do
	calls 3600
	until_true 30 test -e $log.$n || fail "no rotation $n: $(ls -l /var/log/audit)"
done
mark 2
until_true 30 has 2 || fail "the last record does not come: $(tail -n 3 /tmp/followed)"
# what was logged before the start is not shown
calls_logged=$(cat $(ls -r $log.*) $log | sed -n '/mark-1[^0-9]/,$p' | grep -c '^type=SYSCALL')
tabulated() { [ $(($(wc -l </tmp/table) - 1)) -ge "$calls_logged" ]; }
until_true 60 tabulated || fail "$(wc -l </tmp/table) rows of $calls_logged calls"
kill $follower $tabulator

between() { sed -n '/mark-1[^0-9]/,/mark-2[^0-9]/p'; }
cat $(ls -r $log.*) $log | between | sort >/tmp/expected
between </tmp/followed | sort >/tmp/got
[ "$(wc -l </tmp/expected)" -gt 10000 ] || fail "only $(wc -l </tmp/expected) records"
cmp /tmp/expected /tmp/got || fail "followed $(wc -l </tmp/got) of $(wc -l </tmp/expected) records: $(diff /tmp/expected /tmp/got | head -n 5)"
# the records of an event stand together
parts=$(between </tmp/followed | sed 's/.*audit(\([^)]*\)).*/\1/' | uniq | sort | uniq -d | wc -l)
[ "$parts" = 0 ] || fail "$parts events came in parts"
stop_auditd
