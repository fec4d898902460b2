"""What the preview refuses: foreign hosts and origins, tricks with paths, unknown methods."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sitegen.serve.requests import Doors, decode_path, why_refused
from tests.previewing import Preview, kernels_of, preview, wait_for
from tests.support import stored, write_site

DOORS = Doors(1111)
HOST = {"host": "127.0.0.1:1111"}
SECRET = "a line that nobody is served"
POST = "+++\ntitle = 'A'\n+++\nWords.\n\n```python\nprint(6 * 7)\n```\n"


@pytest.mark.parametrize(
    "host", ["127.0.0.1:1111", "localhost:1111", "LOCALHOST:1111", "[::1]:1111"]
)
def test_our_own_names_are_answered(host: str) -> None:
    assert why_refused("GET", b"/", {"host": host}, DOORS) is None


@pytest.mark.parametrize(
    "host",
    [
        "",
        "127.0.0.1",
        "127.0.0.1:1112",
        "example.org",
        "example.org:1111",
        "localhost.example.org:1111",
        "127.0.0.1.example.org:1111",
        "localhost:1111:1111",
        "localhost:01111111",
        "localhost:1111@example.org",
        "user@localhost:1111",
        "0.0.0.0:1111",
        "192.168.1.1:1111",
    ],
)
def test_a_foreign_host_is_refused(host: str) -> None:
    refusal = why_refused("GET", b"/", {"host": host}, DOORS)
    assert refusal is not None
    assert refusal.status == 421


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "http://example.org",
        "https://127.0.0.1:1111",
        "http://127.0.0.1:1112",
        "http://[",
        "",
    ],
)
def test_a_foreign_origin_is_refused(origin: str) -> None:
    refusal = why_refused("GET", b"/", {**HOST, "origin": origin}, DOORS)
    assert refusal is not None
    assert refusal.status == 403


def test_another_sites_page_may_link_here_and_do_nothing_else() -> None:
    foreign = {**HOST, "sec-fetch-site": "cross-site"}
    link = {**foreign, "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
    frame = {**foreign, "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe"}
    script = {**foreign, "sec-fetch-mode": "no-cors", "sec-fetch-dest": "script"}
    sibling = {**HOST, "sec-fetch-site": "same-site", "sec-fetch-mode": "cors"}
    assert why_refused("GET", b"/", link, DOORS) is None
    for headers in (frame, script, sibling):
        refusal = why_refused("GET", b"/", headers, DOORS)
        assert refusal is not None
        assert refusal.status == 403


@pytest.mark.parametrize(
    "target",
    [
        b"/../site.toml",
        b"/a/../../site.toml",
        b"/%2e%2e/site.toml",
        b"/..%2fsite.toml",
        b"/a/%2E%2E/%2e%2e/site.toml",
        b"/..\\site.toml",
        b"/%5c..%5csite.toml",
        b"/a%00.html",
        b"/a%0d%0aX: y",
        b"//example.org/",
        b"/a//b",
        b"/./a",
        b"/%ff",
        b"http://127.0.0.1:1111/",
        b"http://example.org/",
        b"*",
        b"",
    ],
)
def test_a_target_that_is_no_path_of_a_file_is_refused(target: bytes) -> None:
    refusal = why_refused("GET", target, HOST, DOORS)
    assert refusal is not None
    assert refusal.status == 400


def test_a_path_is_decoded_once() -> None:
    assert decode_path(b"/a%20b/%c3%a9/?x=%2e%2e") == "/a b/é/"
    assert decode_path(b"/%252e%252e/site.toml") == "/%2e%2e/site.toml"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "CONNECT", "FOO"])
def test_an_unknown_method_is_refused(method: str) -> None:
    refusal = why_refused(method, b"/", HOST, DOORS)
    assert refusal is not None
    assert refusal.status == 405


# --- a server that runs -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    files = {"content/a.md": POST, "content/secret.txt~": SECRET, ".env": SECRET}
    return write_site(tmp_path_factory.mktemp("refuses") / "site", files)


@pytest.fixture(scope="module")
def served(site: Path) -> Iterator[Preview]:
    with preview(site) as start:
        running = start("--no-exec")
        wait_for(lambda: running.get("/a/").status == 200)
        yield running


def request_bytes(served: Preview, line: str, *headers: str) -> bytes:
    lines = [line, f"Host: 127.0.0.1:{served.port}", "Connection: close", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


@pytest.mark.parametrize(
    "line",
    [
        "GET /../site.toml HTTP/1.1",
        "GET /%2e%2e/%2e%2e/site.toml HTTP/1.1",
        "GET /..%5c..%5csite.toml HTTP/1.1",
        "GET /%252e%252e/site.toml HTTP/1.1",
        "GET /.env HTTP/1.1",
        "GET /.sitegen/../.env HTTP/1.1",
        "GET /.sitegen/preview.js%00 HTTP/1.1",
        "GET /.sitegen-output HTTP/1.1",
        "GET /secret.txt~ HTTP/1.1",
        "GET http://example.org/a/ HTTP/1.1",
        "GET //a/ HTTP/1.1",
        "OPTIONS * HTTP/1.1",
        "PUT /a/ HTTP/1.1",
        "DELETE /a/ HTTP/1.1",
        "CONNECT example.org:80 HTTP/1.1",
        "GET  /a/ HTTP/1.1",
        "GET /a/",
        "\x00\x01\x02",
    ],
)
def test_raw_requests_get_nothing(served: Preview, line: str) -> None:
    answer = served.raw(request_bytes(served, line))
    status = int(answer.split(b" ", 2)[1])
    assert 400 <= status < 500
    assert SECRET.encode() not in answer
    assert b"base_url" not in answer
    assert b"access-control-allow-origin" not in answer.lower()
    assert served.get("/a/").status == 200


def test_two_hosts_and_hosts_without_one_are_refused(served: Preview) -> None:
    twice = served.raw(request_bytes(served, "GET /a/ HTTP/1.1", "Host: example.org"))
    assert b" 400 " in twice.partition(b"\r\n")[0]
    old = served.raw(b"GET /a/ HTTP/1.0\r\n\r\n")
    assert b" 421 " in old.partition(b"\r\n")[0]


def test_no_answer_lets_another_origin_read(served: Preview) -> None:
    for path in ("/a/", "/sitegen.css", "/.sitegen/preview.js", "/.sitegen/problems", "/nowhere"):
        headers = {name.lower() for name in served.get(path).headers}
        assert not {name for name in headers if name.startswith("access-control")}
        assert "cross-origin-resource-policy" in headers


def test_it_listens_on_loopback_only(served: Preview) -> None:
    listen, port = "0A", f":{served.port:04X}"
    found = []
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text("ascii").splitlines()[1:]:
            _, local, _, state, *_ = line.split()
            if state == listen and local.endswith(port):
                found.append(local.removesuffix(port))
    assert found == ["0100007F"]


def test_events_need_the_token_of_this_run(served: Preview) -> None:
    for token in ("", "x", "é"):
        answer = served.get(f"/.sitegen/events?url=/a/&version=&token={token.encode().hex()}")
        assert answer.status == 403
    token = served.page("/a/").partition('data-follow="')[2].partition('"')[0]
    assert token
    target = f"/.sitegen/events?url=/a/&version=&token={token}"
    assert served.get(target, {"Origin": "http://example.org"}).status == 403
    assert served.get(target, {"Sec-Fetch-Site": "cross-site"}).status == 403


def test_controls_need_post_token_and_origin(site: Path) -> None:
    with preview(site) as start:
        served = start()
        token = served.token("/a/")
        good = {"X-Sitegen-Token": token, "Origin": served.url}
        body = b'{"url": "/a/"}'
        assert served.get("/.sitegen/run", good).status == 404
        assert served.ask("POST", "/.sitegen/run", {"Origin": served.url}, body).status == 403
        assert served.ask("POST", "/.sitegen/run", {"X-Sitegen-Token": token}, body).status == 403
        wrong = {**good, "X-Sitegen-Token": f"{token}x"}
        assert served.ask("POST", "/.sitegen/run", wrong, body).status == 403
        foreign = {**good, "Origin": "http://example.org"}
        assert served.ask("POST", "/.sitegen/run", foreign, body).status == 403
        assert served.ask("POST", "/a/", good, body).status == 405
        assert served.ask("POST", "/.sitegen/run", good, b'{"url": 1}').status == 400
        assert served.ask("POST", "/.sitegen/run", good, b"[" * 100_000).status == 400
        assert served.ask("POST", "/.sitegen/format", good, body).status == 400
        assert served.ask("POST", "/.sitegen/run", good, body).status == 204


def test_no_get_starts_a_kernel(tmp_path: Path) -> None:
    config = 'base_url = "/"\n[execute]\ndevice = "cpu"\nauto = "never"\n'
    site = write_site(tmp_path / "site", {"content/a.md": POST}, config)
    with preview(site) as start:
        served = start()
        token = served.token("/a/")
        for path in ("/a/", f"/.sitegen/run?url=/a/&token={token}", "/.sitegen/problems"):
            served.get(path, {"X-Sitegen-Token": token, "Origin": served.url})
        time.sleep(1.0)
        assert not kernels_of(served)
        assert "not run yet" in served.get("/a/").text
        assert stored(site) == []
        assert served.control("run", b'{"url": "/a/"}', "/a/").status == 204
        wait_for(lambda: stored(site))
        wait_for(lambda: "not run yet" not in served.get("/a/").text)


def test_beyond_loopback_the_controls_are_off_and_it_is_said(tmp_path: Path) -> None:
    site = write_site(tmp_path / "site", {"content/a.md": "Words."})
    with preview(site) as start:
        served = start("--host", "0.0.0.0")  # noqa: S104 (that is what is tested)
        page = served.page("/a/")
        assert 'data-token=""' in page
        assert 'data-do="run"' not in page
        assert "controls are off" in served.printed
        body = {"X-Sitegen-Token": "", "Origin": served.url}
        assert served.ask("POST", "/.sitegen/drafts", body, b'{"shown": true}').status == 403
        assert served.get("/a/", {"Host": f"example.org:{served.port}"}).status == 421
        assert served.get("/a/", {"Host": f"192.168.1.1:{served.port}"}).status == 200


def test_a_taken_port_is_an_error_and_the_default_one_moves_on(tmp_path: Path) -> None:
    site = write_site(tmp_path / "site", {"content/a.md": "Words."})
    with preview(site) as start, socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind(("127.0.0.1", 1111))
            taken.listen()
        except OSError:
            pass  # somebody else has it, which is as good
        served = start(default_port=True)
        assert served.port != 1111
        assert f"port 1111 is taken; this is {served.port}" in served.printed
        with pytest.raises(AssertionError):
            start("--port", str(served.port))
        assert f"port {served.port} is taken" in served.printed
