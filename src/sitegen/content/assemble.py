"""Assembling cards into a site: sections with their pages, neighbours, ancestors, translations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sitegen.base.errors import Problem, Span
from sitegen.content.order import NEEDED, newest_first, sort_pages
from sitegen.content.taxonomy import assemble_series, assemble_taxonomies
from sitegen.model import Card, Neighbours, Section, Site, SiteConfig

Sections = Mapping[tuple[str, str], Card]
"""Sections by folder and language."""


def assemble(cards: Sequence[Card], config: SiteConfig, problems: list[Problem]) -> Site:
    """The site that the cards make up: every list is in its final order."""
    pages = [card for card in cards if not card.is_section]
    folders = {(_own_folder(card), card.lang): card for card in cards if card.is_section}
    lists = _lists(pages, folders)
    subsections = _subsections(folders)
    sections = tuple(
        _section(card, lists[card.path], subsections[card.path], problems)
        for card in folders.values()
    )
    taxonomies = assemble_taxonomies(pages, config, problems)
    return Site(
        config=config,
        pages=newest_first(pages),
        sections=tuple(sorted(sections, key=lambda section: section.card.path)),
        taxonomies=taxonomies,
        neighbours=_neighbours(sections),
        ancestors=_ancestors(cards, folders),
        translations=_translations(cards, config),
        series=assemble_series(taxonomies),
        urls={card.path: card.url for card in cards},
    )


def _own_folder(section: Card) -> str:
    return section.path.rpartition("/")[0]


def _lists(pages: Iterable[Card], folders: Sections) -> dict[str, list[Card]]:
    """The pages of each section, by its path; those of a transparent one are its parent's too."""
    found: dict[str, list[Card]] = {section.path: [] for section in folders.values()}
    for page in pages:
        if page.meta.render and not page.meta.hidden:
            for section in _sections_of(page, folders):
                found[section.path].append(page)
    return found


def _sections_of(page: Card, folders: Sections) -> Iterable[Card]:
    """The section of a page's folder, and upwards while they are transparent."""
    folder = page.folder
    while (section := folders.get((folder, page.lang))) is not None:
        yield section
        if not section.meta.transparent or not folder:
            return
        folder = folder.rpartition("/")[0]


def _subsections(folders: Sections) -> dict[str, tuple[Card, ...]]:
    found: dict[str, list[Card]] = {section.path: [] for section in folders.values()}
    for (folder, lang), section in folders.items():
        above = folders.get((folder.rpartition("/")[0], lang))
        if folder and above is not None and not section.meta.hidden:
            found[above.path].append(section)
    return {
        path: tuple(sorted(below, key=lambda card: (card.weight or 0, card.title, card.path)))
        for path, below in found.items()
    }


def _section(
    card: Card, below: Sequence[Card], subsections: tuple[Card, ...], problems: list[Problem]
) -> Section:
    """A section; a page without the key of its order is left out with a warning, as in Zola."""
    listed = sort_pages(below, card.meta.sort_by)
    if len(listed) < len(below):
        paths = {page.path for page in listed}
        for page in below:
            if page.path not in paths:
                message = f"`{page.path}` is not listed: it has no `{NEEDED[card.meta.sort_by]}`"
                help = f"`content/{card.path}` sorts by `{card.meta.sort_by}`"
                span = Span(f"content/{page.path}", 1)
                problems.append(Problem("warning", "sort", message, span, help=(help,)))
    return Section(card, listed, subsections)


def _neighbours(sections: Iterable[Section]) -> dict[str, Neighbours]:
    """What stands before and behind each page in its section, where that has an order."""
    found: dict[str, Neighbours] = {}
    for section in sections:
        if section.card.meta.transparent or section.card.meta.sort_by == "none":
            continue
        pages: list[Card | None] = [None, *section.pages, None]
        for before, page, after in zip(pages, section.pages, pages[2:], strict=False):
            found[page.path] = Neighbours(before, after)
    return found


def _ancestors(cards: Iterable[Card], folders: Sections) -> dict[str, tuple[str, ...]]:
    """The sections around each page and section, outermost first; none around an orphan."""
    found: dict[str, tuple[str, ...]] = {}
    for card in cards:
        if card.is_section:
            found[card.path] = _around(_own_folder(card), card.lang, folders)
        else:
            *_, last = (None, *_sections_of(card, folders))
            around = _around(_own_folder(last), card.lang, folders) if last else ()
            found[card.path] = (*around, last.path) if last else ()
    return found


def _around(folder: str, lang: str, folders: Sections) -> tuple[str, ...]:
    """The paths of the sections around a folder."""
    if not folder:
        return ()
    parts = folder.split("/")
    above = ["", *("/".join(parts[:depth]) for depth in range(1, len(parts)))]
    sections = (folders.get((path, lang)) for path in above)
    return tuple(section.path for section in sections if section is not None)


def _translations(cards: Iterable[Card], config: SiteConfig) -> dict[str, tuple[Card, ...]]:
    """The languages of each page and section that has more than one, in the site's order."""
    if len(config.languages) < 2:
        return {}
    order = {language.code: place for place, language in enumerate(config.languages)}
    groups: dict[str, list[Card]] = {}
    for card in cards:
        if card.meta.render:
            groups.setdefault(_canonical(card, config), []).append(card)
    return {
        card.path: tuple(sorted(group, key=lambda card: order.get(card.lang, 0)))
        for group in groups.values()
        if len(group) > 1
        for card in group
    }


def _canonical(card: Card, config: SiteConfig) -> str:
    stem = card.path.removesuffix(".md")
    return stem if card.lang == config.language else stem.removesuffix(f".{card.lang}")
