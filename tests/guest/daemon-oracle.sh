#!/bin/sh
# Debian's tools and our daemon, our tools and Debian's daemon: each reads and drives the other's.
# guest: oracle -t 900
. /steps

# conf LINES: auditd.conf with these lines
conf() {
	configure max_log_file=8 disk_full_action=SUSPEND
	printf '%b\n' "$1" >>$conf
	mkdir -p /oracle/etc/audit
	sed '/degrade/d; /priority_keys/d' $conf >/oracle/etc/audit/auditd.conf # words Debian does not know
}

# read_by_debian WORDS...: its readers have nothing to complain about, each of these searches finds something, and no record
# is passed over
read_by_debian() {
	for words in '--raw' '-i' '-m DAEMON_START' '-k shadow -i' '--format csv' '--format text' "$@"; do
		# shellcheck disable=SC2086  # options are several words
		oracle /sbin/ausearch $words >/tmp/found 2>/tmp/complaints </dev/null || fail "Debian's ausearch $words: $? $(cat /tmp/complaints)"
		[ ! -s /tmp/complaints ] || fail "Debian's ausearch $words: $(cat /tmp/complaints)"
		[ -s /tmp/found ] || fail "Debian's ausearch $words finds nothing"
	done
	# but for those AppArmor wrote, which it never shows
	oracle /sbin/ausearch --raw </dev/null 2>/dev/null | grep -v 'type=AVC' | sort >/tmp/theirs
	cat $log* | grep -v 'type=AVC' | sort >/tmp/ours
	[ "$(wc -l </tmp/theirs)" = "$(wc -l </tmp/ours)" ] ||
		fail "Debian's ausearch passes over records: $(diff /tmp/theirs /tmp/ours | head -n 4)"
	for words in '' '-e' '-f -i' '-k' '-u -i' '-x' '--summary'; do
		# shellcheck disable=SC2086
		oracle /sbin/aureport $words >/tmp/found 2>/tmp/complaints </dev/null || [ $? = 1 ] || fail "Debian's aureport $words: $?"
		grep -Eiv 'no events of interest' /tmp/complaints && fail "Debian's aureport $words complains"
	done
	return 0
}

# lose: a gap by the kernel's rate limit, so that the ledger is written; by calls of one process, which come faster than the limit on any
# machine
lose() {
	auditctl -a always,exit -F arch=b64 -S umask -F auid=7777 -k call
	auditctl -r 2 >/dev/null
	calls 150
	until_true 30 is_said || fail "no loss is in the log"
	auditctl -r 0 >/dev/null
	auditctl -d always,exit -F arch=b64 -S umask -F auid=7777 -k call
}
is_said() { # with a record that comes later, so slowly that it is not too much, and while the limit says whose loss it was
	sleep 1
	auditctl -m last >/dev/null
	grep -Eq 'type=DAEMON_ERR .*op=lost-events cause=kernel-rate-limit count=[0-9]' $log
}

conf 'log_format = ENRICHED\nspace_left = 20\nadmin_space_left = 10'
start_auditd
auditctl -a always,exit -F arch=b64 -S openat -F path=/etc/shadow -k shadow
as alice 'cat /etc/shadow' 2>/dev/null
lose

# Debian's auditctl drives our daemon
oracle /sbin/auditctl -s | grep -q "^pid $(auditd_pid)" || fail "Debian's auditctl sees another daemon"
for pair in USR1=ROTATE HUP=CONFIG USR2=RESUME; do
	oracle /sbin/auditctl --signal "${pair%=*}" || fail "Debian's --signal ${pair%=*}: $?"
	logged "type=DAEMON_${pair#*=} .*res=success"
done
expect 'type=DAEMON_CONFIG .*state=changed' $log
pid=$(auditd_pid)
oracle /sbin/auditctl --signal CONT || fail "Debian's --signal CONT: $?"
until_true 30 test -s /run/audit/auditd.state || fail "no state report for Debian's auditctl"
oracle /sbin/auditctl --signal TERM || fail "Debian's --signal TERM: $?"
until_true 30 auditd_gone "$pid" || fail "Debian's auditctl does not stop our daemon"
expect 'type=DAEMON_END .*op=terminate auid=0 ' $log
read_by_debian '-m DAEMON_END -i' '-m DAEMON_ERR -i' '-m DAEMON_ROTATE'

# RAW with a node, without a daemon's regular end before the next start, and over several files
rm -f $log*
conf 'log_format = RAW\nname_format = user\nname = box\nspace_left = 20\nadmin_space_left = 10'
start_auditd
as alice 'cat /etc/shadow' 2>/dev/null
logged 'key="shadow"'
pid=$(auditd_pid)
kill -KILL "$pid"
until_true 30 auditd_gone "$pid"
start_auditd
lose
for n in 1 2; do
	auditctl --signal rotate
	until_true 30 test -f $log.$n || fail "no rotation $n"
	as alice 'cat /etc/shadow' 2>/dev/null
	logged 'key="shadow"'
done
stop_auditd
read_by_debian '-n box -i' '-m DAEMON_ERR' '-n box -k shadow --format text'

# ENRICHED with a node, degraded for want of room, and whole again
rm -f $log*
mount -t tmpfs -o size=32m,mode=700 tmpfs /var/log/audit
mount --bind /var/log/audit /oracle/var/log/audit
conf 'log_format = ENRICHED\nname_format = hostname\nspace_left = 20\nspace_left_action = degrade\nadmin_space_left = 5\npriority_keys = shadow'
start_auditd
dd if=/dev/zero of=/var/log/audit/filler bs=1M count=16 2>/dev/null
auditctl -m 'room is looked at' >/dev/null
state keeping_priority_events_only true
for n in 1 2 3; do auditctl -m "shed $n" >/dev/null; done
as alice 'cat /etc/shadow' 2>/dev/null
logged 'key="shadow"'
refuse 'shed 2' $log
rm /var/log/audit/filler
logged 'op=lost-events cause=degraded count=[0-9]'
whole_again() { auditctl -m 'all again' >/dev/null && grep -q 'all again' $log; }
until_true 30 whole_again || fail "it does not keep all events again"
stop_auditd
read_by_debian '-m DAEMON_ERR -i' '-k shadow --format csv'
umount /oracle/var/log/audit
umount /var/log/audit


# our auditctl drives Debian's daemon
rm -f $log*
conf 'log_format = ENRICHED\nspace_left = 20\nadmin_space_left = 10'
oracle /sbin/auditd || fail "Debian's auditd: $?"
its_is_up() { pid=$(kernel_pid) && [ "$pid" -gt 0 ]; }
until_true 30 its_is_up || fail "Debian's auditd is not registered"
auditctl --signal rotate || fail "--signal rotate: $?"
logged 'type=DAEMON_ROTATE'
auditd 2>/tmp/err && fail "ours starts beside Debian's"
expect "already has a daemon: auditd, pid $pid" /tmp/err
auditctl --signal stop || fail "--signal stop: $?"
auditd_gone "$pid" || fail "stop returned before Debian's daemon was gone"
expect 'type=DAEMON_END .*op=terminate' $log
