"""A kernel's surroundings: its interpreter, its variables, what is masked in its text."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from sitegen.base.errors import Problem
from sitegen.model import Device, ExecuteConfig, Plan

ALLOWED = re.compile(
    r"PATH|HOME|LANG|TMPDIR|LD_LIBRARY_PATH|CUDA_\w+|HF_HOME|(?:https?|no|all)_proxy", re.I
)
"""The author's variables that a kernel may see; all others are declared in `[execute] env`."""

FIXED = {
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
    "PYTHONHASHSEED": "0",
    "PYTHONUTF8": "1",
    "COLUMNS": "80",
    "LINES": "24",
    "TORCH_LOGS_FORMAT": "%(levelname)s: %(message)s",  # else time and process number
}
"""What would otherwise make the same code print something else on another machine."""

_BEFORE = r"(?:(?<![\w/.-])|(?<=://)|(?<= -[A-Za-z])|(?<=[\d\[]m))"
"""Where an absolute path may begin in a text: `file:///x`, ` -I/x` and behind a colour count."""

RECORDED = re.compile(
    r"(?!TORCH_LOGS)(?:XLA|JAX|LIBTPU|TF|TORCH|TORCHINDUCTOR|TORCHDYNAMO|PYTORCH|TRITON|CUDA|CUBLAS|CUDNN|NVIDIA"
    r"|HIP|ROCR|HSA|MIOPEN|MTL|OMP|KMP|GOMP|MKL|OPENBLAS|BLIS|VECLIB|NUMEXPR|MALLOC|NCCL)_\w+"
    r"|\w+_NUM_THREADS|LD_PRELOAD|PYTHON(?:HASHSEED|OPTIMIZE|MALLOC|DEVMODE)"
)
"""The variables that can change results or their time, kept with them."""

INTERPRETER = Path("bin/python")


def find_python(setting: str, root: Path, environ: Mapping[str, str], own: str) -> Path | Problem:
    """The interpreter that `[execute] python` means.

    `auto` is `.venv` beside site.toml, else the active virtual environment, else sitegen's own.
    """
    if setting != "auto":
        path = root / Path(setting).expanduser()
        python = path / INTERPRETER if path.is_dir() else path
        if python.is_file():
            return python
        command = f"create it: python -m venv {setting} && {setting}/bin/pip install ipykernel"
        message = f"`[execute] python`: there is no interpreter at `{setting}`"
        return Problem("fatal", "python", message, help=(command,))
    for folder in (str(root / ".venv"), environ.get("VIRTUAL_ENV", "")):
        if folder and (Path(folder) / INTERPRETER).is_file():
            return Path(folder) / INTERPRETER
    return Path(own)


def kernel_environment(
    execute: ExecuteConfig,
    device: Device,
    python: Path,
    private: Path,
    environ: Mapping[str, str],
    secrets: Mapping[str, str],
) -> dict[str, str]:
    """The whole environment of a kernel, by allow-list, with the device's variables set."""
    env = import_time_environment(execute, device, python, environ)
    return (
        env
        | dict(secrets)
        | {
            "IPYTHONDIR": str(private / "ipython"),
            "JUPYTER_CONFIG_DIR": str(private / "jupyter"),
        }
    )


def import_time_environment(
    execute: ExecuteConfig, device: Device, python: Path, environ: Mapping[str, str]
) -> dict[str, str]:
    """What frameworks read when they are imported: all but the folders of one kernel."""
    env = inherited_variables(python, environ)
    env |= device_variables(device, environ.get("CUDA_VISIBLE_DEVICES", ""))
    return env | dict(execute.env)


