"""The composition roots, one per app: the only places that build clients. A worker loads its own and no other."""
