"""Our search index: what a query needs is a few small files, whatever the size of the site.

Terms in order are cut into chunks of some kilobytes, each term with the documents that hold it and
how much they are about it (BM25 over weighted fields, computed here once); documents are cut into
blocks. `index.json` says where each chunk begins. A reader's query fetches the chunks of its words
and the blocks of its first results.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from sitegen.base.address import local_reference, permalink
from sitegen.base.digest import digest_value
from sitegen.render.searched import Item

CHUNK = 12_000
"""Bytes of a chunk of terms; four kilobytes as servers send it."""

BLOCK = 16
"""Documents of a block."""

_WEIGHTS = {"title": 6, "terms": 4, "description": 2, "content": 1, "path": 1, "date": 1}
_TITLE_BONUS = 1.5
_SATURATION, _LENGTH = 1.2, 0.6
_COMMON = 0.5
"""A word that more than this share of many documents hold is found in titles and terms only."""
_MANY = 50

_WORD = re.compile(r"[^\W_]+")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]+")


def index_files(items: Sequence[Item], base_url: str) -> Mapping[str, bytes]:
    """The files of an index by their names; pages are named by references within their host."""
    files: dict[str, bytes] = {}
    starts = []
    postings, common = _postings(items)
    for number, chunk in enumerate(_chunks(postings)):
        starts.append(next(iter(chunk)))
        files[f"terms-{number}.json"] = msgspec.json.encode(chunk)
    for number, start in enumerate(range(0, len(items), BLOCK)):
        block = [
            (local_reference(permalink(base_url, item.url), base_url), item.shown, item.about)
            for item in items[start : start + BLOCK]
        ]
        files[f"pages-{number}.json"] = msgspec.json.encode(block)
    version = digest_value([digest_value(files[name].decode()) for name in sorted(files)])[:12]
    head = {
        "version": version,
        "block": BLOCK,
        "pages": len(items),
        "starts": starts,
        "common": common,
    }
    return {"index.json": msgspec.json.encode(head), **files}


def words_in(text: str) -> Iterator[str]:
    """The words of a text as the index holds them: lower case, no accents; Chinese, Japanese and
    Korean by pairs of letters. The script in the browser does the same."""
    bare = text.lower()
    if not bare.isascii():
        plain = unicodedata.normalize("NFKD", bare)
        marks = (letter for letter in plain if unicodedata.category(letter)[0] != "M")
        bare = unicodedata.normalize("NFC", "".join(marks))
    for word in _WORD.findall(bare):
        if word.isascii():
            yield word
            continue
        at = 0
        for run in _CJK.finditer(word):
            if run.start() > at:
                yield word[at : run.start()]
            letters = run[0]
            yield from (letters[n : n + 2] for n in range(max(1, len(letters) - 1)))
            at = run.end()
        if at < len(word):
            yield word[at:]


def _postings(items: Sequence[Item]) -> tuple[dict[str, list[int]], list[str]]:
    """For every word in order its documents, each as the step from the one before and a weight;
    and the common words, which no query insists on."""
    counts = [_counts(item) for item in items]
    holding: Counter[str] = Counter(word for count in counts for word in count)
    lengths = [sum(count.values()) for count in counts]
    mean = sum(lengths) / len(lengths) if lengths else 1.0
    order = sorted(holding, key=lambda word: word.encode("utf-16-be"))  # as scripts compare
    postings: dict[str, list[int]] = {word: [] for word in order}
    last: dict[str, int] = {}
    total = len(items)
    common = {word for word in order if total > _MANY and holding[word] > _COMMON * total}
    for number, (item, count) in enumerate(zip(items, counts, strict=True)):
        title = {*words_in(item.title), *(w for term in item.terms for w in words_in(term))}
        norm = _SATURATION * (1 - _LENGTH + _LENGTH * lengths[number] / mean)
        for word, times in count.items():
            if word in common and word not in title:
                continue
            rarity = math.log(1 + (total - holding[word] + 0.5) / (holding[word] + 0.5))
            weight = times * (_SATURATION + 1) / (times + norm)
            weight += _TITLE_BONUS if word in title else 0.0
            value = max(1, round(10 * rarity * weight))
            postings[word] += (number - last.get(word, 0), value)
            last[word] = number
    kept = {word: found for word, found in postings.items() if found}
    return kept, sorted(common)


def _counts(item: Item) -> Counter[str]:
    """How often each word stands in a document, weighted by where."""
    count: Counter[str] = Counter()
    for field, weight in _WEIGHTS.items():
        value = getattr(item, field)
        for word in words_in(value if isinstance(value, str) else " ".join(value)):
            count[word[:40]] += weight
    return count


def _chunks(postings: Mapping[str, list[int]]) -> Iterable[dict[str, list[int]]]:
    chunk: dict[str, list[int]] = {}
    size = 0
    for word, found in postings.items():
        cost = len(word.encode()) + 4 + 4 * len(found)
        if chunk and size + cost > CHUNK:
            yield chunk
            chunk, size = {}, 0
        chunk[word] = found
        size += cost
    if chunk:
        yield chunk
