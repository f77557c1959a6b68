"""One line of a batch: skip it if it is finished, otherwise convert it and record how.

Whatever goes wrong with a line becomes a failed `LineResult`. Knows nothing about processes (see batch.py,
batch_processes.py) and little about files (see batch_files.py).
"""

import hashlib
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cstalk_ue.audio import Audio, load_audio
from cstalk_ue.batch_files import RECORD_FORMAT, is_finished, output_paths, plain, record_path, remove_record
from cstalk_ue.errors import CSTalkError, PhoneError, UsageError
from cstalk_ue.export import FORMATS
from cstalk_ue.manifest import Line
from cstalk_ue.performer import Liveliness, perform, phones_beside, read_phones
from cstalk_ue.storage import sha256_file, sha256_text, write_json
from cstalk_ue.take import FacePerformance
from cstalk_ue.version import __version__

if TYPE_CHECKING:
    from cstalk_ue.model import Checkpoint

PERFORMER = "performer"
BUNDLED = "bundled"


@dataclass(frozen=True)
class BatchSettings:
    """What is asked of every line.

    Attributes:
        model: "bundled", "performer" or a checkpoint folder.
        formats: keys of `export.FORMATS`.
        fps: of the curves.
        seed: of blinks, gaze and head; mixed with the content of each line, so that lines differ.
        blinks, gaze, head: whether they are added.
        device: "cpu", "cuda" or "auto".
        threads: of the network in each process; 0 leaves it to torch. Sums of long lines differ in their last
            bits with the number of threads, so only a fixed one gives the same bytes for any `jobs`.
    """

    model: str = BUNDLED
    formats: tuple[str, ...] = ("npz",)
    fps: float = 30.0
    seed: int = 0
    blinks: bool = True
    gaze: bool = True
    head: bool = True
    device: str = "auto"
    threads: int = 1


@dataclass(frozen=True)
class LineResult:
    """What became of a line.

    Attributes:
        name: as in `Line`.
        status: "done", "skipped" (was finished) or "failed".
        message: why it failed.
        warnings: about the audio.
        outputs: curve files, relative to the output folder; of a skipped line, those that were there.
        audio_seconds, wall_seconds: length of the line, and time it took.
    """

    name: str
    status: str
    message: str = ""
    warnings: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    audio_seconds: float = 0.0
    wall_seconds: float = 0.0


@dataclass
class Predictor:
    """A loaded model with the settings of the batch; lives as long as its process."""

    settings: BatchSettings
    checkpoint: "Checkpoint | None"
    device: str
    model_id: str
    model_sha256: str

    @classmethod
    def load(cls, settings: BatchSettings) -> "Predictor":
        """Load the model named in the settings.

        Raises:
            UsageError: no such checkpoint, or no such device.
            CheckpointError: it is damaged, foreign or does not fit.
        """
        if settings.model == PERFORMER:
            return cls(settings, None, "cpu", PERFORMER, sha256_text(f"{PERFORMER} {__version__}"))
        from cstalk_ue.model import bundled_checkpoint, load_checkpoint

        device = choose_device(settings.device)
        path = bundled_checkpoint() if settings.model == BUNDLED else Path(settings.model)
        if settings.model != BUNDLED and not path.is_dir():
            raise UsageError(
                f"{path}: no such checkpoint folder; expected {BUNDLED}, {PERFORMER} or a folder with "
                "model.safetensors and config.json. Check the spelling."
            )
        checkpoint = load_checkpoint(path)
        checkpoint.model.to(device)
        return cls(settings, checkpoint, device, checkpoint.model_id, checkpoint.sha256)

    def perform(self, line: Line, audio: Audio, seed: int) -> FacePerformance:
        """The face of one line.

        Raises:
            PhoneError: the performer is asked and there are no timed phones.
        """
        s = self.settings
        life = Liveliness(blinks=s.blinks, gaze=s.gaze, head=s.head, seed=seed)
        if self.checkpoint is None:
            phones = read_phones(self.phones_of(line))
            return perform(phones, audio.samples, line.emotion, life=life).resample(s.fps)
        from cstalk_ue.predict import generate_curves

        return generate_curves(
            audio.samples, self.checkpoint, line.emotion, fps=s.fps, life=life, device=self.device
        )

    def phones_of(self, line: Line) -> Path:
        """The phone file of a line: named, or beside the audio.

        Raises:
            PhoneError: there is none.
        """
        if line.phones is not None and not line.phones.is_file():
            raise PhoneError(f"{line.phones}: no such file. Give the timed phones of {line.audio.name}.")
        phones = line.phones or phones_beside(line.audio)
        if phones is None:
            stem = line.audio.stem
            raise PhoneError(
                f"{line.audio}: the performer needs timed phones and there is no {stem}.phones.csv or "
                f"{stem}.TextGrid beside it. Align the line, or use the bundled model."
            )
        return phones


