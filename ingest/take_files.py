"""One take of a data set on disk, tag `cstalk-take/1`: a folder with curves.npz, audio.wav and take.json.

curves.npz is plain numpy: ``face`` (frames, 185) and ``head`` (frames, 9) float32 at 30 fps, ``valid``
(frames,) bool, and their names. audio.wav is 16 kHz mono, 16 bit; its first sample lies on frame 0 and it is
as long as the curves, padded with silence or cut where the recording was not. take.json says everything else
and is written last, with the hashes of the two: a folder without it, or with another hash, is unfinished.
Knows nothing about other takes (see data_set.py).
"""

import io
import json
import shutil
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from cstalk_ue.audio import SAMPLE_RATE, load_audio
from cstalk_ue.emotion import EmotionTrack
from cstalk_ue.errors import DataSetError, EmotionError, ExportError
from cstalk_ue.rig import HEAD_CURVES, control_names
from cstalk_ue.storage import sha256_file, sha256_text, whole_file, write_json
from cstalk_ue.take import FacePerformance, RigCurves
from ingest.captured import DATA_SET_FPS, TakeLabels

TAKE_FORMAT = "cstalk-take/1"
CURVES_FILE, AUDIO_FILE, TAKE_FILE = "curves.npz", "audio.wav", "take.json"
_REMEDY = "Ingest this take again."


@dataclass(frozen=True)
class StoredTake:
    """One take as it lies in a data set.

    Attributes:
        name: its folder.
        performance: 185 controls and head at 30 fps; `performance.face.valid` is always there.
        labels: emotion and the rest.
        facts: everything that take.json says.
        samples: ``(samples,)`` float32, mono 16 kHz, sample 0 on frame 0, as long as the curves; None if the
            take has no sound.
    """

    name: str
    performance: FacePerformance
    labels: TakeLabels
    facts: Mapping[str, Any]
    samples: np.ndarray | None = None


def samples_of(frames: int) -> int:
    """Samples at 16 kHz that so many frames at 30 fps last, rounded."""
    return round(frames * SAMPLE_RATE / DATA_SET_FPS)


def align_samples(samples: np.ndarray, start_seconds: float, frames: int) -> np.ndarray:
    """Sound on the clock of the curves: sample 0 on frame 0, as long as `frames`, silence where it has none.

    Args:
        start_seconds: where ``samples[0]`` lies on the clock of the curves.
    """
    first = round(start_seconds * SAMPLE_RATE)
    aligned = np.zeros(samples_of(frames), dtype=np.float32)
    begin, end = max(0, first), min(len(aligned), first + len(samples))
    if begin < end:
        aligned[begin:end] = samples[begin - first : end - first]
    return aligned


def write_take(
    folder: Path,
    performance: FacePerformance,
    samples: np.ndarray | None,
    labels: TakeLabels,
    facts: Mapping[str, Any],
) -> dict[str, Any]:
    """Write or replace a take's folder and give back the contents of its take.json.

    Args:
        samples: sound on the clock of the curves (see `align_samples`), or None.
        facts: JSON values that take.json shall hold beside format, labels, lengths and hashes.
            A ``content_sha256`` over the hashes is added.

    Raises:
        ExportError: the folder cannot be written.
    """
    # Without its take.json a take is unfinished, so nobody reads a mixture of old and new.
    _remove_file(folder / TAKE_FILE)
    face, head = performance.face, performance.head
    valid = np.ones(face.frames, dtype=bool) if face.valid is None else face.valid
    arrays = {
        "format": np.array(TAKE_FORMAT),
        "fps": np.array(face.fps),
        "controls": np.array(face.controls),
        "head_curves": np.array(head.controls),
        "face": face.values,
        "head": head.values,
        "valid": valid,
    }
    with whole_file(folder / CURVES_FILE) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        # Fixed dates, unlike np.savez: the same take gives the same bytes.
        for name, array in arrays.items():
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w") as member:
                np.lib.format.write_array(member, array, allow_pickle=False)
    hashes = {CURVES_FILE: sha256_file(folder / CURVES_FILE)}
    if samples is None:
        _remove_file(folder / AUDIO_FILE)
    else:
        sound = io.BytesIO()  # of a file soundfile would wait until it is on the disk
        soundfile.write(sound, np.clip(samples, -1, 1), SAMPLE_RATE, subtype="PCM_16", format="WAV")
        with whole_file(folder / AUDIO_FILE) as temporary:
            temporary.write_bytes(sound.getbuffer())
        hashes[AUDIO_FILE] = sha256_file(folder / AUDIO_FILE)
    data = {
        "format": TAKE_FORMAT,
        "labels": labels_to_json(labels),
        "frames": face.frames,
        "valid_frames": int(valid.sum()),
        "sha256": hashes,
        # Curves and sound are written the same way every time, so copies have the same digest.
        "content_sha256": sha256_text(" ".join(hashes.values())),
        **facts,
    }
    write_json(folder / TAKE_FILE, data)
    return data


