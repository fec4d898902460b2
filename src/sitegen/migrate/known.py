"""The names that sitegen's templates have, for telling which of a theme's are missing.

`tests/test_migrate.py` compares them with what there is.
"""

from __future__ import annotations

FUNCTIONS = frozenset(
    "get_env get_hash get_image_metadata get_page get_random get_section get_taxonomy "
    "get_taxonomy_term get_taxonomy_url get_url load_data now range resize_image super "
    "text_direction throw trans".split()
)

RENAMED = {"get_file_hash": "get_hash"}
"""Functions of earlier versions of Zola, and what they are called now."""

FILTERS = frozenset(
    "abs addslashes as_str base64_decode base64_encode capitalize concat date default escape "
    "escape_html escape_xml filesizeformat filter first float get group_by indent int join "
    "json_encode last length linebreaksbr lower map markdown newlines_to_br nth num_format "
    "pluralize regex_replace replace reverse round safe slice slugify sort spaceless split str "
    "striptags title trim trim_end trim_end_matches "
    "trim_start trim_start_matches truncate unique upper urlencode urlencode_strict "
    "wordcount".split()
)

TESTS = frozenset(
    "containing defined divisible_by divisibleby ending_with even iterable map matching number "
    "object odd "
    "starting_with string undefined".split()
)

CONTEXT = frozenset(
    "config current_path current_url dir home lang nav page pages paginator section taxonomy term "
    "terms translations words "
    "feed_url last_updated entries sitegen_version zola_version".split()
)
"""Variables that every theme may count on, which an import must not hide."""
