"""Where a post's code takes the time of something itself: which statements, and of what.

A region begins behind a statement that reads a clock and ends with the next one beside it that
does. What is given to `timeit`, and what stands behind `%time` and `%timeit`, are regions too.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

import msgspec

from sitegen.base.python_text import magic_lines
from sitegen.check.code_names import Framework, Names
from sitegen.check.syntax import (
    TIMED_CELL,
    Function,
    Place,
    all_bodies,
    arguments_of,
    bodies_below,
    names_bound,
    own_parts,
    parse_code,
    parts_of,
    place_of,
)
from sitegen.model import Block

_CLOCKS = frozenset(
    "time.time time.time_ns time.perf_counter time.perf_counter_ns time.monotonic "
    "time.monotonic_ns time.process_time time.process_time_ns timeit.default_timer".split()
)
_TIMEIT = frozenset({"timeit.timeit", "timeit.repeat", "timeit.Timer"})
_MAGIC = re.compile(r"[ \t]*(?:[\w., \t]*\w[ \t]*=[ \t]*)?%(time|timeit)\b(.*)", re.S)
_OPTIONS = re.compile(r"[ \t]*-(?:[nrp][ \t]*\d+|[a-z]+)")
_ABOUT_FIRST = re.compile(
    r"first|cold|warm|compil(?:ing|ation)|to compile|compile[ _-]?time|\btrac(?:e|ing)\b|one.?off",
    re.I,
)
_ABOUT_DISPATCH = re.compile(r"async|dispatch|enqueue|launch", re.I)


class Timing(msgspec.Struct, frozen=True):
    """A region that is timed, and where that ends.

    `unwaited` is the framework whose work may still go on then. `first` are the compiled functions
    that are called there for the first time, `again` those called before; `meant` tells that the
    code names the first call as what it is.
    """

    block: Block
    place: Place
    unwaited: Framework | None
    first: tuple[str, ...] = ()
    again: tuple[str, ...] = ()
    meant: bool = False


class Clockwork(msgspec.Struct, frozen=True):
    """A function of the post that times one of its arguments; `warm` if it calls that before."""

    argument: int
    name: str
    timing: Timing
    waits: bool
    warm: bool


class Reader:
    """Reads the blocks of a session one after another; `timings` are those found so far."""

    def __init__(self) -> None:
        self.names = Names()
        self.timings: list[Timing] = []
        self._called: set[str] = set()
        self._clockworks: dict[str, Clockwork] = {}
        self._block: Block

    def read(self, block: Block, tree: ast.Module) -> None:
        self._block = block
        cell = TIMED_CELL.match(block.code)
        if cell is not None:
            before = frozenset(self._called)
            self._read_all(tree.body, self.names)
            end = len(cell[0].encode())
            place = ast.Pass(lineno=1, col_offset=0, end_lineno=1, end_col_offset=end)
            kind = cell[1]
            self._note(place, tree.body, self.names, before, once=kind == "time")
            return
        self._read_all(tree.body, self.names)
        for number in sorted(magic_lines(block.code)):
            self._read_magic(number, block.code.split("\n")[number])

    def _read_magic(self, number: int, line: str) -> None:
        """`%time f(x)`: read when its block is, as if it stood at its end."""
        found = _MAGIC.match(line)
        if found is None:
            return
        code = found[2]
        while (option := _OPTIONS.match(code)) is not None:
            code = code[option.end() :]
        tree = parse_code(code.strip())
        if tree is not None:
            before = frozenset(self._called)
            self._read_all(tree.body, self.names)
            start = len(line) - len(line.lstrip())
            place = ast.Pass(lineno=number + 1, col_offset=start)
            self._note(place, tree.body, self.names, before, once=found[1] == "time")

    def _read_all(self, body: Sequence[ast.stmt], names: Names) -> None:
        """Read statements that run one after another."""
        begun: tuple[int, frozenset[str]] | None = None
        for place, statement in enumerate(body):
            clock = _reads_clock(statement, names)
            if clock and begun is not None:
                index, before = begun
                self._note(statement, body[index + 1 : place], names, before, once=True)
            if isinstance(statement, Function):
                self._read_function(statement, names)
            names.add(statement)
            self._called -= names_bound(statement)
            self._take_calls(statement, names)
            for inner in bodies_below(statement):
                self._read_all(inner, names)
            if clock:
                begun = (place, frozenset(self._called))

    def _read_function(self, function: Function, names: Names) -> None:
        """Regions within a function: of its arguments they are judged when it is called."""
        inner = names.within(function)
        arguments = arguments_of(function)
        for body in all_bodies(function):
            begun: int | None = None
            for place, statement in enumerate(body):
                if _reads_clock(statement, inner):
                    if begun is not None:
                        self._read_region(function.name, arguments, body, begun, place, inner)
                    begun = place
                inner.add(statement)

    def _read_region(
        self,
        function: str,
        arguments: list[str],
        body: Sequence[ast.stmt],
        begun: int,
        ended: int,
        names: Names,
    ) -> None:
        region = body[begun + 1 : ended]
        waits = _waits(region, body[ended], names)
        waits = waits or _says(self._block, body[ended], _ABOUT_DISPATCH)
        timing = self._timing(body[ended], None if waits else _work(region, names))
        if timing.unwaited is not None:
            self.timings.append(timing)
        called = {name for name, _ in _calls(region)}
        warmed = {name for name, _ in _calls(body[:begun])}
        for index, name in enumerate(arguments):
            if name in called:
                work = Clockwork(index, name, timing, waits, warm=name in warmed)
                self._clockworks[function] = work

    def _take_calls(self, statement: ast.stmt, names: Names) -> None:
        """Note which compiled functions a statement calls, or hands to something that may."""
        for name, call in _calls([statement], below=False):
            given = [*call.args, *(keyword.value for keyword in call.keywords)]
            if name in self._clockworks:
                self._judge_call(self._clockworks[name], call, names)
            if names.path(call.func) in _TIMEIT:
                self._judge_timeit(call, names)
            handed = {part.id for part in given if isinstance(part, ast.Name)}
            self._called |= ({name} | handed) & names.compiled.keys()

    def _judge_call(self, work: Clockwork, call: ast.Call, names: Names) -> None:
        """A call of a function of the post that times its argument."""
        given = next((k.value for k in call.keywords if k.arg == work.name), None)
        if given is None and work.argument < len(call.args):
            given = call.args[work.argument]
        kind = names.kind(given) if given is not None else None
        if given is None or kind is None:
            return
        if not work.waits and work.timing.unwaited is None and not _is_waiting(given, names):
            self.timings.append(msgspec.structs.replace(work.timing, unwaited=kind))
        if isinstance(given, ast.Name) and given.id in names.compiled:
            new = given.id not in self._called and not work.warm
            found = self._timing(call, None)
            known = (given.id,)
            meant = _says(self._block, call, _ABOUT_FIRST)
            found = msgspec.structs.replace(
                found, first=known if new else (), again=() if new else known, meant=meant
            )
            self.timings.append(found)

    def _judge_timeit(self, call: ast.Call, names: Names) -> None:
        said = call.args[0] if call.args else None
        said = said or next((k.value for k in call.keywords if k.arg == "stmt"), None)
        body: list[ast.stmt] = []
        match said:
            case ast.Lambda(body=expression):
                body = [ast.Expr(expression)]
            case ast.Name(id=name):
                if name in names.waiting:
                    return
                body = [ast.Expr(ast.Call(said, [], []))]
            case ast.Constant(value=str(code)):
                tree = parse_code(code)
                body = tree.body if tree is not None else []
        once = names.path(call.func) == "timeit.timeit"
        self._note(call, body, names, frozenset(self._called), once=once)

    def _note(
        self,
        end: ast.stmt | ast.expr,
        region: Sequence[ast.stmt],
        names: Names,
        before: frozenset[str],
        *,
        once: bool,
    ) -> None:
        """Keep a region as a timing; of what repeats by itself the first call is no matter."""
        waits = _waits(region, end, names) or _says(self._block, end, _ABOUT_DISPATCH)
        unwaited = None if waits else _work(region, names)
        called = {name for name, _ in _calls(region)} & names.compiled.keys()
        at_once = _compiled_at_once(region, names)
        first = tuple(sorted((called - before) | at_once)) if once else ()
        again = tuple(sorted(called & before)) if once else tuple(sorted(called))
        if unwaited or first or again:
            timing = self._timing(end, unwaited)
            meant = _says(self._block, end, _ABOUT_FIRST)
            self.timings.append(
                msgspec.structs.replace(timing, first=first, again=again, meant=meant)
            )

    def _timing(self, node: ast.stmt | ast.expr, unwaited: Framework | None) -> Timing:
        return Timing(self._block, place_of(self._block, node), unwaited)


def _reads_clock(statement: ast.stmt, names: Names) -> bool:
    """Whether the statement itself reads a clock, not one that stands below it."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return False
    parts = parts_of(*own_parts(statement))
    return any(isinstance(part, ast.Call) and names.path(part.func) in _CLOCKS for part in parts)


