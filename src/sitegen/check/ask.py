"""Asking other hosts for addresses: several hosts at once, each a little at a time."""

from __future__ import annotations

import http.client
import queue
import socket
import threading
from collections.abc import Mapping, Sequence
from typing import IO
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlsplit
from urllib.request import HTTPRedirectHandler, OpenerDirector, Request, build_opener

import msgspec

from sitegen import __version__
from sitegen.check.external import Answer, Question
from sitegen.check.markup import read_html

_AGENT = f"sitegen/{__version__} (link checker)"
_PAGE = 5_000_000
"""Bytes of a page that are read for its ids at most."""


class Manners(msgspec.Struct, frozen=True):
    """How hosts are asked: requests at once, those to one host, seconds that one may take."""

    together: int = 16
    per_host: int = 2
    timeout: float = 15.0


def ask_all(questions: Sequence[Question], manners: Manners) -> Mapping[str, Answer]:
    """The answers by address. Nothing is left running when this is interrupted: the threads that
    wait for a host end with the process."""
    lanes = _lanes(questions, manners.per_host)
    waiting: queue.SimpleQueue[list[Question]] = queue.SimpleQueue()
    answered: queue.SimpleQueue[tuple[str, Answer]] = queue.SimpleQueue()
    for lane in lanes:
        waiting.put(lane)

    def work() -> None:
        while True:
            try:
                lane = waiting.get_nowait()
            except queue.Empty:
                return
            for question in lane:
                answered.put((question.url, ask(question, manners.timeout)))

    for _ in range(min(manners.together, len(lanes))):
        threading.Thread(target=work, daemon=True).start()
    return dict(answered.get() for _ in questions)


def _lanes(questions: Sequence[Question], per_host: int) -> list[list[Question]]:
    """The questions to each host, dealt out to as many lanes as may ask it at once."""
    hosts: dict[str, list[Question]] = {}
    for question in questions:
        hosts.setdefault(urlsplit(question.url).netloc, []).append(question)
    dealt = (asked[lane::per_host] for asked in hosts.values() for lane in range(per_host))
    return sorted((lane for lane in dealt if lane), key=len, reverse=True)


def ask(question: Question, timeout: float) -> Answer:
    """The answer to one question: by HEAD where that is enough, else by GET; never fails."""
    methods = ("GET",) if question.anchored else ("HEAD", "GET")
    answer = Answer("it was not asked")
    for method in methods:
        answer, sure = _try(question, method, timeout)
        if sure:
            break
    return answer


def _try(question: Question, method: str, timeout: float) -> tuple[Answer, bool]:
    """The answer, and whether another method could give no other."""
    moves = _Moves()
    try:
        request = Request(  # noqa: S310
            _ascii(question.url), method=method, headers={"User-Agent": _AGENT, "Accept": "*/*"}
        )
        with _opener(moves).open(request, timeout=timeout) as reply:
            ids = _ids(reply) if question.anchored else None
            return Answer(moved=moves.target, ids=ids), True
    except HTTPError as error:
        with error:
            busy = error.code == 429
            return Answer(_status(error.code), busy=busy), busy
    except URLError as error:
        return Answer(_reason(error.reason)), not isinstance(error.reason, ConnectionError)
    except (http.client.HTTPException, ConnectionError) as error:
        return Answer(str(error) or type(error).__name__), False
    except TimeoutError as error:
        return Answer(_reason(error)), True
    except (OSError, ValueError) as error:
        return Answer(str(error)), True


class _Moves(HTTPRedirectHandler):
    """Follows redirects, and notes where a chain of lasting ones leads."""

    def __init__(self) -> None:
        self.target: str | None = None
        self._lasting = True

    def redirect_request(
        self,
        req: Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> Request | None:
        request = super().redirect_request(req, fp, code, msg, headers, newurl)
        if request is not None and req.get_method() == "HEAD":
            request.method = "HEAD"
        self._lasting &= code in (301, 308)
        if self._lasting:
            self.target = newurl
        return request


def _opener(moves: _Moves) -> OpenerDirector:
    return build_opener(moves)


def _ids(reply: http.client.HTTPResponse) -> frozenset[str] | None:
    """The ids of the page that came; None where it is no HTML, or too much of it."""
    if "html" not in reply.headers.get_content_type():
        return None
    data = reply.read(_PAGE + 1)
    charset = reply.headers.get_content_charset() or "utf-8"
    if len(data) > _PAGE:
        return None
    try:
        return read_html(data.decode(charset, "replace")).ids
    except LookupError:
        return read_html(data.decode("utf-8", "replace")).ids


def _ascii(url: str) -> str:
    """The address as it goes over the wire."""
    parts = urlsplit(url)
    host = parts.netloc if parts.netloc.isascii() else parts.netloc.encode("idna").decode()
    keep = "%/:=&?~+!$,;'@()*[]"
    return parts._replace(
        netloc=host, path=quote(parts.path, safe=keep), query=quote(parts.query, safe=keep)
    ).geturl()


def _status(code: int) -> str:
    if 300 <= code < 400:
        return f"the host answers {code} and leads nowhere, or in circles"
    name = http.client.responses.get(code, "")
    return f"the host answers {code} {name}".rstrip()


def _reason(reason: object) -> str:
    match reason:
        case TimeoutError():
            return "the host does not answer in time"
        case socket.gaierror():
            return "there is no such host"
        case ConnectionRefusedError():
            return "the host refuses the connection"
        case OSError():
            return str(reason.strerror or reason)
        case _:
            return str(reason)
