"""What answers the browser: the files of the tree, the events of a page, the controls."""

from __future__ import annotations

import datetime as dt
import json
import mimetypes
import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response, StreamingResponse

from sitegen.serve.board import PROBLEMS, Board
from sitegen.serve.controls import OURS, Controls, add_controls, render_bare, render_list
from sitegen.serve.news import Looking, Order, RunPage, ShowDrafts, StopRuns
from sitegen.serve.requests import Doors, Refusal, decode_path, why_refused

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

ALWAYS = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "same-origin",
    "x-frame-options": "SAMEORIGIN",
    "referrer-policy": "same-origin",
}
OWN = {"preview.js": "text/javascript", "preview.css": "text/css"}
MOST_ASKED = 4096
"""Bytes of what a control sends."""


class House(msgspec.Struct, frozen=True):
    """What the server is given: the site, the tree, how it is reached, what it may do.

    With `controls` pages may ask for runs. `order` passes an order on to the worker.
    """

    root: Path
    tree: Path
    editor: str
    doors: Doors
    controls: bool
    order: Callable[[Order], None]


class App:
    """The preview as an ASGI application."""

    def __init__(self, house: House, board: Board) -> None:
        self._house, self._board = house, board
        assets = files("sitegen.serve").joinpath("assets")
        self._own = {name: assets.joinpath(name).read_bytes() for name in OWN}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        response = await self._answer(request)
        for name, value in ALWAYS.items():
            response.headers[name] = value
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        target = request.scope.get("raw_path") or b""
        refusal = why_refused(request.method, target, request.headers, self._house.doors)
        path = decode_path(target)
        if refusal is not None or path is None:
            return _refuse(refusal or Refusal(400, "the path cannot be that of a file"))
        if path.startswith(f"{OURS}/"):
            return await self._ours(request, path.removeprefix(f"{OURS}/"))
        if request.method == "POST":
            return _refuse(Refusal(405, "only the preview's own controls are asked by POST"))
        return self._site(path)

    # --- the site -------------------------------------------------------------------------------

    def _site(self, path: str) -> Response:
        """The file of the tree at a path, with controls if it is a page."""
        board = self._board
        name = board.find(path)
        if name is None and board.is_folder(path):
            return RedirectResponse(f"{_quoted(path)}/", 302)
        if name is None and path == "/" and board.built and board.built.prefix:
            return RedirectResponse(f"{_quoted(board.built.prefix)}/", 302)
        url = _canonical(board.url(path))
        if name is None:
            return self._missing(url)
        if name.endswith((".html", ".htm")):
            try:
                html = (self._house.tree / name).read_bytes()
            except OSError:
                return self._missing(url)
            return self._page(html, url, 200)
        file = self._house.tree / name
        if not file.is_file():
            return self._missing(url)
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        return FileResponse(file, media_type=kind)

    def _missing(self, url: str) -> Response:
        board = self._board
        if board.built is None:
            return self._page(render_bare("One moment", "The site is being built."), url, 503)
        if "404.html" in board.entries:
            html = (self._house.tree / "404.html").read_bytes()
            return self._page(html, url, 404)
        if not board.built.ok:
            text = "Nothing has been built yet: the site has mistakes."
            return self._page(render_bare("Mistakes", text), url, 500)
        return self._page(render_bare("Not found", "There is no such page."), url, 404)

    def _page(self, html: bytes, url: str, status: int) -> Response:
        base_url = self._board.built.base_url if self._board.built else ""
        body = add_controls(html, base_url, self._controls(url))
        return Response(body, status, media_type="text/html")

    def _controls(self, url: str) -> Controls:
        board, built = self._board, self._board.built
        problems = board.problems_of(url)
        total, elsewhere = board.others(problems)
        source = board.source(url)
        return Controls(
            root=self._house.root,
            editor=self._house.editor,
            url=url,
            version=board.version(url),
            source=source,
            page=board.pages.get(url),
            problems=problems,
            total=total,
            elsewhere=elsewhere,
            ok=built is None or built.ok,
            kept=built is not None and source in built.kept,
            drafts=built is not None and built.drafts,
            follow=board.follow,
            token=board.token if self._house.controls else "",
            today=dt.datetime.now(dt.UTC),
        )

    # --- the preview's own addresses --------------------------------------------------------------

    async def _ours(self, request: Request, name: str) -> Response:
        if request.method == "POST":
            return await self._control(request, name)
        if name in OWN:
            return Response(self._own[name], media_type=OWN[name])
        if name == "events":
            return self._events(request)
        if name == "problems":
            built = self._board.built
            controls = self._controls(PROBLEMS)
            shown = built.problems if built else ()
            html = render_list(shown, controls, self._board.addresses())
            return Response(add_controls(html, "", controls), media_type="text/html")
        return _refuse(Refusal(404, "the preview has no such address"))

    def _events(self, request: Request) -> Response:
        """The stream of what an open page is to be told."""
        asked = request.query_params
        if not _equal(asked.get("token", ""), self._board.follow):
            return _refuse(Refusal(403, "the token is not that of this preview"))
        board, order = self._board, self._house.order
        tab = board.open(asked.get("url", "/"), asked.get("version", ""))
        order(Looking(board.looked_at()))

        def gone() -> None:
            board.close(tab)
            order(Looking(board.looked_at()))

        return StreamingResponse(tab.events(board.over, gone), media_type="text/event-stream")

    async def _control(self, request: Request, name: str) -> Response:
        """What the controls of a page ask for; the only way to have anything run."""
        token = request.headers.get("x-sitegen-token", "")
        if not self._house.controls:
            return _refuse(Refusal(403, "beyond loopback the controls are off"))
        if "origin" not in request.headers:
            return _refuse(Refusal(403, "a control is asked by a page of the preview"))
        if not _equal(token, self._board.token):
            return _refuse(Refusal(403, "the token is not that of this preview"))
        asked = await _read_json(request)
        match name, asked:
            case "run", {"url": str(url)}:
                self._house.order(RunPage(url))
            case "stop", dict():
                self._house.order(StopRuns())
            case "drafts", {"shown": bool(shown)}:
                self._house.order(ShowDrafts(shown))
            case _:
                return _refuse(Refusal(400, "no control asks for that"))
        return Response(status_code=204)


def _refuse(refusal: Refusal) -> Response:
    headers = {"allow": "GET, HEAD, POST"} if refusal.status == 405 else {}
    return Response(f"{refusal.why}\n", refusal.status, headers, media_type="text/plain")


def _equal(one: str, two: str) -> bool:
    """Whether two texts are equal, in a time that tells nothing of them."""
    return secrets.compare_digest(one.encode("utf-8", "surrogatepass"), two.encode())


async def _read_json(request: Request) -> object:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MOST_ASKED:
            return None
    try:
        return json.loads(body)
    except ValueError:
        return None


def _canonical(url: str) -> str:
    return url.removesuffix("index.html") if url.endswith("/index.html") else url


def _quoted(path: str) -> str:
    return quote(path, safe="/:@!$&'()*+,;=~")
