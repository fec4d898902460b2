"""Links to measurements as HTML, and what is said after a claim that has fallen."""

from __future__ import annotations

from collections.abc import Sequence

from sitegen.benchmarks import Judged
from sitegen.claims import Says
from sitegen.render.escape import escape_text


def open_tie(says: Says) -> str:
    """What stands before the text of a link to a measurement, and the text where it has none."""
    title = f' title="{escape_text(says.title)}"' if says.title else ""
    href = f' href="{escape_text(says.href)}"' if says.href else ""
    return f'<{_tag(says)} class="{_classes(says)}"{href}{title}>{escape_text(says.text)}'


def close_tie(says: Says) -> str:
    """What stands behind it: what is measured now, where that is something else."""
    fallen = "" if says.judged is None else fallen_note(says.judged)
    note = f' <span class="fallen">[{escape_text(fallen)}]</span>' if fallen else ""
    return f"</{_tag(says)}>{note}"


def _classes(says: Says) -> str:
    """`checked` where measurements say so, with `checked-fallen` where they do no longer."""
    if says.judged is None:
        return "tied"
    return "tied checked" if says.judged.word == "held" else "tied checked checked-fallen"


def _tag(says: Says) -> str:
    return "a" if says.href else "span"


def fallen_note(judged: Judged) -> str:
    """What is said of a claim that is not held, and its author's correction; "" of one that is."""
    match judged.word:
        case "held":
            return ""
        case "contradicted":
            note = f"now measured: {judged.now}"
        case "undecided":
            note = f"now undecided: {judged.now}" if judged.now else "now undecided"
        case "rests on unstable data":
            note = f"now measured on an unstable machine: {judged.now}"
    return f"{note}. {judged.correction}" if judged.correction else note


def render_expectations(expects: Sequence[Judged]) -> str:
    """The claims of a block that have fallen, below it; "" where all are held."""
    rows = [
        f"<li><code>{escape_text(judged.text)}</code> — {escape_text(fallen_note(judged))}</li>"
        for judged in expects
        if judged.word != "held"
    ]
    return f'<ul class="fallen">{"".join(rows)}</ul>\n' if rows else ""
