"""Figures of matplotlib, each saved for light and for dark pages: standard library only.

Nothing is imported, and nothing done, before the post has imported matplotlib. Of a figure only
what kept the colours of the style is recoloured, while it is saved, and is afterwards as it was.
Names were checked against matplotlib 3.11, matplotlib-inline 0.2 and IPython 9.
"""

from __future__ import annotations

import base64
import io
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from types import ModuleType
from typing import Any

from sitegen_hooks import AfterImport
from sitegen_recolour import clear_grounds, dark_changes, has_own_ground, recoloured, style_of

DARK = "application/vnd.sitegen.dark+png"
DPI = 192
CSS_DPI = 96


class Figures:
    """Shows the figures of a kernel's blocks, each once; `options` are those of the block."""

    def __init__(self, aside: Callable[[], AbstractContextManager[None]]) -> None:
        self.options: Mapping[str, float] = {}
        self._aside = aside
        self._callbacks: list[Any] = []
        self._depth = 0
        self._ended = False
        self._shown: dict[int, tuple[Any, bytes]] = {}
        self._size: tuple[list[float], list[float]] | None = None

    def attach(self, events: Any) -> None:
        """Follow IPython's events; the probe has stopped its clock before `_end` is called."""
        self._callbacks = events.callbacks["post_execute"]
        self._callbacks.insert(1, self._end)
        events.register("pre_run_cell", self._begin)
        events.register("post_run_cell", self._leave)
        matplotlib = sys.modules.get("matplotlib")
        if matplotlib is None:
            sys.meta_path.insert(0, AfterImport({"matplotlib": self._set_size}))
        else:  # loaded before there was a kernel that could name its backend
            matplotlib.use(os.environ["MPLBACKEND"])

    def takes(self, value: object, formatters: Mapping[str, Any]) -> bool:
        """Whether the value is a figure, not empty, that IPython would show as one PNG.

        If the author has asked for another format, it is left to IPython.
        """
        figure = getattr(sys.modules.get("matplotlib.figure"), "Figure", None)
        if figure is None or not isinstance(value, figure) or len(value.get_children()) < 2:
            return False
        printers = {mime: _printer(formatter, value) for mime, formatter in formatters.items()}
        png = printers.pop("image/png")
        if any(printer for mime, printer in printers.items() if mime != "text/plain"):
            return False
        return png is None or _module_of(png) == "IPython.core.pylabtools"

    def show(self, figure: Any, png: Any) -> tuple[dict[str, str], dict[str, Any]]:
        """The figure's pictures and their size in CSS pixels, by MIME type.

        Nothing at the end of a block, if it has shown the figure already and not changed it since.
        """
        dpi = self.options.get("dpi") or DPI
        keywords = dict(getattr(_printer(png, figure), "keywords", {}))
        with self._aside():
            light, dark = save_both(figure, dpi, keywords)
        if self._ended and self._shown.get(id(figure)) == (figure, light):
            return {}, {}
        self._shown[id(figure)] = (figure, light)
        width, height = (int.from_bytes(light[at : at + 4], "big") for at in (16, 20))
        size = {"width": round(width * CSS_DPI / dpi), "height": round(height * CSS_DPI / dpi)}
        data = {"image/png": base64.b64encode(light).decode()}
        if dark is not None:
            data[DARK] = base64.b64encode(dark).decode()
        return data, {"image/png": size}

    def _begin(self, _info: Any) -> None:
        self._ended = False
        self._depth += 1
        if self._depth == 1 and "matplotlib" in sys.modules:
            self._set_size(sys.modules["matplotlib"])

    def _end(self) -> None:
        """Show what is open now: before matplotlib draws it, which sets animations back.

        Also where it is not interactive, as after a style context in which its backend was loaded.
        """
        self._ended = True
        inline: Any = sys.modules.get("matplotlib_inline.backend_inline")
        if getattr(inline, "flush_figures", None) in self._callbacks:
            inline.show._draw_called = True
            inline.flush_figures()
        self._depth = max(0, self._depth - 1)
        if not self._depth and self._size is not None:
            before, given = self._size
            self._size = None
            settings = sys.modules["matplotlib"].rcParams
            if list(settings["figure.figsize"]) == given:  # else the author has set another
                settings["figure.figsize"] = before

    def _leave(self, _result: Any) -> None:
        self._ended = False
        if not self._depth:
            self._shown.clear()

    def _set_size(self, matplotlib: ModuleType) -> None:
        """Let the block's figures have its size unless they say otherwise."""
        before = list(matplotlib.rcParams["figure.figsize"])
        given = [
            float(self.options.get(name) or default)
            for name, default in zip(("width", "height"), before, strict=True)
        ]
        if self._depth and given != before:
            matplotlib.rcParams["figure.figsize"] = given
            self._size = (before, given)


def _printer(formatter: Any, value: object) -> Any:
    """What a formatter of IPython was told to call for such a value; None if nothing."""
    try:
        return formatter.lookup(value)
    except KeyError:
        return None


def _module_of(printer: Any) -> str | None:
    return getattr(getattr(printer, "func", printer), "__module__", None)


def save_both(figure: Any, dpi: float, keywords: dict[str, Any]) -> tuple[bytes, bytes | None]:
    """PNG for light pages, and for dark ones unless the first serves both; the figure stays."""
    begin_animations(figure)
    style = style_of(sys.modules["matplotlib"].rcParams, figure)
    if "facecolor" in keywords or has_own_ground(figure, style):
        return save(figure, dpi, keywords), None
    clear = clear_grounds(figure, style)
    with recoloured(clear):
        light = save(figure, dpi, keywords)
    with recoloured([*dark_changes(figure, style), *clear]):
        dark = save(figure, dpi, keywords)
    return light, dark if dark != light else None


def begin_animations(figure: Any) -> None:
    """Let an animation that was never drawn draw its first frame, as a window would."""
    for watcher in list(figure.canvas.callbacks.callbacks.get("draw_event", {}).values()):
        if getattr(getattr(watcher(), "__self__", None), "_draw_was_started", True) is False:
            figure.canvas.draw()


def save(figure: Any, dpi: float, keywords: dict[str, Any]) -> bytes:
    """The figure as PNG, as IPython would save it, without a program's name in it."""
    own = {name: value for name, value in keywords.items() if name not in ("fmt", "base64")}
    own["metadata"] = {"Software": None, **own.get("metadata", {})}
    ground = {"facecolor": figure.get_facecolor(), "edgecolor": figure.get_edgecolor()}
    content = io.BytesIO()
    figure.canvas.print_figure(
        content, **{"bbox_inches": "tight", **ground, **own, "format": "png", "dpi": dpi}
    )
    return content.getvalue()
