"""What code imports, as the requirements of a script."""

from __future__ import annotations

import ast
import re
import sys
import warnings
from collections.abc import Iterable, Mapping
from typing import NamedTuple

_IMPORT = re.compile(
    r"^[ \t]*(?:from[ \t]+(\w+)[\w.]*[ \t]+import\b|import[ \t]+([\w., \t]+))", re.M
)

SAME_NAME = frozenset(
    "accelerate aiohttp altair beartype bokeh chex cupy dask datasets deepspeed diffusers einops "
    "equinox evaluate fastai flax gymnasium h5py httpx huggingface_hub ipywidgets jax jaxlib "
    "jaxtyping joblib keras lightning matplotlib msgspec networkx numba numpy onnx onnxruntime "
    "optax optuna orbax pandas plotly polars psutil pyarrow pydantic pytest requests rich "
    "safetensors scipy seaborn sentencepiece statsmodels sympy tabulate tensorflow tiktoken timm "
    "tokenizers torch torchaudio torchvision tqdm transformers triton typer vllm wandb xarray "
    "xgboost zarr".split()
)
"""Packages that are imported under their own name."""

OTHER_NAME = {
    "IPython": "ipython",
    "PIL": "pillow",
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python",
    "dateutil": "python-dateutil",
    "huggingface_hub": "huggingface-hub",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
}
"""Well-known packages that are imported under another name."""


class Requirements(NamedTuple):
    """Requirements, and modules of which it is not known what brings them.

    These are not guessed: a package of a module's name may be a stranger's.
    """

    known: tuple[str, ...]
    unknown: tuple[str, ...]


def requirements(
    names: Iterable[str], versions: Mapping[str, str], own: Iterable[str]
) -> Requirements:
    """What the imported modules require, at the stored versions; `own` lie beside the post."""
    wanted = set(names) - set(sys.stdlib_module_names) - set(own)
    if "jax" in wanted and "jaxlib" in versions:
        wanted.add("jaxlib")
    known, unknown = [], []
    for name in sorted(wanted, key=str.lower):
        if name in SAME_NAME or name in OTHER_NAME or name in versions:
            package = OTHER_NAME.get(name, name)
            version = versions.get(package, "").partition("+")[0]
            known.append(f"{package}=={version}" if version else package)
        else:
            unknown.append(name)
    return Requirements(tuple(known), tuple(unknown))


def imported(codes: Iterable[str]) -> frozenset[str]:
    """The top-level modules that the codes import, wherever in them."""
    found: set[str] = set()
    for code in codes:
        if "import" not in code:
            continue
        try:
            with warnings.catch_warnings(action="ignore"):
                tree = ast.parse(code)
        except (SyntaxError, ValueError):  # magics, a later Python's syntax, or a meant mistake
            found |= _imported_by_lines(code)
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.partition(".")[0])
    return frozenset(found)


def _imported_by_lines(code: str) -> set[str]:
    found = set()
    for match in _IMPORT.finditer(code):
        parts = [match[1]] if match[1] else match[2].split(",")
        found |= {part.split()[0].partition(".")[0] for part in parts if part.strip()}
    return found
