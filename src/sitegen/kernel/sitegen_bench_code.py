"""The author's code of a benchmark: what runs before it, its `setup`, its variants."""

from __future__ import annotations
import __future__

import ast
import asyncio
import contextlib
import functools
import inspect
import linecache
import os
import random
import sys
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sitegen_errors import describe
from sitegen_frames import describe_frames

_FUTURES = functools.reduce(
    int.__or__, (getattr(__future__, name).compiler_flag for name in __future__.all_feature_names)
)
_LACKS_MEMORY = ("RESOURCE_EXHAUSTED", "can't allocate memory", "out of memory")


class AuthorError(Exception):
    """The author's code failed; `failure` is what the result says of it."""

    def __init__(self, failure: dict[str, Any], *, out_of_memory: bool = False) -> None:
        super().__init__(failure["value"])
        self.failure = failure
        self.out_of_memory = out_of_memory


class Call(NamedTuple):
    """A variant with the arguments that it is called with, and what they were taken from."""

    name: str
    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    state: Mapping[str, Any]


class Code:
    """Blocks that run in one namespace: as IPython runs them where it is, else as plain Python.

    A script has no magics, and may have no IPython; `variants` are in the order of the code.
    """

    def __init__(self, page: str) -> None:
        self.page = page
        self.variants: tuple[str, ...] = ()
        self._file = ""
        self._flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        self._shell = _ipython(lambda: self._file)
        if self._shell is not None:
            self.names: dict[str, Any] = self._shell.user_ns
        else:
            module = types.ModuleType("__main__")
            self._own = sys.modules["__main__"]  # lives on, though no longer by that name
            sys.modules["__main__"] = module
            self.names = vars(module)

    def run(self, block: Mapping[str, Any]) -> None:
        """Run a block; a failure that is meant is passed over. Raises AuthorError."""
        self._file = f"{self.page}/block-{block['index'] + 1}.py"
        meant = block.get("error", False)
        try:
            self._run(block["code"])
        except (Exception, SystemExit) as error:
            if meant is True or meant in [kind.__name__ for kind in type(error).__mro__]:
                return
            raise self._failed(error) from error

    def begin(self, block: Mapping[str, Any]) -> None:
        """Run the benchmark's own block, and find its variants in it. Raises AuthorError."""
        self.run(block)
        code = block["code"]
        if self._shell is not None:
            code = self._shell.transform_cell(code)
        functions = [node for node in ast.parse(code).body if isinstance(node, ast.FunctionDef)]
        names = [node.name for node in functions]
        self._lines = {node.name: (block["index"], node.lineno) for node in functions}
        self.variants = tuple(
            name for name in dict.fromkeys(names) if name != "setup" and not name.startswith("_")
        )
        if not self.variants:
            raise AuthorError(_failure("TypeError", "it has no function to measure"))

    def prepare(self, variant: str, point: Mapping[str, Any]) -> Call:
        """The variant with its arguments, of a `setup` that runs anew. Raises AuthorError.

        Generators of random numbers begin anew too, so that each variant is given the same data.
        """
        given: Any = {}
        if "setup" in self._lines:
            _seed()
            function, arguments = self._bind("setup", point)
            with self.guarded():
                given = function(*arguments)
            if not isinstance(given, Mapping):
                kind = type(given).__name__
                raise self._unfit("setup", f"`setup` returns a dict, and this is of type {kind}")
        function, arguments = self._bind(variant, {**point, **given})
        return Call(variant, function, arguments, given)

    @contextlib.contextmanager
    def guarded(self) -> Iterator[None]:
        """Within, an exception is the author's: it becomes an AuthorError."""
        try:
            yield
        except (Exception, SystemExit) as error:
            raise self._failed(error) from error

    def place_of(self, variant: str) -> tuple[int, int]:
        """The block and the line where a variant is defined."""
        return self._lines[variant]

    def _run(self, code: str) -> None:
        if self._shell is not None:
            ran = self._shell.run_cell(code, store_history=False)
            error = ran.error_before_exec or ran.error_in_exec
            if error is not None:
                raise error
            return
        lines = code.splitlines(keepends=True)
        linecache.cache[self._file] = (len(code), None, lines, self._file)
        compiled = compile(code, self._file, "exec", self._flags, dont_inherit=True)
        self._flags |= compiled.co_flags & _FUTURES
        waits = eval(compiled, self.names)  # noqa: S307 (the author's own code, which is to run)
        if inspect.iscoroutine(waits):
            asyncio.run(waits)

    def _bind(
        self, name: str, given: Mapping[str, Any]
    ) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        """A function with the arguments that it asks for by name, positional where they can be."""
        function = self.names[name]
        positional: list[Any] = []
        named: dict[str, Any] = {}
        skipped = False
        for parameter in inspect.signature(function).parameters.values():
            if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
                continue
            if parameter.name not in given:
                if parameter.default is parameter.empty:
                    raise self._unfit(name, _asks(name, parameter.name, given))
                skipped = True
            elif parameter.kind is parameter.KEYWORD_ONLY or skipped:
                named[parameter.name] = given[parameter.name]
            else:
                positional.append(given[parameter.name])
        bound = functools.partial(function, **named) if named else function
        return bound, tuple(positional)

    def _failed(self, error: BaseException) -> AuthorError:
        name, value = type(error).__name__, describe(error)
        names = [kind.__name__ for kind in type(error).__mro__[:-1]]
        lacks = isinstance(error, MemoryError) or name == "OutOfMemoryError"
        lacks = lacks or any(words in value for words in _LACKS_MEMORY)
        frames = describe_frames(error, self.page)
        return AuthorError(_failure(name, value, frames, names), out_of_memory=lacks)

    def _unfit(self, function: str, message: str) -> AuthorError:
        block, line = self._lines[function]
        return AuthorError(
            _failure("TypeError", message, [{"function": function, "line": line, "block": block}])
        )


