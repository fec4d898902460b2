"""Searching: what the index holds, what a query finds and fetches, the formats of Zola's themes."""

from __future__ import annotations

import json
import shutil
import subprocess
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitegen.build import build
from sitegen.passes.asked import Caller, Options
from sitegen.render.search_index import words_in
from sitegen.render.searched import plain_text
from tests.tiny import SITE, page, publish, published

NODE = shutil.which("node")
HERE = Path(__file__).parent
needs_node = pytest.mark.skipif(NODE is None, reason="there is no Node to run the script")

ON = SITE.replace("taxonomies", "build_search_index = true\ntaxonomies")
POSTS = {
    "site.toml": ON,
    "content/_index.md": page('title = "Home"', "Words of the home page."),
    "content/compile.md": page(
        'title = "Compiling with torch"\ndescription = "How fast <it> is"\n'
        'taxonomies.tags = ["GPU"]',
        "A compiled kernel.\n\n```\nsecretcode\n```\n",
    ),
    "content/jax.md": page('title = "JAX"', "Tracing, then a kernel that torch does not have."),
    "content/cafe.md": page('title = "Café Größe"', "日本語の文章。 naïve Ångström"),
    "content/hidden.md": page('title = "Hidden"\nin_search_index = false', "Kernel torch."),
    "content/unrendered.md": page('title = "Unrendered"\nrender = false', "Kernel torch."),
    "content/away/_index.md": page('title = "Away"\nin_search_index = false', "Kernel torch."),
    "content/away/a.md": page('title = "Inside"', "Kernel torch."),
}


def ask(root: Path, *queries: str, index: str = "/search/") -> list[dict[str, Any]]:
    """What the script answers to the queries, each asked for itself."""
    command = [NODE or "node", str(HERE / "search.mjs"), str(root / "public"), index, *queries]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    answers: list[dict[str, Any]] = json.loads(done.stdout)
    return answers


def titles(answer: dict[str, Any]) -> list[str]:
    return [found["title"] for found in answer["pages"]]


@needs_node
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("jax", ["JAX"]),
        ("kernel", ["JAX", "Compiling with torch"]),  # the shorter text
        ("torch", ["Compiling with torch", "JAX"]),
        ("torch kernel", ["Compiling with torch", "JAX"]),
        ("tracing kernel", ["JAX"]),
        ("comp", ["Compiling with torch"]),
        ("compiles", ["Compiling with torch"]),
        ("gpu", ["Compiling with torch"]),
        ("GROSSE", []),
        ("größe", ["Café Größe"]),
        ("cafe", ["Café Größe"]),
        ("naive angstrom", ["Café Größe"]),
        ("日本", ["Café Größe"]),
        ("home", ["Home"]),
        ("secretcode", []),
        ("hidden", []),
        ("unrendered", []),
        ("inside", []),
        ("jax nosuchword", ["JAX"]),
        ("nosuchword", []),
        ("   ", []),
        ("__proto__ constructor", []),
    ],
)
def test_what_a_query_finds(query: str, expected: list[str], tmp_path: Path) -> None:
    publish(tmp_path, POSTS)
    [answer] = ask(tmp_path, query)
    assert titles(answer) == expected


def test_what_search_leaves_out_is_not_in_the_index(tmp_path: Path) -> None:
    config = f"{ON}[search]\ninclude_title = false\ninclude_content = true\n"
    publish(tmp_path, {**POSTS, "site.toml": f"{config}truncate_content_length = 9\n"})
    words = json.loads(published(tmp_path, "search/terms-0.json"))
    assert "words" in words
    assert {"home", "jax", "cafe", "torch", "kernel"} & words.keys() == set()


