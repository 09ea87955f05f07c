# What PCI DSS 4.0, requirement 10, asks a Linux system to record.
10-base.rules
11-loginuid.rules
30-identity.rules
31-access.rules
32-permissions.rules
33-delete.rules
34-mount.rules
35-modules.rules
36-time.rules
38-audit.rules
39-exec.rules
46-logins.rules
47-log-read.rules
60-pci-dss.rules
99-lock.rules
