"""The program of a kernel: ipykernel with the probe built in.

Runs in the interpreter of `[execute] python`, which need not have sitegen: besides the standard
library it imports ipykernel, what that brings, and its neighbours `sitegen_*.py`, so named that no
module of an author meets them. Started as
`python launch.py CONNECTION_FILE SETTINGS_FILE`; the settings are JSON: `page`, `site`, `work`,
`passed_over`, `torch_device`, `forked`.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any, ClassVar

import sitegen_figures
import sitegen_probe
import sitegen_values
import zmq
from ipykernel import kernelapp
from ipykernel.compiler import XCachingCompiler
from ipykernel.iostream import IOPubThread, OutStream
from ipykernel.ipkernel import IPythonKernel
from ipykernel.zmqshell import ZMQInteractiveShell
from IPython.core.formatters import DisplayFormatter
from zmq.eventloop.zmqstream import ZMQStream


class Compiler(XCachingCompiler):
    """Compiles blocks under fixed names, which tell post and block."""

    def get_code_name(self, raw_code: str, code: str, number: int) -> str:
        return str(Kernel.recorder.file_name(raw_code))


class Formatter(DisplayFormatter):
    """IPython's display formatter, but for figures of matplotlib."""

    def format(
        self, obj: object, include: Any = None, exclude: Any = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        figures = Kernel.figures
        if include or exclude or not figures.takes(obj, self.formatters):
            data, metadata = super().format(obj, include, exclude)
            return data, metadata
        pictures, sizes = figures.show(obj, self.formatters["image/png"])
        if not pictures:
            return {}, {}
        text, _ = super().format(obj, include={"text/plain"})
        return {**text, **pictures}, sizes


class Shell(ZMQInteractiveShell):
    compiler_class = Compiler

    def init_display_formatter(self) -> None:
        self.display_formatter = Formatter(parent=self)
        self.configurables.append(self.display_formatter)

    def ask_exit(self) -> None:
        """`exit` and `quit` fail the block that says them, and leave the kernel to the others."""
        raise SystemExit

    def _showtraceback(self, etype: Any, evalue: Any, stb: Any) -> None:
        Kernel.recorder.note_exception(evalue)
        super()._showtraceback(etype, evalue, stb)


class Kernel(IPythonKernel):
    """ipykernel's kernel, with the probe's record in the reply to each block."""

    shell_class = Shell
    recorder: ClassVar[sitegen_probe.Probe]
    figures: ClassVar[sitegen_figures.Figures]

    def init_metadata(self, parent: dict[str, Any]) -> dict[str, Any]:
        self.recorder.block = int(parent["metadata"].get("sitegen_block", 0))
        self.recorder.code = str(parent["content"].get("code", ""))
        self.recorder.ask = parent["metadata"].get("sitegen_ask", {})
        self.figures.options = self.recorder.ask.get("figure", {})
        return dict(super().init_metadata(parent))

    def finish_metadata(
        self, parent: dict[str, Any], metadata: dict[str, Any], reply: dict[str, Any]
    ) -> dict[str, Any]:
        asked = sitegen_values.answer(self.recorder.ask, self.shell.user_ns, self.recorder.page)
        return {**metadata, "sitegen": self.recorder.take() | asked}


class OrderedStream(OutStream):
    """stdout and stderr in the order in which they were written, up to a limit for each block.

    Each has a buffer of its own in ipykernel, so what the one holds is sent before the other
    takes more. What is over the limit is counted here and goes nowhere: a block that prints for
    ever would otherwise fill the memory of the kernel first and of its reader next.
    """

    last: ClassVar[OutStream | None] = None

    def write(self, string: str) -> int | None:
        if Kernel.recorder.drops(string):
            return len(string)
        last = OrderedStream.last
        if last is not None and last is not self:
            last.flush()
        OrderedStream.last = self
        written: int | None = super().write(string)
        return written


class PrivatePipe(IOPubThread):
    """ipykernel's IOPub thread, whose pipe from forked children is a socket file, no TCP port."""

    address = ""

    def _setup_pipe_in(self) -> None:
        self._pipe_uuid = os.urandom(16)
        pipe = self.socket.context.socket(zmq.PULL)
        pipe.linger = 0
        pipe.bind(self.address)
        self._pipe_in = ZMQStream(pipe, self.io_loop)
        self._pipe_in.on_recv(self._handle_pipe_msg)

    def _setup_pipe_out(self) -> tuple[Any, Any]:
        context = zmq.Context()
        pipe = context.socket(zmq.PUSH)
        pipe.linger = 3000
        pipe.connect(self.address)
        return context, pipe


def main(connection_file: str, settings_file: str) -> None:
    """Serve one kernel until it is told to shut down."""
    PrivatePipe.address = f"ipc://{Path(connection_file).with_name('pipe')}"
    settings = json.loads(Path(settings_file).read_text("utf-8"))
    Kernel.recorder = sitegen_probe.Probe(settings)
    Kernel.figures = sitegen_figures.Figures(Kernel.recorder.aside)
    kernelapp.IOPubThread = PrivatePipe
    application = kernelapp.IPKernelApp.instance(
        kernel_class=Kernel, outstream_class=f"{__name__}.OrderedStream"
    )
    application.initialize(
        [
            "-f",
            connection_file,
            "--HistoryManager.enabled=False",
            "--IPKernelApp.log_level=CRITICAL",
            "--InteractiveShellApp.exec_PYTHONSTARTUP=False",
        ]
    )
    Kernel.recorder.attach(application.shell.events)
    Kernel.figures.attach(application.shell.events)
    application.start()


if __name__ == "__main__":
    sys.path.remove(str(Path(__file__).resolve().parent))
    main(sys.argv[1], sys.argv[2])
