"""What is published: every number with a name that lasts, where it stands, how it is cited, and whether it has moved."""
