"""Spoken files of any length -> lines of 4 to 9 s for practice takes: cut at pauses, or strung with pauses.

A line is of one speaker. Knows nothing about emotions or faces.
"""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from cstalk_ue.audio import SAMPLE_RATE
from cstalk_ue.loudness import speech_gain
from cstalk_ue.performer.phones import SILENCE, TimedPhone
from cstalk_ue.train.corpus import SpokenFile

SHORTEST_SECONDS, LONGEST_SECONDS = 4.0, 9.0
"""Of a take (paper, III.A)."""

_EDGE_SECONDS = (0.15, 0.4)
_PAUSE_SECONDS = (0.3, 0.7)
_CUT_SILENCE_SECONDS = 0.12
_ROOM_DB = (-70.0, -55.0)
_LEAST_SPOKEN = 0.5
# Spoken length that is safe whatever edges and speaking rate come on top.
_SHORTEST_SPOKEN, _LONGEST_SPOKEN = 4.2, 7.6


@dataclass(frozen=True)
class Piece:
    """Part of a spoken file: from and to in seconds, both in silence or at an end."""

    file: SpokenFile
    start_seconds: float
    end_seconds: float

    @property
    def seconds(self) -> float:
        """Length."""
        return self.end_seconds - self.start_seconds


@dataclass(frozen=True)
class PracticeLine:
    """One line of a script, as pieces to be said one after the other."""

    pieces: tuple[Piece, ...]

    @property
    def transcript(self) -> str:
        """The text, where whole files are said; empty where only a part of one is."""
        whole = all(piece.start_seconds == 0 and piece.seconds >= piece.file.seconds for piece in self.pieces)
        return " ".join(piece.file.text for piece in self.pieces).strip() if whole else ""


def make_lines(files: Sequence[SpokenFile], count: int, *, random: np.random.Generator) -> list[PracticeLine]:
    """Up to `count` lines from these files; no second of them is in two lines."""
    by_speaker: dict[str, list[SpokenFile]] = {}
    for index in random.permutation(len(files)):
        by_speaker.setdefault(files[index].speaker, []).append(files[index])
    lines = (
        PracticeLine(pieces)
        for spoken in by_speaker.values()
        for pieces in _string(_cut(spoken, random), random)
    )
    return list(itertools.islice(lines, count))


def say(
    line: PracticeLine, *, rate: float, level_db: float, random: np.random.Generator
) -> tuple[np.ndarray, tuple[TimedPhone, ...]]:
    """One recording of a line: mono 16 kHz samples and its phones.

    Args:
        rate: above 1 faster and higher, as tape played faster.
        level_db: loudness against the usual level of speech.
        random: of pauses and of the room's noise.
    """
    import librosa

    sounds: list[np.ndarray] = [_silence(random.uniform(*_EDGE_SECONDS))]
    phones: list[TimedPhone] = []
    length = len(sounds[0])
    for number, piece in enumerate(line.pieces):
        if number:
            sounds.append(_silence(random.uniform(*_PAUSE_SECONDS)))
            length += len(sounds[-1])
        samples = piece.file.read()
        first, last = (round(t * SAMPLE_RATE) for t in (piece.start_seconds, piece.end_seconds))
        spoken = samples[first:last] * np.float32(speech_gain(samples))
        spoken = librosa.resample(
            spoken, orig_sr=rate * SAMPLE_RATE, target_sr=SAMPLE_RATE, res_type="soxr_hq"
        )
        phones += _moved(piece, length / SAMPLE_RATE, rate)
        sounds.append(spoken)
        length += len(spoken)
    sounds.append(_silence(random.uniform(*_EDGE_SECONDS)))
    sound = np.concatenate(sounds) * 10 ** (level_db / 20)
    sound = sound + random.standard_normal(len(sound)) * 10 ** (random.uniform(*_ROOM_DB) / 20)
    return (sound / max(1.0, float(np.abs(sound).max()) / 0.98)).astype(np.float32), tuple(phones)


def _cut(files: Iterable[SpokenFile], random: np.random.Generator) -> Iterator[Piece]:
    """Whole files, long ones cut in the middle of a silence; ends too short for anything are left out."""
    for file in files:
        start = 0.0
        while file.seconds - start > _LONGEST_SPOKEN:
            cuts = [
                (p.start_seconds + p.end_seconds) / 2
                for p in file.phones
                if p.phone == SILENCE and p.end_seconds - p.start_seconds >= _CUT_SILENCE_SECONDS
            ]
            wanted = start + random.uniform(_SHORTEST_SPOKEN, _LONGEST_SPOKEN)
            fitting = [t for t in cuts if start + _SHORTEST_SPOKEN <= t <= start + _LONGEST_SPOKEN]
            later = [t for t in cuts if t > start + _LONGEST_SPOKEN]
            if fitting:
                end = min(fitting, key=lambda t: abs(t - wanted))
                yield Piece(file, start, end)
                start = end
            elif later:
                start = later[0]
            else:
                break
        else:
            yield Piece(file, start, file.seconds)


def _string(pieces: Iterable[Piece], random: np.random.Generator) -> Iterator[tuple[Piece, ...]]:
    """Pieces one after the other until a line is long enough, without what is too short, long or silent."""
    strung: list[Piece] = []
    wanted = random.uniform(_SHORTEST_SPOKEN, _LONGEST_SPOKEN)
    for piece in pieces:
        if strung and _seconds([*strung, piece]) > _LONGEST_SPOKEN:
            if _seconds(strung) >= _SHORTEST_SPOKEN:
                yield tuple(strung)
            strung = []
            wanted = random.uniform(_SHORTEST_SPOKEN, _LONGEST_SPOKEN)
        if piece.seconds > _LONGEST_SPOKEN or _spoken_share(piece) < _LEAST_SPOKEN:
            continue
        strung.append(piece)
        if _seconds(strung) >= wanted:
            yield tuple(strung)
            strung = []
            wanted = random.uniform(_SHORTEST_SPOKEN, _LONGEST_SPOKEN)
    if _seconds(strung) >= _SHORTEST_SPOKEN:
        yield tuple(strung)


def _spoken_share(piece: Piece) -> float:
    """How much of a piece is speech; where an aligner failed it is hardly any."""
    spoken = 0.0
    for phone in piece.file.phones:
        if phone.phone != SILENCE:
            start = max(phone.start_seconds, piece.start_seconds)
            spoken += max(0.0, min(phone.end_seconds, piece.end_seconds) - start)
    return spoken / piece.seconds if piece.seconds > 0 else 0.0


def _seconds(pieces: Sequence[Piece]) -> float:
    """Length of a line of these pieces with the longest pauses between them."""
    return sum(piece.seconds for piece in pieces) + _PAUSE_SECONDS[1] * max(0, len(pieces) - 1)


def _moved(piece: Piece, offset_seconds: float, rate: float) -> Iterator[TimedPhone]:
    """The phones of a piece on the clock of the line."""
    for phone in piece.file.phones:
        start = max(phone.start_seconds, piece.start_seconds)
        end = min(phone.end_seconds, piece.end_seconds)
        if start < end:
            begin, finish = (offset_seconds + (t - piece.start_seconds) / rate for t in (start, end))
            yield TimedPhone(phone.phone, begin, finish, phone.stress)


def _silence(seconds: float) -> np.ndarray:
    return np.zeros(round(seconds * SAMPLE_RATE), dtype=np.float32)
