"""Tera's expressions: a walk over tokens by Tera's grammar, which edits where Jinja2's differs.

Tera's filters take the whole sum before them, Jinja2's the last operand: `a ~ b | upper` becomes
`(a ~ b) | upper`. Tera's texts have no escapes: a backslash becomes two. `m::f()` is `m.f()`.
"""

from __future__ import annotations

from collections.abc import Mapping

from sitegen.base.errors import nearest
from sitegen.migrate.draft import Draft, Edit
from sitegen.migrate.known import FILTERS, FUNCTIONS, RENAMED, TESTS
from sitegen.migrate.tokens import TeraSyntaxError, Token

_SUMS = frozenset("+-*/%~")
_COMPARISONS = frozenset(("<", "<=", ">", ">=", "==", "!="))


class Walk:
    """A place in the tokens of one tag.

    `aliases` are new names for imported files of macros, "" for the file itself; `hidden` are
    names that a macro's own arguments hide from `self::`.
    """

    def __init__(
        self,
        draft: Draft,
        tokens: tuple[Token, ...],
        aliases: Mapping[str, str],
        hidden: frozenset[str] = frozenset(),
    ) -> None:
        self._draft = draft
        self._tokens = tokens
        self._aliases = aliases
        self._hidden = hidden
        self._at = 0

    # --- tokens ---------------------------------------------------------------------------

    def peek(self, ahead: int = 0) -> str:
        """The text of the next token; "" at the end."""
        place = self._at + ahead
        return self._tokens[place].text if place < len(self._tokens) else ""

    def take(self, *texts: str) -> Token:
        """The next token, which is one of the texts if any are given."""
        if self._at >= len(self._tokens):
            place = self._tokens[-1].end if self._tokens else 0
            raise TeraSyntaxError("the tag ends too early", place)
        token = self._tokens[self._at]
        if texts and token.text not in texts:
            raise TeraSyntaxError(f"`{token.text}` where `{texts[0]}` is expected", token.start)
        self._at += 1
        return token

    def take_name(self) -> Token:
        token = self.take()
        if token.kind != "name":
            raise TeraSyntaxError(f"`{token.text}` where a name is expected", token.start)
        return token

    @property
    def done(self) -> bool:
        return self._at >= len(self._tokens)

    @property
    def start(self) -> int:
        """The place of the next token."""
        return self._tokens[self._at].start if not self.done else self.last.end

    @property
    def last(self) -> Token:
        """The token before this place."""
        return self._tokens[self._at - 1]

    def finish(self) -> None:
        if not self.done:
            token = self._tokens[self._at]
            raise TeraSyntaxError(f"`{token.text}` is not expected here", token.start)

    # --- expressions ----------------------------------------------------------------------

    def expression(self) -> bool:
        """`a and not b or c`; whether Tera makes true or false of it and Jinja2 an operand."""
        logical = False
        self._condition()
        while self.peek() in ("and", "or"):
            self.take()
            logical = True
            self._condition()
        return logical

    def _condition(self) -> None:
        while self.peek() == "not":
            self.take()
        self.sum()
        while self.peek() in _COMPARISONS or self._contains():
            if self.peek() == "not":
                self.take()
            self.take()
            if self.peek() == "not":
                self.take()
            self.sum()

    def _contains(self) -> bool:
        return self.peek() == "in" or (self.peek() == "not" and self.peek(1) == "in")

    def sum(self) -> bool:
        """Operands, and filters of all of them; whether it needs brackets to be filtered again."""
        start, several = self.start, False
        self._operand()
        while True:
            if self.peek() in _SUMS:
                self.take()
                several = True
                self._operand()
            elif self.peek() == "|":
                if several:
                    self._draft.insert(start, "(", "filter of a sum")
                    self._draft.insert(self.last.end, ")")
                self._filters()
                several = False
                if self.peek() not in _SUMS:
                    return False
                self.take()
                start = self.start
                self._operand()
            else:
                return several

    def _filters(self) -> None:
        while self.peek() == "|":
            self.take()
            self.filtered()

    def filtered(self) -> None:
        """A filter with its arguments."""
        name = self.take_name()
        if name.text not in FILTERS and name.text != "items":
            self._unknown(name, "filter", FILTERS)
        if self.peek() == "(":
            self._named(name.text)

    def _operand(self) -> None:
        token = self.take()
        match token.kind:
            case "string":
                self._string(token)
            case "number":
                pass
            case "name":
                self._name(token)
            case "operator" if token.text == "(":
                self.expression()
                self.take(")")
            case "operator" if token.text == "[":
                self._items("]")
            case "operator" if token.text in "+-":
                self._operand()
            case _:
                raise TeraSyntaxError(f"`{token.text}` is not expected here", token.start)
        if self.peek() == "is":
            self._test()

    def _items(self, closing: str) -> None:
        while self.peek() != closing:
            self.expression()
            if self.peek() != closing:
                self.take(",")
        self.take(closing)

    def _name(self, token: Token) -> None:
        if self.peek() == "::":
            self._macro(token)
        elif self.peek() == "(":
            if token.text in RENAMED:
                self._draft.replace(token, RENAMED[token.text], "renamed function")
            elif token.text not in FUNCTIONS:
                self._unknown(token, "function", FUNCTIONS)
            self._named(token.text)
        elif token.text == "__tera_context":
            help = "print what you want to see: {{ page.extra | json_encode }}"
            self._draft.note(token, "Jinja2 has no `__tera_context`", help)
        self._path()

    def _path(self) -> None:
        while self.peek() in (".", "["):
            if self.take().text == ".":
                self.take()
            else:
                self.expression()
                self.take("]")

    def _macro(self, file: Token) -> None:
        """`self::f(…)` is `f(…)`, `m::f(…)` is `m.f(…)`."""
        colons, name = self.take("::"), self.take_name()
        home = "" if file.text == "self" else self.alias(file.text)
        called = f"{home}." if home else ""
        self._draft.edits.append(Edit(file.start, colons.end, called, "macro call"))
        if not home and name.text in self._hidden:
            message = f"the macro `{name.text}` is hidden by a variable of its name"
            self._draft.note(name, message, "rename one of the two")
        self._named(name.text)

    def _named(self, called: str) -> None:
        """`(a=…, b=…)`."""
        self.take("(")
        while self.peek() != ")":
            name = self.take_name()
            if called == "load_data" and name.text == "url":
                help = "download the file into the site and say `path=`"
                self._draft.note(name, "a build never reads from the network", help)
            self.take("=")
            self.expression()
            if self.peek() != ")":
                self.take(",")
        self.take(")")

    def _test(self) -> None:
        self.take("is")
        if self.peek() == "not":
            self.take()
        name = self.take_name()
        if name.text not in TESTS:
            self._unknown(name, "test", TESTS)
        if self.peek() == "(":
            self.take()
            self._items(")")

    def _unknown(self, name: Token, kind: str, known: frozenset[str]) -> None:
        close = nearest(name.text, known)
        help = f"did you mean `{close}`?" if close else "there is none like it; write it otherwise"
        self._draft.note(name, f"sitegen has no {kind} `{name.text}`", help)

    def _string(self, token: Token) -> None:
        spelled = jinja_string(token.text)
        if spelled != token.text:
            self._draft.replace(token, spelled, "text with escapes or backticks")

    def string(self) -> None:
        """A text alone."""
        self._string(self.take())

    def alias(self, name: str) -> str:
        """What an imported file of macros is called from now on."""
        return self._aliases.get(name, name)


def jinja_string(text: str) -> str:
    """A literal of Tera, whose backslashes mean themselves, as one of Jinja2."""
    quote, inside = text[0], text[1:-1].replace("\\", "\\\\")
    if quote == "`":
        quote = '"' if '"' not in inside else "'"
        inside = inside.replace(quote, f"\\{quote}")
    return f"{quote}{inside}{quote}"
