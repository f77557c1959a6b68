"""The correlation module as a judge: which emotion it sees, how far attention scores are from recorded ones.

If it supervised the training of a method (paper, II.C), what it says about that one is not independent.
Tables use a referee, trained from a seed of its own; even that is of the same kind as the supervisor, so see
emotion_judge.py for a judge that is not. Knows nothing about how it was trained.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from cstalk_ue.emotion import EMOTIONS
from cstalk_ue.errors import CheckpointError
from cstalk_ue.evaluate.curve_windows import curve_windows
from cstalk_ue.evaluate.figure import NOTHING, Measure, TakeValue
from cstalk_ue.evaluate.measures import SCORE_DISTANCE, accuracy_measure
from cstalk_ue.evaluate.methods import emotion_class
from cstalk_ue.rig import complete
from cstalk_ue.take import RigCurves
from ingest.data_set import DataSet
from ingest.take_files import StoredTake

if TYPE_CHECKING:
    from cstalk_ue.model.correlation_checkpoint import CorrelationCheckpoint

_WINDOWS_AT_ONCE = 64


@dataclass(frozen=True)
class ScoreJudge:
    """Judges curves by a trained correlation module.

    Attributes:
        checkpoint: the module with its controls and units.
        device: where it is.
        supervisor: it may have supervised a method that it judges.
    """

    checkpoint: "CorrelationCheckpoint"
    device: str = "cpu"
    supervisor: bool = True
    _recorded: dict[str, np.ndarray] = field(default_factory=dict, repr=False)

    @property
    def measures(self) -> tuple[Measure, ...]:
        """Its accuracy, and the distance of scores."""
        role = "the given one" if self.supervisor else "one that supervised no method"
        judge = f"a correlation module ({role}; random curves are a sixth answer)"
        return (
            accuracy_measure("correlation_accuracy", "emotion seen (correlation)", judge),
            SCORE_DISTANCE,
        )

    def judge(self, take: StoredTake, prediction: RigCurves) -> Mapping[str, TakeValue]:
        """As `Judge.judge`."""
        shares, scores = self.look(prediction)
        recorded = self._scores_of(take, prediction.frames)
        values = {"correlation_accuracy": NOTHING, SCORE_DISTANCE.key: NOTHING}
        if not len(scores) or len(scores) != len(recorded):
            return values
        label = emotion_class(take)
        if label is not None:
            values["correlation_accuracy"] = TakeValue(float(shares.mean(axis=0).argmax() == label))
        norms = np.linalg.norm(recorded, axis=(1, 2))
        distance = np.linalg.norm(scores - recorded, axis=(1, 2)) / np.maximum(norms, 1e-12)
        values[SCORE_DISTANCE.key] = TakeValue(float(distance.mean()))
        return values

    def look(self, curves: RigCurves) -> tuple[np.ndarray, np.ndarray]:
        """Probabilities ``(windows, classes)`` and scores ``(windows, controls, controls)`` of curves."""
        known = self.checkpoint
        windows = curve_windows(
            complete(curves),
            known.controls,
            known.mean.numpy(),
            known.std.numpy(),
            frames=known.module.frames,
        )
        return score_windows(known, windows, device=self.device)

    def _scores_of(self, take: StoredTake, frames: int) -> np.ndarray:
        """Scores of the recording over so many frames; kept while methods are measured on the same take."""
        key = f"{take.name} {frames}"
        if key not in self._recorded:
            face = take.performance.face
            valid = None if face.valid is None else face.valid[:frames]
            cut = RigCurves(face.values[:frames], face.controls, face.fps, valid=valid)
            self._recorded.clear()
            self._recorded[key] = self.look(cut)[1]
        return self._recorded[key]


def score_windows(
    checkpoint: "CorrelationCheckpoint", windows: np.ndarray, *, device: str = "cpu"
) -> tuple[np.ndarray, np.ndarray]:
    """Windows ``(windows, controls, frames)`` of normalised curves → probabilities and scores, float32."""
    shares, scores = [], []
    checkpoint.module.eval()
    with torch.inference_mode():
        for start in range(0, len(windows), _WINDOWS_AT_ONCE):
            batch = torch.from_numpy(windows[start : start + _WINDOWS_AT_ONCE]).to(device)
            seen = checkpoint.module(batch)
            shares.append(seen.logits.float().softmax(dim=-1).cpu().numpy())
            scores.append(seen.scores.float().cpu().numpy())
    count = len(checkpoint.controls)
    if not shares:
        return np.zeros((0, len(EMOTIONS) + 1), np.float32), np.zeros((0, count, count), np.float32)
    return np.concatenate(shares), np.concatenate(scores)


def load_score_judge(
    folder: Path, data_set: DataSet, *, device: str = "cpu", supervisor: bool = True
) -> ScoreJudge:
    """The judge of a correlation checkpoint; arguments as `ScoreJudge`.

    Raises:
        CheckpointError: the folder is none, or it looks at controls that this data set does not keep.
    """
    from cstalk_ue.model.correlation_checkpoint import load_correlation

    checkpoint = load_correlation(folder)
    kept = set(data_set.require_statistics().kept_controls)
    foreign = [name for name in checkpoint.controls if name not in kept]
    if foreign:
        raise CheckpointError(
            f"{folder}: made for other controls: {len(foreign)} of its {len(checkpoint.controls)}, such as "
            f"{foreign[0]}, never move in {data_set.folder}. Train it on this data set."
        )
    checkpoint.module.to(device)
    return ScoreJudge(checkpoint, device, supervisor)
