"""What the server knows of the site, and the open pages that follow it."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from typing import assert_never

import msgspec

from sitegen.base.digest import digest_value
from sitegen.base.errors import Problem
from sitegen.render.search import INDEX
from sitegen.serve.news import Built, Drawn, News, PageNews, Told
from sitegen.storage.preview import Entry

PROBLEMS = "/.sitegen/problems"
"""The address of the list of all problems."""

BEAT = 15.0
"""Seconds after which an open page is told that all is well, so that a dead one is noticed."""


class Tab:
    """An open page: what it has still to be told, of each thing only the latest."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._page = False
        self._files: dict[str, str] = {}
        self._figures: dict[str, str] = {}
        self._state: object = None
        self._news = asyncio.Event()

    def tell_page(self, figures: Mapping[str, str]) -> None:
        """The page is another than the one that was last sent, and these figures of it run."""
        self._page = True
        self._figures = dict(figures)
        self._news.set()

    def tell_files(self, files: Mapping[str, str]) -> None:
        """Files that a page may show have changed: by address, what tells the new one.

        The search index is none of them: it is another after every edit.
        """
        self._files.update(files)
        self._news.set()

    def tell_figure(self, id: str, html: str) -> None:
        """A figure looks so now."""
        self._figures[id] = html
        self._news.set()

    def tell_state(self, state: object) -> None:
        """The blocks are so far."""
        self._state = state
        self._news.set()

    def end(self) -> None:
        """Have what waits for news look whether all is over."""
        self._news.set()

    async def events(self, over: asyncio.Event, gone: Callable[[], None]) -> AsyncIterator[str]:
        """What the page is told, as server-sent events, until `over` is set; then, or when the page
        is no longer there, `gone` is called."""
        try:
            async for event in self._events(over):
                yield event
        finally:
            gone()

    async def _events(self, over: asyncio.Event) -> AsyncIterator[str]:
        yield "retry: 1000\n\n"
        while not over.is_set():
            try:
                await asyncio.wait_for(self._news.wait(), BEAT)
            except TimeoutError:
                yield ": all is well\n\n"
                continue
            self._news.clear()
            if self._page:
                self._page = False
                yield _event("page", {})
            if self._files:
                files, self._files = self._files, {}
                yield _event("files", files)
            figures, self._figures = self._figures, {}
            for id, html in figures.items():
                yield _event("figure", {"id": id, "html": html})
            if self._state is not None:
                state, self._state = self._state, None
                yield _event("state", state)


def _event(kind: str, data: object) -> str:
    return f"event: {kind}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"


