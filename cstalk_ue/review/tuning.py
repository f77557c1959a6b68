"""Live tuning: the same line again in another emotion, within milliseconds of a drag.

The model stays loaded, and of every line that was looked at the parts that know no emotion are kept: speech
features, prosody, seed. What a track gives here is what `predict` gives for it, to the bit. Nothing but the
manifest is ever written. Knows nothing about pages and requests (see server.py).
"""

import contextlib
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from cstalk_ue.audio import SAMPLE_RATE, load_audio
from cstalk_ue.batch_line import BUNDLED, PERFORMER, BatchSettings, Predictor
from cstalk_ue.emotion import EmotionTrack
from cstalk_ue.errors import CSTalkError, ManifestError, UsageError
from cstalk_ue.manifest import DECISIONS, check_output_name
from cstalk_ue.performer import phones_beside
from cstalk_ue.review.line_cache import LineCache
from cstalk_ue.review.lines import ReviewLine
from cstalk_ue.review.manifest_rows import RowKey, find_row, guarded, relative, save_row
from cstalk_ue.review.origin import Origin, read_origin
from cstalk_ue.take import FacePerformance

if TYPE_CHECKING:
    from cstalk_ue.predict import EncodedLine

_CACHE_BYTES = 256 * 2**20
_T = TypeVar("_T")


class SupersededError(Exception):
    """A newer request for the same line has come; nobody waits for this one."""


@dataclass(frozen=True)
class TuningState:
    """Where tuning of a line starts.

    Attributes:
        problem: why it cannot be tuned, "" if it can.
        own: the track of the curves on disk, its intensity included.
        emotion, intensity: from its row in the manifest, or else `own` at full intensity.
        saved: there is such a row.
        differs: that row asks for something else than the curves on disk show.
    """

    problem: str
    own: str = "neutral"
    emotion: str = "neutral"
    intensity: float = 1.0
    saved: bool = False
    differs: bool = False


@dataclass(frozen=True)
class _Ready:
    """A line that can be regenerated at once."""

    origin: Origin
    encoded: "EncodedLine"

    @property
    def nbytes(self) -> int:
        return self.encoded.nbytes


