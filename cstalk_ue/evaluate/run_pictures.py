"""The pictures of a run's page: losses, attention scores, strips of faces, each a PNG in one folder.

Knows what they show; how they are drawn is in loss_pictures.py, score_pictures.py and face_strips.py.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from cstalk_ue.emotion import EMOTIONS, EmotionTrack
from cstalk_ue.errors import DataSetError
from cstalk_ue.evaluate.face_strips import StripRow, draw_strips, moments_of
from cstalk_ue.evaluate.loss_pictures import draw_losses
from cstalk_ue.evaluate.methods import Method, emotion_of, phones_of
from cstalk_ue.evaluate.run_page import Picture
from cstalk_ue.face import HEAD_MOTION
from cstalk_ue.review.loaded_line import LoadedLine
from cstalk_ue.review.picture import EMOTION_COLOURS
from cstalk_ue.rig import complete
from cstalk_ue.take import RigCurves
from ingest.captured import TakeLabels
from ingest.data_set import DataSet, TakeRecord
from ingest.take_files import StoredTake


def draw_loss_pictures(folder: Path, runs: Mapping[str, Path], correlation: Path | None) -> list[Picture]:
    """Losses of those runs that have a log, and of the correlation module."""
    every = {**({"correlation module": correlation} if correlation else {}), **runs}
    pictures = []
    for number, (name, run) in enumerate(every.items()):
        path = folder / f"losses{number}.png"
        if draw_losses(path, run, title=f"{name if run is correlation else run.resolve().name}"):
            pictures.append(
                Picture(
                    path,
                    f"Losses of {run.resolve().name}",
                    "Losses of the training batches and held-out windows.",
                )
            )
    return pictures


def draw_score_pictures(folder: Path, data_set: DataSet, correlation: Path) -> list[Picture]:
    """Heat maps, differences and the map of scores, of takes that the module did not learn from.

    Raises:
        CheckpointError: the folder is no correlation module, or one for other controls.
        DataSetError: no held-out take is long enough.
    """
    from cstalk_ue.evaluate.score_judge import load_score_judge
    from cstalk_ue.evaluate.score_pictures import draw_differences, draw_heat_maps, draw_score_map
    from cstalk_ue.evaluate.score_samples import collect_scores

    samples = collect_scores(data_set, load_score_judge(correlation, data_set).checkpoint)
    paths = [folder / name for name in ("scores.png", "score_differences.png", "score_map.png")]
    draw_heat_maps(paths[0], samples)
    draw_differences(paths[1], samples)
    found = draw_score_map(paths[2], samples)
    return [
        Picture(
            paths[0],
            "Attention scores by emotion (Fig. 2a)",
            "Accumulated attention scores of held-out takes, mean over the windows of a take; four takes of "
            "each emotion, and random curves. Rigs are grouped by region from the forehead down; row: query, "
            "column: key. All share one scale of colours, that of the emotions; noise goes beyond it.",
        ),
        Picture(
            paths[1],
            "What sets the emotions apart",
            "Mean over all held-out takes of an emotion minus the mean of the five emotions, on one scale.",
        ),
        Picture(
            paths[2],
            "Score matrices, t-SNE (Fig. 2b)",
            f"Every point is a held-out take or a random window. {found['same_label_neighbours']:.0%} of the "
            "points have mostly their own label among the five nearest on the whole matrices; "
            f"{found['chance']:.0%} is chance. Distances between clusters of a t-SNE map mean nothing.",
        ),
    ]


def draw_strip_pictures(
    folder: Path,
    data_set: DataSet,
    record: TakeRecord,
    in_emotions: Sequence[Method],
    compared: Sequence[Method],
    *,
    count: int,
    dna: Path | None = None,
) -> list[Picture]:
    """One line in five emotions by the first method that can, and one take by every method.

    Raises:
        DataSetError: the take cannot be read.
        DnaError: the DNA cannot be used.
    """
    take = data_set.read(record)
    phones = phones_of(data_set, take)
    face, head = take.performance.face, take.performance.head
    line = LoadedLine(
        take.name,
        face.fps,
        complete(face).values,
        head.select(HEAD_MOTION).values,
        samples=take.samples,
        emotion=take.labels.emotion,
        phones=phones,
    )
    moments = moments_of(line, count)
    spoken = [line.phone_at(moment.seconds) for moment in moments]
    pictures = []
    emotions = _emotion_rows(in_emotions[0], take)
    if emotions:
        path = folder / "emotions.png"
        title = f"{in_emotions[0].name}: one line, asked for in five emotions"
        draw_strips(path, emotions, moments, title=title, phones=spoken, dna=dna)
        pictures.append(
            Picture(
                path,
                "One line in five emotions (Fig. 3)",
                f"The sound of the held-out take {take.name}, recorded as {emotion_of(take)}, predicted in "
                "every emotion; the same moments in every row. The sound itself stays as it was spoken.",
            )
        )
    rows = []
    for method in compared:
        curves = method.predict(take)
        if curves is not None:
            away = "" if method.name == "recording" else f"LVE {_lip_error(curves, face):.2f} mm"
            rows.append(StripRow(method.name, curves, under=away))
    if not rows:
        raise DataSetError(f"{take.name}: no method can predict this take. Choose one with sound.")
    path = folder / "methods.png"
    draw_strips(path, rows, moments, title=f"{take.name}, {emotion_of(take)}", phones=spoken, dna=dna)
    pictures.append(
        Picture(
            path,
            "The same take by every method (Fig. 4)",
            f"The held-out take {take.name} ({emotion_of(take)}) at the recording's telling moments. Beside "
            "each row the lip vertex error of this take on the landmark face.",
        )
    )
    return pictures


def _emotion_rows(method: Method, take: StoredTake) -> list[StripRow]:
    rows = []
    for emotion in EMOTIONS:
        labels = TakeLabels(emotion=EmotionTrack.constant(emotion))
        asked = StoredTake(take.name, take.performance, labels, take.facts, take.samples)
        curves = method.predict(asked)
        if curves is not None:
            rows.append(StripRow(emotion, curves, EMOTION_COLOURS[emotion]))
    return rows


def _lip_error(curves: RigCurves, recorded: RigCurves) -> float:
    """Lip vertex error of one take on the landmark face."""
    from cstalk_ue.evaluate.point_errors import region_errors
    from cstalk_ue.evaluate.vertices import landmark_head

    head = landmark_head()
    frames = min(curves.frames, recorded.frames)
    valid = np.ones(frames, dtype=bool) if recorded.valid is None else recorded.valid[:frames]
    ours = RigCurves(curves.values[:frames], curves.controls, curves.fps)
    theirs = RigCurves(recorded.values[:frames], recorded.controls, recorded.fps)
    found = region_errors(
        head.points(ours), head.points(theirs), valid, np.zeros(frames, dtype=bool),
        regions={"lips": head.lips}, rest=head.rest, fps=curves.fps,
    )  # fmt: skip
    return found["lips"].vertex_error_mm
