"""What pages came to, kept for later builds: cards in one index, bodies in packs, append only.

`.sitegen/bodies/index` has a line of JSON for each, the later one of a key holds; `N.pack` are the
bodies that process N of a build has written. All of it can be made again.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from io import BufferedRandom
from pathlib import Path
from typing import Any

import msgspec

from sitegen.base.digest import digest_bytes, digest_text
from sitegen.base.errors import Problem
from sitegen.base.exact import MARK, is_exact, marked, unmarked
from sitegen.model import Card, Heading, Link
from sitegen.storage.lock import make_state

ROOM = 512
"""Entries that may be there in vain before the store is written anew."""

ROOM_BYTES = 1 << 20
"""The same of the bytes of bodies."""


class Place(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Where a text lies: its pack, its first byte, its size."""

    pack: int
    start: int
    size: int


Answer = tuple[str, str, str]
"""What a page asked for, as a kind and a name, and a digest of the answer."""


class Fragment(msgspec.Struct, frozen=True, omit_defaults=True):
    """A page with its body put away. `key` is made of all that it was made of but what it `asked`
    for, "" if that is not known; `id` of all that it came to.

    `id` is "" where the store could not give it back as it is.

    `toc` is the table of contents as JSON, if there is one, `feed` the body for feeds where that is
    another one, `image` the address of its picture, `files` the paths of what it published beside
    its page.
    """

    path: str
    key: str
    card: Card
    body: Place
    digest: str
    links: tuple[Link, ...] = ()
    problems: tuple[Problem, ...] = ()
    image: str | None = None
    toc: Place | None = None
    toc_digest: str = ""
    feed: Place | None = None
    feed_digest: str = ""
    files: tuple[str, ...] = ()
    asked: tuple[Answer, ...] = ()
    id: str = ""


def identified(fragment: Fragment) -> Fragment:
    """The fragment with its id, if the index can give it back as it is."""
    if not is_exact(fragment.card.extra):
        return fragment
    nowhere = Place(0, 0, 0)
    bare = msgspec.structs.replace(
        fragment, body=nowhere, toc=None, feed=None, key="", asked=(), id=""
    )
    return msgspec.structs.replace(fragment, id=digest_bytes(_encode(bare))[:32])


def _encode(fragment: Fragment) -> bytes:
    """A line of the index."""
    return msgspec.json.encode(_with_extra(fragment, marked))


def _decode(line: bytes) -> Fragment:
    fragment = _DECODER.decode(line)
    return _with_extra(fragment, unmarked) if _MARKED in line else fragment


_DECODER = msgspec.json.Decoder(Fragment)
_TOC = msgspec.json.Decoder(tuple[Heading, ...])
_MARKED = msgspec.json.encode(MARK)[:-1]


def _with_extra(fragment: Fragment, change: Callable[[Any], Any]) -> Fragment:
    """The fragment with the author's own values changed, where there are any."""
    card = fragment.card
    if not card.extra:
        return fragment
    meta = msgspec.structs.replace(card.meta, extra=change(card.extra))
    card = msgspec.structs.replace(card, meta=meta)
    return msgspec.structs.replace(fragment, card=card)


