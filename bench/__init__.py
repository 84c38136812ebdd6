"""Speed, compared side by side in one run: `python -m bench`."""
