"""The measures of an evaluation: what each is called, how it is defined, its unit, space and pooling.

All that is printed about a number comes from here. How numbers are found is in metrics.py.
"""

from collections.abc import Iterable, Mapping

from cstalk_ue.evaluate.figure import Measure
from cstalk_ue.face_measures import LIPS_CLOSED_MM
from cstalk_ue.rig import region_names

_FRAMES, _TAKES = "mean over valid frames of all takes", "mean over takes"

LVE, EVE = "lve_mm", "eve_mm"


def point_measures(space: str) -> tuple[Measure, ...]:
    """The measures in millimetres on a head of this name."""
    pairs = "mean over pairs of neighbouring valid frames of all takes"
    return (
        Measure(LVE, "LVE", "Largest distance between predicted and recorded lip points in a frame, averaged "
                "over frames; not squared.", "mm", space, _FRAMES),
        Measure(EVE, "EVE", "As LVE, over the points of eyes and forehead.", "mm", space, _FRAMES),
        Measure("lip_velocity_mm_s", "lip velocity", "Length of the difference between predicted and "
                "recorded velocities, averaged over lip points.", "mm/s", space, pairs),
        Measure("upper_velocity_mm_s", "upper velocity", "The same over the points of eyes and "
                "forehead.", "mm/s",
                space, pairs),
        Measure("fdd_mm", "FDD", "Standard deviation over a take of a point's distance from rest, prediction "
                "minus recording, averaged over the points of eyes and forehead. Signed: errors cancel, and "
                "a clip played backwards scores the same.", "mm", space, _TAKES, "zero"),
        Measure("fdd_absolute_mm", "|FDD|", "As FDD with the absolute difference of every point.", "mm",
                space, _TAKES),
        Measure("silent_motion_mm_s", "motion in silence", "Speed of the predicted lip points, averaged over "
                "them, where the recording is silent for 0.3 s or longer; compare with the recording's "
                "own.", "mm/s",
                space, "mean over pairs of neighbouring silent frames of all takes", "zero"),
    )  # fmt: skip


def control_measures(kept: Iterable[str]) -> tuple[Measure, ...]:
    """Root mean squared error over the kept controls, and over those of each of these regions."""
    head = "Root of the mean squared difference over the frames of a take and"
    return (
        Measure(
            "rmse", "RMSE", f"{head} all controls that the data set keeps.", "rig units", "controls", _FRAMES
        ),
        *(
            Measure(
                region_key(region),
                f"RMSE {region}",
                f"{head} the kept controls of the region {region}.",
                "rig units",
                "controls",
                _FRAMES,
            )
            for region in region_names()
            if region in set(kept)
        ),
    )


def region_key(region: str) -> str:
    """Key of the error of one region of the rig."""
    return f"rmse_{region}"


CLOSURE_MEASURES: tuple[Measure, ...] = (
    Measure("closed", "lips closed", "Share of p, b and m in which the lips come within "
            f"{LIPS_CLOSED_MM:g} mm of each other between the phone's start and end, one frame allowed at "
            "either side.", "share", "landmark face", "share of all p, b and m with known times", "higher"),
    Measure("closed_controls", "lips closed (controls)", "The same, where the aperture computed from the "
            "controls comes down to 3 % of a fully open jaw.", "share", "controls",
            "share of all p, b and m with known times", "higher"),
)  # fmt: skip


def accuracy_measure(key: str, label: str, judge: str) -> Measure:
    """How often a judge finds the emotion that was asked for."""
    return Measure(
        key,
        label,
        f"Share of takes whose labelled emotion has the highest probability according to {judge}, averaged "
        "over windows of 96 frames.",
        "share",
        "controls",
        "share of takes with an emotion label",
        "higher",
    )


SCORE_DISTANCE = Measure(
    "score_distance",
    "score distance",
    "Frobenius norm of the difference between the attention-score matrices of prediction and recording, "
    "divided by that of the recording's, averaged over windows of 96 frames; through the correlation module.",
    "share",
    "scores",
    _TAKES,
)


def by_key(measures: Iterable[Measure]) -> Mapping[str, Measure]:
    """The measures by key, in their order."""
    return {measure.key: measure for measure in measures}
