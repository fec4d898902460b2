"""Addresses within the site that lead nowhere, told where they are written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from urllib.parse import unquote

import msgspec
from msgspec.structs import replace

from sitegen.base.errors import Problem, Severity, Span, nearest
from sitegen.check.address import Broken, Inside, Leads, Outside, shown
from sitegen.check.atlas import Atlas, Use, Written
from sitegen.check.markup import Seen, read_html
from sitegen.check.subject import Subject
from sitegen.model import Artifact

_MANY = 5_000
"""Of more paths than these only those that end alike are tried for what may be meant."""

_ALIKE = 0.75
"""How much of an address that may be meant is the same: many short ones share a few letters."""


class Ground(msgspec.Struct, frozen=True):
    """All that can be led to: files by path, paths by their form without case, ids by page."""

    files: Mapping[str, Artifact]
    folded: Mapping[str, str]
    seen: Mapping[str, Seen]
    pages: Mapping[str, str]


def find_broken_links(subject: Subject, atlas: Atlas) -> Iterator[Problem]:
    """A problem for each place at which an address that leads nowhere is written.

    Links by `@/` are left out: the build itself tells of those. An address that only a template
    makes is told once, for all the pages that it makes it on.
    """
    level: Severity = (
        "error" if subject.config.link_checker.internal_level == "error" else "warning"
    )
    ground = _ground(subject, atlas)
    of_templates: dict[tuple[str, Span | str], list[tuple[Problem, Use]]] = {}
    known: dict[tuple[str, Leads, str], tuple[str, str] | None] = {}
    for use in atlas.uses:
        document = use.sheet.document
        if document is not None and document.source.path not in atlas.references:
            continue
        key = (use.target, use.leads, _folder(use))
        if key not in known:
            known[key] = _wrong(use, ground)
        wrong = known[key]
        if wrong is None:
            continue
        message, help = wrong
        if _is_built(use, ground):
            continue
        for place in atlas.written(use) or (Written(None, ""),):
            found = Problem(level, "link", message, place.span, place.excerpt, (help,))
            if place.span is not None and place.span.path.startswith("content/"):
                yield replace(found, message=message + _elsewhere(use, place.span.path))
            else:
                of_templates.setdefault((use.target, place.span or message), []).append(
                    (found, use)
                )
    for group in of_templates.values():
        found, first = group[0]
        pages = len({use.sheet.url for _, use in group})
        where = f"on `{first.sheet.url}`" + (f" and {pages - 1} more" if pages > 1 else "")
        yield replace(found, message=f"{found.message} ({where})")


def _ground(subject: Subject, atlas: Atlas) -> Ground:
    files = {artifact.path: artifact for artifact in subject.artifacts}
    return Ground(
        files=files,
        folded={path.casefold(): path for path in files},
        seen={sheet.url: sheet.seen for sheet in atlas.sheets},
        pages={document.source.path: document.url for document in subject.documents},
    )


def _wrong(use: Use, ground: Ground) -> tuple[str, str] | None:
    """What is wrong with an address, and what to write instead; None where it leads somewhere."""
    match use.leads:
        case Broken(why=why):
            return f"`{use.target}` is no address: {why}", "write it as `https://example.org/page`"
        case Outside(url=url, beside=True):
            return _beside(url, use, ground)
        case Inside() as leads:
            file = served(leads.path, ground.files)
            if file is None:
                return f"`{shown(leads)}` is not on the site", _instead(use, leads, ground)
            return _wrong_anchor(leads, file, ground)
        case _:
            return None


def _beside(url: str, use: Use, ground: Ground) -> tuple[str, str] | None:
    """An address from the root of the host, where the site lies in a folder of it."""
    path = use.target.partition("#")[0].partition("?")[0].lstrip("/")
    if not use.target.startswith("/") or served(path, ground.files) is None:
        return None
    return f"`{use.target}` leads out of the site, to `{url}`", _by_file(path, ground) or (
        "begin it with the path of `base_url`"
    )


def served(path: str, files: Mapping[str, Artifact]) -> str | None:
    """The file that is served under a path; a folder's index also without the last slash."""
    forms = (f"{path}index.html",) if path.endswith("/") or not path else ()
    for form in forms or (path, f"{path}/index.html", f"{path}.html"):
        if form in files:
            return form
    return None


