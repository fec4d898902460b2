"""Posts as notebooks and scripts, for readers who want to run them."""
