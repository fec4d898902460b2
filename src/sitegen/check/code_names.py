"""What names in a post's code stand for, as far as reading it tells: frameworks and their values.

Nothing is run. A name that cannot be told is taken to be no framework's, so that what is concluded
from this errs on the side of saying nothing.
"""

from __future__ import annotations

import ast
from typing import Literal

from sitegen.check.syntax import Function, arguments_of, parts_of

Framework = Literal["torch", "jax"]

_PACKAGES: dict[str, Framework] = {
    "torch": "torch",
    "torchvision": "torch",
    "torchaudio": "torch",
    "jax": "jax",
    "flax": "jax",
    "optax": "jax",
    "equinox": "jax",
}
"""Packages whose functions compute with a framework."""

COMPILERS: dict[str, Framework] = {
    "torch.compile": "torch",
    "torch.jit.script": "torch",
    "jax.jit": "jax",
    "jax.pmap": "jax",
    "equinox.filter_jit": "jax",
    "flax.nnx.jit": "jax",
}

_WAITS = frozenset(
    "synchronize block_until_ready effects_barrier device_get item tolist numpy cpu allclose equal "
    "array_equal assert_close assert_allclose wait".split()
)
"""Methods and functions that return when the value is there."""

_READS = frozenset("bool complex float format int print repr round str".split())
"""Functions of Python that need an array's value."""

_NO_WORK = frozenset(
    "DataLoader Event Generator PRNGKey Stream Timer __init__ compile config debug "
    "default_backend device device_count devices dim empty_cache enable_grad eval fresh_cache "
    "from_numpy get_default_device get_num_threads inference_mode is_available jit key "
    "live_arrays load load_state_dict local_devices lower make_jaxpr manual_seed no_grad numel "
    "parameters reset save set_default_device set_default_dtype set_float32_matmul_precision "
    "set_num_threads size state_dict train update zero_grad".split()
)
"""What is called of a framework without computing anything."""

_ABOUT = frozenset("shape dtype device ndim requires_grad nbytes itemsize".split())
"""Attributes of an array that are known before its value is."""


