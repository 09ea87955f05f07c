# A host of containers: the default without connections, and namespaces, injection and attack surface.
10-base.rules
20-exclude.rules
23-file-systems.rules
30-identity.rules
31-access.rules
33-delete.rules
34-mount.rules
35-modules.rules
36-time.rules
38-audit.rules
39-exec.rules
43-containers.rules
44-injection.rules
45-kspp.rules
99-finalize.rules
