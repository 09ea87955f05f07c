# What a site asks for: the profile of the examples of docs/findings.md.
site.rules
