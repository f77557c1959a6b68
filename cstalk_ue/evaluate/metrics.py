"""One take, its recording and a prediction → every measure that can be taken of it.

Only frames that the recording marks as valid count. Controls that a method does not drive rest at their
defaults, as in what `predict` writes. Knows nothing about methods and data sets (see harness.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from cstalk_ue.errors import CurveFormatError
from cstalk_ue.evaluate.articulators import ClosureCount, count_closures
from cstalk_ue.evaluate.figure import NOTHING, Measure, TakeValue
from cstalk_ue.evaluate.landmarks import count_closures_mm
from cstalk_ue.evaluate.measures import CLOSURE_MEASURES, control_measures, point_measures, region_key
from cstalk_ue.evaluate.point_errors import region_errors
from cstalk_ue.evaluate.silence import silent_frames
from cstalk_ue.evaluate.vertices import MeasuringHead
from cstalk_ue.performer.phones import TimedPhone
from cstalk_ue.rig import complete, control_names, controls, find_control
from cstalk_ue.take import RigCurves
from ingest.take_files import StoredTake

_LIPS, _UPPER = "lips", "eyes and forehead"


class Judge(Protocol):
    """Something that looks at curves and gives values of its own, such as the emotion it sees."""

    @property
    def measures(self) -> tuple[Measure, ...]: ...

    def judge(self, take: StoredTake, prediction: RigCurves) -> Mapping[str, TakeValue]:
        """Its values for a prediction of this take, all 185 controls."""
        ...


@dataclass(frozen=True)
class Yardstick:
    """What predictions are held against.

    Attributes:
        head: where millimetres are measured.
        kept: names of the controls that count in control space.
        judges: further measures.
    """

    head: MeasuringHead
    kept: tuple[str, ...]
    judges: Sequence[Judge] = ()
    _columns: Mapping[str, np.ndarray] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        place = {name: index for index, name in enumerate(control_names())}
        columns: dict[str, list[int]] = {"rmse": [place[name] for name in self.kept]}
        for name in self.kept:
            columns.setdefault(region_key(find_control(name).region), []).append(place[name])
        object.__setattr__(self, "_columns", {key: np.array(found) for key, found in columns.items()})

    @property
    def measures(self) -> tuple[Measure, ...]:
        """Everything that `measure_take` gives, in the order of reports."""
        regions = {control.region for control in controls() if control.name in set(self.kept)}
        return (
            *point_measures(self.head.name),
            *CLOSURE_MEASURES,
            *(measure for judge in self.judges for measure in judge.measures),
            *control_measures(regions),
        )

    def measure_take(
        self, take: StoredTake, prediction: RigCurves, phones: Sequence[TimedPhone] = ()
    ) -> dict[str, TakeValue]:
        """All measures of one prediction; `NOTHING` where there is nothing to measure.

        Args:
            take: the recording.
            prediction: on the take's clock and frame rate; one frame more or less is allowed.
            phones: of the take, if they are known.

        Raises:
            CurveFormatError: the prediction is of another length or frame rate.
        """
        ours, theirs, valid = _common_frames(take, prediction)
        values = self._point_values(take, ours, theirs, valid)
        difference = (ours.values - theirs.values)[valid].astype(np.float64)
        for key, columns in self._columns.items():
            if len(difference):
                values[key] = TakeValue(float(np.sqrt((difference[:, columns] ** 2).mean())), len(difference))
        values["closed"] = _share(count_closures_mm(ours, phones)) if phones else NOTHING
        values["closed_controls"] = _share(count_closures(ours, phones)) if phones else NOTHING
        for judge in self.judges:
            values.update(judge.judge(take, ours))
        return {measure.key: values.get(measure.key, NOTHING) for measure in self.measures}

    def _point_values(
        self, take: StoredTake, ours: RigCurves, theirs: RigCurves, valid: np.ndarray
    ) -> dict[str, TakeValue]:
        head, silent = self.head, np.zeros(ours.frames, dtype=bool)
        if take.samples is not None:
            silent = silent_frames(take.samples, ours.frames, ours.fps)
        found = region_errors(
            head.points(ours),
            head.points(theirs),
            valid,
            silent,
            regions={_LIPS: head.lips, _UPPER: head.eyes_and_forehead},
            rest=head.rest,
            fps=ours.fps,
        )
        lips, upper = found[_LIPS], found[_UPPER]
        whole = float(upper.frames > 1)
        return {
            "lve_mm": TakeValue(lips.vertex_error_mm, lips.frames),
            "eve_mm": TakeValue(upper.vertex_error_mm, upper.frames),
            "lip_velocity_mm_s": TakeValue(lips.velocity_error_mm_per_second, lips.pairs),
            "upper_velocity_mm_s": TakeValue(upper.velocity_error_mm_per_second, upper.pairs),
            "fdd_mm": TakeValue(upper.dynamics_mm, whole),
            "fdd_absolute_mm": TakeValue(upper.absolute_dynamics_mm, whole),
            "silent_motion_mm_s": TakeValue(lips.silent_speed_mm_per_second, lips.silent_pairs),
        }


def _common_frames(take: StoredTake, prediction: RigCurves) -> tuple[RigCurves, RigCurves, np.ndarray]:
    """Prediction and recording with all 185 controls over their common frames, and which of them count."""
    recorded = complete(take.performance.face)
    if prediction.fps != recorded.fps or abs(prediction.frames - recorded.frames) > 1:
        raise CurveFormatError(
            f"{take.name}: a prediction of {prediction.frames} frames at {prediction.fps:g} fps; the "
            f"recording has {recorded.frames} at {recorded.fps:g}."
        )
    frames = min(prediction.frames, recorded.frames)
    valid = np.ones(frames, dtype=bool) if recorded.valid is None else recorded.valid[:frames]
    ours = complete(prediction)
    return (
        RigCurves(ours.values[:frames], ours.controls, ours.fps, valid=valid),
        RigCurves(recorded.values[:frames], recorded.controls, recorded.fps, valid=valid),
        valid,
    )


def _share(count: ClosureCount) -> TakeValue:
    return TakeValue(count.share, count.total) if count.total else NOTHING
