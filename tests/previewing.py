"""A preview as an author starts it, and ways to ask it."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Coroutine, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TypeVar

import msgspec

from sitegen.kernel.sitegen_guard import below

T = TypeVar("T")
LIMIT = 60.0


class Answer(msgspec.Struct, frozen=True):
    """An answer of the server."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


class Preview(msgspec.Struct, frozen=True):
    """A preview that runs: its process, its address without a slash, what it printed so far."""

    process: subprocess.Popen[bytes]
    url: str
    log: Path

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        """The answer to a GET."""
        return self.ask("GET", path, headers)

    def page(self, path: str) -> str:
        """The page at a path, once it is there."""

        def look() -> str | None:
            answer = self.get(path)
            return answer.text if answer.status == 200 else None

        return wait_for(look)

    def token(self, path: str) -> str:
        """What a page's controls are asked with."""
        return self.page(path).partition('data-token="')[2].partition('"')[0]

    def control(self, name: str, body: bytes, path: str = "/") -> Answer:
        """The answer to what the page at the path asks for by a control."""
        headers = {"X-Sitegen-Token": self.token(path), "Origin": self.url}
        return self.ask("POST", f"/.sitegen/{name}", headers, body)

    def ask(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Answer:
        """The answer to a request, redirects not followed."""
        request = urllib.request.Request(  # noqa: S310 (it is http)
            self.url + path, body, dict(headers or {}), method=method
        )
        try:
            with _OPENER.open(request, timeout=10) as answer:
                return Answer(answer.status, dict(answer.headers), answer.read())
        except urllib.error.HTTPError as error:
            return Answer(error.code, dict(error.headers), error.read())

    def raw(self, data: bytes) -> bytes:
        """What the server sends to these bytes on a fresh connection, until it closes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            parts = []
            while part := connection.recv(65536):
                parts.append(part)
            return b"".join(parts)

    def end(self, number: int = signal.SIGINT) -> float:
        """Interrupt it; seconds until it was gone."""
        begun = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(timeout=10)
        return time.monotonic() - begun

    @property
    def printed(self) -> str:
        return self.log.read_text("utf-8")


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object, **__: object) -> None:
        return None


_OPENER = urllib.request.build_opener(_Stay, urllib.request.ProxyHandler({}))


@contextmanager
def preview(root: Path) -> Iterator[Callable[..., Preview]]:
    """A function that starts a preview of the site with more arguments of the command."""
    with ExitStack() as stack:
        yield lambda *arguments, **options: stack.enter_context(
            _started(root, arguments, **options)
        )


@contextmanager
def _started(
    root: Path,
    arguments: tuple[str, ...],
    env: Mapping[str, str] | None = None,
    *,
    default_port: bool = False,
) -> Iterator[Preview]:
    log = root.with_name(f"{root.name}.log")
    ports = [] if "--port" in arguments or default_port else ["--port", "0"]
    with log.open("wb") as printed:
        process = subprocess.Popen(
            [sys.executable, "-m", "sitegen", "serve", *ports, *arguments],
            cwd=root,
            env={**os.environ, **(env or {}), "PYTHONUNBUFFERED": "1"},
            stdout=printed,
            stderr=subprocess.STDOUT,
        )
    try:

        def address() -> re.Match[str] | None:
            assert process.poll() is None, log.read_text("utf-8")
            return re.search(r"http://\S+:\d+", log.read_text("utf-8"))

        yield Preview(process, wait_for(address)[0], log)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                raise


def wait_for(look: Callable[[], T | None], limit: float = LIMIT) -> T:
    """What `look` gives once it gives anything; an AssertionError after so many seconds."""
    deadline = time.monotonic() + limit
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"nothing after {limit} s")


def run_apart(story: Callable[[], Coroutine[None, None, None]]) -> None:
    """Run the story in a loop of its own: Playwright leaves one running in the main thread."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: asyncio.run(story())).result()


def kernels_of(served: Preview) -> list[int]:
    """The processes of a preview that are kernels, their guards, or a zygote."""
    found = []
    for number in below(served.process.pid):
        try:
            command = Path(f"/proc/{number}/cmdline").read_bytes()
        except OSError:
            continue
        if b"launch.py" in command or b"sitegen_zygote" in command:
            found.append(number)
    return found


def sleeping(served: Preview) -> bool:
    """Whether there is a kernel besides the zygote, which stays."""
    return len(kernels_of(served)) > 1


def alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text("ascii").rpartition(") ")[2][0] != "Z"
    except OSError:
        return False
