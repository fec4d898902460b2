"""Tera templates of a Zola theme to Jinja2: what is mechanical is done, the rest is listed."""
