"""Rebuild the bundled model: one command, one seed.

Speech with known phone times (a corpus folder and the free synthetic voices) is performed by the performer;
Whisper's encoder, frozen, reads the speech; the generator learns to go from one to the other. Speakers held
out by `corpus.split_of` measure the result and never train it.
"""

import platform
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from cstalk_ue.config import EncoderConfig, ModelConfig
from cstalk_ue.emotion import EMOTIONS, EmotionTrack
from cstalk_ue.errors import ConfigError
from cstalk_ue.evaluate import bootstrap_interval, count_closures, group_correlations
from cstalk_ue.model import Checkpoint, SpeechEncoder, build_talking_face, load_checkpoint, save_checkpoint
from cstalk_ue.model.builder import build_encoder
from cstalk_ue.performer import TimedPhone, frames_of, measure_prosody, perform_face
from cstalk_ue.predict import generate_spoken
from cstalk_ue.rig import complete, control_names
from cstalk_ue.storage import sha256_text, write_json
from cstalk_ue.train.corpus import SPLITS, SpokenFile, read_corpus, split_of
from cstalk_ue.train.fit_generator import FitSettings, fit_generator
from cstalk_ue.train.teacher import FPS, Lesson, Reel, prepare_lesson, silent_reels, string_reels
from cstalk_ue.train.voices import speak_sentences

CONSTANT_TOLERANCE = 1e-3
"""A control whose values stay within this over all lessons is constant and is not learned."""
_SMALLEST_STD = 0.01

LICENCES: tuple[str, ...] = (
    "Speech encoder initialised from OpenAI Whisper tiny.en, MIT, Copyright (c) 2022 OpenAI.",
    "Trained in part on LibriSpeech train-clean-100 (V. Panayotov, G. Chen, D. Povey, S. Khudanpur), "
    "CC-BY-4.0.",
    "Trained in part on the Kathleen voice data set (rhasspy), CC0-1.0.",
    "Trained in part on speech synthesised with espeak-ng and flite from sentences of this project.",
)


@dataclass(frozen=True)
class BundledSettings:
    """What goes into the bundled model."""

    seed: int = 0
    performances: int = 5  # of every reel: one neutral, the others in random emotions
    real_passes: int = 2  # times the corpus is strung into reels, each time otherwise and in other noise
    silent_reels: int = 120  # reels of silence and noise, about 10 minutes
    synthetic: bool = True  # also train on espeak-ng and flite voices
    limit_lines: int | None = None  # only so many corpus lines, for a trial run


def rebuild_bundled(
    speech: Path,
    run: Path,
    *,
    encoder: str = "",
    settings: BundledSettings,
    fit: FitSettings,
    report: Callable[[str], None],
) -> dict[str, Any]:
    """Train, measure and save a checkpoint in `run`; returns the measurements (also in report.json).

    Args:
        speech: corpus folder (see corpus.py).
        run: folder for the checkpoint and report.
        encoder: initial Whisper weights: file, folder or hub id; "" for the usual place.
        settings, fit: what is learned and how.
        report: called with one line of text now and then.

    Raises:
        ConfigError: the corpus leaves nothing to train on.
        EncoderError: the initial weights are not to be had.
    """
    torch.manual_seed(settings.seed)
    lines = read_corpus(speech)[: settings.limit_lines]
    sides = {side: [line for line in lines if split_of(line.speaker) == side] for side in SPLITS}
    if not sides["train"]:
        raise ConfigError(f"{speech}: leaves no speaker to train on.")
    config = ModelConfig(encoder=EncoderConfig(weights=encoder))
    encoder_only = build_encoder(config.encoder).eval()
    report("features and performances of " + ", ".join(f"{len(v)} {k}" for k, v in sides.items()) + " lines")
    train = _lessons(_training_reels(sides["train"], settings), encoder_only, settings, report)
    validation = _lessons(
        string_reels((_spoken(line) for line in sides["validation"]), seed=settings.seed, noise=False),
        encoder_only,
        settings,
        report,
    )
    columns, mean, std = normalisation(train)
    kept = tuple(control_names()[column] for column in columns)
    seconds = sum(len(lesson.features) for lesson in train) / FPS
    report(
        f"{len(train)} reels, {seconds / 60:.0f} min of speech; "
        f"{len(kept)} of {len(control_names())} controls vary"
    )

    torch.manual_seed(settings.seed)
    model = build_talking_face(config, len(kept))
    model.set_normalisation(torch.from_numpy(mean), torch.from_numpy(std))
    model.eval()
    fitted = fit_generator(
        model, train, validation, columns=columns, mean=mean, std=std, settings=fit, report=report
    )
    training = {
        "training_minutes_of_speech": round(seconds / 60, 1),
        "settings": {**asdict(settings), "fit": asdict(fit)},
    }
    save_checkpoint(
        run,
        model,
        config=config,
        controls=kept,
        name="bundled",
        data_set=sha256_text(
            "\n".join(f"{line.path.name} {line.speaker}" for line in sides["train"]) + str(settings)
        ),
        training=training,
        licences=LICENCES,
    )
    measured = {
        **training,
        "training_seconds": round(fitted.seconds, 1),
        "history": [[_number(value) for value in row] for row in fitted.history],
        "held_out": measure_held_out(load_checkpoint(run), sides["test"], emotions=EMOTIONS),
        "machine": f"{platform.machine()}, {torch.get_num_threads()} threads",
    }
    write_json(run / "report.json", measured)
    return measured


