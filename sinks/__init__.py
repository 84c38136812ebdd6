"""Where results rest. Knows the wire, never the streams."""