def test_a_result_is_described_and_named_within_its_host(tmp_path: Path) -> None:
    config = ON.replace("https://example.org", "https://example.org/blog")
    publish(tmp_path, {**POSTS, "site.toml": config})
    pages = json.loads(published(tmp_path, "search/pages-0.json"))
    assert ["/blog/compile/", "Compiling with torch", "How fast <it> is"] in pages
    html = published(tmp_path, "search/index.html")
    assert 'data-index="/blog/search/"' in html
    assert 'src="/blog/search.js"' in html


@needs_node
def test_a_query_fetches_little_of_a_long_index(tmp_path: Path) -> None:
    words = [f"w{number:04}" for number in range(2000)]
    posts = {
        f"content/p{n}.md": page(f'title = "Post {n}"', " ".join(words[n * 7 : n * 7 + 150]))
        for n in range(200)
    }
    publish(tmp_path, {"site.toml": ON, **posts})
    chunks = list((tmp_path / "public/search").glob("terms-*.json"))
    assert len(chunks) > 5
    assert max(chunk.stat().st_size for chunk in chunks) < 13_000
    [answer] = ask(tmp_path, "w0333")
    assert answer["count"] == 21
    assert len([name for name in answer["fetched"] if "terms" in name]) == 1


@needs_node
def test_every_word_of_an_index_is_found(tmp_path: Path) -> None:
    posts = {
        f"content/p{n}.md": page(f'title = "T{n}x"', f"word{n:03} shared {'é' * (n % 3)}z{n}")
        for n in range(80)
    }
    publish(tmp_path, {"site.toml": ON, **posts})
    queries = [f"word{n:03}" for n in range(0, 80, 7)]
    for query, answer in zip(queries, ask(tmp_path, *queries), strict=True):
        assert titles(answer) == [f"T{int(query[4:])}x"]


@needs_node
def test_words_that_most_pages_have_are_not_insisted_on(tmp_path: Path) -> None:
    posts = {f"content/p{n}.md": page(f'title = "T{n}"', f"the own{n}") for n in range(60)}
    posts["content/the.md"] = page('title = "The the"', "Nothing.")
    publish(tmp_path, {"site.toml": ON, **posts})
    found, common = ask(tmp_path, "the own7", "the")
    assert titles(found)[0] == "T7"
    assert (found["count"], titles(common)) == (1, ["The the"])


def test_each_language_has_its_own_index_and_page(tmp_path: Path) -> None:
    config = ON + "[languages.pt]\nbuild_search_index = true\n[languages.ar]\n"
    files = {"site.toml": config, "content/a.md": page(), "content/a.pt.md": page('title = "Olá"')}
    publish(tmp_path, files)
    assert json.loads(published(tmp_path, "pt/search/pages-0.json")) == [["/pt/a/", "Olá", "Text."]]
    assert not (tmp_path / "public/ar/search").exists()
    assert 'action="/pt/search/"' in published(tmp_path, "pt/a/index.html")
    assert "role=" not in published(tmp_path, "ar/index.html").split("<main")[0]


def test_a_page_of_the_site_keeps_its_address(tmp_path: Path) -> None:
    files = {"site.toml": ON, "content/search.md": page('title = "Mine"')}
    assert not [problem for problem in publish(tmp_path, files) if problem.severity == "fatal"]
    assert "Mine" in published(tmp_path, "search/index.html")
    assert not (tmp_path / "public/search/index.json").exists()


def test_without_the_key_there_is_nothing_of_it(tmp_path: Path) -> None:
    publish(tmp_path, {"content/a.md": page()})
    names = {path.name for path in (tmp_path / "public").rglob("*")}
    assert not names & {"search", "search.js", "search-key.js", "elasticlunr.min.js"}
    assert "search" not in published(tmp_path, "404.html")


def test_plain_text() -> None:
    html = "<p>a<b>b</b> &lt;c&gt;<br>d</p><pre>no</pre><style>no</style><p>e<math>no</math></p>"
    assert plain_text(html) == "ab <c> d e"


