"""What a person types: the `kontor` command, thin, one file per noun."""