def write_take_facts(folder: Path, facts: Mapping[str, Any]) -> None:
    """Replace a take's take.json, curves and sound staying as they are.

    Raises:
        ExportError: the folder cannot be written.
    """
    write_json(folder / TAKE_FILE, dict(facts))


def _remove_file(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise ExportError(
            f"{path}: cannot be replaced ({error.strerror}). Close the program using it."
        ) from error


def remove_take(folder: Path) -> None:
    """Delete a take's folder, take.json first, so that an interruption leaves an unfinished take."""
    (folder / TAKE_FILE).unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)


def read_take(folder: Path, *, audio: bool = True) -> StoredTake:
    """Read a take.

    Args:
        audio: also decode its sound.

    Raises:
        DataSetError: unfinished, damaged, or of another format.
        AudioError: the sound cannot be read.
    """
    facts = read_take_facts(folder)
    path = folder / CURVES_FILE
    try:
        with np.load(path, allow_pickle=False) as arrays:
            face, head, valid = arrays["face"], arrays["head"], arrays["valid"]
            names, head_names = tuple(arrays["controls"].tolist()), tuple(arrays["head_curves"].tolist())
            fps = float(arrays["fps"])
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise DataSetError(f"{path}: cannot be read as curves ({error}). {_REMEDY}") from error
    if names != control_names() or head_names != HEAD_CURVES or fps != DATA_SET_FPS:
        raise DataSetError(
            f"{path}: holds {len(names)} controls and {len(head_names)} head curves at {fps:g} fps; expected "
            f"our {len(control_names())} and {len(HEAD_CURVES)} at {DATA_SET_FPS:g}. {_REMEDY}"
        )
    performance = FacePerformance(
        RigCurves(face, names, fps, valid=valid), RigCurves(head, head_names, fps, valid=valid)
    )
    samples = load_audio(folder / AUDIO_FILE).samples if audio and AUDIO_FILE in facts["sha256"] else None
    return StoredTake(folder.name, performance, labels_from_json(facts["labels"], folder), facts, samples)


def read_take_facts(folder: Path) -> dict[str, Any]:
    """What take.json says.

    Raises:
        DataSetError: missing, damaged, or of another format.
    """
    path = folder / TAKE_FILE
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataSetError(f"{path}: cannot be read ({error.strerror}). {_REMEDY}") from error
    except ValueError as error:
        raise DataSetError(f"{path}: is not JSON ({error}). {_REMEDY}") from error
    tag = facts.get("format") if isinstance(facts, dict) else None
    if tag != TAKE_FORMAT:
        raise DataSetError(f"{path}: format {tag!r}; this version reads {TAKE_FORMAT!r}.")
    if not isinstance(facts.get("labels"), dict) or not isinstance(facts.get("sha256"), dict):
        raise DataSetError(f"{path}: lacks 'labels' or 'sha256'. {_REMEDY}")
    return facts


def labels_to_json(labels: TakeLabels) -> dict[str, Any]:
    """Labels as plain values, the emotion in the grammar of `EmotionTrack.parse`."""
    return {
        "emotion": None if labels.emotion is None else str(labels.emotion),
        "intensity": labels.intensity,
        "performer": labels.performer,
        "line": labels.line,
        "slate": labels.slate,
        "take_number": labels.take_number,
        "transcript": labels.transcript,
    }


def labels_from_json(data: Mapping[str, Any], folder: Path) -> TakeLabels:
    """The reverse of `labels_to_json`.

    Raises:
        DataSetError: the labels are malformed.
    """
    try:
        emotion = data["emotion"]
        return TakeLabels(
            emotion=None if emotion is None else EmotionTrack.parse(emotion),
            **{
                key: data[key]
                for key in ("intensity", "performer", "line", "slate", "take_number", "transcript")
            },
        )
    except (KeyError, TypeError, AttributeError, EmotionError) as error:
        raise DataSetError(f"{folder / TAKE_FILE}: labels cannot be read ({error!r}). {_REMEDY}") from error
