"""The program of a kernel: ipykernel with the probe built in.

Runs in the interpreter of `[execute] python`, which need not have sitegen: besides the standard
library it imports ipykernel and its own neighbour `probe.py`. Started as
`python launch.py CONNECTION_FILE SETTINGS_FILE`; the settings are JSON: `page`, `site`, `beside`,
`torch_device`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent


def main(connection_file: str, settings_file: str) -> None:
    """Serve one kernel until it is told to shut down."""
    sys.path.remove(str(HERE))
    settings = json.loads(Path(settings_file).read_text("utf-8"))
    recorder = probe.Probe(
        page=settings["page"],
        site=settings["site"],
        beside=settings["beside"],
        torch_device=settings["torch_device"],
    )
    application = IPKernelApp.instance(kernel_class=kernel_class(recorder))
    application.initialize(
        [
            "-f",
            connection_file,
            "--HistoryManager.enabled=False",
            "--IPKernelApp.log_level=CRITICAL",
            "--InteractiveShellApp.exec_PYTHONSTARTUP=False",
        ]
    )
    recorder.attach(application.shell.events)
    application.start()


def kernel_class(recorder: probe.Probe) -> type[IPythonKernel]:
    """ipykernel's kernel, with fixed file names for blocks and the probe's record in each reply."""

    class Compiler(XCachingCompiler):
        def get_code_name(self, raw_code: str, code: str, number: int) -> str:
            return str(recorder.file_name)

    class Shell(ZMQInteractiveShell):
        compiler_class = Compiler

        def _showtraceback(self, etype: Any, evalue: Any, stb: Any) -> None:
            recorder.note_exception(evalue)
            super()._showtraceback(etype, evalue, stb)

    class Kernel(IPythonKernel):
        shell_class = Shell

        def init_metadata(self, parent: dict[str, Any]) -> dict[str, Any]:
            recorder.block = int(parent["metadata"].get("sitegen_block", 0))
            return dict(super().init_metadata(parent))

        def finish_metadata(
            self, parent: dict[str, Any], metadata: dict[str, Any], reply: dict[str, Any]
        ) -> dict[str, Any]:
            return {**metadata, "sitegen": recorder.take()}

    return Kernel


if __name__ == "__main__":
    sys.path.insert(0, str(HERE))
    import probe
    from ipykernel.compiler import XCachingCompiler
    from ipykernel.ipkernel import IPythonKernel
    from ipykernel.kernelapp import IPKernelApp
    from ipykernel.zmqshell import ZMQInteractiveShell

    main(sys.argv[1], sys.argv[2])