@needs_node
def test_the_script_parts_words_as_the_index_does(tmp_path: Path) -> None:
    publish(tmp_path, {"site.toml": ON, "content/a.md": page('title = "A"')})
    texts = [
        "Ünïcode İstanbul straße ﬁne ½ x² snake_case kebab-case 3.14 don't",
        "日本語テキスト 한국어 中文a中文 ひらがなカタカナ",
        "हिन्दी संस्कृत தமிழ் العربية ё Й ά",
        "torch.compile(f)(x) C++ a\u00adb \u200d 👍🏽 𝔘nicode",
    ]
    for text, answer in zip(texts, ask(tmp_path, *texts), strict=True):
        assert answer["words"] == [word[:40] for word in words_in(text)]


@given(st.text())
def test_words_are_words_of_themselves(text: str) -> None:
    for word in words_in(text):
        assert word == unicodedata.normalize("NFC", word)
        assert not any(letter.isspace() for letter in word)


# --- as themes for Zola load it -----------------------------------------------------------------


def test_an_index_in_json_has_the_library_beside_it_too(tmp_path: Path) -> None:
    config = (
        'base_url = "https://example.org"\nbuild_search_index = true\n'
        '[search]\nindex_format = "elasticlunr_json"\n'
    )
    assert publish(tmp_path, {"site.toml": config, "content/a.md": page()}) == ()
    names = {path.name for path in (tmp_path / "public").iterdir()}
    assert {"search_index.en.json", "elasticlunr.min.js"} <= names


def test_a_zola_file_means_the_index_of_zola(tmp_path: Path) -> None:
    (tmp_path / "content").mkdir()
    (tmp_path / "content/a.md").write_text(page("date = 2026-01-01"), "utf-8")
    config = 'base_url = "https://example.org"\nbuild_search_index = true\n'
    (tmp_path / "zola.toml").write_text(config, "utf-8")
    build(tmp_path, Options(mode="no-exec"), Caller({}, "python"), lambda event: None)
    names = {path.name for path in (tmp_path / "public").iterdir()}
    assert {"search_index.en.js", "elasticlunr.min.js"} <= names
    assert not {"search", "search.js", "archive"} & names


def index_of(root: Path, format: str) -> Path:
    publish(root, {**POSTS, "site.toml": f'{ON}[search]\nindex_format = "{format}"\n'})
    return root / "public" / f"search_index.en.{'js' if format.endswith('javascript') else 'json'}"


@needs_node
@pytest.mark.parametrize("library", ["ours", "theirs"])
def test_elasticlunr_and_what_stands_for_it_answer_alike(library: str, tmp_path: Path) -> None:
    index = index_of(tmp_path, "elasticlunr_javascript")
    script = tmp_path / "public/elasticlunr.min.js"
    if library == "theirs":
        script = HERE / "browser/node_modules/elasticlunr/elasticlunr.js"
        if not script.is_file():
            pytest.skip("elasticlunr comes from npm")
    queries = ["jax", "kernel", "comp", "CAFÉ", "home words", "nosuchword", "secretcode"]
    command = [NODE or "node", str(HERE / "elasticlunr.cjs"), str(script), str(index), *queries]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    answers = json.loads(done.stdout)
    found = [[ref.removeprefix("https://example.org/") for ref in refs] for refs in answers]
    assert found[0] == ["jax/"]
    assert sorted(found[1]) == ["compile/", "jax/"]
    assert found[2:] == [["compile/"], ["cafe/"], [""], [], []]


def test_fuse_gets_a_list(tmp_path: Path) -> None:
    items = json.loads(index_of(tmp_path, "fuse_json").read_text("utf-8"))
    assert {"title": "JAX", "url": "https://example.org/jax/"}.items() <= items[-1].items()
    text = index_of(tmp_path, "fuse_javascript").read_text("utf-8")
    assert text.startswith("window.searchIndex = [")
    assert json.loads(text.removeprefix("window.searchIndex = ").rstrip(";")) == items
