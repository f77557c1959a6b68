"""The log of a training run → a picture of its losses over the steps, training and held out.

Knows the columns of log.csv by their names only (see train/run_log.py).
"""

import math
from pathlib import Path
from typing import TYPE_CHECKING

from cstalk_ue.storage import whole_file
from cstalk_ue.train.run_log import read_log

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_HELD_OUT = "held_out_"
_NOT_DRAWN = ("step", "epoch", "learning_rate", "gradient_norm", "windows_per_second", "seconds", "memory")
_TITLES = {
    "loss": "loss",
    "reconstruction": "L_R",
    "correlation": "L_C",
    "recognised": "emotion recognised (share)",
    "extra": "the method's own losses",
}
_TRAINED, _MEASURED, _INK = "#0a5fc4", "#b4480b", "#23272e"


def draw_losses(path: Path, run: Path, *, title: str) -> bool:
    """Write a PNG of a run's losses; False, and no file, if the run has no log.

    Raises:
        TrainingError: the log cannot be read.
        ExportError: the picture cannot be written.
    """
    rows = read_log(run)
    series = _series(rows)
    names = list(dict.fromkeys(name.removeprefix(_HELD_OUT) for name in series))
    if not names:
        return False
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(3.3 * len(names), 2.7), dpi=110, layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    for axis, name in zip(figure.subplots(1, len(names), squeeze=False)[0], names, strict=True):
        _draw(axis, series.get(name, []), "training", _TRAINED, marker="")
        _draw(axis, series.get(_HELD_OUT + name, []), "held out", _MEASURED, marker="o")
        values = [value for key in (name, _HELD_OUT + name) for _, value in series.get(key, [])]
        if name != "recognised" and min(values) > 0 and max(values) > 10 * min(values):
            axis.set_yscale("log")
        axis.set_title(_TITLES.get(name, name), fontsize=9, color=_INK)
        axis.set_xlabel("step", fontsize=8)
        axis.tick_params(labelsize=7)
        axis.grid(color="#e3e6ea", lw=0.7)
        axis.spines[["top", "right"]].set_visible(False)
        axis.legend(fontsize=7, frameon=False)
    figure.suptitle(title, x=0.005, ha="left", fontsize=10, color=_INK, parse_math=False)
    with whole_file(path) as temporary:
        figure.savefig(temporary, format="png", metadata={"Software": None})
    return True


def _series(rows: list[dict[str, str]]) -> dict[str, list[tuple[int, float]]]:
    """(step, value) of every figure that is drawn, by column, without columns that are always the same."""
    found: dict[str, list[tuple[int, float]]] = {}
    for row in rows:
        for name, text in row.items():
            plain = name.removeprefix(_HELD_OUT)
            if text and not any(plain.startswith(word) for word in _NOT_DRAWN):
                value = float(text)
                if math.isfinite(value):
                    found.setdefault(name, []).append((int(row["step"]), value))
    return {
        name: points
        for name, points in found.items()
        if len({value for _, value in points}) > 1 or len(points) == 1
    }


def _draw(axis: "Axes", points: list[tuple[int, float]], label: str, colour: str, *, marker: str) -> None:
    if points:
        steps, values = zip(*points, strict=True)
        axis.plot(steps, values, color=colour, lw=1.3, marker=marker, markersize=3, label=label)
