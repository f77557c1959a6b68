"""Sound file → mono samples at 16 kHz, the only audio the rest of the package knows.

Decodes WAV, FLAC, OGG (Vorbis, Opus) and AIFF with libsndfile and resamples with librosa, block by block: the
peak of memory is one mono 16 kHz copy plus one block. Files are only read.

libsndfile 1.2 opens a WAV, AIFF or OGG that was cut off and quietly gives what is left, so this module
compares what the container promises with what is there. MP3 and the rest are refused: their length cannot be
checked and MP3 encoders shift the sound by some 50 ms.
"""

import contextlib
import hashlib
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from cstalk_ue.audio_container import SizedRiff, aiff_data, check_ogg, cut_off, missing_share, riff_data
from cstalk_ue.errors import AudioError

SAMPLE_RATE = 16000
AUDIO_SUFFIXES = (".wav", ".wave", ".flac", ".ogg", ".oga", ".opus", ".aif", ".aiff", ".aifc")

BLOCK_SECONDS = 10
EDGE_SECONDS = 1
"""Context on both sides of a block, trimmed again; far longer than soxr's filter."""

SILENT_DBFS, QUIET_DBFS = -60.0, -40.0
CLIPPED_SHARE = 0.001
SHORT_SECONDS, LONG_SECONDS = 0.2, 3600.0

_CONTAINERS = ("WAV", "WAVEX", "RF64", "FLAC", "OGG", "AIFF")
_RATES = (4000, 768000)
_EIGHT_BIT = ("PCM_S8", "PCM_U8")


@dataclass(frozen=True)
class Audio:
    """Speech as the models take it.

    Attributes:
        samples: ``(samples,)`` float32, mono, 16 kHz, finite, at least one; full scale is -1..1.
        source: the file it came from, if any.
        sha256: of the source file's bytes; empty without a file.
        warnings: what a person should know about the recording, one sentence each, without the file name.
        original_rate: Hz, before resampling.
        original_channels: before the mix to mono.

    Raises:
        AudioError: the samples are not like that.
    """

    samples: np.ndarray
    source: Path | None = None
    sha256: str = ""
    warnings: tuple[str, ...] = ()
    original_rate: int = SAMPLE_RATE
    original_channels: int = 1

    def __post_init__(self) -> None:
        samples = np.asarray(self.samples, dtype=np.float32)
        if samples.ndim != 1 or len(samples) == 0:
            raise AudioError(
                f"{_named(self.source)}samples of shape {samples.shape}; expected (samples,), at least one."
            )
        # min and max carry NaN through and need no array of their own, unlike isfinite.
        if not (math.isfinite(samples.min()) and math.isfinite(samples.max())):
            raise AudioError(f"{_named(self.source)}holds NaN or infinite samples. Export it again.")
        if samples.flags.writeable:
            samples = samples.view()
            samples.flags.writeable = False
        object.__setattr__(self, "samples", samples)
        object.__setattr__(self, "warnings", tuple(self.warnings))

    @property
    def duration_seconds(self) -> float:
        """Samples / 16000."""
        return len(self.samples) / SAMPLE_RATE


def load_audio(path: Path) -> Audio:
    """Read a sound file of any rate, bit depth and channel count as mono 16 kHz.

    Channels are averaged. The result equals one pass of ``librosa.resample(res_type="soxr_hq")`` to 1e-6.

    Raises:
        AudioError: missing, unreadable, empty, not a sound file, cut off, damaged, or with NaN samples.
    """
    path = Path(path)
    sha256 = _hash(path)
    levels = _Levels()
    samples = bytearray()
    with _opened(path) as file:
        rate, channels = file.samplerate, file.channels
        levels.full_scale = 1 - 2**-7 if file.subtype in _EIGHT_BIT else 0.9999
        blocks = _mono_blocks(file, path, levels)
        for block in blocks if rate == SAMPLE_RATE else _resampled(blocks, rate):
            samples += block.data
        promised_frames = file.frames
    # A decoder may round its last packet; a hundredth of a second is not a missing word.
    if promised_frames - levels.frames > rate / 100:
        raise cut_off(path, levels.frames / rate, promised_frames / rate)
    if not samples:
        raise AudioError(f"{path}: has no samples; expected speech. Record or export it again.")
    return Audio(
        np.frombuffer(samples, dtype=np.float32),
        source=path,
        sha256=sha256,
        warnings=tuple(_warnings(levels, rate, channels)),
        original_rate=rate,
        original_channels=channels,
    )


