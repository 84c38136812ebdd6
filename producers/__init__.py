"""Who speaks first: the publisher upstream systems use, the shop simulator, replays of recorded files."""
