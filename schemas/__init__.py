"""The wire: everything that crosses Kafka. Imports nothing of ours; everyone may import it."""
