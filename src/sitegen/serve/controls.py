"""What the preview adds to a page: its problems, its controls, its script; all else is as built."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from sitegen.base.errors import Problem, render_problem
from sitegen.render.escape import escape_text
from sitegen.serve.editor import editor_link
from sitegen.serve.news import Fresh, PageNews

OURS = "/.sitegen"
"""The path below which the preview's own addresses lie: of a site no such file is published."""

_TAG = re.compile(rb"<[a-zA-Z][^<>]*>")
_KEPT = re.compile(rb"<(?:link\b[^>]*\brel=[\"']?(?:canonical|alternate)|meta\b(?!\s+http-equiv))")
_END = re.compile(rb"</body\s*>", re.I)


class Controls(msgspec.Struct, frozen=True):
    """What the controls of one page show.

    `source` is the file it was made from; with `follow` the page asks for events, with `token` for
    runs, "" for not at all. `kept`: the file has a mistake, its last whole version is shown.
    `total` counts the site's problems, `elsewhere` those that other pages show.
    """

    root: Path
    editor: str
    url: str
    version: str
    source: str | None
    page: PageNews | None
    problems: tuple[Problem, ...]
    total: int
    elsewhere: int
    ok: bool
    kept: bool
    drafts: bool
    follow: str
    token: str
    today: dt.datetime


def add_controls(html: bytes, base_url: str, controls: Controls) -> bytes:
    """The page with what the preview adds, at the end of its body; links to `base_url` stay here.

    Nothing else of it is changed.
    """
    html = _stay_here(html, base_url)
    added = render_controls(controls).encode()
    ends = list(_END.finditer(html))
    if not ends:
        return html + added
    place = ends[-1].start()
    return html[:place] + added + html[place:]


def _stay_here(html: bytes, base_url: str) -> bytes:
    """The page with addresses of the site without its host, so that they lead to the preview; what
    is said about the page, such as its canonical address, stays as it is."""
    parts = urlsplit(base_url)
    origin = f"{parts.scheme}://{parts.netloc}".encode() if parts.netloc else b""
    if not origin or origin not in html:
        return html
    bare = re.compile(re.escape(origin) + rb"(?=[\"'\s>])")
    inside = re.compile(re.escape(origin) + rb"(?=[/?#])")

    def stay(found: re.Match[bytes]) -> bytes:
        tag = found[0]
        if origin not in tag or _KEPT.match(tag):
            return tag
        return inside.sub(b"", bare.sub(b"/", tag))

    return _TAG.sub(stay, html)


def render_controls(controls: Controls) -> str:
    """The problems of a page and its controls."""
    data = {
        "version": controls.version,
        "url": controls.url,
        "follow": controls.follow,
        "token": controls.token,
    }
    attributes = "".join(f' data-{name}="{escape_text(value)}"' for name, value in data.items())
    problems = "".join(_problem(problem, controls) for problem in controls.problems)
    section = ""
    if problems or not controls.ok:
        head = _count(len(controls.problems), "problem") + " here"
        old = controls.kept or not controls.ok
        note = "<p>What you see is the last that was whole.</p>" if old else ""
        section = (
            f'<details class="problems" open><summary>{head}</summary>{note}{problems}</details>'
        )
    bar = "".join(part for part in _bar(controls) if part)
    return (
        f'<aside id="sitegen-preview" aria-label="Preview"{attributes}>'
        f'<link rel="stylesheet" href="{OURS}/preview.css">'
        f'{section}<div class="bar">{bar}</div>'
        f'<script src="{OURS}/preview.js" defer></script></aside>'
    )


