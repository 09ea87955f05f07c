#!/bin/sh
# The numbers of the state report, three times the same: text, JSON, and the OpenMetrics file, which is written whole or not at
# all, and by itself when a report is.
. /steps
metrics=/run/metrics/auditd.prom
mkdir /run/metrics
configure flush=INCREMENTAL freq=1 max_log_file=3 report_interval=2 metrics_file=$metrics
start_auditd
until_true 30 test -s $metrics || fail "no metrics by themselves, every report_interval"
sed -i '/^report_interval/d' $conf
auditctl --signal reload
logged 'type=DAEMON_CONFIG .*state=changed'
audit_calls # made by one process, they come faster than the limit on any machine
auditctl -r 2 >/dev/null
calls 90
kernel_lost() { auditctl -s | sed -n 's/^lost //p'; }
all_counted() { # with a record that comes later, so slowly that it is not too much, and while the limit says whose loss it was
	sleep 1
	auditctl -m settled >/dev/null
	reports lost_to_kernel_rate_limit "$(kernel_lost)"
}
until_true 30 all_counted || fail "the kernel lost $(kernel_lost): $(cat /tmp/state)"
logged 'type=DAEMON_ERR .*op=lost-events cause=kernel-rate-limit count=[0-9]'
auditctl -r 0 >/dev/null
drained

# sample NAME: the number of a metric
sample() { awk -v name="auditd_$1" '$1 == name { print $2 }' /tmp/metrics; }

# member NAME: the number of a JSON member, 1 and 0 for true and false
member() { sed -n "s/^\"$1\":\([^,]*\),*\$/\1/p" /tmp/json | sed 's/true/1/; s/false/0/'; }

# line LABEL: the number of a line of the text, 1 and 0 for yes and no
line() { sed -n "s/^$1 = \([^ ]*\).*/\1/p" /tmp/text | sed 's/yes/1/; s/no/0/'; }

# of_one_report: all three say how many records there were by then
of_one_report() {
	cp $metrics /tmp/metrics
	cp /run/audit/auditd.state /tmp/text
	[ "$(sample records_received_total)" = "$(member records_received)" ] && [ "$(line 'records received')" = "$(member records_received)" ]
}
auditctl --signal state --format json >/tmp/json || fail "no report: $?"
until_true 30 of_one_report || fail "records received: $(sample records_received_total) $(member records_received) $(line 'records received')"
cat /tmp/metrics

while IFS='|' read -r metric member label; do
	a=$(sample "$metric") b=$(member "$member") c=$(line "$label")
	[ -n "$a" ] || fail "no metric $metric"
	[ "$a" = "$b" ] || fail "$metric is $a, $member is $b"
	[ "$a" = "$c" ] || fail "$metric is $a, '$label' is $c"
done <<X
records_received_total|records_received|records received
records_written_total|records_written|records written
batches_total|batches_received|batches received
disk_syncs_total|disk_syncs_requested|disk syncs requested
kernel_lost|kernel_lost_counter|kernel lost counter
log_size_kibibytes|current_log_size|current log size
logging_suspended|logging_suspended|logging suspended
degraded|keeping_priority_events_only|keeping priority events only
disk_error|disk_error_detected|disk error detected
lost_records_total{cause="kernel-rate-limit"}|lost_to_kernel_rate_limit|lost to kernel-rate-limit
lost_records_total{cause="kernel-backlog"}|lost_to_kernel_backlog|lost to kernel-backlog
X
[ "$(sample 'lost_records_total{cause="kernel-rate-limit"}')" = "$(auditctl -s | sed -n 's/^lost //p')" ] ||
	fail "the kernel lost $(auditctl -s | sed -n 's/^lost //p')"

# the text format: families once, each with its type before its samples, counters end in _total, the end is marked
[ "$(tail -n 1 /tmp/metrics)" = '# EOF' ] || fail "it does not end with # EOF"
awk '
	/^# EOF$/ { ended = 1; next }
	ended { print "after the end: " $0; next }
	/^# TYPE [a-z_]+ (counter|gauge)$/ {
		if ($3 in kind) print "a second family " $3
		kind[$3] = $4; family = $3; next
	}
	/^# HELP [a-z_]+ ./ { if ($3 != family) print "help out of place: " $0; next }
	/^[a-z_]+(\{[a-z_]+="[^"\\]*"\})? [0-9]+$/ {
		name = $1; sub(/\{.*/, "", name)
		if (kind[family] == "counter") { if (name != family "_total") print "no sample of counter " family ": " $0 }
		else if (name != family) print "no sample of gauge " family ": " $0
		if (seen[$1]++) print "twice: " $0
		next
	}
	{ print "no line of the format: " $0 }
' /tmp/metrics >/tmp/faults
[ ! -s /tmp/faults ] || fail "$(cat /tmp/faults)"
# JSON of one level: braces around, every member a string, number or truth value, a comma after all but the last
awk '
	NR == 1 { if ($0 != "{") print "begins with " $0; next }
	/^}$/ { if (comma) print "a comma before the end"; closed = 1; next }
	!/^"[a-z_0-9]+":("[^"\\]*"|-?[0-9]+|true|false),?$/ { print "no member: " $0 }
	{ if (NR > 2 && !comma) print "no comma before " $0; comma = /,$/ ; name = $0; sub(/":.*/, "", name); if (seen[name]++) print "twice: " $0 }
	END { if (!closed) print "not closed" }
' /tmp/json >/tmp/faults
[ ! -s /tmp/faults ] || fail "$(cat /tmp/faults)"

# another file each time, so that a reader sees the old one or the new one, whole
first=$(stat -c %i $metrics)
auditctl --signal state --format json >/tmp/json
another() { [ "$(stat -c %i $metrics)" != "$first" ]; }
until_true 30 another || fail "the file is written in place"
[ "$(ls /run/metrics)" = auditd.prom ] || fail "left beside it: $(ls /run/metrics)"

# a file that cannot be written is told of once, and again after it could be
start_syslog
sed -i 's,^metrics_file.*,metrics_file = /nowhere/metrics,' $conf
auditctl --signal reload
logged 'type=DAEMON_CONFIG .*state=changed'
for n in 1 2 3; do auditctl --signal state --format json >/tmp/json || fail "no report"; done
sleep 1
told 'auditd.*nowhere/metrics' 1
mkdir /nowhere
auditctl --signal state --format json >/tmp/json
until_true 30 test -s /nowhere/metrics || fail "not written once there is a place"
rm -r /nowhere
for n in 1 2; do auditctl --signal state --format json >/tmp/json; done
sleep 1
told 'auditd.*nowhere/metrics' 2

# it goes with the daemon: old numbers would say that all is well
mkdir /nowhere
auditctl --signal state --format json >/tmp/json
until_true 30 test -s /nowhere/metrics || fail "no metrics"
stop_auditd
[ -z "$(ls /nowhere)" ] || fail "left behind: $(ls /nowhere)"
