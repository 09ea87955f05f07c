# One small set for an appliance without accounts of people.
10-tiny.rules
