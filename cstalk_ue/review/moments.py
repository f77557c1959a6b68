"""The moments of a line that say most about it: closed lips, widest jaw, rounding, strongest expression.

For contact sheets. Measured in millimetres on the landmark face, without head motion. Knows nothing about
drawing.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from cstalk_ue import face_measures
from cstalk_ue.evaluate.articulators import BILABIALS
from cstalk_ue.face import load_face
from cstalk_ue.review.loaded_line import LoadedLine
from cstalk_ue.rig import control_defaults, control_names

_APART_SECONDS = 0.1
_AT_MOST_CLOSURES = 0.5
"""Share of the moments that may be closed lips."""
_FRAMES_AT_ONCE = 512
_EXPRESSIVE = ("brow", "cheekRaise", "squintInner", "cornerPull", "cornerDepress", "nose")
_LEAST_MM = 1.5
"""A jaw, lips or a tongue that move less are no event."""


@dataclass(frozen=True)
class Moment:
    """A time of a line and what happens then: "lips closed", "jaw open", ..., or "" if nothing special."""

    seconds: float
    what: str = ""


def find_moments(line: LoadedLine, count: int) -> list[Moment]:
    """`count` moments in order of time: first what is special, then evenly where most is missing."""
    found: list[Moment] = []
    for moment in _events(line, count):
        if len(found) < count and all(abs(moment.seconds - m.seconds) >= _APART_SECONDS for m in found):
            found.append(moment)
    last = line.seconds
    while len(found) < count:
        edges = sorted([0.0, *(m.seconds for m in found), last])
        gap, start = max((b - a, a) for a, b in itertools.pairwise(edges))
        found.append(Moment(start + gap / 2))
    return sorted(found, key=lambda moment: moment.seconds)


def _events(line: LoadedLine, count: int) -> Iterator[Moment]:
    """What is special, the most important first."""
    measures = _measured(line)
    times = line.start_seconds + np.arange(len(line.values)) / line.fps
    gap = measures["lip gap"]

    def peak(curve: np.ndarray, what: str, least: float) -> Iterator[Moment]:
        frame = int(curve.argmax())
        if curve[frame] - np.median(curve) >= least:
            yield Moment(float(times[frame]), what)

    yield from peak(measures["jaw opening"], "jaw open", _LEAST_MM)
    yield from peak(measures["lip protrusion"], "rounded", _LEAST_MM)
    yield from peak(measures["expression"], "strongest expression", 0.02)
    closures = [phone for phone in line.phones if phone.phone in BILABIALS]
    for phone in closures[: max(1, round(count * _AT_MOST_CLOSURES))]:
        beside = 1 / line.fps
        near = np.nonzero((times >= phone.start_seconds - beside) & (times <= phone.end_seconds + beside))[0]
        if len(near):
            middle = (phone.start_seconds + phone.end_seconds) / 2
            narrowest = near[gap[near] <= gap[near].min() + 0.01]  # of several closed frames the middle one
            frame = int(narrowest[np.abs(times[narrowest] - middle).argmin()])
            closed = gap[frame] <= face_measures.LIPS_CLOSED_MM
            yield Moment(float(times[frame]), "lips closed" if closed else "lips do not close")
    yield from peak(measures["mouth width"], "spread", _LEAST_MM)
    yield from peak(measures["tongue out"], "tongue", _LEAST_MM)


def _measured(line: LoadedLine) -> dict[str, np.ndarray]:
    names = ("lip gap", "jaw opening", "lip protrusion", "mouth width", "tongue out")
    parts: dict[str, list[np.ndarray]] = {name: [] for name in names}
    for start in range(0, len(line.values), _FRAMES_AT_ONCE):
        points = load_face().evaluate(line.values[start : start + _FRAMES_AT_ONCE])
        for name in names:
            parts[name].append(face_measures.MEASURES[name](points))
    expressive = [i for i, name in enumerate(control_names()) if any(word in name for word in _EXPRESSIVE)]
    away = np.abs(line.values[:, expressive] - np.asarray(control_defaults())[expressive])
    return {name: np.concatenate(part) for name, part in parts.items()} | {"expression": away.mean(axis=1)}
