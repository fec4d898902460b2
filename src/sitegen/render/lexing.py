"""Pygments' lexers, with one regular expression for all the rules of a state that can match.

Pygments tries the rules of a state one after another, each with a call of its own: 12 million calls
for 3,000 fences. Here those that can begin with the character at hand stand in one alternation,
whose first branch that matches is the first rule that does, and `lastindex` names it. Measured on
the 2,000 fences of 1,000 posts of `bench/blog.py` (Python 3.11, processor time on a busy machine):
1.41 s with Pygments, 0.78 s with the rules of a state in one, 0.41 s with those that can match. The
tokens are the same, on every lexer of Pygments and all of its examples (`tests/test_lexing.py`); a
lexer with ways of its own is left to Pygments.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from pygments.lexer import Lexer, RegexLexer
from pygments.token import Error, Whitespace, _TokenType

from sitegen.render.firsts import ASCII, first_characters

Kind = _TokenType
Match = Callable[[str, int], "re.Match[str] | None"]

_BOUND = re.compile(r"\\[1-9]|\(\?P|\(\?\(")
"""What numbers or names a group: such a rule stays alone, since its groups may not be counted
anew. (An escaped backslash before a digit is taken for one too.)"""

WORTH = 20
"""Texts that a lexer reads as it is before its rules are joined: joining takes as long as is saved
with some 5 to 30 of them."""

LONG = 1000
"""Characters from which on a pattern stays alone: those of names have hundreds of ranges, and were
compiled once for every alternation that they stood in (Python 0.33 s in all, 0.06 s without)."""


class Rule(NamedTuple):
    """A rule of Pygments: `action` is a token's kind, a callback, or None; `state` what follows.

    `look` is how a token of the kind looks; None for the other two.
    """

    match: Match
    action: Any
    state: Any
    look: Any


class Step(NamedTuple):
    """Several rules in one: `rules` are by the number of their group; None for a rule alone."""

    match: Match
    rules: Sequence[Rule | None] | None
    alone: Rule


class Reader:
    """Reads code by one lexer; from the text number `worth` on with the rules of a state in one."""

    def __init__(self, lexer: Lexer, look_of: Callable[[Kind], Any], worth: int = WORTH) -> None:
        self._lexer = lexer
        self._look_of = look_of
        self._left = worth
        self._states: _States | None = None

    def tokens(self, code: str) -> Iterable[tuple[Any, str]]:
        """What `lexer.get_tokens` gives for code whose lines end in a newline each, with how each
        kind looks in place of the kind."""
        if self._states is None:
            if self._left == 0 and not has_own_way(self._lexer):
                self._states = _States(self._lexer, self._look_of)
            else:
                self._left -= 1
                tokens = self._lexer.get_tokens(code)
                return [(self._look_of(kind), text) for kind, text in tokens]
        text = code.removeprefix("\ufeff")
        return _run(self._lexer, text if text.endswith("\n") else f"{text}\n", self._states)


def has_own_way(lexer: Lexer) -> bool:
    """Whether a lexer is left to Pygments."""
    own = type(lexer)
    if not isinstance(lexer, RegexLexer) or lexer.filters:
        return True
    plain = own.get_tokens_unprocessed is RegexLexer.get_tokens_unprocessed
    asked = lexer.stripnl or lexer.stripall or lexer.tabsize or not lexer.ensurenl
    return not plain or own.get_tokens is not Lexer.get_tokens or bool(asked)


def _run(lexer: Lexer, text: str, states: _States) -> list[tuple[Any, str]]:
    found: list[tuple[Any, str]] = []
    add, look_of = found.append, states.look_of
    place, end, stack = 0, len(text), ["root"]
    state = states["root"]
    while True:
        for match, rules, alone in state[text[place]] if place < end else state.all:
            hit = match(text, place)
            if hit is None:
                continue
            rule = alone if rules is None else rules[hit.lastindex or 0] or alone
            own_match, action, following, look = rule
            if look is not None:
                add((look, hit[0]))
                place = hit.end()
            elif action is None:
                place = hit.end()
            else:
                own = hit if rules is None else own_match(text, place)
                for _, kind, part in action(lexer, own):
                    add((look_of(kind), part))
                place = own.end()  # type: ignore[union-attr]
            if following is not None:
                _move(stack, following)
                state = states[stack[-1]]
            break
        else:
            if place >= end:
                return found
            if text[place] == "\n":
                stack, state = ["root"], states["root"]
                add((look_of(Whitespace), "\n"))
            else:
                add((look_of(Error), text[place]))
            place += 1


def _move(stack: list[str], state: Any) -> None:
    """What a rule does to the stack of states, as `RegexLexer` does it."""
    if isinstance(state, tuple):
        for one in state:
            if one == "#pop":
                if len(stack) > 1:
                    stack.pop()
            else:
                stack.append(stack[-1] if one == "#push" else one)
    elif isinstance(state, int):
        del stack[1 if abs(state) >= len(stack) else state :]
    else:
        stack.append(stack[-1])


class _State(dict[str, Sequence[Step]]):
    """The rules of a state: all; by a character those that can match what begins with it. As many
    as possible are in one."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        super().__init__()
        self._rules = rules
        self._firsts = [_first(rule) for rule in rules]
        self._joined: dict[tuple[Rule, ...], Sequence[Step]] = {}
        self.all = tuple(_steps(rules))

    def __missing__(self, character: str) -> Sequence[Step]:
        self[character] = self._select(ord(character))
        return self[character]

    def _select(self, code: int) -> Sequence[Step]:
        if code >= 128:
            return self.all
        pairs = zip(self._rules, self._firsts, strict=True)
        fit = tuple(rule for rule, firsts in pairs if code in firsts)
        if fit not in self._joined:
            self._joined[fit] = tuple(_steps(fit))
        return self._joined[fit]


