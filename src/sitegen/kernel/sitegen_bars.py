"""Live displays of rich, which in a notebook need ipywidgets: without it they stand as they ended.

rich would warn instead, and show nothing. Standard library only.
"""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType
from typing import Any

from sitegen_hooks import AfterImport

RICH = "rich.live"


def attach() -> None:
    """Have rich's live displays shown, once they are imported."""
    if RICH in sys.modules:
        show_at_the_end(sys.modules[RICH])
    else:
        sys.meta_path.insert(0, AfterImport({RICH: show_at_the_end}))


def show_at_the_end(module: ModuleType) -> None:
    """Print a live display when it stops, where there are no widgets."""
    if importlib.util.find_spec("ipywidgets") is not None:
        return
    kind: Any = module.Live
    refresh_it, stop_it = kind.refresh, kind.stop

    def refresh(live: Any) -> None:
        if not live.console.is_jupyter:
            refresh_it(live)

    def stop(live: Any) -> None:
        shows = live.console.is_jupyter and live.is_started and not live.transient
        nested = getattr(live, "_nested", False)  # then rich itself prints it
        stop_it(live)
        if shows and not nested:
            live.console.print(live.get_renderable())

    kind.refresh, kind.stop = refresh, stop
