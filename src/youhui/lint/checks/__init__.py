"""One file for each finding."""
