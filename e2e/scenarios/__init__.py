"""The scenarios of the end-to-end test, one a file."""
