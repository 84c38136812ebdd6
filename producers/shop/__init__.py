"""A whole shop, simulated: one centre per file, each a pure function of the plan and its seed."""
