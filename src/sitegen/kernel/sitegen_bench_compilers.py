"""Compilers around a measurement: started before it, their caches cold, their events counted."""

from __future__ import annotations

import contextlib
import importlib
import re
import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

from sitegen_compiles import UTILS, Compiles
from sitegen_frameworks import open_accelerator

_NAMES_COMPILE = re.compile(r"\btorch\s*\.\s*compile\b|\btorch\s+import\b[^\n]*\bcompile\b")


class Compilers:
    """What torch.compile and XLA do in one process: `events` only grows until `take`."""

    def __init__(self, page: str) -> None:
        self._compiles = Compiles(page)
        self._xla = 0
        self._open = contextlib.ExitStack()

    def watches(self) -> dict[str, Callable[[ModuleType], None]]:
        """What is to be called with a module once it has been imported."""
        watches = self._compiles.watches()
        before = watches["jax._src.monitoring"]

        def watch_xla(monitoring: ModuleType) -> None:
            before(monitoring)
            monitoring.register_event_duration_secs_listener(self._count)

        return {**watches, "jax._src.monitoring": watch_xla, "jax": _without_disk_cache}

    def start(self, code: str, device: str | None) -> None:
        """The compilers that the code uses have begun: what they do but once is no first call's.

        For torch that is importing Inductor and asking the machine's C++ compiler what the CPU
        has: seconds, in which the first variant to be compiled would differ from the others.
        """
        torch, jax = sys.modules.get("torch"), sys.modules.get("jax")
        if torch is not None and (_NAMES_COMPILE.search(code) or UTILS in sys.modules):
            importlib.import_module("torch._inductor.compile_fx")
            for where in {device or open_accelerator() or "cpu", "cpu"}:
                with contextlib.suppress(Exception):  # no C++ compiler: a variant will say so
                    torch.compile(_trivial)(torch.ones(8, device=where))
        if jax is not None:
            jax.jit(_trivial)(jax.numpy.ones(8)).block_until_ready()
        self._forget()

    def _forget(self) -> None:
        """Nothing is compiled: what the code before has called would be compiled for its shapes."""
        if UTILS in sys.modules:
            sys.modules["torch._dynamo"].reset()
        if "jax" in sys.modules:
            sys.modules["jax"].clear_caches()
        self._compiles.drop()

    def cool(self) -> None:
        """From here to the next call of this, or of `close`, Inductor has empty caches on disk."""
        utils = sys.modules.get("torch._inductor.utils")
        if utils is not None:
            fresh = getattr(utils, "fresh_cache", None) or utils.fresh_inductor_cache
            self._open.enter_context(fresh())
        self._compiles.drop()

    def close(self) -> None:
        """Remove what was written into caches."""
        self._open.close()

    @property
    def events(self) -> int:
        """How many programs were compiled since `take`, plus a number that stays the same."""
        of_torch: int = self._compiles.programs
        return self._xla + of_torch

    def take(self, block: int) -> dict[str, Any]:
        """What was compiled since the last time: see `Compiles.take`."""
        found: dict[str, Any] = self._compiles.take(block)
        self._compiles.drop()
        return found

    def _count(self, event: str, _: float, **__: object) -> None:
        self._xla += event == "/jax/core/compile/backend_compile_duration"


def _trivial(x: Any) -> Any:
    return x + 1


def _without_disk_cache(jax: ModuleType) -> None:
    jax.config.update("jax_enable_compilation_cache", False)


@contextlib.contextmanager
def default_device(device: str | None) -> Iterator[None]:
    """Within, torch makes tensors on this device; else as it does by itself, which is faster."""
    torch = sys.modules.get("torch")
    if torch is None:
        yield
        return
    torch.set_default_device(device)
    try:
        yield
    finally:
        torch.set_default_device(None)


def drop_default_device() -> str | None:
    """torch's default device as the code before has left it, which is then taken away."""
    torch = sys.modules.get("torch")
    if torch is None:
        return None
    now = str(torch.get_default_device())
    torch.set_default_device(None)
    return now if now != str(torch.get_default_device()) else None