class Fragments:
    """The store of a site; one process writes the index, each its own pack.

    `starts` are the places of entries in the index, in bytes, by id. A store that is not `whole`
    knows no entry, and reads those whose places it is told.
    """

    def __init__(self, folder: Path, *, whole: bool = True) -> None:
        self._folder = folder
        self._whole = whole
        self._packs: dict[int, BufferedRandom] = {}
        self._number = 0
        self._lines = 0
        self._wanted: list[Fragment] | None = None
        self.by_key: dict[str, Fragment] = {}
        self.by_id: dict[str, Fragment] = {}
        self.by_path: dict[str, Fragment] = {}
        self.starts: dict[str, int] = {}
        if whole:
            self._load()

    def _load(self) -> None:
        """Every entry that is whole and whose body is there."""
        try:
            lines = (self._folder / "index").read_bytes().split(b"\n")
        except FileNotFoundError:
            return
        sizes, start = self._sizes(), 0
        for line in lines:
            entry = _entry(line, sizes)
            if entry is not None:
                self._know(entry)
                self.starts[entry.id] = start
            self._lines += bool(line)
            start += len(line) + 1

    def read(self, start: int, id: str) -> Fragment | None:
        """The entry of this id, if it is the one at this place; it is known from now on."""
        index = self._folder / "index"
        try:
            with index.open("rb") as file:
                file.seek(start)
                line = file.readline().rstrip(b"\n")
        except OSError:
            return None
        entry = _entry(line, self._sizes())
        if entry is None or entry.id != id:
            return None
        self._know(entry)
        return entry

    def _sizes(self) -> dict[int, int]:
        """The bytes of each pack."""
        return {int(pack.stem): pack.stat().st_size for pack in self._folder.glob("*.pack")}

    def _know(self, entry: Fragment) -> None:
        self.by_id[entry.id] = self.by_path[entry.path] = entry
        if entry.key:
            self.by_key[entry.key] = entry

    @property
    def size(self) -> int:
        """The bytes of the index and all packs."""
        return sum(file.stat().st_size for file in self._folder.glob("*"))

    def write_as(self, number: int) -> None:
        """This process writes the pack of this number from now on; it opens all files anew."""
        self._number, self._packs = number, {}

    def put_text(
        self, text: str, known: Place | None = None, digest: str = ""
    ) -> tuple[Place, str]:
        """Where the text lies now, and its digest: where it lay, if it is the same."""
        new = digest_text(text)[:32]
        if known is not None and digest == new:
            return known, new
        data = text.encode("utf-8", "surrogatepass")
        pack = self._pack(self._number)
        start = pack.seek(0, os.SEEK_END)
        pack.write(data)
        pack.flush()
        return Place(self._number, start, len(data)), new

    def text(self, place: Place) -> str:
        """A text that was put, by whatever process."""
        pack = self._pack(place.pack)
        pack.seek(place.start)
        return pack.read(place.size).decode("utf-8", "surrogatepass")

    def toc(self, place: Place) -> tuple[Heading, ...]:
        """A table of contents that was put."""
        return _TOC.decode(self.text(place))

    def _pack(self, number: int) -> BufferedRandom:
        if number not in self._packs:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._packs[number] = (self._folder / f"{number}.pack").open("a+b")
        return self._packs[number]

    def encode(self, fragments: Iterable[Fragment]) -> bytes:
        """The fragments as the index holds them."""
        return b"\n".join(map(_encode, fragments))

    def decode(self, lines: bytes) -> list[Fragment]:
        """The fragments in lines of the index."""
        return [_decode(line) for line in lines.split(b"\n") if line]

    def keep(self, fragments: Iterable[Fragment]) -> None:
        """Later builds find these too."""
        self._wanted = [entry for entry in fragments if entry.id]
        new = [entry for entry in self._wanted if self.by_id.get(entry.id) != entry]
        if new:
            self._append("index", new)
        for entry in new:
            self._know(entry)

    def _append(self, name: str, entries: Iterable[Fragment]) -> None:
        with (self._folder / name).open("ab") as index:
            for entry in entries:
                self.starts[entry.id] = index.tell() + 1
                index.write(b"\n" + self.encode((entry,)))
                self._lines += 1

    def _is_wasteful(self, wanted: Iterable[Fragment]) -> bool:
        """Whether more than half of what is there is of no use to anybody."""
        entries = list(wanted)
        used = sum(place.size for place in _places(entries))
        there = sum(pack.stat().st_size for pack in self._folder.glob("*.pack"))
        return self._lines > 2 * len(entries) + ROOM or there > 2 * used + ROOM_BYTES

    def _anew(self, wanted: Iterable[Fragment]) -> None:
        """The store holds these and nothing else."""
        entries = list(wanted)
        moved: dict[Place, Place] = {}
        with (self._folder / "next").open("wb") as pack:
            for place in _places(entries):
                data = self.text(place).encode("utf-8", "surrogatepass")
                moved[place] = Place(0, pack.tell(), len(data))
                pack.write(data)
        self._close_packs()
        (self._folder / "index").unlink(missing_ok=True)
        for old in self._folder.glob("*.pack"):
            old.unlink()
        (self._folder / "next").replace(self._folder / "0.pack")
        self.by_key, self.by_id, self.by_path, self._lines = {}, {}, {}, 0
        for entry in entries:
            toc, feed = (moved[place] if place else None for place in (entry.toc, entry.feed))
            body = moved[entry.body]
            self._know(msgspec.structs.replace(entry, body=body, toc=toc, feed=feed))
        self._append("index", self.by_id.values())

    def close(self) -> None:
        """No file is open. Nobody holds a place now: what is of no use to anybody is thrown away,
        also what a build has left that did not come to its end."""
        wanted = self.by_id.values() if self._wanted is None else self._wanted
        if self._whole and self._is_wasteful(wanted):
            self._anew(wanted)
        self._close_packs()

    def _close_packs(self) -> None:
        for pack in self._packs.values():
            pack.close()
        self._packs = {}


def _entry(line: bytes, sizes: Mapping[int, int]) -> Fragment | None:
    """What a line of the index says, if it is whole and its texts are there."""
    if not line:
        return None
    try:
        entry = _decode(line)
    except msgspec.DecodeError:
        return None
    for place in (entry.body, entry.toc, entry.feed):
        if place is not None and place.start + place.size > sizes.get(place.pack, -1):
            return None
    return entry


def _places(entries: Iterable[Fragment]) -> Iterable[Place]:
    """Where the texts of fragments lie, each place once."""
    found = (place for entry in entries for place in (entry.body, entry.toc, entry.feed))
    return dict.fromkeys(place for place in found if place is not None)


@contextmanager
def open_fragments(site: Path, *, whole: bool = True) -> Iterator[Fragments]:
    """The site's store; the caller holds the lock."""
    store = Fragments(make_state(site) / "bodies", whole=whole)
    try:
        yield store
    finally:
        store.close()
