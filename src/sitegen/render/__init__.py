"""From documents and runs to what is published: bodies, pages, lists, feeds. Pure."""
