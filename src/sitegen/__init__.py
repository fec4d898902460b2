"""A static blog generator whose numbers are measured."""

__version__ = "0.1.0"
