"""The stories of the commands that start from stored results, one a module."""
