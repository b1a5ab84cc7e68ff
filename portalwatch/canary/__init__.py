"""The canary: a portal of our own, whose one article must come back as a mail and a webhook, or something on the way is broken."""
