#!/bin/sh
# What the daemon may do once it is up: the capabilities that its configuration needs, no new privileges, nobody looks into it; and what
# becomes of a reload that needs more.
# guest: -t 600
. /steps
mkdir -p /etc/audit/plugins.d
mine=$(sed -n 's/^CapPrm:[[:space:]]*//p' /proc/self/status)

# status NAME: what every thread of the daemon has in that line, if all have the same
status() { cat "/proc/$(auditd_pid)"/task/*/status | sed -n "s/^$1:[[:space:]]*//p" | sort -u; }

# may EFFECTIVE PERMITTED BOUNDING NO_NEW_PRIVS
may() {
	all="$(status CapEff) $(status CapPrm) $(status CapBnd) $(status CapInh) $(status NoNewPrivs)"
	[ "$all" = "00000000$1 $2 $3 0000000000000000 $4" ] || fail "effective, permitted, bounding, inheritable, no_new_privs: $all"
}

# locked EFFECTIVE: it may do this and nothing else, nor what it starts
locked() { may "$1" "00000000$1" "00000000$1" 1; }

# with SETTINGS...: a daemon with these
with() {
	configure "$@"
	start_auditd
}

# AUDIT_CONTROL 30, SYS_RESOURCE 24, SYS_NICE 23; by log_group CHOWN 0; by metrics_file DAC_OVERRIDE 1
with
locked 41800000
stop_auditd
# Not even its own user may look into it: the files of /proc that say who may are root's, not those of its group.
start-stop-daemon -S -c root:alice -x /sbin/auditd || fail "auditd of another group: $?"
until_true 30 auditd_runs || fail "no daemon of another group"
locked 41800001
[ "$(stat -c %g "/proc/$(auditd_pid)/status")" = 0 ] || fail "it can be looked into"
start-stop-daemon -S -b -m -p /tmp/sleep.pid -c root:alice -x /bin/sleep -- 1000 || fail "sleep of another group: $?"
alices() { [ "$(stat -c %g "/proc/$(cat /tmp/sleep.pid)/status")" = 1000 ]; }
until_true 30 alices || fail "every process is so here"
stop_auditd

with log_group=alice
locked 41800001
auditctl --signal rotate
logged 'type=DAEMON_ROTATE .*res=success'
[ "$(stat -c %U:%G:%a $log)" = root:alice:640 ] || fail "the new log is $(stat -c %U:%G:%a $log)"
stop_auditd

mkdir /home/metrics && chown alice /home/metrics && chmod 755 /home/metrics
with metrics_file=/home/metrics/auditd.prom
locked 41800002
auditctl --signal state --format json >/dev/null
until_true 30 test -s /home/metrics/auditd.prom || fail "no metrics in another user's directory"
stop_auditd

# What starts programs keeps for them what root has here; itself it may end plugins of other users (KILL 5) and write to terminals.
cat >/usr/bin/compress <<'H'
#!/bin/sh
grep -e CapEff -e NoNewPrivs /proc/self/status >/tmp/helper.new && mv /tmp/helper.new /tmp/helper
H
chmod 755 /usr/bin/compress
with compress_command=/usr/bin/compress log_names=dates
bounding=$(sed -n 's/^CapBnd:[[:space:]]*//p' /proc/self/status)
may 41800022 "$mine" "$bounding" 0
auditctl --signal rotate
until_true 30 test -s /tmp/helper || fail "no helper ran"
[ "$(tr -d '\t\n' </tmp/helper)" = "CapEff:${mine}NoNewPrivs:0" ] || fail "the helper has $(cat /tmp/helper)"
stop_auditd
for setting in disk_full_action=HALT space_left_action=EMAIL overflow_action=SINGLE; do
	with $setting
	[ "$(status NoNewPrivs)" = 0 ] || fail "$setting: no new privileges"
	stop_auditd
done

# A reload that needs what was given up is refused, said to be, and changes nothing; a restart takes it.
start_syslog
with
for setting in log_group=alice metrics_file=/home/metrics/auditd.prom disk_full_action=HALT; do
	configure $setting max_log_file=300
	auditctl --signal reload 2>/tmp/said && fail "$setting is taken"
	expect 'needs rights for .* that auditd gave up at its start; restart it' /tmp/said
	logged 'type=DAEMON_CONFIG .*op=reconfigure state=no-change .*res=failed'
done
locked 41800000
configure freq=10
auditctl --signal reload || fail "a reload that needs nothing: $?"
logged 'type=DAEMON_CONFIG .*op=reconfigure state=changed'
# A plugin has what there is.
printf '#!/bin/sh\ncp /proc/self/status /tmp/plugin\nexec cat >/dev/null\n' >/usr/bin/plugin
chmod 755 /usr/bin/plugin
printf 'active = yes\npath = /usr/bin/plugin\n' >/etc/audit/plugins.d/late.conf
auditctl --signal reload || fail "a reload with a plugin: $?"
told 'Plugins .* have no capabilities but its own'
until_true 30 test -s /tmp/plugin || fail "the plugin does not run"
expect 'CapEff:.*0000000041800000' /tmp/plugin
echo 'nonsense = 1' >>/etc/audit/plugins.d/late.conf
auditctl --signal reload 2>/tmp/said && fail "a plugin's file with an error is taken"
expect 'Plugins stay as they were.*late\.conf' /tmp/said
sed -i '$d' /etc/audit/plugins.d/late.conf
stop_auditd
rm /tmp/plugin
start_auditd
may 41800022 "$mine" "$bounding" 0
until_true 30 test -s /tmp/plugin || fail "the plugin does not run after a restart"
expect "CapEff:.*$mine" /tmp/plugin
stop_auditd
rm /etc/audit/plugins.d/late.conf

# An observer owns nothing.
configure
auditd --observe || fail "--observe: $?"
observer=/run/audit/observer/auditd.pid
until_true 30 test -s $observer || fail "no observer"
until_true 30 grep -q 'CapPrm:.*0000000001800000' "/proc/$(cat $observer)/status" || fail "$(grep Cap "/proc/$(cat $observer)/status")"
kill -TERM "$(cat $observer)"