def inherited_variables(python: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """What any process of the kernel's interpreter is given, whatever it is for."""
    env = {name: value for name, value in environ.items() if ALLOWED.fullmatch(name)} | FIXED
    return env | {"PATH": os.pathsep.join([str(python.parent), env.get("PATH", os.defpath)])}


def default_torch_device(execute: ExecuteConfig, device: Device) -> str | None:
    """What torch's default device is set to; None where it is left alone."""
    if not execute.torch_default_device or device.kind not in ("cuda", "rocm", "xpu", "mps"):
        return None
    return "cuda" if device.kind == "rocm" else device.kind


SHORTEST_SECRET = 8
"""Characters below which a value cannot be masked: it would stand in too much else."""


def find_secrets(plan: Plan, environ: Mapping[str, str]) -> dict[str, str] | Problem:
    """The values of `pass_env` that are set, by name; a problem where one cannot be masked."""
    found = {name: environ[name] for name in plan.execute.pass_env if name in environ}
    for name, value in found.items():
        if len(value) < SHORTEST_SECRET:
            message = (
                f"`{name}`, which `pass_env` names, has fewer than {SHORTEST_SECRET} characters"
            )
            help = "it could not be masked in outputs; if it is no secret, declare it under `env`"
            return Problem("error", "pass-env", message, plan.span, help=(help,))
    return found


def device_variables(device: Device, visible: str = "") -> dict[str, str]:
    """What makes torch and JAX see this device and no other.

    `visible` is the author's CUDA_VISIBLE_DEVICES, among which the device's index counts.
    """
    platform = device.jax_platform
    variables = {"JAX_PLATFORMS": platform if platform == "cpu" else f"{platform},cpu"}
    match device.kind:
        case "cuda":
            listed = [name.strip() for name in visible.split(",") if name.strip()]
            shown = listed[device.index] if device.index < len(listed) else str(device.index)
            variables["CUDA_VISIBLE_DEVICES"] = shown
        case "rocm":
            variables["HIP_VISIBLE_DEVICES"] = str(device.index)
        case "cpu" | "xpu" | "mps" | "tpu":
            variables["CUDA_VISIBLE_DEVICES"] = ""
    if device.kind in ("cuda", "rocm"):
        # Asked through NVML, torch makes no CUDA context: one made in a zygote could not be forked.
        variables["PYTORCH_NVML_BASED_CUDA_CHECK"] = "1"
        variables["XLA_PYTHON_CLIENT_PREALLOCATE"] = "false"
    return variables


MASKED = "[masked]"
"""What stands for the value of a variable of `pass_env`."""


class Mask:
    """Rewrites what identifies this machine in text.

    Folders go as whole path prefixes; the names of user and host only inside a path or as
    `user@host`, so that a user `root` leaves "square root" alone; secrets go wherever they stand.
    `programs` are folders in which the programs of kernels lie, whose names are made up anew.
    """

    def __init__(
        self,
        *,
        work: Path,
        root: Path,
        python: Path,
        home: Path,
        user: str = "",
        host: str = "",
        secrets: Iterable[str] = (),
        programs: Iterable[Path] = (),
    ) -> None:
        environment = python.parent.parent
        folders = {
            work: ".",
            **dict.fromkeys((work.parent, *programs), "/tmp"),  # noqa: S108 (only a name shown)
            root: ".",
            environment: "$VIRTUAL_ENV",
            home: "~",
            Path(tempfile.gettempdir()): "/tmp",  # noqa: S108
        }
        for folder, shown in list(folders.items()):
            folders.setdefault(folder.resolve(), shown)
        usable = {str(folder): shown for folder, shown in folders.items() if len(folder.parts) > 1}
        self._shown = usable
        longest_first = sorted(usable, key=len, reverse=True)
        joined = "|".join(re.escape(folder) for folder in longest_first)
        self._pattern = re.compile(rf"{_BEFORE}(?:{joined})(?=/|[^\w.-]|$)")
        self._user = user
        self._names = _names_pattern(user, host)
        hidden = sorted({*secrets}, key=len, reverse=True)
        self._hidden = hidden
        self._secrets = re.compile("|".join(re.escape(value) for value in hidden))

    def __call__(self, text: str) -> str:
        if any(value in text for value in self._hidden):
            text = self._secrets.sub(MASKED, text)
        if any(folder in text for folder in self._shown):  # a hundred times as fast as to match
            text = self._pattern.sub(lambda found: self._shown[found.group()], text)
        if not self._user or self._user not in text:
            return text
        return self._names.sub(_without_name, text)


def _without_name(found: re.Match[str]) -> str:
    return "user@host" if "@" in found.group() else f"{found['above'] or ''}user"


def _names_pattern(user: str, host: str) -> re.Pattern[str]:
    """`user@host`, and the user's name as a folder below one of people's folders.

    Of a temporary folder's name it may be the end, as of torch's `/tmp/torchinductor_ada`.
    """
    forms = ["(?P<above>(?!))"]
    if user:
        name = rf"{re.escape(user)}(?![\w.-])"
        forms[0] = rf"(?P<above>/tmp/(?:[\w.-]*[_-])?){name}"
        forms.append(rf"(?<=/home/){name}|(?<=/Users/){name}")
    if user and host:
        short = host.partition(".")[0]
        names = "|".join(re.escape(name) for name in sorted({host, short}, key=len, reverse=True))
        forms.append(rf"(?<![\w.-]){re.escape(user)}@(?:{names})(?![\w-])")
    return re.compile("|".join(forms))
