"""What is produced: seeded, valid against the schemas, encoded in columns so that a million events take seconds."""
