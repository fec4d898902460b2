"""What is compiled otherwise than Jinja2 does: Tera's `set_global` and `set` in blocks, and `~`.

`{% set_global x = … %}` is an assignment inside a loop that outlives the loop. The name becomes a
variable of what surrounds the loop (the template, a block or a macro), by an assignment put there
before anything else; in the loop that variable is written.

A `set` in a block is seen by the blocks inside it and after it, and behind `super()` by the block
that extends it: themes for Zola rely on that.
"""

from __future__ import annotations

from typing import Any

from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.ext import Extension
from jinja2.idtracking import VAR_LOAD_RESOLVE
from jinja2.parser import Parser

_SHARED, _OWN = "set_global", "set_global in a macro"
_SCOPES = (nodes.Block, nodes.Macro, nodes.CallBlock)


class SetGlobal(Extension):
    """Reads the tag as an assignment to a namespace's attribute, which none can be named."""

    tags = {"set_global"}  # noqa: RUF012 (as jinja2 declares it)

    def parse(self, parser: Parser) -> nodes.Node:
        line = next(parser.stream).lineno
        name = parser.parse_assign_target(name_only=True).name
        parser.stream.expect("assign")
        target = nodes.NSRef(name, _SHARED, lineno=line)
        return nodes.Assign(target, parser.parse_tuple(), lineno=line)


def settle_globals(template: nodes.Template) -> None:
    """Gives every `set_global` of a parsed template its variable around the loops."""
    _settle(template, template.body, own=False)


def _settle(scope: nodes.Node, body: list[nodes.Node], *, own: bool) -> None:
    names: dict[str, None] = {}
    _walk(scope, names, own=own)
    for name in reversed(names):
        value = nodes.Name(name, "load", lineno=1)
        body.insert(0, nodes.Assign(nodes.Name(name, "store", lineno=1), value, lineno=1))


def _walk(node: nodes.Node, names: dict[str, None], *, own: bool) -> None:
    for child in node.iter_child_nodes():
        if isinstance(child, _SCOPES):
            _settle(child, child.body, own=own or not isinstance(child, nodes.Block))
        elif isinstance(child, nodes.NSRef) and child.attr == _SHARED:
            child.attr = _OWN if own else _SHARED
            names[child.name] = None
        else:
            _walk(child, names, own=own)


class Generator(CodeGenerator):
    """Writes such an assignment to the variable itself, and to the context for other blocks.

    What `~` joins is a text, to be escaped when it is printed, as in Tera: Jinja2 would escape
    the parts of `'<li>' ~ item ~ '</li>'` where one of them is safe.
    """

    def visit_Concat(self, node: nodes.Concat, frame: Frame) -> None:  # noqa: N802
        self.write("str_join((")
        for part in node.nodes:
            self.visit(part, frame)
            self.write(", ")
        self.write("))")

    def _output_child_to_const(self, node: nodes.Expr, frame: Frame, finalize: Any) -> str:
        if not isinstance(node.as_const(frame.eval_ctx), str):
            raise nodes.Impossible  # Jinja2 would make it a text before `printed` sees it
        return super()._output_child_to_const(node, frame, finalize)

    def visit_Assign(self, node: nodes.Assign, frame: Frame) -> None:  # noqa: N802
        target = node.target
        if not isinstance(target, nodes.NSRef) or target.attr not in (_SHARED, _OWN):
            super().visit_Assign(node, frame)
            return
        variable = frame.symbols.ref(target.name)
        shared = f" = context.vars[{target.name!r}]" if target.attr == _SHARED else ""
        self.newline(node)
        self.write(f"{variable}{shared} = ")
        self.visit(node.node, frame)

    def pop_assign_tracking(self, frame: Frame) -> None:
        assigned = sorted(self._assign_stack[-1])
        super().pop_assign_tracking(frame)
        if frame.block_frame and not frame.loop_frame:
            for name in assigned:
                self.writeline(f"context.vars[{name!r}] = {frame.symbols.ref(name)}")

    def visit_Block(self, node: nodes.Block, frame: Frame) -> None:  # noqa: N802
        super().visit_Block(node, frame)
        if not (frame.toplevel and self.has_known_extends):
            self._look_again(frame)

    def visit_Output(self, node: nodes.Output, frame: Frame) -> None:  # noqa: N802
        rest: list[nodes.Expr] = []
        for part in node.nodes:
            rest.append(part)
            if _is_super(part):
                super().visit_Output(nodes.Output(rest, lineno=node.lineno), frame)
                self._look_again(frame)
                rest = []
        if rest:
            super().visit_Output(nodes.Output(rest, lineno=node.lineno), frame)

    def _look_again(self, frame: Frame) -> None:
        """Looks for the names that nothing was found for before another block was rendered."""
        for variable, (action, name) in frame.symbols.loads.items():
            if action == VAR_LOAD_RESOLVE:
                find = f"{self.get_resolve_func()}({name!r})"
                self.writeline(f"if {variable} is missing: {variable} = {find}")


def _is_super(node: nodes.Node) -> bool:
    call = node if isinstance(node, nodes.Call) else node.find(nodes.Call)
    return call is not None and isinstance(call.node, nodes.Name) and call.node.name == "super"
