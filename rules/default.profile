# Accounts, refusals, changes, mounts, modules, time, network, audit and programs: what make install puts into rules.d.
10-base.rules
30-identity.rules
31-access.rules
32-permissions.rules
33-delete.rules
34-mount.rules
35-modules.rules
36-time.rules
37-network.rules
38-audit.rules
39-exec.rules
99-finalize.rules
