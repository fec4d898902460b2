"""What a kernel says: streams and rich outputs, in their order and up to their limits.

A post's kernel has these limits and hands over what is written below Python; a kernel that runs
no post has neither.
"""

from __future__ import annotations

import sys
from typing import Any, ClassVar

from ipykernel.displayhook import ZMQShellDisplayHook
from ipykernel.iostream import OutStream
from ipykernel.zmqshell import ZMQDisplayPublisher
from sitegen_below import Below
from sitegen_limits import Limits, StreamLimit, size_of


class OrderedStream(OutStream):
    """stdout and stderr in the order in which they were written, up to a limit for each block.

    Each has a buffer of its own in ipykernel, so what the one holds is sent before the other
    takes more.
    """

    last: ClassVar[OutStream | None] = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.limit = StreamLimit()

    def fileno(self) -> int:
        """Where children write to: captured, as what C writes is."""
        if Voice.below is None:
            return int(super().fileno())
        return 2 if self.name == "stderr" else 1

    def write(self, string: Any) -> int | None:
        if not isinstance(string, str):
            return int(super().write(string))  # which says what is wrong with it
        text = self.limit.take(string) if Voice.streams else string
        if text:
            last = OrderedStream.last
            if last is not None and last is not self:
                last.flush()
            OrderedStream.last = self
            super().write(text)
            Voice.limits.write(len(text))
        return len(string)

    def end_block(self) -> None:
        """Send the end of a text that was too long, with the number of characters cut before."""
        tail, cut = self.limit.end()
        if tail:
            self.flush()
            content = {"name": self.name, "text": tail, "cut": cut}
            parent = self.parent_header
            self.session.send(self.pub_thread, "stream", content, parent=parent, ident=self.topic)


class Publisher(ZMQDisplayPublisher):
    """Rich outputs up to the kernel's limits."""

    def publish(self, data: Any, metadata: Any = None, **rest: Any) -> None:
        size = size_of(data)
        identity = (rest.get("transient") or {}).get("display_id")
        if not Voice.streams:
            super().publish(data, metadata, **rest)
        elif Voice.limits.admits(size, identity, update=bool(rest.get("update"))):
            self._flush_replaced()
            super().publish(data, metadata, **rest)

    def clear_output(self, wait: bool = False) -> None:
        self._flush_replaced()
        super().clear_output(wait)
        Voice.limits.clear()
        for stream in Voice.streams:
            stream.limit.reset()

    def _flush_replaced(self) -> None:
        """Keep the order also while a library, such as rich, stands in for stdout and stderr."""
        for stream in Voice.streams:
            if stream not in (sys.stdout, sys.stderr):
                stream.flush()

    def end_block(self) -> None:
        """Say what was left out."""
        note = Voice.limits.note()
        if note is not None:
            text, cut = note
            super().publish({"text/plain": text}, {"sitegen": {"cut": cut}})


class DisplayHook(ZMQShellDisplayHook):
    """The value of a block's last expression, up to the same limits."""

    def write_format_data(self, format_dict: Any, md_dict: Any = None) -> None:
        admitted = not Voice.streams or Voice.limits.admits(size_of(format_dict))
        super().write_format_data(format_dict if admitted else {}, md_dict)


class Voice:
    """The limits of this process's kernel, its streams, and what is written below them."""

    limits: ClassVar[Limits] = Limits()
    streams: ClassVar[tuple[OrderedStream, ...]] = ()
    below: ClassVar[Below | None] = None

    @classmethod
    def limit(cls, *streams: Any) -> None:
        """Limit these streams from now on, and read what is written below them."""
        cls.below = Below()
        cls.streams = streams

    @classmethod
    def hand_over(cls) -> None:
        """Let what was written below Python follow what Python has written."""
        if cls.below is None:
            return
        found = cls.below.take()
        for stream in cls.streams:
            begin, tail, cut = found[stream.name]
            stream.write(begin)
            stream.limit.skip(cut)
            stream.write(tail)

    @classmethod
    def end_block(cls, publisher: Publisher) -> None:
        """Send all that a block has written, and say what was cut."""
        cls.hand_over()
        for stream in cls.streams:
            stream.end_block()
        publisher.end_block()
