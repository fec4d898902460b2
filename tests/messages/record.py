"""Record a kernel's IOPub messages as a fixture: `python tests/messages/record.py NAME < code.py`.

Writes tests/messages/NAME.jsonl: a line with the code, then a line a message. What the fold makes
of them is written by hand below `expected`, as the last line, and checked by tests/test_fold.py.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from jupyter_client.manager import start_new_kernel


def main(name: str, code: str) -> None:
    manager, client = start_new_kernel(kernel_name="python3")
    lines: list[dict[str, object]] = [{"code": code}]

    def note(message: dict[str, object]) -> None:
        if message["msg_type"] not in ("status", "execute_input"):
            lines.append({"msg_type": message["msg_type"], "content": message["content"]})

    client.execute_interactive(code, output_hook=note)
    client.stop_channels()
    manager.shutdown_kernel(now=True)
    path = Path(__file__).parent / f"{name}.jsonl"
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    path.write_text(text + '{"expected": []}\n', "utf-8")


if __name__ == "__main__":
    main(sys.argv[1], sys.stdin.read())
