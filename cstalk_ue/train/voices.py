"""Synthetic speech with exact phone times, from the free engines espeak-ng and flite.

Only the rebuild of the bundled model needs them (Debian: `espeak-ng`, `flite`); their times come from the
engines themselves, so nothing has to be aligned. espeak-ng is called through its C library for its phoneme
events, flite as a program. Knows nothing about features or curves.
"""

import ctypes
import ctypes.util
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

import numpy as np

from cstalk_ue.audio import SAMPLE_RATE, load_audio
from cstalk_ue.errors import CSTalkError, PhoneError
from cstalk_ue.performer.phones import TimedPhone, check_phones, normalise_phone

FLITE_VOICES: tuple[str, ...] = ("slt", "rms", "awb", "kal16")
ESPEAK_VARIANTS: tuple[str, ...] = ("", "+m3", "+m7", "+f2", "+f4", "+f1", "+m1", "+f5", "+m5", "+f3")
ESPEAK_ENGLISH: tuple[str, ...] = (
    "gmw/en-US",
    "gmw/en",
    "gmw/en-GB-scotland",
    "gmw/en-GB-x-rp",
    "gmw/en-US",
    "gmw/en-029",
)
_SYNCHRONOUS, _PHONEME_EVENTS, _PHONEME_IPA = 2, 0x1, 0x2
_UTF8, _RATE, _PITCH = 1, 1, 3
_EVENT_END, _EVENT_PHONEME = 0, 7


@dataclass(frozen=True)
class SpokenLine:
    """One synthesised line: mono 16 kHz samples and the phones in them."""

    samples: np.ndarray
    phones: tuple[TimedPhone, ...]
    voice: str
    text: str


def speak_sentences(seed: int) -> Iterator[SpokenLine]:
    """Every sentence of sentences.csv by several voices, rates and pitches; the same for the same seed.

    Raises:
        CSTalkError: an engine is not installed.
    """
    random = np.random.default_rng([seed, 7])
    table = resources.files("cstalk_ue.train").joinpath("sentences.csv").read_text(encoding="utf-8")
    for number, line in enumerate(table.splitlines()[1:]):
        language, text = line.split(",", 1)
        if language == "en":
            for voice in FLITE_VOICES:
                yield speak_flite(text, voice, stretch=float(random.uniform(0.85, 1.2)))
        count = 9 if language == "en" else 6
        for turn in range(count):
            accent = ESPEAK_ENGLISH[(number + turn) % len(ESPEAK_ENGLISH)] if language == "en" else language
            variant = ESPEAK_VARIANTS[(number + turn) % len(ESPEAK_VARIANTS)]
            rate, pitch = int(random.integers(130, 190)), int(random.integers(30, 70))
            yield speak_espeak(text, accent + variant, words_per_minute=rate, pitch=pitch)


def speak_flite(text: str, voice: str, *, stretch: float = 1.0) -> SpokenLine:
    """One line by flite, with its own segment times.

    Raises:
        CSTalkError: flite is not installed or fails.
    """
    program = shutil.which("flite")
    if program is None:
        raise CSTalkError(
            "flite is not installed. Install it (Debian: apt-get install flite) to rebuild the model."
        )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "line.wav"
        command = [
            program,
            "-voice",
            voice,
            "--setf",
            f"duration_stretch={stretch:.3f}",
            "-psdur",
            "-t",
            text,
            "-o",
            str(path),
        ]
        result = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
        if result.returncode != 0 or not path.is_file():
            raise CSTalkError(f"flite failed on {text!r} ({result.stderr.strip()}).")
        samples = load_audio(path).samples
    rows, clock = [], 0.0
    for item in result.stdout.split():
        name, _, end = item.rpartition(":")
        rows.append((clock, float(end), name.upper()))
        clock = float(end)
    return SpokenLine(samples, check_phones(rows, source=f"flite {voice}"), f"flite-{voice}", text)


def speak_espeak(text: str, voice: str, *, words_per_minute: int = 160, pitch: int = 50) -> SpokenLine:
    """One line by espeak-ng, with its phoneme events.

    Raises:
        CSTalkError: the library is not installed or does not have the voice.
    """
    library = _espeak()
    if library.espeak_SetVoiceByName(voice.encode()) != 0:
        raise CSTalkError(f"espeak-ng has no voice {voice!r}. Install its full data.")
    library.espeak_SetParameter(_RATE, words_per_minute, 0)
    library.espeak_SetParameter(_PITCH, pitch, 0)
    pieces: list[np.ndarray] = []
    marks: list[tuple[float, str]] = []
    rate = _espeak_rate()

    def receive(
        wave: "ctypes._Pointer[ctypes.c_short]", count: int, events: "ctypes._Pointer[_Event]"
    ) -> int:
        if wave and count > 0:
            pieces.append(np.ctypeslib.as_array(wave, shape=(count,)).copy())
        index = 0
        while events[index].type != _EVENT_END:
            if events[index].type == _EVENT_PHONEME:
                symbol = bytes(events[index].id.string).split(b"\0")[0].decode("utf-8", "ignore")
                marks.append((events[index].audio_position / 1000, symbol))
            index += 1
        return 0

    callback = _CALLBACK(receive)
    library.espeak_SetSynthCallback(callback)
    data = text.encode("utf-8") + b"\0"
    library.espeak_Synth(data, len(data), 0, 1, 0, _UTF8, None, None)
    library.espeak_Synchronize()
    if not pieces:
        raise CSTalkError(f"espeak-ng said nothing for {text!r}.")
    import librosa

    wave = np.concatenate(pieces).astype(np.float32) / 32768
    samples = librosa.resample(wave, orig_sr=rate, target_sr=SAMPLE_RATE, res_type="soxr_hq")
    return SpokenLine(samples, _phones_of_marks(marks, len(wave) / rate), f"espeak-{voice}", text)


def _phones_of_marks(marks: list[tuple[float, str]], duration: float) -> tuple[TimedPhone, ...]:
    """Phoneme events (start, IPA) -> intervals; diphthongs and affricates arrive as one event."""
    rows = []
    for index, (start, symbol) in enumerate(marks):
        end = marks[index + 1][0] if index + 1 < len(marks) else duration
        try:
            normalise_phone(symbol, ipa=True)
        except PhoneError:
            symbol = "ə"  # a symbol outside the inventory is some vowel or weak consonant: stay neutral
        rows.append((start, max(start, end), symbol))
    return check_phones(rows, source="espeak-ng", ipa=True)


class _EventId(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _EventId),
    )


_CALLBACK = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)
_state: dict[str, int] = {}


@cache
def _espeak() -> ctypes.CDLL:
    name = ctypes.util.find_library("espeak-ng") or "libespeak-ng.so.1"
    try:
        library = ctypes.CDLL(name)
    except OSError as error:
        raise CSTalkError(
            "the library of espeak-ng is not installed. "
            "Install it (Debian: apt-get install espeak-ng) to rebuild the model."
        ) from error
    rate = library.espeak_Initialize(_SYNCHRONOUS, 0, None, _PHONEME_EVENTS | _PHONEME_IPA)
    if rate <= 0:
        raise CSTalkError("espeak-ng does not start: its voice data is missing.")
    library.espeak_Synth.argtypes = (
        ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint, ctypes.c_int, ctypes.c_uint, ctypes.c_uint,
        ctypes.c_void_p, ctypes.c_void_p,
    )  # fmt: skip
    _state["rate"] = rate
    return library


def _espeak_rate() -> int:
    _espeak()
    return _state["rate"]
