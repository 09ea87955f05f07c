# What the STIGs of general purpose systems ask for; auditctl --privileged adds the set-uid programs.
10-base.rules
11-loginuid.rules
30-identity.rules
31-access.rules
32-permissions.rules
33-delete.rules
34-mount.rules
35-modules.rules
36-time.rules
37-network.rules
38-audit.rules
41-privilege.rules
46-logins.rules
47-log-read.rules
62-stig.rules
99-lock.rules
