"""`python -m cli` is `kontor`."""

from cli.main import main

main()
