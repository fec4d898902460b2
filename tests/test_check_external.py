"""`sitegen check --external`: against a server of our own on 127.0.0.1."""

from __future__ import annotations

import http.server
import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sitegen.check.ask import Manners, ask, ask_all
from sitegen.check.external import Answer, Question
from sitegen.commands.check import Checked, check
from sitegen.passes.asked import Caller
from tests.support import CONFIG, report_of, sitegen, write_site

PAGE = b"<html><body><h1 id='there'>Here</h1></body></html>"


class Host(http.server.ThreadingHTTPServer):
    """A host that notes what it was asked, and how many requests it had at once at most."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Replies)
        self.asked: list[tuple[str, str]] = []
        self.lock = threading.Lock()
        self.now = 0
        self.most = 0

    def url(self, path: str = "") -> str:
        return f"http://127.0.0.1:{self.server_port}{path}"


class Replies(http.server.BaseHTTPRequestHandler):
    server: Host

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self.reply(b"")

    def do_GET(self) -> None:
        self.reply(PAGE)

    def reply(self, body: bytes) -> None:
        host = self.server
        with host.lock:
            host.asked.append((self.command, self.path))
        self.answer(body)

    def wait(self) -> None:
        """Take a while, which is over before anything is answered: then the next may come."""
        host = self.server
        with host.lock:
            host.now += 1
            host.most = max(host.most, host.now)
        time.sleep(0.05)
        with host.lock:
            host.now -= 1

    def answer(self, body: bytes) -> None:
        name = self.path.partition("?")[0]
        match name:
            case "/gone":
                self.send_error(404)
            case "/no-head" if self.command == "HEAD":
                self.send_error(405)
            case "/busy":
                self.send_error(429)
            case "/cut":
                self.connection.close()
            case "/moved" | "/later" | "/round" | "/to-gone":
                self.send_response({"/moved": 301, "/later": 302}.get(name, 301))
                targets = {"/round": "/round", "/to-gone": "/gone"}
                self.send_header("Location", targets.get(name, "/new"))
                self.send_header("Content-Length", "0")
                self.end_headers()
            case "/slow":
                time.sleep(2)
            case _:
                if name.startswith("/wait"):
                    self.wait()
                self.send_response(200)
                kind = "image/png" if name == "/picture" else "text/html; charset=utf-8"
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(PAGE)))
                self.end_headers()
                self.wfile.write(body)


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with Host() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("path", "answer", "methods"),
    [
        ("/", Answer(), ["HEAD"]),
        ("/ü?q=ä b", Answer(), ["HEAD"]),
        ("/gone", Answer("the host answers 404 Not Found"), ["HEAD", "GET"]),
        ("/no-head", Answer(), ["HEAD", "GET"]),
        ("/busy", Answer("the host answers 429 Too Many Requests", busy=True), ["HEAD"]),
        ("/later", Answer(), ["HEAD", "HEAD"]),
        ("/to-gone", Answer("the host answers 404 Not Found"), ["HEAD", "HEAD", "GET", "GET"]),
    ],
)
def test_what_a_host_answers(host: Host, path: str, answer: Answer, methods: list[str]) -> None:
    assert ask(Question(host.url(path), False), 5) == answer
    assert [method for method, _ in host.asked] == methods


def test_what_has_moved_and_what_goes_in_circles(host: Host) -> None:
    assert ask(Question(host.url("/moved"), False), 5) == Answer(moved=host.url("/new"))
    assert "circles" in ask(Question(host.url("/round"), False), 5).why


def test_anchors_are_looked_for_in_the_page(host: Host) -> None:
    assert ask(Question(host.url("/"), True), 5).ids == frozenset({"there"})
    assert ask(Question(host.url("/picture"), True), 5).ids is None
    assert [method for method, _ in host.asked] == ["GET", "GET"]


def test_hosts_that_do_not_answer(host: Host) -> None:
    assert ask(Question(host.url("/slow"), False), 0.2).why == "the host does not answer in time"
    assert "closed" in ask(Question(host.url("/cut"), False), 5).why
    refused = "http://127.0.0.1:9"
    assert ask(Question(refused, False), 5).why == "the host refuses the connection"
    assert ask(Question("http://[/", False), 5).why != ""


def test_many_are_asked_at_once_but_each_host_a_little_at_a_time(host: Host) -> None:
    questions = [Question(host.url(f"/wait{number}"), False) for number in range(12)]
    answers = ask_all(questions, Manners(together=8, per_host=2, timeout=5))
    assert answers == {question.url: Answer() for question in questions}
    assert host.most == 2
    assert len(host.asked) == 12, "each once"
    assert ask_all((), Manners()) == {}


def check_external(root: Path, files: dict[str, str], config: str = CONFIG) -> Checked:
    write_site(root, files, config)
    caller = Caller(dict(os.environ), sys.executable)
    return check(root, caller, lambda questions: ask_all(questions, Manners(timeout=5)))


def test_dead_links_are_told_where_they_are_written(host: Host, tmp_path: Path) -> None:
    page = (
        f"[a]({host.url('/gone')}) and [b]({host.url('/ok')})\n\n[c]({host.url('/gone')})\n"
        f"[d]({host.url('/ok#there')}) [e]({host.url('/ok#ther')}) [f]({host.url('/moved')})\n"
        f"<{host.url('/busy')}>\n"
    )
    found = check_external(tmp_path, {"content/a.md": page})
    assert [
        (problem.severity, problem.span.line, problem.message)
        for problem in found.problems
        if problem.span is not None
    ] == [
        ("error", 3, f"`{host.url('/gone')}`: the host answers 404 Not Found"),
        ("error", 5, f"`{host.url('/gone')}`: the host answers 404 Not Found"),
        ("error", 6, f"`{host.url('/ok')}` has no `#ther`"),
        ("notice", 6, f"`{host.url('/moved')}` has moved for good"),
        (
            "notice",
            7,
            f"`{host.url('/busy')}` was not checked: the host answers 429 Too Many Requests",
        ),
    ]
    assert found.problems[2].help == ("did you mean `#there`?",)
    assert found.asked == 4
    assert found.status(strict=False) == 1
    paths = [path for _, path in host.asked]
    assert paths.count("/ok") == 1


def test_what_is_skipped_and_how_bad_it_is(host: Host, tmp_path: Path) -> None:
    config = (
        f'{CONFIG}[link_checker]\nexternal_level = "warn"\nskip_prefixes = ["{host.url("/no/")}"]\n'
        f'skip_anchor_prefixes = ["{host.url("/app")}"]\n'
    )
    page = f"[a]({host.url('/no/x')}) [b]({host.url('/app#made')}) [c]({host.url('/gone')})\n"
    found = check_external(tmp_path, {"content/a.md": page}, config)
    assert [(problem.severity, problem.code) for problem in found.problems] == [
        ("warning", "external")
    ]
    assert {path for _, path in host.asked} == {"/app", "/gone"}
    assert (found.status(strict=False), found.status(strict=True)) == (0, 1)


def test_the_network_is_left_alone_unless_asked_for(host: Host, tmp_path: Path) -> None:
    write_site(tmp_path, {"content/a.md": f"[a]({host.url('/gone')})"})
    done = sitegen(tmp_path, "check", "--json")
    assert (done.returncode, host.asked) == (0, [])
    done = sitegen(tmp_path, "check", "--external", "--json", env={"no_proxy": "127.0.0.1"})
    report = report_of(done)
    assert (done.returncode, report["asked"]) == (1, 1)
    assert {path for _, path in host.asked} == {"/gone"}