class Board:
    """The manifest of the tree, the problems, the state of pages; `token` is this run's."""

    def __init__(self, link: Callable[[str, int], str]) -> None:
        """`link` gives the address that opens a line of a file in the author's editor."""
        self.token = secrets.token_urlsafe(24)
        self.follow = secrets.token_urlsafe(24)
        self._link = link
        self.entries: dict[str, Entry] = {}
        self.built: Built | None = None
        self.pages: dict[str, PageNews] = {}
        self.over = asyncio.Event()
        self._pageless: frozenset[str] = frozenset()
        self._figures: dict[str, dict[str, str]] = {}
        self._tabs: set[Tab] = set()
        self._versions: dict[Tab, str] = {}

    # --- what the worker tells ----------------------------------------------------------------

    def take(self, news: News) -> None:
        """Know what the worker tells, and tell the open pages what concerns them."""
        match news:
            case Built():
                self._take_build(news)
            case Drawn(url=url, id=id, html=html, files=files):
                self.entries |= files
                self._figures.setdefault(url, {})[id] = html
                for tab in self._tabs_at(url):
                    tab.tell_figure(id, html)
            case Told(pages=pages, over=over, gone=gone):
                for url in gone:
                    self.pages.pop(url, None)
                for url in (*over, *gone):
                    self._figures.pop(url, None)
                for page in (*pages, *map(PageNews, gone)):
                    for tab in self._tabs_at(page.url):
                        tab.tell_state(self._state_of(page))
                self.pages |= {page.url: page for page in pages}
                self._tell_versions({*over})
            case _:
                assert_never(news)

    def _take_build(self, built: Built) -> None:
        self.built = built
        for path in built.removed:
            self.entries.pop(path, None)
        self.entries |= built.written
        self._pageless = self._without_page(map(_file_of, built.problems))
        files = {
            f"{built.prefix}/{path}": entry.digest
            for path, entry in built.written.items()
            if not path.endswith((".html", ".htm")) and entry.made_from != INDEX
        }
        if files:
            for tab in self._tabs:
                tab.tell_files(files)
        self._tell_versions(set())

    def _tell_versions(self, urls: set[str]) -> None:
        """Tell the tabs whose page is another now, and those at the addresses in any case."""
        for tab in self._tabs:
            version = self.version(tab.path)
            if self._versions.get(tab) != version or tab.path in urls:
                self._versions[tab] = version
                tab.tell_page(self._figures.get(tab.path, {}))

    def _state_of(self, page: PageNews) -> object:
        """What a tab is told of its page's blocks."""
        blocks = [
            {
                "id": block.id,
                "state": block.state,
                "since": block.since,
                "edit": self._link(block.file, block.line),
            }
            for block in page.blocks
        ]
        return {"working": page.working, "blocks": blocks}

    def _tabs_at(self, url: str) -> Iterable[Tab]:
        return [tab for tab in self._tabs if tab.path == url]

    # --- what pages ask -------------------------------------------------------------------------

    def find(self, path: str) -> str | None:
        """The file for a decoded path of a request, below `base_url`; None where there is none."""
        prefix = self.built.prefix if self.built else ""
        if not path.startswith(f"{prefix}/"):
            return None
        name = path[len(prefix) + 1 :]
        if name.endswith("/") or not name:
            name += "index.html"
        return name if name in self.entries else None

    def is_folder(self, path: str) -> bool:
        """Whether the path lacks but a slash at its end."""
        return self.find(f"{path}/") is not None

    def url(self, path: str) -> str:
        """The address of a path without the path of `base_url`, as pages are known by."""
        prefix = self.built.prefix if self.built else ""
        return path.removeprefix(prefix) or "/"

    def version(self, url: str) -> str:
        """What changes when the page at an address is to be shown anew."""
        prefix = self.built.prefix if self.built else ""
        file = self.find(prefix + url) or "404.html"
        entry = self.entries.get(file)
        problems = self.problems_of(url)
        page = self.pages.get(url)
        said = [page.results, page.waits] if page else []
        parts = [entry.digest if entry else "", *self.others(problems), said, _shape(problems)]
        if self.built is not None and url == PROBLEMS:
            parts += _shape(self.built.problems)
        if self.built is not None:
            parts += [self.built.ok, self.built.kept, self.built.drafts]
        return digest_value(parts)[:32]

    def source(self, url: str) -> str | None:
        """The file that the page at an address was made from."""
        prefix = self.built.prefix if self.built else ""
        file = self.find(prefix + url)
        made_from = self.entries[file].made_from if file else ""
        return made_from if made_from.startswith("content/") else None

    def problems_of(self, url: str) -> tuple[Problem, ...]:
        """The problems of the page at an address, and those that belong to no page.

        A text of which no page was made may still become one, at an address that nobody knows yet:
        its problems are wherever there is no page.
        """
        if self.built is None:
            return ()
        files = {"", self.source(url)}
        missing = self.find(self.built.prefix + url) is None
        files |= {file for file in self._pageless if missing or not file.endswith(".md")}
        return tuple(
            problem
            for problem in self.built.problems
            if problem.severity != "notice" and _file_of(problem) in files
        )

    def _without_page(self, files: Iterable[str]) -> frozenset[str]:
        """Those of the files of which no page was made."""
        asked = {*files}
        if asked:
            pages = (e.made_from for path, e in self.entries.items() if path.endswith(".html"))
            asked -= {*pages}
        return frozenset(asked)

    def others(self, shown: Iterable[Problem]) -> tuple[int, int]:
        """How many problems the site has, notices aside, and how many of them are not shown."""
        found = self.built.problems if self.built else ()
        count = sum(problem.severity != "notice" for problem in found)
        return count, count - len(tuple(shown))

    def addresses(self) -> dict[str, str]:
        """Where the page of each content file is."""
        prefix = self.built.prefix if self.built else ""
        return {
            entry.made_from: f"{prefix}/{path.removesuffix('index.html')}"
            for path, entry in sorted(self.entries.items(), key=lambda one: -len(one[0]))
            if path.endswith("index.html") and entry.made_from.startswith("content/")
        }

    def open(self, path: str, version: str) -> Tab:
        """A tab that follows a page, which was sent in a version; told at once what it missed."""
        tab = Tab(path)
        self._tabs.add(tab)
        self._versions[tab] = self.version(path)
        if self._versions[tab] != version:
            tab.tell_page({})
        for id, html in self._figures.get(path, {}).items():
            tab.tell_figure(id, html)
        if path in self.pages:
            tab.tell_state(self._state_of(self.pages[path]))
        return tab

    def close(self, tab: Tab) -> None:
        """The tab is gone."""
        self._tabs.discard(tab)
        self._versions.pop(tab, None)

    def looked_at(self) -> tuple[str, ...]:
        """The addresses of the pages that are open."""
        return tuple(sorted({tab.path for tab in self._tabs}))

    def end(self) -> None:
        """All tabs are told that it is over."""
        self.over.set()
        for tab in self._tabs:
            tab.end()


def _file_of(problem: Problem) -> str:
    """The file of the site's content that a problem is about; "" where it is about none."""
    file = problem.span.path if problem.span is not None else ""
    return file if file.startswith("content/") else ""


def _shape(problems: Iterable[Problem]) -> list[object]:
    return [msgspec.to_builtins(problem) for problem in problems]
