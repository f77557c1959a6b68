"""Attention scores → pictures, as the paper's Fig. 2: heat maps per emotion, and a map of all takes (t-SNE).

Drawn with matplotlib's figure objects, so nothing global is touched. Knows nothing about networks.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cstalk_ue.emotion import EMOTIONS
from cstalk_ue.evaluate.score_samples import NOISE, SHUFFLED, ScoreSamples
from cstalk_ue.review.picture import EMOTION_COLOURS
from cstalk_ue.storage import whole_file

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = {**EMOTION_COLOURS, NOISE: "#1a1e24", SHUFFLED: "#6a9a2d"}
_INK, _MUTED = "#23272e", "#6b7480"
_DPI = 120
_SMALLEST_LABEL, _APART = 3, 6
"""A region of fewer rigs, or so few rigs after the last label, gets no label: it has no room."""
_NEIGHBOURS = 5


def draw_heat_maps(path: Path, samples: ScoreSamples, *, columns: int = 4) -> None:
    """Write a PNG as Fig. 2a: `columns` takes of every emotion, and random curves, on one scale.

    Raises:
        ExportError: the file cannot be written.
    """
    labels = _present(samples)
    figure = _figure(2.15 * columns + 2.2, 2.2 * len(labels) + 1.0)
    grid = figure.subplots(len(labels), columns, squeeze=False)
    shown = {label: samples.of(label)[:columns] for label in labels}
    # Of the emotions alone: noise has scores several times as large and would leave them no colours.
    low, high = np.percentile(samples.scores[np.isin(samples.labels, EMOTIONS)], [1, 99])
    image: Any = None
    for row, label in enumerate(labels):
        chances = samples.recognised[[each == label for each in samples.labels]]
        for column, axis in enumerate(grid[row]):
            if column >= len(shown[label]):
                axis.set_axis_off()
                continue
            image = axis.imshow(
                shown[label][column], cmap="magma", vmin=low, vmax=high, interpolation="nearest"
            )
            _mark_regions(axis, samples, left=column == 0, below=row == len(labels) - 1)
            axis.set_title(f"p = {chances[column]:.2f}", fontsize=7.5, color=_MUTED, pad=2)
        grid[row][0].annotate(
            label, (0, 0.5), xytext=(-62, 0), xycoords="axes fraction", textcoords="offset points",
            rotation=90, ha="center", va="center", fontsize=11, fontweight="bold", color=COLOURS[label],
        )  # fmt: skip
    figure.suptitle(
        f"Attention scores of {len(samples.controls)} rigs, {columns} takes each; p: probability of its "
        "class",
        x=0.01, ha="left", fontsize=11, color=_INK,
    )  # fmt: skip
    bar = figure.colorbar(image, ax=grid, shrink=0.35, pad=0.01, extend="both")
    bar.set_label("score, row: query, column: key; scaled to the emotions", fontsize=9)
    _save(figure, path)


def draw_differences(path: Path, samples: ScoreSamples) -> None:
    """Write a PNG: the mean matrix of all emotions, and how every emotion and random curves differ from it.

    Raises:
        ExportError: the file cannot be written.
    """
    labels = _present(samples)
    emotions = [label for label in labels if label in EMOTIONS]
    common = np.mean([samples.of(label).mean(axis=0) for label in emotions], axis=0)
    differences = {label: samples.of(label).mean(axis=0) - common for label in labels}
    limit = float(np.percentile(np.abs([differences[label] for label in emotions]), 99.5))
    columns = 4
    rows = -(-(len(labels) + 1) // columns)
    figure = _figure(2.9 * columns + 1.2, 2.95 * rows + 0.7)
    axes = figure.subplots(rows, columns, squeeze=False)
    flat = axes.ravel()
    low, high = np.percentile(common, [1, 99])
    first = flat[0].imshow(common, cmap="magma", vmin=low, vmax=high, interpolation="nearest")
    flat[0].set_title("mean of the emotions", fontsize=10, color=_INK)
    _mark_regions(flat[0], samples, left=True, below=True)
    figure.colorbar(first, ax=axes[:, 0], location="left", shrink=0.4, pad=0.02, label="score")
    image: Any = None
    for axis, label in zip(flat[1:], labels, strict=False):
        image = axis.imshow(
            differences[label], cmap="RdBu_r", vmin=-limit, vmax=limit, interpolation="nearest"
        )
        size = np.abs(differences[label]).mean()
        axis.set_title(f"{label}: mean |difference| {size:.2g}", fontsize=9.5, color=COLOURS[label])
        _mark_regions(axis, samples, left=False, below=True)
    for axis in flat[1 + len(labels) :]:
        axis.set_axis_off()
    bar = figure.colorbar(image, ax=axes[:, -1], shrink=0.5, pad=0.02, extend="both")
    bar.set_label("difference from the mean of the emotions", fontsize=9)
    figure.suptitle(
        "What the emotions have in common, and what sets each apart",
        x=0.01,
        ha="left",
        fontsize=11,
        color=_INK,
    )
    _save(figure, path)


def draw_score_map(path: Path, samples: ScoreSamples, *, seed: int = 0) -> dict[str, float]:
    """Write a PNG as Fig. 2b: every take a point, similar score matrices near each other (t-SNE).

    Each matrix is brought to zero mean and unit variance, as the module does before it tells the emotion.
    A map shows clusters where there are none; so the share of points whose five nearest neighbours - measured
    on the whole matrices, not on the map - are mostly of their own label is given beside it.

    Returns:
        "same_label_neighbours": that share; "chance": what random labels would give, the share of the label.

    Raises:
        ExportError: the file cannot be written.
    """
    flat = samples.scores.reshape(len(samples.scores), -1).astype(np.float64)
    flat = (flat - flat.mean(axis=1, keepdims=True)) / (flat.std(axis=1, keepdims=True) + 1e-9)
    places = _flattened(flat, seed)
    labels = np.array(samples.labels)
    share, chance = _purity(flat, labels)
    figure = _figure(7.6, 6.2)
    axis = figure.subplots()
    for label in _present(samples):
        chosen = labels == label
        axis.scatter(
            places[chosen, 0],
            places[chosen, 1],
            s=34,
            color=COLOURS[label],
            label=f"{label} ({int(chosen.sum())})",
            alpha=0.85,
            marker="o" if label in EMOTIONS else "x" if label == NOISE else "^",
            linewidths=1.0,
            edgecolors="white" if label != NOISE else None,
        )
    axis.set_xticks([])
    axis.set_yticks([])
    for spine in axis.spines.values():
        spine.set_color("#d3d8df")
    axis.legend(loc="upper left", bbox_to_anchor=(1.005, 1), fontsize=9, frameon=False)
    axis.set_title(
        f"Score matrices of held-out takes, t-SNE. Nearest {_NEIGHBOURS} mostly of the same label: "
        f"{share:.0%}\n(on the whole matrices; by chance {chance:.0%})",
        loc="left", fontsize=10, color=_INK,
    )  # fmt: skip
    _save(figure, path)
    return {"same_label_neighbours": share, "chance": chance}


def _flattened(flat: np.ndarray, seed: int) -> np.ndarray:
    """Points ``(n, 2)``; scikit-learn comes with librosa and is loaded only here."""
    if len(flat) < 4:
        return np.stack([np.arange(len(flat)), np.zeros(len(flat))], axis=1)
    from sklearn.decomposition import PCA  # type: ignore[import-untyped]
    from sklearn.manifold import TSNE  # type: ignore[import-untyped]

    narrow = PCA(min(50, len(flat) - 1, flat.shape[1]), random_state=seed).fit_transform(flat)
    perplexity = min(30.0, (len(flat) - 1) / 3)
    return np.asarray(TSNE(2, perplexity=perplexity, init="pca", random_state=seed).fit_transform(narrow))


def _purity(flat: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    """Share of points most of whose nearest others have their label, and what chance would give."""
    squares = (flat**2).sum(axis=1)
    distance = squares[:, None] + squares[None] - 2 * flat @ flat.T
    np.fill_diagonal(distance, np.inf)
    nearest = np.argsort(distance, axis=1)[:, : min(_NEIGHBOURS, len(flat) - 1)]
    same = (labels[nearest] == labels[:, None]).mean(axis=1) > 0.5
    _, counts = np.unique(labels, return_counts=True)
    return float(same.mean()), float(((counts / len(labels)) ** 2).sum())


def _present(samples: ScoreSamples) -> list[str]:
    return [label for label in COLOURS if label in samples.labels]


def _mark_regions(axis: "Axes", samples: ScoreSamples, *, left: bool, below: bool) -> None:
    """Lines between the regions of the face, and their names where there is room."""
    regions = samples.regions
    for _, first, _ in regions[1:]:
        axis.axhline(first - 0.5, color="white", lw=0.4, alpha=0.7)
        axis.axvline(first - 0.5, color="white", lw=0.4, alpha=0.7)
    names: list[str] = []
    places: list[float] = []
    for name, first, last in regions:
        middle = (first + last - 1) / 2
        if last - first >= _SMALLEST_LABEL and middle - (places[-1] if places else -np.inf) >= _APART:
            names.append(name)
            places.append(middle)
    axis.set_xticks(places, names if below else [], rotation=90, fontsize=6, color=_MUTED)
    axis.set_yticks(places, names if left else [], fontsize=6, color=_MUTED)
    axis.tick_params(length=0, pad=1.5)
    for spine in axis.spines.values():
        spine.set_visible(False)


def _figure(width: float, height: float) -> "Figure":
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=_DPI, layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def _save(figure: "Figure", path: Path) -> None:
    with whole_file(path) as temporary:
        figure.savefig(temporary, format="png", metadata={"Software": None})