def _calls(region: Sequence[ast.stmt], *, below: bool = True) -> Iterator[tuple[str, ast.Call]]:
    """The calls of plain names in statements; without `below` not those of statements below."""
    for statement in region:
        own: list[ast.AST] = [statement]
        if not below:
            own = own_parts(statement)
            if isinstance(statement, Function):
                own = list(statement.decorator_list)
        for part in parts_of(*own):
            if isinstance(part, ast.Call):
                yield (part.func.id if isinstance(part.func, ast.Name) else "", part)


def _compiled_at_once(region: Sequence[ast.stmt], names: Names) -> set[str]:
    """The compilers whose result is called where it is made: `jax.jit(f)(x)`."""
    made = (call.func for _, call in _calls(region) if isinstance(call.func, ast.Call))
    return {f"{names.path(make.func)}(…)" for make in made if names.compiler(make)}


def _work(region: Sequence[ast.stmt], names: Names) -> Framework | None:
    return next((kind for part in region if (kind := names.work(part))), None)


def _waits(region: Sequence[ast.stmt], end: ast.AST, names: Names) -> bool:
    return any(names.waits_within(part) for part in (*region, *own_parts(end)))


def _is_waiting(given: ast.expr, names: Names) -> bool:
    if isinstance(given, ast.Lambda):
        return names.within(given).waits_within(given.body)
    return isinstance(given, ast.Name) and given.id in names.waiting


def _says(block: Block, node: ast.stmt | ast.expr, words: re.Pattern[str]) -> bool:
    """Whether the line on which a region ends, or one of the two below it, says what is timed."""
    lines = block.code.split("\n")[node.lineno - 1 : node.lineno + 2]
    return words.search("\n".join(lines)) is not None
