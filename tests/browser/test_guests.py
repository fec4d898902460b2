"""Texts of guests in a real browser: nothing that they hold may run, wherever it stands."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.tiny import SITE, page, publish

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Dialog

RUN = "alert(1)"
HOSTILE = [
    f"<script>{RUN}</script>",
    f"<img src=x onerror={RUN}>",
    f"text <svg onload={RUN}><use href='data:image/svg+xml,x'/></svg>",
    f"<svg><script>{RUN}</script></svg>",
    f"<svg><style><img src=x onerror={RUN}></style></svg>",
    f"<math><mtext><table><mglyph><style><img src=x onerror={RUN}></style></mglyph></table></math>",
    f"<noscript><p title='</noscript><img src=x onerror={RUN}>'></noscript>",
    f"<template><img src=x onerror={RUN}></template>",
    f"<iframe srcdoc='<script>parent.{RUN}</script>'></iframe>",
    f"<iframe src='javascript:parent.{RUN}'></iframe>",
    f"<object data='javascript:{RUN}'></object><embed src='javascript:{RUN}'>",
    f"<details open ontoggle={RUN}><summary>s</summary>d</details>",
    f"<input autofocus onfocus={RUN}>",
    f"<form action='javascript:{RUN}'><button id=go>go</button></form>",
    f"<a class=go href='javascript:{RUN}'>raw</a>",
    f"<a class=go href='java&#10;script:{RUN}'>raw with a line end</a>",
    f"<a class=go href='&#1;javascript:{RUN}'>raw with a control</a>",
    f"[md](javascript:{RUN})",
    f"[md](JaVaScRiPt&colon;{RUN})",
    f"[md](<java&#9;script:{RUN}>)",
    f"<javascript:{RUN}>",
    "[md](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    f"![x](x 'a\" onerror=\"{RUN}')",
    f'![" onerror="{RUN}](x)',
    f'```x" onfocus="{RUN}" autofocus tabindex="0\ncode\n```',
    f'```py,name=<img src=x onerror={RUN}>,x="><img src=x onerror={RUN}>\n1\n```',
    f'## Head {{#x"onclick="{RUN} .a"onclick="{RUN}}}',
    f'A[^"><img/src=x/onerror={RUN}>]\n\n[^"><img/src=x/onerror={RUN}>]: note',
    f"$\\text{{<img src=x onerror={RUN}>}}$ $\\href{{javascript:{RUN}}}{{x}}$",
    f"| <img src=x onerror={RUN}> |\n|---|\n| `<img src=x onerror={RUN}>` |",
    f"> [!NOTE]\n> <img src=x onerror={RUN}>",
    f"<div title='sitegen-0-0-'>&#xFDD2;0&#xFDD3;<img src=x onerror={RUN}>",
    f"<style>@import 'javascript:{RUN}';</style><link rel=stylesheet href='javascript:{RUN}'>",
    f"<base href='javascript:{RUN}//'><meta http-equiv=refresh content='0;url=javascript:{RUN}'>",
    f"<!-- --!><img src=x onerror={RUN}> -->",
    f"<![CDATA[><img src=x onerror={RUN}>]]>",
    f"<?x ><img src=x onerror={RUN}>?>",
    "<a id=main name=location href='#'>x</a><img name=getElementById id=cookie src=data:,>",
]


def test_trusted_html_runs(browser: Browser, serve: Callable[[Path], str], tmp_path: Path) -> None:
    """What the others are held against: without a mode, the first of them opens a dialog."""
    publish(tmp_path, {"content/p.md": page(body=HOSTILE[0])})
    opened: list[str] = []

    def note(dialog: Dialog) -> None:
        opened.append(dialog.message)
        dialog.dismiss()

    shown = browser.new_page()
    shown.on("dialog", note)
    shown.goto(f"{serve(tmp_path / 'public')}/p/")
    shown.close()
    assert opened == ["1"]


@pytest.mark.parametrize("html", ["sanitise", "escape"])
def test_no_dialog_opens(
    html: str, browser: Browser, serve: Callable[[Path], str], tmp_path: Path
) -> None:
    posts = {
        f"content/p{number}.md": page(body=f"{text}\n\nBehind ```{number}```.")
        for number, text in enumerate(HOSTILE)
    }
    site = SITE + f'[markdown]\nhtml = "{html}"\ngithub_alerts = true\n'
    site += "[execute]\nenabled = false\n"
    problems = publish(tmp_path, {"site.toml": site, **posts})
    assert all(problem.severity != "fatal" for problem in problems)
    address = serve(tmp_path / "public")
    opened: list[str] = []

    def note(dialog: Dialog) -> None:
        opened.append(shown.url)
        dialog.dismiss()

    shown = browser.new_page()
    shown.on("dialog", note)
    for number in range(len(HOSTILE)):
        url = f"{address}/p{number}/"
        shown.goto(url)
        for link in shown.locator("main a:visible, main button").all():
            if not (link.get_attribute("href") or "").startswith(("http", "/")):
                link.click(timeout=2000, no_wait_after=True)
        shown.wait_for_timeout(50)
        assert shown.url.startswith(address), HOSTILE[number]
        shown.goto(url)
        named = shown.evaluate(
            "[...document.querySelectorAll('main [id], main [name]')].map(e => e.id || e.name)"
        )
        own = ("user-content-", "continue-reading", "block-", "main")
        assert [name for name in named if not name.startswith(own)] == [], HOSTILE[number]
    shown.close()
    assert opened == []
