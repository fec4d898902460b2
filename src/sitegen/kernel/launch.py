"""The program of a kernel: ipykernel with the probe built in.

Runs in the interpreter of `[execute] python`, which need not have sitegen: besides the standard
library it imports ipykernel, what that brings, and its neighbours `sitegen_*.py`, so named that no
module of an author meets them. Started as
`python launch.py CONNECTION_FILE [SETTINGS_FILE]`; the settings are JSON: `page`, `site`, `work`,
`passed_over`, `torch_device`. A crash leaves Python's traceback beside them, in the file `fault`.
"""

from __future__ import annotations

import faulthandler
import json
import os
import sys
from pathlib import Path
from typing import Any, ClassVar

import sitegen_bars
import sitegen_errors
import sitegen_figures
import sitegen_packages
import sitegen_probe
import sitegen_values
import zmq
from ipykernel import kernelapp, zmqshell
from ipykernel.compiler import XCachingCompiler
from ipykernel.iostream import IOPubThread
from ipykernel.ipkernel import IPythonKernel
from IPython.core.formatters import DisplayFormatter
from sitegen_says import DisplayHook, Publisher, Voice
from traitlets import Type
from zmq.eventloop.zmqstream import ZMQStream

OF_A_POST = (
    "--HistoryManager.enabled=False",
    "--IPKernelApp.log_level=CRITICAL",
    "--IPKernelApp.capture_fd_output=False",  # `Voice` does that
    "--InteractiveShellApp.exec_PYTHONSTARTUP=False",
)
ANYONES = {"page": "kernel", "site": "/", "work": "/", "passed_over": ["/"], "torch_device": None}
"""The settings of a kernel that runs no post: no file that it opens is an input."""


class Compiler(XCachingCompiler):
    """Compiles blocks under fixed names, which tell post and block."""

    def get_code_name(self, raw_code: str, code: str, number: int) -> str:
        if not Kernel.of_a_post:
            return str(super().get_code_name(raw_code, code, number))
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


class ZMQInteractiveShell(zmqshell.ZMQInteractiveShell):
    """ipykernel's shell, under its name: by that jax, pandas, plotly and rich know a notebook."""

    __module__ = zmqshell.__name__
    compiler_class = Compiler
    displayhook_class = Type(DisplayHook)
    display_pub_class = Type(Publisher)

    def init_display_formatter(self) -> None:
        self.display_formatter = Formatter(parent=self)
        self.configurables.append(self.display_formatter)

    def ask_exit(self) -> None:
        """`exit` and `quit` fail the block that says them, and leave the kernel to the others."""
        raise SystemExit

    def showtraceback(
        self,
        exc_tuple: Any = None,
        filename: Any = None,
        tb_offset: Any = None,
        exception_only: bool = False,
        running_compiled_code: bool = False,
    ) -> None:
        """Name the exception of a block, whose places are the probe's to say.

        IPython's own traceback looks through all modules at each level: with torch and jax loaded,
        a recursion that never ends takes it many seconds.
        """
        only = exception_only or Kernel.of_a_post
        super().showtraceback(exc_tuple, filename, tb_offset, only, running_compiled_code)

    def _format_exception_for_storage(
        self, exception: Any, filename: Any = None, running_compiled_code: bool = False
    ) -> dict[str, Any]:
        """What IPython keeps in a history that no post reads."""
        if not Kernel.of_a_post:
            kept = super()._format_exception_for_storage(exception, filename, running_compiled_code)
            return dict(kept)
        return {"ename": type(exception).__name__, "evalue": str(exception), "traceback": []}

    def show_usage_error(self, exc: Any) -> None:
        """An unknown magic is an error as any other."""
        self._showtraceback(type(exc), exc, [str(exc)])

    def _showtraceback(self, etype: Any, evalue: Any, stb: Any) -> None:
        Kernel.recorder.note_exception(evalue)
        Voice.hand_over()
        said = sitegen_errors.describe(evalue) if Kernel.of_a_post else evalue
        super()._showtraceback(etype, said, stb)


class Kernel(IPythonKernel):
    """ipykernel's kernel, with the probe's record in the reply to each block."""

    shell_class = ZMQInteractiveShell
    recorder: ClassVar[sitegen_probe.Probe]
    figures: ClassVar[sitegen_figures.Figures]
    of_a_post: ClassVar[bool] = False
    """Whether what runs is a block, which any other client's code is not."""

    async def do_execute(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        reply: dict[str, Any] = await super().do_execute(*args, **kwargs)
        Voice.end_block(self.shell.display_pub)
        return reply

    def init_metadata(self, parent: dict[str, Any]) -> dict[str, Any]:
        Voice.limits.begin()
        Kernel.of_a_post = "sitegen_block" in parent["metadata"]
        self.recorder.block = int(parent["metadata"].get("sitegen_block", 0))
        self.recorder.code = str(parent["content"].get("code", ""))
        self.recorder.ask = parent["metadata"].get("sitegen_ask", {})
        self.figures.options = self.recorder.ask.get("figure", {})
        return dict(super().init_metadata(parent))

    def finish_metadata(
        self, parent: dict[str, Any], metadata: dict[str, Any], reply: dict[str, Any]
    ) -> dict[str, Any]:
        record = self.recorder.take()  # for any client: it begins anew what is counted
        if not self.of_a_post:
            return metadata
        asked = sitegen_values.answer(self.recorder.ask, self.shell.user_ns, self.recorder.page)
        if self.recorder.ask.get("packages"):
            asked["packages"] = sitegen_packages.describe(self.recorder.imports)
        return {**metadata, "sitegen": record | asked}


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


class Application(kernelapp.IPKernelApp):
    """ipykernel's application; no output is lost where its reader is slow for a while."""

    def init_iopub(self, context: Any) -> None:
        context.sndhwm = 0  # else ZMQ drops the messages after the thousandth that waits
        super().init_iopub(context)


def main(connection_file: str, settings_file: str | None = None, *, forked: bool = False) -> None:
    """Serve one kernel until it is told to shut down: a post's, or without settings anyone's."""
    settings = json.loads(Path(settings_file).read_text("utf-8")) if settings_file else ANYONES
    Kernel.recorder = sitegen_probe.Probe({**settings, "forked": forked})
    Kernel.figures = sitegen_figures.Figures(Kernel.recorder.aside)
    connection = json.loads(Path(connection_file).read_text("utf-8"))
    if connection["transport"] == "ipc":
        PrivatePipe.address = f"ipc://{connection['ip']}-pipe"
        kernelapp.IOPubThread = PrivatePipe
    application = Application.instance(
        kernel_class=Kernel, outstream_class="sitegen_says.OrderedStream"
    )
    application.initialize(["-f", connection_file, *(OF_A_POST if settings_file else ())])
    Kernel.recorder.attach(application.shell.events)
    Kernel.figures.attach(application.shell.events)
    if settings_file:
        Voice.limit(sys.stdout, sys.stderr)
        sitegen_bars.attach()
    if settings_file:
        fault = open(Path(settings_file).with_name("fault"), "w")  # noqa: PTH123, SIM115 (to its end)
        faulthandler.enable(fault, all_threads=False)
    application.start()


if __name__ == "__main__":
    sys.path.remove(str(Path(__file__).resolve().parent))
    main(*sys.argv[1:])
