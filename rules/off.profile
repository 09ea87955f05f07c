# No rules: logins and what programs report by themselves are still recorded.
10-no-audit.rules
