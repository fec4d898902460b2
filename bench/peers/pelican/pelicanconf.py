"""Pelican's settings: numbered lists of tags and categories, feeds of 20, highlighted code."""

AUTHOR = "A"
SITENAME = "Blog"
SITEURL = "https://example.org"
PATH = "content"
TIMEZONE = "UTC"
DEFAULT_PAGINATION = 10
FEED_ALL_ATOM = "feeds/all.atom.xml"
TAG_FEED_ATOM = "feeds/{slug}.tag.atom.xml"
CATEGORY_FEED_ATOM = "feeds/{slug}.category.atom.xml"
FEED_MAX_ITEMS = 20
MARKDOWN = {
    "extensions": ["extra", "codehilite", "toc"],
    "extension_configs": {"markdown.extensions.codehilite": {"css_class": "highlight"}},
    "output_format": "html5",
}
# Without folders the third page of `tag2` would be that of `tag23`.
TAG_SAVE_AS = "tag/{slug}/index.html"
CATEGORY_SAVE_AS = "category/{slug}/index.html"
