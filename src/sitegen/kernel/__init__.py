"""What runs inside a kernel, in the author's interpreter: shipped as source, not imported."""