def normalisation(lessons: Sequence[Lesson]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Columns that vary over the lessons, and their mean and standard deviation, float32."""
    count = 0
    total = np.zeros(len(control_names()))
    squares = np.zeros_like(total)
    low, high = np.full_like(total, np.inf), np.full_like(total, -np.inf)
    for lesson in lessons:
        values = lesson.targets.reshape(-1, lesson.targets.shape[-1]).astype(np.float64)
        count += len(values)
        total += values.sum(axis=0)
        squares += (values**2).sum(axis=0)
        low, high = np.minimum(low, values.min(axis=0)), np.maximum(high, values.max(axis=0))
    columns = np.flatnonzero(high - low > CONSTANT_TOLERANCE)
    mean = total / count
    std = np.sqrt(np.maximum(squares / count - mean**2, 0))
    return (
        columns,
        mean[columns].astype(np.float32),
        np.maximum(std[columns], _SMALLEST_STD).astype(np.float32),
    )


def measure_held_out(
    checkpoint: Checkpoint, lines: Sequence[SpokenFile], *, emotions: Sequence[str] = ("neutral",)
) -> dict[str, Any]:
    """Correlations with the performer and lip closure on lines of speakers who never trained.

    Line i is taken in emotion i modulo their number. Correlations are per line, then averaged over lines;
    intervals are bootstrapped over lines.
    """
    scores: dict[str, list[float]] = {}
    closed = teacher_closed = total = 0
    for number, line in enumerate(lines):
        samples = line.read()
        frames = frames_of(len(samples), FPS)
        emotion = EmotionTrack.constant(emotions[number % len(emotions)])
        weights = emotion.at(np.arange(frames) / FPS)
        reference = perform_face(line.phones, measure_prosody(samples, frames, FPS), weights, fps=FPS)
        prediction = complete(generate_spoken(samples, checkpoint, emotion))
        for group, score in group_correlations(prediction, reference).items():
            scores.setdefault(group, []).append(score)
        count, teacher = count_closures(prediction, line.phones), count_closures(reference, line.phones)
        closed, total, teacher_closed = (
            closed + count.closed,
            total + count.total,
            teacher_closed + teacher.closed,
        )
    groups = {
        group: {
            "mean": float(np.nanmean(values)),
            "interval_95": [_number(bound) for bound in bootstrap_interval(values)],
        }
        for group, values in scores.items()
        if np.isfinite(values).any()
    }
    return {
        "lines": len(lines),
        "speakers": len({line.speaker for line in lines}),
        "correlation": groups,
        "mean_correlation": float(np.mean([group["mean"] for group in groups.values()])) if groups else None,
        "bilabials": total,
        "lips_closed": closed / total if total else None,
        "lips_closed_by_performer": teacher_closed / total if total else None,
    }


def _number(value: float) -> float | None:
    """JSON has no NaN: what could not be measured, such as the loss on no lines, is null."""
    return float(value) if np.isfinite(value) else None


def _training_reels(lines: Sequence[SpokenFile], settings: BundledSettings) -> Iterator[Reel]:
    for turn in range(settings.real_passes):
        order = np.random.default_rng([settings.seed, turn]).permutation(len(lines))
        yield from string_reels((_spoken(lines[index]) for index in order), seed=settings.seed + 100 * turn)
    yield from silent_reels(settings.silent_reels, seed=settings.seed)
    if settings.synthetic:
        spoken = list(speak_sentences(settings.seed))
        order = np.random.default_rng([settings.seed, 99]).permutation(len(spoken))
        yield from string_reels(
            ((spoken[i].samples, spoken[i].phones) for i in order), seed=settings.seed + 1
        )


def _spoken(line: SpokenFile) -> tuple[np.ndarray, Sequence[TimedPhone]]:
    return line.read(), line.phones


def _lessons(
    reels: Iterator[Reel], encoder: SpeechEncoder, settings: BundledSettings, report: Callable[[str], None]
) -> list[Lesson]:
    random = np.random.default_rng([settings.seed, 17])
    lessons = []
    for number, reel in enumerate(reels, start=1):
        lessons.append(prepare_lesson(reel, encoder, performances=settings.performances, random=random))
        if number % 200 == 0:
            report(f"{number} reels prepared")
    return lessons
