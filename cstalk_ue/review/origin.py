"""How a curve file was made: model, emotion, seed and switches, so that it can be made again.

A ``cstalk-curves/1`` file says most of it itself; the record beside it, NAME.provenance.json, says the rest
(which of blinks, gaze and head were added) and speaks for tables. Other files say nothing.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cstalk_ue.batch_files import RECORD_FORMAT
from cstalk_ue.batch_line import line_seed
from cstalk_ue.errors import UsageError
from cstalk_ue.export import FORMATS, read_curves_npz
from cstalk_ue.performer import Liveliness

_NPZ = FORMATS["npz"].suffix


@dataclass(frozen=True)
class Origin:
    """What decides the curves of a line, besides its sound.

    Attributes:
        model, model_sha256: name and weights of the model.
        source_sha256: of the sound file.
        emotion: track text, its intensity included.
        fps: of the curves.
        seed: as it was given to `predict`, not yet mixed with the sound.
        blinks, gaze, head: what was added.
    """

    model: str
    model_sha256: str
    source_sha256: str
    emotion: str
    fps: float
    seed: int
    blinks: bool = True
    gaze: bool = True
    head: bool = True

    @property
    def life(self) -> Liveliness:
        """The layer of blinks, gaze and head that `predict` adds."""
        return Liveliness(self.blinks, self.gaze, self.head, line_seed(self.seed, self.source_sha256))


def read_origin(curves: Path) -> Origin:
    """Where a curve file or table comes from.

    Raises:
        UsageError: it does not say.
        CurveFormatError: a curve file is damaged.
    """
    record = _read_record(curves)
    if curves.name.endswith(_NPZ):
        file = read_curves_npz(curves)
        told = _from_provenance(file.provenance, file.performance.fps)
        if told is not None and record is not None and _same_making(told, record):
            return record
        record = told
    if record is None:
        raise UsageError(f"{curves}: does not say how it was made; only lines made by predict can be tuned.")
    return record


def _from_provenance(made: Mapping[str, Any], fps: float) -> Origin | None:
    texts = [made.get(name) for name in ("model", "model_sha256", "source_sha256", "emotion")]
    if not all(isinstance(text, str) for text in texts) or not _whole(made.get("seed")):
        return None
    model, model_sha256, source_sha256, emotion = map(str, texts)
    return Origin(model, model_sha256, source_sha256, emotion, fps, made["seed"])


def _read_record(curves: Path) -> Origin | None:
    for suffix in sorted((form.suffix for form in FORMATS.values()), key=len, reverse=True):
        if curves.name.endswith(suffix):
            path = curves.with_name(curves.name.removesuffix(suffix) + ".provenance.json")
            break
    else:
        return None
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["format"] != RECORD_FORMAT:
            return None
        settings = data["settings"]
        blinks, gaze, head = (settings[name] for name in ("blinks", "gaze", "head"))
        if not _whole(settings["seed"]) or not all(
            isinstance(switch, bool) for switch in (blinks, gaze, head)
        ):
            return None
        return Origin(
            str(data["model"]["id"]),
            str(data["model"]["sha256"]),
            str(data["source"]["sha256"]),
            str(data["emotion"]),
            float(settings["fps"]),
            settings["seed"],
            blinks,
            gaze,
            head,
        )
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None  # absent or damaged; the curve file speaks for itself


def _same_making(told: Origin, record: Origin) -> bool:
    """Whether a record is about these curves and not about others that once had their name."""

    def making(origin: Origin) -> tuple[object, ...]:
        return (origin.model_sha256, origin.source_sha256, origin.emotion, origin.fps, origin.seed)

    return making(told) == making(record)


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
