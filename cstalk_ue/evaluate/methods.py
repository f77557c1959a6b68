"""Methods to be compared: a name, and a function from a take of a data set to its predicted curves.

Every method hears the sound and is told the emotion label of the take; none sees its curves, except
`recording`, which repeats them and says what a perfect method scores. Blinks, gaze and head motion that
`predict` adds afterwards are left out: they are drawn, not predicted. Knows nothing about measures.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cstalk_ue.emotion import EMOTIONS, EmotionTrack
from cstalk_ue.errors import CheckpointError, UsageError
from cstalk_ue.performer import TimedPhone, measure_prosody, perform_face, read_phones
from cstalk_ue.rig import control_names
from cstalk_ue.take import RigCurves
from ingest.data_set import DataSet
from ingest.labels import emotion_class as labelled_class
from ingest.take_files import StoredTake

PHONES_FILE = "phones.csv"
RECORDING, PERFORMER, MEAN_FACE = "recording", "performer", "mean"
BUILT_IN = (PERFORMER, MEAN_FACE, RECORDING)


@dataclass(frozen=True)
class Method:
    """How curves come from a take.

    Attributes:
        name: in tables.
        predict: take → curves at its frame rate, or None if it lacks what the method needs.
        facts: what it is, as JSON values: checkpoint id, encoder, parameters and the like.
    """

    name: str
    predict: Callable[[StoredTake], RigCurves | None]
    facts: dict[str, Any]


def emotion_of(take: StoredTake) -> EmotionTrack:
    """The label of a take; neutral if it has none."""
    return take.labels.emotion or EmotionTrack.constant("neutral")


def emotion_class(take: StoredTake) -> int | None:
    """Index of the class that a take counts as (see ingest/labels.py); None without a label."""
    emotion = take.labels.emotion
    return None if emotion is None else EMOTIONS.index(labelled_class(emotion))


def phones_of(data_set: DataSet, take: StoredTake) -> tuple[TimedPhone, ...]:
    """Timed phones of a take, on its clock; none if its folder has no phones.csv.

    Raises:
        PhoneError: the file cannot be read.
    """
    path = data_set.take_folder(take.name) / PHONES_FILE
    return read_phones(path) if path.is_file() else ()


def recording_method() -> Method:
    """The recording itself: what a perfect method would score."""
    return Method(RECORDING, lambda take: take.performance.face, {"is": "the recorded curves"})


def mean_face_method(data_set: DataSet) -> Method:
    """Every control at its mean over the training takes, whatever is said in whatever emotion.

    Raises:
        DataSetError: the data set has no statistics.
    """
    mean = data_set.require_statistics().mean

    def predict(take: StoredTake) -> RigCurves:
        face = take.performance.face
        return RigCurves(np.tile(mean, (face.frames, 1)), control_names(), face.fps)

    return Method(MEAN_FACE, predict, {"is": "every control at its mean over the training takes"})


def performer_method(data_set: DataSet) -> Method:
    """The rule-based performer; takes need phones.csv and sound."""

    def predict(take: StoredTake) -> RigCurves | None:
        phones = phones_of(data_set, take)
        if take.samples is None or not phones:
            return None
        frames, fps = take.performance.frames, take.performance.fps
        weights = emotion_of(take).at(np.arange(frames) / fps)
        return perform_face(phones, measure_prosody(take.samples, frames, fps), weights, fps=fps)

    return Method(PERFORMER, predict, {"is": "rules from timed phones, see cstalk_ue/performer"})


def checkpoint_method(path: Path, *, name: str = "", device: str = "cpu") -> Method:
    """A trained model.

    Args:
        path: folder of a checkpoint.
        name: in tables; default the model's own name.

    Raises:
        CheckpointError: the folder is no checkpoint, or its model has controls that are not ours.
    """
    from cstalk_ue.model import load_checkpoint
    from cstalk_ue.predict import generate_spoken

    checkpoint = load_checkpoint(path)
    foreign = sorted(set(checkpoint.controls) - set(control_names()))
    if foreign:
        raise CheckpointError(
            f"{path}: made for other controls, such as {', '.join(foreign[:3])}; expected names of our "
            f"{len(control_names())}. Train it on a data set of this version."
        )
    checkpoint.model.to(device)

    def predict(take: StoredTake) -> RigCurves | None:
        if take.samples is None:
            return None
        return generate_spoken(take.samples, checkpoint, emotion_of(take), device=device)

    parameters = sum(value.numel() for value in checkpoint.model.parameters())
    decoder = sum(value.numel() for value in checkpoint.model.generator.parameters())
    facts = {
        "id": checkpoint.model_id,
        "encoder": checkpoint.config.encoder.kind,
        "generator": getattr(checkpoint.config.generator, "kind", "tcn"),
        "controls": len(checkpoint.controls),
        "parameters": parameters,
        "generator_parameters": decoder,
        "data_set": checkpoint.info.data_set,
    }
    return Method(name or checkpoint.info.name, predict, facts)


def method_of(model: str, data_set: DataSet, *, device: str = "cpu") -> Method:
    """The method of this name on the command line: a built-in one, ``bundled``, or a checkpoint folder.

    Raises:
        UsageError: neither a built-in name nor a folder.
        CheckpointError: the folder is no checkpoint.
    """
    if model == PERFORMER:
        return performer_method(data_set)
    if model == MEAN_FACE:
        return mean_face_method(data_set)
    if model == RECORDING:
        return recording_method()
    if model == "bundled":
        from cstalk_ue.model import bundled_checkpoint

        return checkpoint_method(bundled_checkpoint(), device=device)
    if not Path(model).is_dir():
        raise UsageError(
            f"model {model!r}: no such folder; expected a checkpoint folder, bundled, {', '.join(BUILT_IN)}."
        )
    return checkpoint_method(Path(model), device=device)
