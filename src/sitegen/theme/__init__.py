"""The built-in theme: templates and a style sheet, no code."""
