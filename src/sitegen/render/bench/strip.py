"""Every sample of a benchmark: what medians and intervals leave out."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

from sitegen.benchmarks import Interval, Sampled
from sitegen.measure.series import kept_samples
from sitegen.render.bench.drawing import Drawing, Look, percent, pixels
from sitegen.render.bench.gather import OnDevice
from sitegen.render.bench.numbers import format_point, format_time, time_unit
from sitegen.render.bench.scale import Between, Log, log_scale, log_ticks, ticks_between
from sitegen.render.escape import escape_text

_FAR = 4.0
"""Ratio of the longest sample to the shortest from which the scale is logarithmic."""

_LANE, _GAP, _HEADING, _AXIS, _WIDTH = 9, 8, 18, 24, 1000


def draw_strip(reading: OnDevice, look: Look) -> Drawing | None:
    """A lane for each process of each variant, a line in it for each sample; not from zero, and
    logarithmic where times lie far apart."""
    benchmark = reading.shown.run.benchmark
    if benchmark is None:
        return None
    lanes = [(series, kept_samples(benchmark, series)) for series in benchmark.series]
    every = [time for _, kept in lanes for entry in kept for time in entry.samples]
    if not every:
        return None
    scale = _scale_of(min(every), max(every))
    top, content = 0.0, []
    for series, kept in lanes:
        if kept:
            name = ", ".join(filter(None, (series.variant, format_point(series.point))))
            content.append(f'<text y="{pixels(top + 12)}">{escape_text(name)}</text>')
            top += _HEADING
            height = _LANE * len(kept)
            content.append(
                f'<svg class="samples {look.colour(series.variant)}" y="{pixels(top)}"'
                f' height="{height}" viewBox="0 0 {_WIDTH} {height}" preserveAspectRatio="none">'
                f"{''.join(_lanes(kept, scale))}</svg>"
            )
            top += height + _GAP
    content += _axis(scale, top)
    ends = [format_time(Interval(time)) for time in (min(every), max(every))]
    says = f"{len(every)} samples, from {ends[0]} to {ends[1]}."
    return Drawing("".join(content), top + _AXIS, 0, says)


def _scale_of(low: float, high: float) -> Between | Log:
    if high > _FAR * low:
        return log_scale([low, high])
    room = 0.04 * (high - low) or 0.04 * high
    return Between(low - room, high + room)


def _lanes(kept: tuple[Sampled, ...], scale: Between | Log) -> Iterator[str]:
    marks, medians = [], []
    for place, entry in enumerate(kept):
        y = _LANE * place + 1
        marks += [f"M{_at(time, scale)} {y + 1}v{_LANE - 4}" for time in sorted(entry.samples)]
        medians.append(f"M{_at(statistics.median(entry.samples), scale)} {y - 1}v{_LANE}")
    yield f'<path d="{"".join(marks)}"/><path class="reach" d="{"".join(medians)}"/>'


def _at(time: float, scale: Between | Log) -> str:
    return f"{round(scale.place(time) * _WIDTH / 100)}"


def _axis(scale: Between | Log, top: float) -> Iterator[str]:
    if isinstance(scale, Log):
        ticks = log_ticks(scale)
    else:
        unit = time_unit(scale.high)
        between = ticks_between(scale.low / unit.size, scale.high / unit.size, 4)
        ticks = tuple(tick * unit.size for tick in between)
    yield '<g class="middle">'
    for tick in ticks:
        yield f'<text x="{percent(scale.place(tick))}" y="{pixels(top + 14)}">{_time(tick)}</text>'
    yield "</g>"


def _time(seconds: float) -> str:
    unit = time_unit(seconds)
    return f"{seconds / unit.size:.6g} {unit.name}"