class TuningSession:
    """Lines and one loaded model; safe to use from many threads.

    Args:
        lines: in the order of the page.
        model: "bundled" or a checkpoint folder.
        manifest: where `save` writes.
        device: "cpu", "cuda" or "auto".
        cache_bytes: of speech features kept; a minute of speech takes about 5 MB.

    Raises:
        UsageError: no such checkpoint, or the performer is asked.
        CheckpointError: it is damaged, foreign or does not fit.
        ManifestError: `manifest` is there but cannot be read.
    """

    def __init__(
        self,
        lines: Sequence[ReviewLine],
        *,
        model: str = BUNDLED,
        manifest: Path = Path("review.csv"),
        device: str = "auto",
        cache_bytes: int = _CACHE_BYTES,
    ) -> None:
        if model == PERFORMER:
            raise UsageError(
                f"--model {PERFORMER}: has no network to tune; expected {BUNDLED} or a checkpoint folder."
            )
        self.lines = tuple(lines)
        self.manifest = manifest
        self._settings = BatchSettings(model=model, device=device)
        self._predictor = Predictor.load(self._settings)
        assert self._predictor.checkpoint is not None, "only the performer has none"
        self._checkpoint = self._predictor.checkpoint
        find_row(manifest, RowKey(Path(), "x"))
        self._ready = LineCache(self._encode, most_bytes=cache_bytes)
        self._newest: dict[int, int] = {}
        self._guard = threading.Lock()
        self._network = threading.Lock()
        self._file = threading.Lock()

    @property
    def model_id(self) -> str:
        """Name and digest of the model."""
        return self._predictor.model_id

    def warm_up(self) -> None:
        """Pay for what is slow the first time only, librosa's import above all, before anybody waits."""
        from cstalk_ue.predict import generate_curves

        hiss = np.random.default_rng(0).normal(0, 0.1, SAMPLE_RATE // 2).astype(np.float32)
        with self._turn():
            neutral = EmotionTrack.constant("neutral")
            generate_curves(hiss, self._checkpoint, neutral, device=self._predictor.device)

    def state(self, index: int) -> TuningState:
        """Whether a line can be tuned and from where; begins to encode it in the background if it can.

        Raises:
            ManifestError: the manifest has become unreadable.
        """
        line = self.lines[index]
        try:
            origin = self._origin(line)
            own = EmotionTrack.parse(origin.emotion)
        except CSTalkError as error:
            return TuningState(str(error))
        self._ready.ahead(index)
        row = find_row(self.manifest, _key(line))
        if row is None:
            return TuningState("", origin.emotion, origin.emotion)
        try:
            emotion = row.get("emotion") or "neutral"
            intensity = float(row.get("intensity") or 1)
            differs = str(EmotionTrack.parse(emotion).scaled(intensity)) != str(own)
        except (CSTalkError, ValueError):  # the row is wrong; saving repairs it
            return TuningState("", origin.emotion, origin.emotion)
        return TuningState("", origin.emotion, emotion, intensity, saved=True, differs=differs)

    def regenerate(self, index: int, emotion: str, intensity: float = 1.0) -> FacePerformance:
        """The line in another emotion, as `predict` would make it; the curve file stays as it is.

        Args:
            emotion: in the grammar of ``--emotion``.
            intensity: 0..1, scales it.

        Raises:
            SupersededError: the same line was asked for again before this one's turn came.
            EmotionError: the track cannot be read, or the model does not know an emotion.
            CSTalkError: the line cannot be tuned; the message says why.
        """
        from cstalk_ue.predict import generate_encoded

        track = EmotionTrack.parse(emotion).scaled(intensity)
        with self._guard:
            ticket = self._newest[index] = self._newest.get(index, 0) + 1
        ready = self._ready.get(index)
        with self._turn():
            if self._newest[index] != ticket:
                raise SupersededError
            fps, life = ready.origin.fps, ready.origin.life
            return generate_encoded(ready.encoded, self._checkpoint, track, fps=fps, life=life)

    def save(
        self,
        index: int,
        emotion: str,
        intensity: float = 1.0,
        *,
        decision: str | None = None,
        note: str | None = None,
    ) -> bool:
        """Write a line's emotion into the manifest, from where ``predict --manifest`` makes these curves.

        Args:
            decision: one of `DECISIONS`; None leaves what is there.
            note: free text; None leaves what is there.

        Returns:
            True if the manifest had a row of this line.

        Raises:
            EmotionError: the track cannot be read.
            ManifestError, ExportError: the manifest cannot be read or written.
            CSTalkError: the line cannot be tuned; the message says why.
        """
        EmotionTrack.parse(emotion).scaled(intensity)
        if decision is not None and decision not in DECISIONS:
            raise UsageError(f"decision {decision!r:.40} is not one of approved, rejected or empty.")
        line = self.lines[index]
        origin = self._origin(line)
        folder = self.manifest.resolve().parent
        key = _key(line)
        cells = {
            "emotion": " ".join(emotion.split()),
            "intensity": f"{float(intensity)!r}".removesuffix(".0"),
        }
        if origin.seed:
            cells["seed"] = str(origin.seed)
        cells |= {} if decision is None else {"decision": decision}
        if note is not None:
            line_of_text = " ".join(note.split())
            cells["note"] = guarded("".join(letter for letter in line_of_text if letter >= " "))
        with self._file:
            if find_row(self.manifest, key) is None and line.name != key.audio.stem:
                cells["name"] = check_output_name(line.name)
            more = {"curves": relative(line.curves, folder)}
            if line.phones is not None and line.phones != phones_beside(key.audio):
                more["phones"] = relative(line.phones, folder)
            return save_row(self.manifest, key, cells, if_new=more)

    def _origin(self, line: ReviewLine) -> Origin:
        """How the line was made, if this model made it from a sound that is still here."""
        if line.problem:
            raise UsageError(line.problem)
        if line.audio is None:
            raise UsageError(f"{line.name}: has no sound here, so it cannot be tuned.")
        made_by, origin = line.model, None
        if made_by in ("", self.model_id):
            origin = read_origin(line.curves)
            made_by = origin.model
        if origin is None or origin.model_sha256 != self._predictor.model_sha256:
            raise UsageError(
                f"{line.name}: was made by {made_by}, not by {self.model_id}, so it cannot be tuned here."
            )
        return origin

    def _encode(self, index: int) -> _Ready:
        from cstalk_ue.predict import EncodedLine, encode_chunks

        line = self.lines[index]
        origin = self._origin(line)
        assert line.audio is not None, "checked with its origin"
        audio = load_audio(line.audio)
        if audio.sha256 != origin.source_sha256:
            raise UsageError(
                f"{line.audio}: is not the sound these curves were made from; run predict on it again."
            )
        chunks = encode_chunks(audio.samples, self._checkpoint, device=self._predictor.device)
        return _Ready(origin, EncodedLine.of(audio.samples, self._in_turns(chunks)))

    def _in_turns(self, parts: Iterable[_T]) -> Iterator[_T]:
        """Leave the network to others between two chunks of a long line."""
        rest = iter(parts)
        while True:
            with self._turn():
                try:
                    part = next(rest)
                except StopIteration:
                    return
            yield part

    @contextlib.contextmanager
    def _turn(self) -> Iterator[None]:
        """One user of the network at a time, on as many threads as `predict` uses: other sums, other bits."""
        import torch

        with self._network:
            torch.set_num_threads(self._settings.threads)  # of the calling thread, so every time
            yield


def _key(line: ReviewLine) -> RowKey:
    if line.audio is None:
        raise ManifestError(f"{line.name}: has no sound, and a manifest lists sounds.")
    return RowKey(line.audio, line.name)
