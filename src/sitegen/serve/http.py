"""The server's own loop: it answers the browser, hears the worker, and watches the files."""

from __future__ import annotations

import asyncio
import signal
import threading
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection

import uvicorn

from sitegen.serve.app import App, House
from sitegen.serve.board import Board
from sitegen.serve.editor import editor_link
from sitegen.serve.news import Built, Look, News
from sitegen.serve.orders import Orders
from sitegen.serve.server import Inside, Voice, address_of
from sitegen.serve.watch import changes


async def answer(inside: Inside, voice: Voice) -> bool:
    """Answer until the process is interrupted; False where something had ended before."""
    wish, line = inside.wish, inside.crew.line
    board = Board(lambda file, number: editor_link(wish.editor, inside.root, file, number))
    order = Orders(line).give
    house = House(inside.root, inside.tree, wish.editor, inside.doors, inside.loopback, order)
    server = _Server(_config(App(house, board)))
    loop = asyncio.get_running_loop()
    teller = _Teller(voice)

    wished = True

    def end() -> None:
        inside.crew.end()  # so that kernels end while the server does
        board.end()
        server.should_exit = True

    def give_up(what: str) -> None:
        nonlocal wished
        wished = False
        end()
        voice.line(f"{what} has ended, and so has the preview")

    def hear() -> None:
        while line.poll():
            news = _received(line)
            if news is None:
                loop.remove_reader(line.fileno())
                if not board.over.is_set():
                    give_up("the process that builds")
                return
            board.take(news)
            if isinstance(news, Built):
                teller.tell(news)

    async def watch() -> None:
        try:
            async for found in changes(inside.root, board.over):
                order(Look(found))
        except OSError as error:
            voice.line(f"the site's folder cannot be read: {error.strerror}")

    def watched(watching: asyncio.Task[None]) -> None:
        if not board.over.is_set() and not watching.cancelled():
            give_up("the watching of files")

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, end)
    loop.add_reader(line.fileno(), hear)
    if wish.open:
        _open_browser(address_of(wish.host, inside.doors.port))
    watching = asyncio.create_task(watch())
    watching.add_done_callback(watched)
    try:
        await server.serve(sockets=[inside.listener])
    finally:
        loop.remove_reader(line.fileno())
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
    return wished


def _received(line: Connection) -> News | None:
    """What the worker tells; None where it has ended."""
    try:
        news: News = line.recv()
    except (EOFError, OSError):
        return None
    return news


def _open_browser(address: str) -> None:
    """Open it without waiting: some browsers stay until they are closed."""
    threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()


class _Server(uvicorn.Server):
    """uvicorn's server, which leaves signals to us."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _config(app: App) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=1,
    )


class _Teller:
    """Tells the terminal of builds that changed anything, and of problems when they appear."""

    def __init__(self, voice: Voice) -> None:
        self._voice = voice
        self._known: frozenset[object] = frozenset()

    def tell(self, built: Built) -> None:
        """A line for a build, and the problems that were not there before."""
        new = tuple(problem for problem in built.problems if problem not in self._known)
        mended = len(self._known - set(built.problems))
        self._known = frozenset(built.problems)
        shown = tuple(problem for problem in new if problem.severity != "notice")
        self._voice.problems(shown)
        files = len(built.written) + len(built.removed)
        if files or shown or mended:
            what = f"{files} file{'' if files == 1 else 's'} changed"
            left = sum(problem.severity != "notice" for problem in built.problems)
            wrong = f" · {left} to mend" if left else " · nothing is wrong" if mended else ""
            self._voice.line(f"{what} · {built.seconds:.2f} s{wrong}")
