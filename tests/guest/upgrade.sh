#!/bin/sh
# From Debian's package to ours and back: our installation leaves the package alone where it is, takes over what a removed one
# has left (configuration, a running daemon), comes up with the system, and goes without a trace but for configuration and logs.
# guest: systemd oracle -t 600
. /steps
rm -rf /etc/init.d /etc/conf.d # OpenRC's
cp /sbin/auditbox /root/auditbox
source=/usr/src/auditbox/init/install

# as root who logged in as alice
by_alice() { sh -c 'echo 1000 >/proc/self/loginuid && exec "$@"' by_alice "$@" >/tmp/said 2>&1; }
install_ours() { SBIN=/sbin by_alice $source /root/auditbox /root/auditbox systemd; }
remove_ours() { SBIN=/sbin by_alice $source remove; }
order() { systemctl "$@" >/tmp/said 2>&1 || fail "systemctl $*: $? $(cat /tmp/said)"; }
# files: every file and link outside of the places that change by themselves
files() {
	find /sbin /etc /lib/systemd /usr/lib /usr/libexec /usr/share/man -type f -o -type l 2>/dev/null | sort |
		while read -r file; do
			if [ -L "$file" ]; then echo "$file -> $(readlink "$file")"; else md5sum "$file"; fi
		done
}
ours() { files | grep -e auditbox -e /auditd -e audit-rules -e auditctl | grep -v ' /etc/audit/'; }
program() { readlink "/proc/$1/exe"; }

# Ours goes, and nothing is left but its configuration.
remove_ours || fail "remove: $? $(cat /tmp/said)"
[ -z "$(ours)" ] || fail "left behind: $(ours)"
[ -f /etc/audit/auditd.conf ] || fail "the configuration is gone too"
order daemon-reload
rm -rf /etc/audit /var/log/audit

# Debian's package, as it is installed and started.
cp -a /oracle/etc/audit /etc/
mkdir -p /etc/init.d /etc/default /var/log/audit
cp -a /oracle/etc/default/auditd /etc/default/
cp -a /oracle/etc/init.d/auditd /etc/init.d/
cp -a /oracle/lib/systemd/system/auditd.service /lib/systemd/system/
for program in /oracle/sbin/* /oracle/usr/bin/*; do cp -a "$program" "/sbin/${program##*/}"; done
for library in /oracle/lib/x86_64-linux-gnu/*; do
	[ -e "/lib/x86_64-linux-gnu/${library##*/}" ] || cp "$library" /lib/x86_64-linux-gnu/
done
printf "#!/bin/sh\n" >/lib/systemd/systemd-sysv-install # which systemctl calls where there is a script in init.d
chmod 755 /lib/systemd/systemd-sysv-install
order daemon-reload
order enable auditd
order start auditd
its=$(cat /run/auditd.pid)
[ "$(program "$its")" = /sbin/auditd ] || fail "Debian's daemon is $(program "$its")"

# It is there: nothing is touched, and what to do is said.
files >/tmp/before
install_ours && fail "it installs over another package"
expect 'nothing has been changed.* /sbin/auditd ' /tmp/said
expect 'apt-get remove auditd' /tmp/said
files >/tmp/after
cmp -s /tmp/before /tmp/after || fail "changed: $(diff /tmp/before /tmp/after)"
[ "$(program "$its")" = /sbin/auditd ] || fail "its daemon is gone"

# Its plugins are asked for; of one there will be no program.
sed -i 's/^active = no/active = yes/' /etc/audit/plugins.d/af_unix.conf /etc/audit/plugins.d/syslog.conf \
	/etc/audit/plugins.d/audispd-zos-remote.conf

# It is removed as packages are, with its configuration left, and its daemon too where that refuses systemctl's stop.
for program in /oracle/sbin/* /oracle/usr/bin/*; do rm "/sbin/${program##*/}"; done
rm /lib/systemd/system/auditd.service
chmod -x /etc/init.d/auditd
order daemon-reload
cp /etc/audit/auditd.conf /tmp/its.conf
install_ours || fail "install: $? $(cat /tmp/said)"
expect "stopping the audit daemon .* pid $its" /tmp/said
until_true 30 auditd_gone "$its" || fail "its daemon still runs"
logged "type=DAEMON_END .*auid=1000 .*res=success"
cmp -s /etc/audit/auditd.conf /tmp/its.conf || fail "its configuration was replaced"
[ -f /etc/audit/rules.d/audit.rules ] && [ -f /etc/audit/rules.d/30-identity.rules ] || fail "rules: $(ls /etc/audit/rules.d)"

# The system goes down and comes up: in seconds, with our daemon and the rules.
order enable auditd audit-rules
printf '[Unit]\nDefaultDependencies=no\nRequires=shutdown.target\nAfter=shutdown.target\n' >/run/systemd/system/down.target
order daemon-reload
order start down.target
rm -f /run/auditd.pid # a reboot empties /run
order start multi-user.target
until_true 60 systemctl is-active --quiet audit-rules || fail "no rules: $(systemctl status auditd audit-rules --no-pager)"
order is-active auditd
[ "$(program "$(auditd_pid)")" = /sbin/auditbox ] || fail "the daemon is $(program "$(auditd_pid)")"
auditctl -l >/tmp/rules
expect 'path=/etc/passwd' /tmp/rules
systemctl --failed --no-legend >/tmp/said
[ ! -s /tmp/said ] || fail "failed: $(cat /tmp/said)"

# Its plugins run as they were configured. Of the one that cannot, the reason is told at the start, by the check, and by the doctor.
state plugin.af_unix '"running.*'
state plugin.syslog '"running.*'
until_true 30 test -S /run/audispd_events || fail "no socket of its af_unix.conf"
missing='/sbin/audispd-zos-remote .*No such file'
auditd --check-config >/tmp/values 2>/tmp/said
expect "$missing" /tmp/said
in_journal "$missing"
auditbox doctor >/tmp/said
expect "AD603.*$missing" /tmp/said

# Once more over itself: the daemon runs on, and a policy of the machine's own gets none of our rules.
pid=$(auditd_pid)
rm /etc/audit/rules.d/[0-9]*.rules
echo '-w /etc/passwd -p wa -k own' >/etc/audit/rules.d/50-own.rules
install_ours || fail "install over itself: $? $(cat /tmp/said)"
[ "$(auditd_pid)" = "$pid" ] && auditd_runs || fail "the daemon was stopped"
expect 'rules.d/50-own.rules has rules already' /tmp/said
[ "$(ls /etc/audit/rules.d | tr '\n' ' ')" = '50-own.rules audit.rules ' ] || fail "rules: $(ls /etc/audit/rules.d)"

# And away.
remove_ours || fail "remove: $? $(cat /tmp/said)"
until_true 30 auditd_gone "$pid" || fail "the daemon outlives its removal"
expect "type=DAEMON_END .*auid=1000 .*pid=.*res=success" $log
rm -r /etc/init.d /etc/default/auditd # the package's
[ -z "$(ours)" ] || fail "left behind: $(ours)"
[ -f /etc/audit/rules.d/50-own.rules ] && [ -s $log ] || fail "configuration or logs are gone"
systemctl is-enabled auditd >/dev/null 2>&1 && fail "the unit is still enabled"
exit 0
