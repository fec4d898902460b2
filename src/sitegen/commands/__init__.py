"""The stories of the commands that look at stored results, one a module."""
