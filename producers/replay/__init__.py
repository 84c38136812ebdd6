"""Recorded files of real shops, told again as events; the user brings the files."""
