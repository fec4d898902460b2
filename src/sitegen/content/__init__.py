"""From files to documents: configuration, sources, front matter, Markdown, fences, taxonomies."""
