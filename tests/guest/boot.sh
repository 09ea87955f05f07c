#!/bin/sh
# The static binary starts on a machine that has nothing else, by its own name and by every link; the kernel has audit.
# guest: quick
. /steps
auditbox --version | grep -q '^auditbox [0-9]' || fail "no version"
for applet in $(auditbox --list); do
	[ -L "/sbin/$applet" ] || fail "no link for $applet"
done
auditbox no-such-applet 2>/tmp/err && fail "an unknown applet is accepted"
expect 'no-such-applet is no applet' /tmp/err
[ -e /proc/self/loginuid ] || fail "this kernel has no audit"
as alice 'id -u; cat /proc/self/loginuid' >/tmp/ids
[ "$(sort -u /tmp/ids | tr '\n' ' ')" = '1000 ' ] || fail "alice is $(cat /tmp/ids)"
