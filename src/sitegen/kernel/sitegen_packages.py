"""Which packages a post's modules come from, and which of those need which.

Read from their metadata, nothing imported, and only what is asked for: all of an environment takes
a tenth of a second. As a program, `python sitegen_packages.py <CODE`, it tells of the modules that
the code's import statements name, for who has no kernel to ask.
"""

from __future__ import annotations

import json
import re
import runpy
import sys
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from sitegen_imports import Imports, named_in

ALWAYS = ("ipykernel",)
"""What a post runs on, though it does not import it."""

FRAMEWORKS = frozenset({"jax", "pandas", "scipy", "torch"})
IF_THERE = ("numpy", "opt_einsum", "tqdm")
"""What frameworks import if it is there: it may have been loaded with them before the kernel."""

_NEEDS = re.compile(r"[A-Za-z0-9][\w.-]*")


class Package(NamedTuple):
    """An installed package: its folder of metadata, its name and version, what it needs."""

    folder: Path
    name: str
    version: str
    needs: tuple[str, ...]


def describe(imports: Imports) -> dict[str, Any]:
    """The packages of the modules that were imported, with all that they need, by version."""
    return tell(imports.named, imports.new | {name for name in IF_THERE if name in sys.modules})


def tell(named: Iterable[str], others: Iterable[str]) -> dict[str, Any]:
    """The packages of modules that the code names, and of others that it has imported thereby."""
    installed = Installed(sys.path)
    direct = installed.of_modules(named)
    hidden = () if direct & FRAMEWORKS else IF_THERE
    found = direct | installed.of_modules(set(others) - set(hidden))
    packages = {package.name: package.version for package in installed.with_needs(found)}
    for name in ALWAYS:
        package = installed.package(name)
        packages |= {name: package.version} if package is not None else {}
    return {
        "versions": dict(sorted(packages.items())),
        "imports": sorted(direct),
        "builds": builds() if "torch" in direct else {},
    }


def builds() -> dict[str, str]:
    """From what torch was made: the commit, and the toolkit of its accelerator."""
    torch = sys.modules.get("torch")
    origin = find_spec("torch") if torch is None else None
    if origin is not None and origin.origin:
        version = runpy.run_path(str(Path(origin.origin).with_name("version.py")))
    else:
        version = dict(vars(getattr(torch, "version", object)))
    names = {"torch git": "git_version", "torch CUDA": "cuda", "torch ROCm": "hip"}
    return {label: str(version[name]) for label, name in names.items() if version.get(name)}


def normal(name: str) -> str:
    """The one spelling of a package's name (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


class Installed:
    """The packages in the folders of a path, the first of a name only; each is read when asked."""

    def __init__(self, folders: Iterable[str]) -> None:
        self._folders: dict[str, Path] = {}
        for place in folders:
            for folder in _metadata_in(Path(place)):
                self._folders.setdefault(normal(folder.name.split("-")[0]), folder)
        self._read: dict[str, Package | None] = {}

    def package(self, name: str) -> Package | None:
        if name not in self._read:
            folder = self._folders.get(name)
            self._read[name] = read_package(folder) if folder is not None else None
        return self._read[name]

    def of_modules(self, modules: Iterable[str]) -> set[str]:
        """The packages that bring these top-level modules; Python's own come from none."""
        wanted = {name for name in modules if name not in sys.stdlib_module_names}
        same = {name for name in wanted if normal(name) in self._folders}
        left = wanted - same
        found = {normal(name) for name in same}
        if left:
            found |= {name for name, folder in self._folders.items() if _brings(folder, left)}
        return found

    def with_needs(self, names: Iterable[str]) -> list[Package]:
        """These packages and all that they need, directly or not, by name."""
        found: dict[str, Package] = {}
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            package = self.package(name)
            if package is not None and name not in found:
                found[name] = package
                waiting += package.needs
        return [found[name] for name in sorted(found)]


def _metadata_in(place: Path) -> Iterator[Path]:
    try:
        found = sorted(place.iterdir())
    except OSError:  # an archive, or not there
        return
    for folder in found:
        if folder.suffix in (".dist-info", ".egg-info"):
            yield folder


def read_package(folder: Path) -> Package | None:
    """What stands at the head of a package's metadata; None where none can be read."""
    file = folder / ("METADATA" if folder.suffix == ".dist-info" else "PKG-INFO")
    name = version = ""
    needs = []
    try:
        with file.open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                if not line.rstrip("\r\n"):
                    break  # a blank line within the head, such as a license's, is indented
                key, _, value = line.rstrip().partition(": ")
                if key == "Name":
                    name = normal(value)
                elif key == "Version":
                    version = value
                elif key == "Requires-Dist" and "extra ==" not in value:
                    needs += [normal(found) for found in _NEEDS.findall(value)[:1]]
    except OSError:
        return None
    return Package(folder, name, version, tuple(needs)) if name and version else None


def _brings(folder: Path, modules: Iterable[str]) -> bool:
    """Whether one of the top-level modules is among a package's files."""
    try:
        if (folder / "top_level.txt").exists():
            top = set((folder / "top_level.txt").read_text("utf-8", "replace").split())
            return not top.isdisjoint(modules)
        record = "\n" + (folder / "RECORD").read_text("utf-8", "replace")
    except OSError:
        return False
    return any(f"\n{name}/" in record or f"\n{name}." in record for name in modules)


if __name__ == "__main__":
    print(json.dumps(tell(named_in(sys.stdin.read()), IF_THERE)))