def find_audio(paths: Iterable[Path]) -> list[Path]:
    """The sound files among `paths`: files as given, folders searched through and sorted.

    Inside folders only `AUDIO_SUFFIXES` count; hidden names (``.git``, macOS's ``._take.wav``) are skipped.
    A file given by itself is kept whatever its suffix. Each file comes once.

    Raises:
        AudioError: a path does not exist.
    """
    found: dict[Path, None] = {}
    for path in map(Path, paths):
        if path.is_dir():
            found.update(dict.fromkeys(_sounds_below(path)))
        elif path.exists():
            found[path] = None
        else:
            raise AudioError(f"{path}: no such file or folder. Check the spelling.")
    return list(found)


def _sounds_below(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in AUDIO_SUFFIXES
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
        and path.is_file()
    )


def _named(path: Path | None) -> str:
    return "" if path is None else f"{path}: "


def _hash(path: Path) -> str:
    """SHA-256 of the bytes; refuses what is not an ordinary, readable, non-empty file."""
    try:
        if path.is_dir():
            raise AudioError(f"{path}: is a folder; expected a sound file. Name the files inside it.")
        if path.exists() and not path.is_file():
            raise AudioError(f"{path}: is a device or pipe; expected a sound file.")
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            if file.tell() == 0:
                raise AudioError(
                    f"{path}: is empty (0 bytes); expected a sound file. Copy or export it again."
                )
    except FileNotFoundError as error:
        raise AudioError(f"{path}: no such file. Check the spelling.") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise AudioError(f"{path}: cannot be read ({reason}). Check its permissions.") from error
    return digest


@dataclass
class _Levels:
    """What is measured while the blocks go by."""

    full_scale: float = 1.0
    frames: int = 0
    clipped_frames: int = 0
    peak: float = 0.0
    mono_peak: float = 0.0

    def add(self, block: np.ndarray, mono: np.ndarray) -> None:
        self.frames += len(block)
        peak = max(float(block.max()), -float(block.min()))
        if peak >= self.full_scale:
            # Over a short last axis numpy is slow, so only where it matters.
            self.clipped_frames += int(np.count_nonzero((np.abs(block) >= self.full_scale).any(axis=1)))
        self.peak = max(self.peak, peak)
        self.mono_peak = max(self.mono_peak, float(mono.max()), -float(mono.min()))


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """A `soundfile.SoundFile` whose container is one we can check, and whole."""
    with contextlib.ExitStack() as stack:
        source: Any = path
        data = riff_data(path)
        if data is not None and data.size == 0 and data.present:
            source = stack.enter_context(SizedRiff(path, data))
        try:
            file = stack.enter_context(soundfile.SoundFile(source))
        except (soundfile.SoundFileError, TypeError, ValueError) as error:  # TypeError: a name ending in .raw
            reason = getattr(error, "error_string", "headerless data").rstrip(".")
            raise AudioError(
                f"{path}: is no sound file that can be read ({reason}); expected WAV, FLAC, OGG or AIFF. "
                "Export it again as WAV."
            ) from error
        if file.format not in _CONTAINERS:
            raise AudioError(f"{path}: is {file.format}; expected WAV, FLAC, OGG or AIFF. Export it as WAV.")
        if not _RATES[0] <= file.samplerate <= _RATES[1]:
            raise AudioError(
                f"{path}: sample rate is {file.samplerate} Hz; expected {_RATES[0]} to {_RATES[1]}. "
                "Export it again."
            )
        if file.format == "FLAC" and file.frames >= 2**36:
            raise AudioError(f"{path}: does not say how long it is, as a streamed FLAC. Encode it again.")
        if file.format == "OGG":
            check_ogg(path, file.frames / file.samplerate)
        missing = missing_share(data) if data is not None else missing_share(aiff_data(path))
        if missing:
            left = file.frames / file.samplerate
            raise cut_off(path, left, left / (1 - missing) if missing < 1 else math.inf)
        yield file


