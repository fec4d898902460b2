"""What a reader downloads to search 1,000 posts: our index beside pagefind's, in one browser.

The posts are generated from a fixed vocabulary with the frequencies of natural text, each with one
word of its own. `pip install pagefind pagefind_bin` for the comparison.
"""

from __future__ import annotations

import gzip
import json
import random
import subprocess
import sys
import tempfile
import threading
import time
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

POSTS = 1000
QUERIES = {
    "one word": "{rare}",
    "two words": "{rare} {common}",
    "a beginning": "{start}",
}
SITE = 'base_url = "https://example.org"\ntitle = "Bench"\nbuild_search_index = true\n'

PAGEFIND = """async (query) => {
  const pagefind = await import("/pagefind/pagefind.js");
  const begun = performance.now();
  const found = await pagefind.search(query);
  const first = await Promise.all(found.results.slice(0, 10).map((r) => r.data()));
  const ms = performance.now() - begun;
  return { urls: first.map((r) => r.url), count: found.results.length, ms };
}"""
OURS = """async (query) => {
  const { openIndex } = await import("/search.js");
  const begun = performance.now();
  const load = async (url) => (await fetch(url)).json();
  const index = await openIndex("/search/", load);
  const found = await index.search(query);
  const first = await Promise.all(found.slice(0, 10).map(index.page));
  const ms = performance.now() - begun;
  return { urls: first.map((r) => r.url), count: found.length, ms };
}"""


class Compressing(SimpleHTTPRequestHandler):
    """Sends texts compressed, as hosts of static sites do, and counts what it sends."""

    sent: list[tuple[str, int]]

    def do_GET(self) -> None:
        path = Path(str(self.directory)) / urlsplit(self.path).path.lstrip("/")
        if path.is_dir():
            path = path / "index.html"
        if not path.is_file():
            self.send_error(404)
            return
        data = path.read_bytes()
        text = path.suffix in (".html", ".js", ".json", ".css", ".xml")
        body = gzip.compress(data, 6) if text else data
        self.sent.append((urlsplit(self.path).path, len(body)))
        self.send_response(200)
        if text:
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Type", self.guess_type(str(path)))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


def vocabulary(draw: random.Random, size: int) -> list[str]:
    parts = "ba co de fi gu ha jo ke li mo na pe ro su ta ve wi xa zo tor ken pil ing ser".split()
    words: dict[str, None] = {}
    while len(words) < size:
        words["".join(draw.choices(parts, k=draw.randint(2, 4)))] = None
    return list(words)


def write_posts(root: Path) -> list[str]:
    """The posts, each of 300 to 900 words; the word that only the n-th of them has, in order."""
    draw = random.Random(7)  # noqa: S311
    words = vocabulary(draw, 20_000)
    weights = [1 / (rank + 3) for rank in range(len(words))]
    own = vocabulary(draw, 40_000)[20_000 : 20_000 + POSTS]
    (root / "content/posts").mkdir(parents=True)
    (root / "site.toml").write_text(SITE, "utf-8")
    (root / "content/posts/_index.md").write_text("+++\ntitle = 'Posts'\n+++\n", "utf-8")
    for number in range(POSTS):
        title = " ".join(draw.choices(words, weights, k=6)).capitalize()
        body = draw.choices(words, weights, k=draw.randint(300, 900))
        body[draw.randrange(len(body))] = f"q{own[number]}"
        lines = [" ".join(body[at : at + 80]) + "." for at in range(0, len(body), 80)]
        front = f"+++\ntitle = '{title}'\ndate = 2026-01-{number % 28 + 1:02}\n+++\n"
        (root / f"content/posts/p{number:04}.md").write_text(front + "\n\n".join(lines), "utf-8")
    return [f"q{word}" for word in own] + [words[40]]


def total(folder: Path, pattern: str) -> tuple[int, int, int]:
    """Files, bytes, and bytes as they are sent, of what an index consists of."""
    files = [path for path in folder.rglob(pattern) if path.is_file()]
    texts = (".js", ".json", ".css")
    as_sent = sum(
        len(gzip.compress(path.read_bytes(), 6)) if path.suffix in texts else path.stat().st_size
        for path in files
    )
    return len(files), sum(path.stat().st_size for path in files), as_sent


def main() -> None:
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        own = write_posts(root)
        begun = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "sitegen", "build", "--no-exec"], cwd=root, check=True
        )
        print(f"sitegen build, index included: {time.perf_counter() - begun:.1f} s")
        public = root / "public"
        begun = time.perf_counter()
        command = [sys.executable, "-m", "pagefind", "--site", str(public), "--quiet"]
        theirs = subprocess.run(command, check=False).returncode == 0
        print(f"pagefind: {time.perf_counter() - begun:.1f} s" if theirs else "no pagefind")
        print("ours, whole:", total(public / "search", "*.json"))
        if theirs:
            print("pagefind, whole:", total(public / "pagefind", "*"))
        rare, common = own[500], own[-1]
        sent: list[tuple[str, int]] = []
        handler = type("Handler", (Compressing,), {"sent": sent})
        with (
            ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=public)) as server,
            sync_playwright() as playwright,
        ):
            threading.Thread(target=server.serve_forever, daemon=True).start()
            base = f"http://127.0.0.1:{server.server_port}/404.html"
            browser = playwright.chromium.launch(
                executable_path="/usr/bin/chromium", args=["--no-sandbox"]
            )
            for name, form in QUERIES.items():
                query = form.format(rare=rare, common=common, start=rare[:-2])
                for label, script in (("ours", OURS), *((("pagefind", PAGEFIND),) * theirs)):
                    context = browser.new_context()
                    page = context.new_page()
                    page.goto(base)
                    sent.clear()
                    answer = page.evaluate(script, query)
                    got = {"bytes": sum(size for _, size in sent), "files": len(sent)}
                    right = "/posts/p0500/" in "".join(answer.pop("urls")[:1])
                    print(
                        f"{name:12} {label:9}",
                        json.dumps({**answer, **got, "first is right": right}),
                    )
                    context.close()
            browser.close()
            server.shutdown()


if __name__ == "__main__":
    main()