def _wrong_anchor(leads: Inside, file: str, ground: Ground) -> tuple[str, str] | None:
    if not leads.anchor or leads.anchor == "top" or not file.endswith(".html"):
        return None
    seen = _seen(file, ground)
    if seen.redirects or leads.anchor in seen.ids or not seen.ids:
        return None
    close = nearest(leads.anchor, seen.ids)
    help = (
        f"did you mean `#{close}`?" if close else "headings, labels and HTML ids can be linked to"
    )
    return f"the page `/{leads.path}` has no `#{leads.anchor}`", help


def _seen(file: str, ground: Ground) -> Seen:
    url = "/" + file.removesuffix("index.html")
    if url in ground.seen:
        return ground.seen[url]
    content = ground.files[file].content
    data = content if isinstance(content, bytes) else content.read_bytes()
    return read_html(data.decode("utf-8", "replace"))


def _instead(use: Use, leads: Inside, ground: Ground) -> str:
    """What may be meant by an address that is not there."""
    path = leads.path
    if path.endswith(".md") and path in ground.pages:
        return f"write `@/{path}` to link to the page of a file"
    beside = f"{_folder(use)}{use.target.partition('#')[0]}"
    if beside.endswith(".md") and beside in ground.pages:
        return f"write `@/{beside}` to link to the page of a file"
    folded = ground.folded.get(path.casefold()) or ground.folded.get(f"{path}index.html".casefold())
    if folded is not None:
        return f"it is written `/{folded.removesuffix('index.html')}`: case counts"
    is_file = "." in path.rpartition("/")[2]
    known = [_address(file) for file in ground.files if file.endswith(".html") != is_file]
    if len(known) > _MANY:
        last = path.rstrip("/").rpartition("/")[2]
        known = [address for address in known if address.rstrip("/").endswith(last)]
    close = next(iter(get_close_matches(f"/{path}", sorted(known), n=1, cutoff=_ALIKE)), None)
    if close is None:
        return "addresses begin at the site's root, or at the page that holds them"
    return _by_file(close.lstrip("/"), ground, "did you mean ") or f"did you mean `{close}`?"


def _folder(use: Use) -> str:
    """The folder of the file whose page it is, if that can matter."""
    document = use.sheet.document
    if document is None or ".md" not in use.target:
        return ""
    return "".join(document.source.path.rpartition("/")[:2])


def _by_file(path: str, ground: Ground, before: str = "write ") -> str | None:
    """The link to a page by its file, which the build keeps right."""
    by_url = {url: file for file, url in ground.pages.items()}
    file = by_url.get(f"/{path}") or by_url.get(f"/{path}/")
    mark = "?" if before != "write " else ""
    return f"{before}`@/{file}`{mark}" if file is not None else None


def _address(file: str) -> str:
    return f"/{file.removesuffix('index.html')}"


def _is_built(use: Use, ground: Ground) -> bool:
    """Whether it is made from a link that the build follows to its file, and tells of itself."""
    document = use.sheet.document
    if document is None or not isinstance(use.leads, Inside):
        return False
    for link in document.links:
        path, _, anchor = unquote(link.target.removeprefix("@/")).partition("#")
        same = ground.pages.get(path, "").strip("/") == use.leads.path.strip("/")
        if same and anchor == use.leads.anchor:
            return True
    return False


def _elsewhere(use: Use, file: str) -> str:
    """That it is wrong on another page than that of the file which holds it."""
    document = use.sheet.document
    if document is None:
        is_other = file.startswith("content/")
    else:
        is_other = file != document.source.file and file.startswith("content/")
    return f", from `{use.sheet.url}`, which shows it too" if is_other else ""