def _mono_blocks(file: Any, path: Path, levels: _Levels) -> Iterator[np.ndarray]:
    """The mean of the channels, ``(frames,)`` float32, `BLOCK_SECONDS` at a time."""
    while True:
        try:
            block = file.read(BLOCK_SECONDS * file.samplerate, dtype="float32", always_2d=True)
        except soundfile.SoundFileError as error:  # how FLAC ends when it was cut
            raise cut_off(path, levels.frames / file.samplerate, file.frames / file.samplerate) from error
        if len(block) == 0:
            return
        if not np.isfinite(block).all():
            frame = levels.frames + int(np.argmin(np.isfinite(block).all(axis=1)))
            raise AudioError(
                f"{path}: has a NaN or infinite sample at {frame / file.samplerate:.3f} s; expected numbers. "
                "Export it again as 16-bit or 24-bit PCM."
            )
        mono = block[:, 0].copy()
        for channel in block.T[1:]:  # ten times faster than mean(axis=1)
            mono += channel
        mono /= file.channels
        levels.add(block, mono)
        yield mono


def _resampled(blocks: Iterable[np.ndarray], rate: int) -> Iterator[np.ndarray]:
    """Blocks at 16 kHz. Whole seconds are whole samples at both rates, so no block drifts."""
    import librosa  # takes seconds to import, and a 16 kHz file does not need it

    def resample(samples: np.ndarray) -> np.ndarray:
        return librosa.resample(samples, orig_sr=rate, target_sr=SAMPLE_RATE, res_type="soxr_hq")

    core, edge = BLOCK_SECONDS * rate, EDGE_SECONDS * rate
    held = np.empty(0, dtype=np.float32)
    lead = 0  # seconds of context at the start of `held`, already given out
    for block in blocks:
        held = np.concatenate((held, block))
        while len(held) >= lead * rate + core + edge:
            out = resample(held[: lead * rate + core + edge])
            yield out[lead * SAMPLE_RATE :][: BLOCK_SECONDS * SAMPLE_RATE]
            held = held[lead * rate + core - edge :]
            lead = EDGE_SECONDS
    if len(held) > lead * rate:
        yield np.ascontiguousarray(resample(held)[lead * SAMPLE_RATE :])


def _warnings(levels: _Levels, rate: int, channels: int) -> Iterator[str]:
    seconds = levels.frames / rate
    peak = 20 * math.log10(max(levels.mono_peak, 1e-10))
    mixed = f" after mixing {channels} channels" if channels > 1 else ""
    if peak < SILENT_DBFS:
        loudness = "all zero" if levels.mono_peak == 0 else f"its peak is {peak:.0f} dBFS"
        yield f"silent{mixed}: {loudness}."
    elif peak < QUIET_DBFS:
        yield f"very quiet{mixed}: its peak is {peak:.0f} dBFS."
    if levels.clipped_frames > CLIPPED_SHARE * levels.frames:
        share = 100 * levels.clipped_frames / levels.frames
        yield f"clipped: {share:.1f} % of it is at full scale or above (peak {levels.peak:.3g})."
    if rate < SAMPLE_RATE:
        yield f"recorded at {rate} Hz, under {SAMPLE_RATE}; consonants are missing from it."
    if seconds < SHORT_SECONDS:
        yield f"very short: {seconds:.3f} s."
    if seconds > LONG_SECONDS:
        yield f"very long: {seconds / 60:.0f} minutes; a line of dialogue is meant."