class Names:
    """What the names of a session stand for after the statements that were added so far."""

    def __init__(self) -> None:
        self.paths: dict[str, str] = {}
        self.values: dict[str, Framework] = {}
        self.compiled: dict[str, Framework] = {}
        self.waiting: set[str] = set()

    def copy(self) -> Names:
        other = Names()
        other.paths, other.values = dict(self.paths), dict(self.values)
        other.compiled, other.waiting = dict(self.compiled), set(self.waiting)
        return other

    def within(self, function: Function | ast.Lambda) -> Names:
        """What they stand for inside a function, whose arguments are unknown."""
        inner = self.copy()
        for name in arguments_of(function):
            inner.forget(name)
        return inner

    def forget(self, name: str) -> None:
        for known in (self.paths, self.values, self.compiled):
            known.pop(name, None)
        self.waiting.discard(name)

    def path(self, node: ast.expr) -> str:
        """The dotted path of an imported module or what is in it; "" for all else."""
        if isinstance(node, ast.Name):
            return self.paths.get(node.id, "")
        if isinstance(node, ast.Attribute):
            above = self.path(node.value)
            return f"{above}.{node.attr}" if above else ""
        return ""

    def kind(self, node: ast.AST) -> Framework | None:
        """The framework that an expression has to do with."""
        if isinstance(node, ast.Name):
            return self.values.get(node.id) or self.compiled.get(node.id) or self._of_path(node)
        if isinstance(node, ast.Attribute):
            if node.attr in _ABOUT:
                return None
            return self._of_path(node) or self.kind(node.value)
        if isinstance(node, ast.Call) and (self._fetches(node) or self._only_says(node.func)):
            return None
        if isinstance(node, ast.Lambda):
            return self.within(node).kind(node.body)
        found = (self.kind(child) for child in ast.iter_child_nodes(node))
        return next((kind for kind in found if kind is not None), None)

    def _of_path(self, node: ast.expr) -> Framework | None:
        return _PACKAGES.get(self.path(node).partition(".")[0])

    def _only_says(self, function: ast.expr) -> bool:
        """Whether a call computes nothing; a function of the post may have any name."""
        own = isinstance(function, ast.Name) and not self.path(function)
        return not own and _named(function) in _NO_WORK

    def waits(self, call: ast.Call) -> bool:
        """Whether a call returns only when what the frameworks compute for it is done."""
        given = [*call.args, *(keyword.value for keyword in call.keywords)]
        return self._fetches(call) and (
            not self._reads(call.func) or any(self.kind(argument) for argument in given)
        )

    def _fetches(self, call: ast.Call) -> bool:
        """Whether what a call gives is a value of Python, whatever it is given."""
        name = _named(call.func)
        if isinstance(call.func, ast.Name) and name in self.waiting:
            return True
        if name == "to":
            given = [*call.args, *(keyword.value for keyword in call.keywords)]
            return any(_is_cpu(argument) for argument in given)
        return name in _WAITS or self._reads(call.func)

    def _reads(self, function: ast.expr) -> bool:
        """Whether a function waits only for an array that it is given."""
        plain = isinstance(function, ast.Name) and function.id in _READS
        return plain or self.path(function) in ("numpy.asarray", "numpy.array")

    def work(self, node: ast.AST) -> Framework | None:
        """The framework that the node makes compute, whatever functions it only defines."""
        for part in parts_of(node):
            if isinstance(part, ast.Call) and not self._only_says(part.func):
                kind = self.kind(part.func)
                arguments = [*part.args, *(keyword.value for keyword in part.keywords)]
                if kind is None and not _is_pythons_own(part.func):
                    kind = next((k for a in arguments if (k := self.kind(a))), None)
                if kind is not None:
                    return kind
            elif isinstance(part, ast.BinOp):
                kind = self.kind(part.left) or self.kind(part.right)
                if kind is not None:
                    return kind
        return None

    def waits_within(self, node: ast.AST) -> bool:
        """Whether something in the node waits, so that what was asked for before it is done."""
        for part in parts_of(node):
            if isinstance(part, ast.Call) and self.waits(part):
                return True
            if isinstance(part, ast.FormattedValue | ast.Assert) and self.kind(part):
                return True
            if isinstance(part, ast.If | ast.While | ast.IfExp) and self.kind(part.test):
                return True
        return False

    def compiler(self, node: ast.expr) -> Framework | None:
        """The framework that compiles what an expression gives: `jax.jit(f)`, `torch.compile()`."""
        if not isinstance(node, ast.Call):
            return COMPILERS.get(self.path(node))
        if _named(node.func) == "partial" and node.args:
            return COMPILERS.get(self.path(node.args[0]))
        return COMPILERS.get(self.path(node.func)) or (
            self.compiler(node.func) if isinstance(node.func, ast.Call) else None
        )

    def add(self, statement: ast.stmt) -> None:
        """Take in what a statement itself binds; what stands below it is added on its own."""
        match statement:
            case ast.Import(names=names):
                for alias in names:
                    path = alias.name if alias.asname else alias.name.partition(".")[0]
                    self._bind_path(alias.asname or path, path)
            case ast.ImportFrom(module=str(module), names=names, level=0):
                for alias in names:
                    self._bind_path(alias.asname or alias.name, f"{module}.{alias.name}")
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._add_function(statement)
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    self._bind(target, value)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                self._bind(target, value)
            case ast.AugAssign(target=ast.Name(id=name), value=value):
                kind = self.kind(value)
                if kind is not None:
                    self.values[name] = kind
            case ast.For(target=target, iter=value):
                self._bind(target, value)

    def _bind_path(self, name: str, path: str) -> None:
        self.forget(name)
        self.paths[name] = path

    def _add_function(self, function: Function) -> None:
        name = function.name
        self.forget(name)
        compilers = [self.compiler(decorator) for decorator in function.decorator_list]
        inner = self.within(function)
        for part in parts_of(*function.body):
            if isinstance(part, ast.stmt):
                inner.add(part)
        if any(inner.waits_within(part) for part in function.body):
            self.waiting.add(name)
        kind = next((found for part in function.body if (found := inner.work(part))), None)
        compiled = next((kind for kind in compilers if kind is not None), None)
        if compiled is not None:
            self.compiled[name] = compiled
            self.waiting.discard(name)
        elif kind is not None:
            self.values[name] = kind

    def _bind(self, target: ast.expr, value: ast.expr) -> None:
        compiled, kind = self.compiler(value), self.kind(value)
        for node in ast.walk(target):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                path = self.path(value)
                self.forget(node.id)
                if compiled is not None and isinstance(value, ast.Call):
                    self.compiled[node.id] = compiled
                elif path:
                    self.paths[node.id] = path
                elif kind is not None:
                    self.values[node.id] = kind


def _named(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _is_cpu(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value == "cpu"


_PYTHONS_OWN = frozenset(
    "dict enumerate getattr hasattr id isinstance len list map range reversed set sorted tuple "
    "type vars zip append".split()
)


def _is_pythons_own(function: ast.expr) -> bool:
    return _named(function) in _PYTHONS_OWN or (
        isinstance(function, ast.Name) and function.id in _READS
    )
