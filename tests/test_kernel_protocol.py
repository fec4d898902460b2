"""Our kernels as any Jupyter client sees them: the protocol's own tests, forked and plain."""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
import unittest
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, ClassVar

import jupyter_kernel_test
import nbformat
import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager
from nbclient import NotebookClient

from tests.sidebyside import descendants

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="forked on Linux only"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # of jupyter_kernel_test's own
]


def manager(folder: Path, modules: list[str], *, fork: bool) -> KernelManager:
    """A plain manager of Jupyter's, whose kernel spec is ipykernel's and names our provisioner."""
    config = {"modules": modules, "fork": fork}
    spec = {
        "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": "Python",
        "language": "python",
        "metadata": {
            "kernel_provisioner": {"provisioner_name": "sitegen-zygote", "config": config}
        },
    }
    kernel = folder / "kernels" / "ours"
    kernel.mkdir(parents=True, exist_ok=True)
    (kernel / "kernel.json").write_text(json.dumps(spec), "utf-8")
    specs = KernelSpecManager(kernel_dirs=[str(folder / "kernels")], ensure_native_kernel=False)
    file = str(folder / "connection.json")
    return KernelManager(kernel_name="ours", kernel_spec_manager=specs, connection_file=file)


@contextmanager
def started(kernel: KernelManager) -> Iterator[BlockingKernelClient]:
    """A client of the kernel, which is started, and shut down at the end."""
    kernel.start_kernel(env=surroundings())
    client = kernel.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        yield client
    finally:
        client.stop_channels()
        kernel.shutdown_kernel(now=True)


def surroundings() -> dict[str, str]:
    return {**os.environ, "IPYTHONDIR": tempfile.gettempdir() + "/sitegen-test-ipython"}


class Contract:
    """What jupyter_kernel_test asks for; the tests themselves are its own."""

    fork: ClassVar[bool]
    language_name = "python"
    file_extension = ".py"
    code_hello_world = "print('hello, world')"
    code_stderr = "import sys; print('test', file=sys.stderr)"
    completion_samples: ClassVar = [{"text": "zi", "matches": {"zip"}}]
    complete_code_samples: ClassVar = ["1", "print('hello')", "def f(x):\n  return x*2\n\n\n"]
    incomplete_code_samples: ClassVar = ["print('''hello", "def f(x):\n  x*2"]
    invalid_code_samples: ClassVar = ["import = 7q"]
    code_page_something = "zip?"
    code_generate_error = "raise ValueError"
    code_execute_result: ClassVar = [{"code": "1+2+3", "result": "6"}]
    code_display_data: ClassVar = [
        {"code": "from IPython.display import HTML, display; display(HTML('<b>x</b>'))",
         "mime": "text/html"},
        {"code": "%matplotlib inline\nimport matplotlib.pyplot as p; p.plot([1, 2]); p.show()",
         "mime": "image/png"},
    ]  # fmt: skip
    code_history_pattern = "1?2*"
    supported_history_operations = ("tail", "search")  # as for ipykernel itself
    code_inspect_sample = "zip"
    code_clear_output = "from IPython.display import clear_output; clear_output()"

    @classmethod
    def setUpClass(cls) -> None:
        cls.folder = tempfile.TemporaryDirectory()  # type: ignore[attr-defined]
        cls.km = manager(Path(cls.folder.name), ["json"], fork=cls.fork)  # type: ignore[attr-defined]
        cls.running = started(cls.km)  # type: ignore[attr-defined]
        cls.kc = cls.running.__enter__()  # type: ignore[attr-defined]

    @classmethod
    def tearDownClass(cls) -> None:
        cls.running.__exit__(None, None, None)  # type: ignore[attr-defined]
        cls.folder.cleanup()  # type: ignore[attr-defined]
        assert descendants() == set()


class TestForked(Contract, jupyter_kernel_test.KernelTests, unittest.TestCase):
    fork = True


class TestPlain(Contract, jupyter_kernel_test.KernelTests, unittest.TestCase):
    fork = False


def run(client: BlockingKernelClient, code: str) -> str:
    """What the code prints."""
    texts: list[str] = []

    def hear(message: dict[str, Any]) -> None:
        if message["msg_type"] == "stream":
            texts.append(message["content"]["text"])

    client.execute_interactive(code, output_hook=hear, timeout=60)
    return "".join(texts)


@pytest.mark.parametrize("fork", [True, False])
def test_restart_interrupt_and_shutdown(tmp_path: Path, *, fork: bool) -> None:
    kernel = manager(tmp_path, ["json"], fork=fork)
    with started(kernel) as client:
        assert run(client, "import sys; x = 1; print('json' in sys.modules)") == "True\n"
        for _ in range(3):
            assert len(run(client, "print('x' * 700_000)")) == 700_001, "counted anew each time"
        waits = client.execute("import time\nprint('now', flush=True)\ntime.sleep(60)")
        while client.get_iopub_msg(timeout=20)["msg_type"] != "stream":
            pass
        kernel.interrupt_kernel()
        reply = client.get_shell_msg(timeout=20)
        assert reply["parent_header"]["msg_id"] == waits
        assert reply["content"]["ename"] == "KeyboardInterrupt"
        first = kernel.provisioner.pid  # type: ignore[union-attr]
        kernel.restart_kernel(now=False, env=surroundings())
        client.wait_for_ready(timeout=60)
        assert kernel.provisioner.pid != first  # type: ignore[union-attr]
        assert run(client, "print('x' in globals())") == "False\n"
        client.shutdown()
        client.get_control_msg(timeout=20)
    assert descendants() == set()


def test_nbclient_runs_a_notebook_in_a_forked_kernel(tmp_path: Path) -> None:
    cells = [
        nbformat.v4.new_code_cell("def f(): return 1 / 0"),
        nbformat.v4.new_code_cell("import torch\nprint(torch.ones(2).sum())"),
        nbformat.v4.new_code_cell("f()", metadata={"tags": ["raises-exception"]}),
    ]
    notebook = nbformat.v4.new_notebook(cells=cells)
    kernel = manager(tmp_path, ["torch"], fork=True)
    kernel.start_kernel(env=surroundings())
    NotebookClient(notebook, km=kernel, timeout=60).execute(cleanup_kc=True)
    assert notebook.cells[1].outputs[0]["text"] == "tensor(2.)\n"
    trace = re.sub(r"\x1b\[[\d;]*m", "", "".join(notebook.cells[2].outputs[0]["traceback"]))
    assert "return 1 / 0" in trace, "of a cell that is not the last"
    assert descendants() == set()


def test_the_provisioner_is_installed_under_its_name() -> None:
    (found,) = entry_points(group="jupyter_client.kernel_provisioners", name="sitegen-zygote")
    assert found.load().__name__ == "ZygoteProvisioner"