def choose_device(wanted: str) -> str:
    """The device that "auto", "cpu" or "cuda" means here: "cpu" or "cuda".

    Raises:
        UsageError: cuda is asked and there is none.
    """
    import torch

    if wanted == "cuda" and not torch.cuda.is_available():
        raise UsageError(
            "--device cuda: torch finds no CUDA device here. Use --device cpu, or install torch for CUDA."
        )
    if wanted == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    return wanted


def convert_line(line: Line, folder: Path, predictor: Predictor, *, resume: bool) -> LineResult:
    """Convert one line; whatever goes wrong ends as a failed result, so that the other lines go on."""
    started = time.monotonic()
    try:
        if line.problem:
            raise CSTalkError(line.problem)
        return _convert(line, folder, predictor, resume, started)
    except CSTalkError as error:
        message = str(error)
        named = (str(line.audio).removesuffix(line.audio.suffix), str(line.phones), str(folder))
        if not line.problem and not message.startswith(named):  # errors about curves know no file
            message = f"{line.audio}: {message}"
    except MemoryError:
        message = f"{line.audio}: does not fit into memory. Cut it into shorter files."
    except OSError as error:
        message = (
            f"{error.filename or line.audio}: {error.strerror or error}. Check the path and its permissions."
        )
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(where.filename).name}:{where.lineno}"
        message = f"{line.audio}: unexpected {type(error).__name__} at {place}: {error}. Please report this."
    return LineResult(line.name, "failed", message, wall_seconds=time.monotonic() - started)


def _convert(line: Line, folder: Path, predictor: Predictor, resume: bool, started: float) -> LineResult:
    record_file = record_path(line, folder)
    settings = predictor.settings
    paths = output_paths(line, folder, settings.formats)
    names = tuple(path.relative_to(folder).as_posix() for path in paths.values())
    if resume and record_file.is_file() and line.audio.is_file():
        asked = _request(line, predictor, sha256_file(line.audio))
        if is_finished(record_file, asked, tuple(paths.values())):
            return LineResult(line.name, "skipped", outputs=names, wall_seconds=time.monotonic() - started)
    audio = load_audio(line.audio)
    asked = _request(line, predictor, audio.sha256)
    performance = predictor.perform(line, audio, line_seed(asked["settings"]["seed"], audio.sha256))
    remove_record(record_file)  # from here on the old record is no longer true
    for name, path in paths.items():
        FORMATS[name].write(path, performance, provenance=_short_provenance(asked, line))
    record = {
        "format": RECORD_FORMAT,
        **asked,
        "audio": {
            "seconds": round(audio.duration_seconds, 4),
            "rate": audio.original_rate,
            "channels": audio.original_channels,
            "warnings": list(audio.warnings),
        },
        "frames": performance.frames,
        "outputs": {plain(path.name): sha256_file(path) for path in paths.values()},
    }
    write_json(record_file, record)
    return LineResult(
        line.name,
        "done",
        warnings=audio.warnings,
        outputs=names,
        audio_seconds=audio.duration_seconds,
        wall_seconds=time.monotonic() - started,
    )


def _request(line: Line, predictor: Predictor, source_sha256: str) -> dict[str, Any]:
    """Everything that decides what the outputs of a line are."""
    s = predictor.settings
    phones = sha256_file(predictor.phones_of(line)) if predictor.checkpoint is None else None
    return {
        "cstalk_ue": __version__,
        "source": {"name": plain(line.audio.name), "sha256": source_sha256, "phones_sha256": phones},
        "model": {"id": predictor.model_id, "sha256": predictor.model_sha256},
        "emotion": str(line.emotion),
        "settings": {
            "fps": s.fps,
            "formats": list(s.formats),
            "seed": s.seed if line.seed is None else line.seed,
            "blinks": s.blinks,
            "gaze": s.gaze,
            "head": s.head,
        },
    }


def _short_provenance(asked: dict[str, Any], line: Line) -> dict[str, Any]:
    """What travels inside the curve files."""
    return {
        "source": line.audio.name,
        "source_sha256": asked["source"]["sha256"],
        "emotion": asked["emotion"],
        "model": asked["model"]["id"],
        "model_sha256": asked["model"]["sha256"],
        "seed": asked["settings"]["seed"],
    }


def line_seed(seed: int, source_sha256: str) -> int:
    """Lines of a batch blink at different times, the same line always at the same."""
    return int.from_bytes(hashlib.sha256(f"{seed} {source_sha256}".encode()).digest()[:8], "big")
