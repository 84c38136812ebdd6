"""`kontor demo`: the whole house in one go. Everything shown is asked of the running stack; nothing is written down beforehand."""