def _bar(controls: Controls) -> Iterator[str]:
    yield '<span class="state" role="status"></span>'
    if controls.page is not None:
        yield "".join(_result(entry, controls.today) for entry in controls.page.results)
        if not controls.page.results:
            yield '<span class="fresh">not run yet</span>'
        if controls.token:
            waits = bool(controls.page.waits) or not controls.page.results
            label = "Run" if waits or any(e.stale for e in controls.page.results) else "Run again"
            yield f'<button type="button" data-do="run">{label}</button>'
            yield '<button type="button" data-do="stop" hidden>Stop</button>'
    if controls.source is not None and controls.editor != "none":
        link = _edit(controls, controls.source, 1)
        yield f'<a data-do="edit" href="{escape_text(link)}">Edit</a>'
    if controls.token:
        checked = " checked" if controls.drafts else ""
        yield f'<label><input type="checkbox" data-do="drafts"{checked}> drafts</label>'
    if controls.total and not controls.url.startswith(OURS):
        elsewhere = f"{controls.elsewhere} elsewhere" if controls.elsewhere else "all here"
        name = _count(controls.total, "problem")
        yield f'<a href="{OURS}/problems">{name}, {elsewhere}</a>'


def _result(fresh: Fresh, now: dt.datetime) -> str:
    """On which device, and how fresh, in words."""
    name = f"{fresh.session}: " if fresh.session else ""
    when = _ago(now - dt.datetime.fromisoformat(fresh.started))
    words = f"{name}{fresh.device}, {when}"
    kind = "fresh"
    if fresh.failed:
        words, kind = f"{words}, failed, not stored", "failed"
    elif fresh.quick:
        words, kind = f"{words}, quick, single process, not stored", "alone"
    elif fresh.alone:
        words, kind = f"{words}, its last blocks ran alone, not stored", "alone"
    elif fresh.stale:
        words, kind = f"{words}, of earlier code or data", "stale"
    return f'<span class="{kind}">{escape_text(words)}</span>'


def _ago(age: dt.timedelta) -> str:
    """An age in words; what is younger than a minute is not counted, so that nothing flickers."""
    minutes = int(age.total_seconds()) // 60
    if minutes < 1:
        return "just now"
    if minutes < 60:
        return f"{minutes} min ago"
    hours = minutes // 60
    return f"{hours} h ago" if hours < 48 else f"{hours // 24} days ago"


def _problem(problem: Problem, controls: Controls) -> str:
    """A problem as the terminal shows it, its place a link into the editor."""
    text = escape_text(render_problem(problem))
    span = problem.span
    if span is not None and controls.editor != "none":
        link = editor_link(controls.editor, controls.root, span.path, span.line, span.column)
        name = escape_text(f"--> {span.path}:{span.line}")
        text = text.replace(name, f'<a href="{escape_text(link)}">{name}</a>', 1)
    return f'<pre class="{problem.severity}">{text}</pre>'


def _edit(controls: Controls, path: str, line: int) -> str:
    return editor_link(controls.editor, controls.root, path, line)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def render_bare(title: str, text: str) -> bytes:
    """A page of the preview's own, to which controls are added."""
    head = f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
    name = '<meta name="viewport" content="width=device-width, initial-scale=1">'
    scheme = '<meta name="color-scheme" content="light dark">'
    return f"{head}{name}{scheme}</head><body><main><p>{text}</p></main></body></html>\n".encode()


def render_list(problems: Iterable[Problem], controls: Controls, where: dict[str, str]) -> bytes:
    """All problems of the site, each under the page it belongs to; `where` are their addresses."""
    parts: dict[str, list[str]] = {}
    for problem in problems:
        file = problem.span.path if problem.span else ""
        parts.setdefault(file, []).append(_problem(problem, controls))
    body = []
    for file, found in parts.items():
        name = escape_text(file or "the site")
        link = f'<a href="{escape_text(where[file])}">{name}</a>' if file in where else name
        body.append(f"<h2>{link}</h2>{''.join(found)}")
    said = "".join(body) or "<p>nothing is wrong</p>"
    text = f'</p><section class="sitegen-problems"><h1>Problems</h1>{said}</section><p>'
    return render_bare("Problems", text)
