#!/bin/sh
# s6's own s6-supervise runs the daemon of the s6-rc source directory: readiness, orders, a crash, a broken configuration, the end.
# guest: inits -t 900
. /steps
service=/run/service/auditd
supervised() { s6-svstat -o pid $service; }
is() { [ "$(s6-svstat -o up,ready,wantedup $service)" = "$1" ]; } # up, has said so, is meant to be up
mkdir -p /run/service
cp -R /etc/s6-rc/source/auditd /run/service/
[ "$(cat /etc/s6-rc/source/auditd/type) $(cat /etc/s6-rc/source/audit-rules/type)" = 'longrun oneshot' ] || fail "types"
[ "$(cat /etc/s6-rc/source/audit-rules/dependencies)" = auditd ] || fail "dependencies"

s6-supervise $service >/tmp/said 2>&1 &
until_true 30 s6-svok $service || fail "no supervisor: $(cat /tmp/said)"
until_true 30 is 'true true true' || fail "it never says that it is up: $(cat /tmp/said)"
[ "$(kernel_pid)" = "$(supervised)" ] && [ "$(auditd_pid)" = "$(supervised)" ] || fail "pids $(kernel_pid) $(supervised)"
# what the oneshot runs when the daemon is up
sh -c "$(cat /etc/s6-rc/source/audit-rules/up)" >/dev/null || fail "up"
auditctl -l >/tmp/rules
expect 'path=/etc/passwd' /tmp/rules

s6-svc -h $service
logged 'type=DAEMON_CONFIG .*op=reconfigure state=changed .*res=success'
pid=$(supervised)
s6-svc -r $service
came_back() { [ "$(supervised)" != "$pid" ] && is 'true true true' && [ "$(kernel_pid)" = "$(supervised)" ]; }
until_true 60 came_back || fail "no daemon after a restart: $(cat /tmp/said)"
expect 'type=DAEMON_END .*op=terminate .*res=success' $log
pid=$(supervised)
kill -KILL "$pid"
until_true 60 came_back || fail "it does not come back: $(cat /tmp/said)"

# a configuration it cannot start with: told, and not tried for ever
cp $conf /tmp/good
echo 'num_logs = many' >>$conf
kill -KILL "$(supervised)"
until_true 30 is 'false false false' || fail "it is not given up: $(s6-svstat $service)"
expect 'Value many should only be numbers - line [0-9]+' /tmp/said
tried=$(grep -c 'Value many' /tmp/said)
sleep 3
[ "$(grep -c 'Value many' /tmp/said)" = "$tried" ] || fail "it is tried again and again"
cp /tmp/good $conf
s6-svc -u $service
until_true 60 came_back || fail "no daemon after the mending: $(cat /tmp/said)"

pid=$(supervised)
s6-svc -d $service
until_true 30 is 'false false false' || fail "it does not end: $(s6-svstat $service)"
auditd_gone "$pid" || fail "it runs on"
expect 'type=DAEMON_END .*op=terminate .*res=success' $log
