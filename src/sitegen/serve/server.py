"""The preview from its beginning to its end: where it listens, its processes."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec

from sitegen.base.errors import Problem, SiteError
from sitegen.content.config import FILES, load_config
from sitegen.passes.asked import Caller
from sitegen.serve.processes import Crew, processes
from sitegen.serve.requests import LOOPBACK, Doors
from sitegen.storage.preview import claimed_tree

DEFAULT_PORT = 1111
MOST_TRIED = 100
"""Ports after the default one that are tried before it is given up."""


class Wish(msgspec.Struct, frozen=True):
    """How a preview was asked for; `port` is None where any from the default one on will do."""

    host: str = "127.0.0.1"
    port: int | None = None
    editor: str = "vscode"
    open: bool = False
    runs: bool = True
    drafts: bool = False


class Voice(msgspec.Struct, frozen=True):
    """Whom the preview tells: lines, problems as they appear."""

    line: Callable[[str], None]
    problems: Callable[[tuple[Problem, ...]], None]


class PortTaken(Exception):  # noqa: N818 (its words are for the author)
    """Nobody can listen there; the message says so."""


class Inside(msgspec.Struct, frozen=True):
    """What the server works with: the socket that it answers, the processes."""

    root: Path
    tree: Path
    wish: Wish
    doors: Doors
    listener: socket.socket
    crew: Crew
    loopback: bool


def serve(root: Path, wish: Wish, caller: Caller, voice: Voice) -> bool:
    """Serve the preview until it is interrupted; then every process of it is gone. False where it
    could not go on until then.

    Raises PortTaken, and SiteError where there is no site or nothing can be written.
    """
    if not any((root / file).exists() for file in FILES):
        load_config(root, [])
    with listening(wish) as listener, _claimed(root) as tree:
        port = listener.getsockname()[1]
        if wish.port is None and port != DEFAULT_PORT:
            voice.line(f"port {DEFAULT_PORT} is taken; this is {port}")
        loopback = is_loopback(wish.host)
        if not loopback:
            voice.line(
                f"whoever reaches {wish.host} reads this site, drafts and mistakes included;"
                " the controls are off"
            )
        forget = listener.close
        runs = processes(root, caller, tree, forget, runs=wish.runs, drafts=wish.drafts)
        with runs as crew:
            # Imported when the worker is at work: that takes longer than a small site's build.
            from sitegen.serve.http import answer

            doors = doors_of(wish.host, port)
            voice.line(f"the preview is at {address_of(wish.host, port)}")
            return asyncio.run(
                answer(Inside(root, tree, wish, doors, listener, crew, loopback), voice)
            )


@contextmanager
def listening(wish: Wish) -> Iterator[socket.socket]:
    """A socket that listens where it was wished; raises PortTaken.

    Without a wish for a port the first that is free from the default one on is taken.
    """
    ports = [wish.port] if wish.port is not None else range(DEFAULT_PORT, DEFAULT_PORT + MOST_TRIED)
    for port in ports:
        try:
            listener = _listen(wish.host, port)
        except OSError as error:
            if error.errno != errno.EADDRINUSE or wish.port is not None:
                why = "is taken" if error.errno == errno.EADDRINUSE else f": {error.strerror}"
                raise PortTaken(f"{wish.host}, port {port} {why}") from error
            continue
        with listener:
            yield listener
        return
    raise PortTaken(f"ports {ports[0]} to {ports[-1]} are all taken; name one with --port")


def _listen(host: str, port: int) -> socket.socket:
    """A socket that listens there; of two that are bound at once, only one may."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen()
    except OSError:
        listener.close()
        raise
    return listener


@contextmanager
def _claimed(root: Path) -> Iterator[Path]:
    """The folder of the preview's files; raises SiteError where it cannot be."""
    with ExitStack() as stack:
        try:
            tree = stack.enter_context(claimed_tree(root))
        except OSError as error:
            why = f"`{error.filename}`: {error.strerror}" if error.filename else str(error)
            message = f"the preview cannot be written: {why}"
            raise SiteError([Problem("fatal", "preview", message)]) from error
        yield tree


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a host."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def doors_of(host: str, port: int) -> Doors:
    """The names by which the server may be asked: no foreign one, to whatever address it leads."""
    if is_loopback(host):
        return Doors(port)
    name = f"[{host}]" if ":" in host else host.lower()
    return Doors(port, (*LOOPBACK, name), numbers=True)


def address_of(host: str, port: int) -> str:
    """Where an author finds the preview."""
    everywhere = host in ("0.0.0.0", "::")  # noqa: S104 (it is compared)
    name = "127.0.0.1" if everywhere else f"[{host}]" if ":" in host else host
    return f"http://{name}:{port}/"