class _States(dict[str, _State]):
    """The states of a lexer, each made when it is first entered."""

    def __init__(self, lexer: Lexer, look_of: Callable[[Kind], Any]) -> None:
        super().__init__()
        self.look_of = look_of
        self._tokens: Mapping[str, Any] = lexer._tokens  # type: ignore[attr-defined]

    def __missing__(self, name: str) -> _State:
        rules = self._tokens[name]
        self[name] = _State([Rule(m, action, s, self._look(action)) for m, action, s in rules])
        return self[name]

    def _look(self, action: Any) -> Any:
        return self.look_of(action) if type(action) is Kind else None


def _first(rule: Rule) -> frozenset[int]:
    pattern = getattr(rule.match, "__self__", None)
    return first_characters(pattern) if isinstance(pattern, re.Pattern) else ASCII


def _steps(rules: Sequence[Rule]) -> Iterable[Step]:
    """The rules in their order, as many as possible in one."""
    waiting: list[tuple[Rule, re.Pattern[str]]] = []
    for rule in rules:
        pattern = _pattern(rule)
        if pattern is None or (waiting and waiting[0][1].flags != pattern.flags):
            yield from _joined(waiting)
            waiting = []
        if pattern is None:
            yield Step(rule.match, None, rule)
        else:
            waiting.append((rule, pattern))
    yield from _joined(waiting)


def _pattern(rule: Rule) -> re.Pattern[str] | None:
    """The rule's regular expression if it can stand among others."""
    pattern = getattr(rule.match, "__self__", None)
    if not isinstance(pattern, re.Pattern) or len(pattern.pattern) > LONG:
        return None
    return None if _BOUND.search(pattern.pattern) else pattern


def _joined(waiting: Sequence[tuple[Rule, re.Pattern[str]]]) -> Iterable[Step]:
    if len(waiting) < 2:
        yield from (Step(rule.match, None, rule) for rule, _ in waiting)
        return
    numbers: list[Rule | None] = [None]
    for rule, pattern in waiting:
        numbers += [rule, *[None] * pattern.groups]
    flags = waiting[0][1].flags
    end = "\n)" if flags & re.VERBOSE else ")"
    text = "|".join(f"({pattern.pattern}{end}" for _, pattern in waiting)
    try:
        match = re.compile(text, flags).match
    except re.error:  # flags within a pattern
        yield from (Step(rule.match, None, rule) for rule, _ in waiting)
    else:
        yield Step(match, numbers, waiting[0][0])
