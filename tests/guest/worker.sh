#!/bin/sh
# The slow thread cannot be stopped by whoever owns the directory of the metrics.
# guest: quick -t 600
. /steps
mkdir /home/metrics && chown alice /home/metrics
metrics=/home/metrics/auditd.prom
configure flush=INCREMENTAL freq=1 metrics_file=$metrics
start_syslog
start_auditd

# A pipe, a link or a directory in the place of the file, or of what becomes it
report() { auditctl --signal state --format json >/tmp/state || fail "no state report with $1"; }
renewed() { [ -f $metrics ] && [ ! -L $metrics ] && grep -q '^# EOF' $metrics; }
for place in $metrics $metrics.new; do
	rm -f $metrics $metrics.new
	mkfifo $place && chown alice $place
	report "a pipe"
	until_true 30 renewed || fail "not written with a pipe at $place"
	rm -f $metrics $metrics.new
	echo precious >/tmp/precious
	ln -s /tmp/precious $place
	report "a link"
	until_true 30 renewed || fail "not written with a link at $place"
	[ "$(cat /tmp/precious)" = precious ] || fail "it follows a link at $place"
done
rm -f $metrics
mkdir $metrics.new
report "a directory"
told "Cannot write $metrics" 1
rmdir $metrics.new
[ "$(sed -n 's/^"worker_blocked":\([^,]*\).*/\1/p' /tmp/state)" = false ] || fail "blocked: $(cat /tmp/state)"

stop_auditd
