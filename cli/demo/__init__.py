"""`kontor demo`: the whole house in five minutes. Everything shown is asked of the running stack; nothing is written down beforehand."""