def _failure(
    name: str, value: str, frames: Sequence[Mapping[str, Any]] = (), names: Sequence[str] = ()
) -> dict[str, Any]:
    return {"name": name, "value": value, "frames": list(frames), "names": list(names) or [name]}


def _asks(function: str, name: str, given: Mapping[str, Any]) -> str:
    there = ", ".join(f"`{known}`" for known in given) or "nothing"
    source = "the sweep has" if function == "setup" else "`setup` and the sweep give"
    return f"`{function}` asks for `{name}`, and {source} {there}"


def _seed() -> None:
    """Begin the generators of random numbers anew; JAX has none that is not given a key."""
    random.seed(0)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(0)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(0)


def _ipython(file: Callable[[], str]) -> Any:
    """IPython's shell without a terminal, history or tracebacks; None where there is none."""
    try:
        from IPython.core.compilerop import CachingCompiler
        from IPython.core.interactiveshell import InteractiveShell
        from traitlets.config import Config
    except ImportError:
        return None

    class Compiler(CachingCompiler):
        def get_code_name(self, raw_code: str, code: str, number: int) -> str:
            return file()

    class Shell(InteractiveShell):
        compiler_class = Compiler

        def ask_exit(self) -> None:
            raise SystemExit

        def showtraceback(self, *_: Any, **__: Any) -> None:
            return

        showsyntaxerror = showtraceback

    config = Config()
    config.HistoryManager.enabled = False
    return Shell.instance(config=config)


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Within, what is written to stdout and stderr goes nowhere, from below Python too."""
    saved = [os.dup(number) for number in (1, 2)]
    nowhere = os.open(os.devnull, os.O_WRONLY)
    _flush()
    for number in (1, 2):
        os.dup2(nowhere, number)
    try:
        yield
    finally:
        _flush()
        for number, kept in zip((1, 2), saved, strict=True):
            os.dup2(kept, number)
            os.close(kept)
        os.close(nowhere)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):  # the author's code may have replaced or closed it
            stream.flush()
