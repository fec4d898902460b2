"""What the browser tests stand on: Chromium, Java, the Nu HTML checker and axe-core.

`npm install` in this folder fetches the checkers; nothing here reaches for the network.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import unquote

if TYPE_CHECKING:
    from playwright.sync_api import Page

MODULES = Path(__file__).parent / "node_modules"
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


def chromium_path() -> str | None:
    """The system's Chromium, or None."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


def java_path() -> str | None:
    """The system's Java, which runs the Nu checker, or None."""
    return shutil.which("java")


def vnu_jar() -> Path | None:
    """The Nu HTML checker, or None before `npm install`."""
    jar = MODULES / "vnu-jar" / "build" / "dist" / "vnu.jar"
    return jar if jar.is_file() else None


def axe_source() -> Path | None:
    """axe-core's script, or None before `npm install`."""
    script = MODULES / "axe-core" / "axe.min.js"
    return script if script.is_file() else None


def nu_messages(folder: Path) -> list[str]:
    """What the Nu checker says of the HTML files below `folder`, a line for each finding.

    RuntimeError: there is no Java, no checker or no HTML file, or the checker did not run.
    """
    java, jar = java_path(), vnu_jar()
    if java is None or jar is None:
        raise RuntimeError("the Nu checker needs Java and `npm install` in tests/browser")
    root = folder.resolve()
    if not any(root.rglob("*.html")):
        raise RuntimeError(f"no HTML file below {folder}")
    options = ["--skip-non-html", "--format", "json", "--stdout", "--exit-zero-always"]
    command = [java, "-jar", str(jar), *options, str(root)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"the Nu checker ended with {done.returncode}: {done.stderr.strip()}")
    lines = []
    for message in json.loads(done.stdout)["messages"]:
        kind = message.get("subType", message["type"])
        path = unquote(message.get("url", "")).partition(f"{root}/")[2]
        lines.append(f"{path}:{message.get('lastLine', 1)}: {kind}: {message['message']}")
    return sorted(lines)


def html_validate() -> Path | None:
    """html-validate's command, or None before `npm install`."""
    script = MODULES / ".bin" / "html-validate"
    return script if script.exists() else None


def html_validate_messages(folder: Path) -> list[str]:
    """What html-validate's recommended rules say of the HTML files below `folder`, a line each.

    RuntimeError: it is not there, or did not run.
    """
    script = html_validate()
    if script is None:
        raise RuntimeError("html-validate needs `npm install` in tests/browser")
    config = folder / ".htmlvalidate.json"
    config.write_text(json.dumps({"root": True, "extends": ["html-validate:recommended"]}))
    command = [str(script), "--config", str(config), "--formatter", "json", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    config.unlink()
    if not done.stdout.startswith("["):
        raise RuntimeError(f"html-validate ended with {done.returncode}: {done.stderr.strip()}")
    return sorted(
        f"{Path(file['filePath']).relative_to(folder.resolve()).as_posix()}:{message['line']}: "
        f"{message['ruleId']}: {message['message']}"
        for file in json.loads(done.stdout)
        for message in file["messages"]
    )


def axe_violations(page: Page) -> list[str]:
    """What axe-core finds wrong with the page as it is shown now, a line for each element.

    RuntimeError: axe-core is not there.
    """
    script = axe_source()
    if script is None:
        raise RuntimeError("axe-core needs `npm install` in tests/browser")
    if not page.evaluate("'axe' in window"):
        page.evaluate(script.read_text(encoding="utf-8"))
    found = page.evaluate(
        "tags => axe.run({ runOnly: tags }).then(result => result.violations)", AXE_TAGS
    )
    return [
        f"{violation['id']}: {' '.join(map(str, node['target']))}: {violation['help']}"
        for violation in found
        for node in violation["nodes"]
    ]


def axe_violations_by_scheme(page: Page) -> dict[str, list[str]]:
    """What axe-core finds wrong with the page as it is shown on a light system and on a dark one.

    RuntimeError: axe-core is not there.
    """
    found: dict[str, list[str]] = {}
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        found[scheme] = axe_violations(page)
    page.emulate_media(color_scheme=SCHEMES[0])
    return found
