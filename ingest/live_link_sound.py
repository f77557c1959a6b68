"""The sound of a Live Link Face take: which file, and where it begins on the clock of the curves.

In this order: what lies in a folder the user named, the movie's own track, a sound file beside the take. The
frame log says exactly where the movie's sound begins; without it the movie's own index does, as its first
picture and the first row of the curves are one. What cannot be decoded is remarked on and the next is tried.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import numpy as np

from cstalk_ue.audio import AUDIO_SUFFIXES, load_audio
from cstalk_ue.errors import AudioError, CurveFormatError
from ingest.captured import Remark
from ingest.external_audio import ExternalAudio, find_external_audio
from ingest.frame_log import FrameLog, read_frame_log
from ingest.live_link_discovery import FRAME_LOG, is_take_folder
from ingest.live_link_files import TakeFiles
from ingest.movie_audio import read_movie_audio

MOVIE_SUFFIXES = (".mov", ".mp4", ".m4v")
_AGREE_SECONDS = 0.05
"""Frame log and movie may differ by a block of sound before that is worth a remark."""


@dataclass(frozen=True)
class TakeSound:
    """Sound on the clock of the curves, or none.

    Attributes:
        samples, source, start_seconds, start: as in `CapturedTake`.
        files: names of files beside the take that were read.
        outside: files elsewhere that were read.
        remarks: what is wrong with it.
    """

    samples: np.ndarray | None = None
    source: Path | None = None
    start_seconds: float = 0.0
    start: str = "none"
    files: tuple[str, ...] = ()
    outside: tuple[Path, ...] = ()
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True)
class SoundWanted:
    """The take that sound is looked for.

    Attributes:
        files: beside its curves.
        place: its folder, zip or CSV.
        base: stem of its curve CSV without the variant.
        names: what a sound file may be called, best first.
        day_seconds: time of day of its first row, or None.
        seconds: how long it is.
    """

    files: TakeFiles
    place: Path
    base: str
    names: tuple[str, ...]
    day_seconds: float | None
    seconds: float


def find_sound(wanted: SoundWanted, audio_folder: Path | None) -> TakeSound:
    """The sound of a take.

    Raises:
        AudioError: several files belong to it equally well, or `audio_folder` does not exist.
    """
    files = wanted.files
    log_name = next((name for name in files.names if name.casefold() == FRAME_LOG), None)
    remarks: list[Remark] = []
    log = None
    if log_name is not None:
        log, notes = _read_log(files, log_name)
        remarks += notes
    read: tuple[str, ...] = () if log_name is None else (log_name,)

    sound = None
    if audio_folder is not None:
        sound, notes = _external(wanted, audio_folder, deep=True)
        remarks += notes
        if sound is None and not notes:
            remarks.append(Remark("no-external-audio", f"nothing in {audio_folder} belongs to this take."))
    if sound is None:
        movie = _movie_of(wanted)
        if movie is not None:
            read += (movie,)
            sound, notes = _from_movie(files, movie, log, wanted.day_seconds)
            remarks += notes
    if sound is None:
        inside, notes = _beside(wanted)
        sound = inside
        remarks += notes
    if sound is None and wanted.place.suffix.casefold() == ".zip":
        sound, notes = _external(wanted, wanted.place.parent, deep=False)
        remarks += notes
    if sound is None:
        if not any(remark.code in ("no-audio", "broken-audio") for remark in remarks):
            remarks.append(Remark("no-audio", "there is no movie and no sound file for it."))
        sound = TakeSound()
    return replace(sound, files=(*read, *sound.files), remarks=(*remarks, *sound.remarks))


def _read_log(files: TakeFiles, name: str) -> tuple[FrameLog | None, list[Remark]]:
    try:
        log = read_frame_log(files.read(name))
    except CurveFormatError as error:
        return None, [Remark("frame-log", f"it cannot be read ({error}).")]
    remarks = []
    if log.dropped:
        remarks.append(Remark("dropped-pictures", f"the frame log marks {log.dropped} pictures as dropped."))
    if not log.video_seconds:
        remarks.append(Remark("frame-log", "the frame log names no picture, and was not used."))
    elif log.skipped:
        remarks.append(Remark("frame-log", f"{log.skipped} lines of the frame log make no sense; left out."))
    return log, remarks


def _movie_of(wanted: SoundWanted) -> str | None:
    """The movie that was recorded with the curves."""
    movies = [name for name in wanted.files.names if name.casefold().endswith(MOVIE_SUFFIXES)]
    named = [name for name in movies if PurePosixPath(name).stem.casefold() == wanted.base.casefold()]
    if not named and is_take_folder(wanted.files):
        named = movies
    if len(named) > 1:
        raise AudioError(
            f"{wanted.files.shown(named[0])}: {len(named)} movies lie here, {', '.join(named[:4])}; "
            f"expected one. Keep the one of these curves, or name it {wanted.base}."
        )
    return named[0] if named else None


def _from_movie(
    files: TakeFiles, movie: str, log: FrameLog | None, day_seconds: float | None
) -> tuple[TakeSound | None, list[Remark]]:
    try:
        with files.local(movie) as path:
            heard = read_movie_audio(path, movie)
    except CurveFormatError as error:
        return None, [Remark("broken-audio", f"{error}")]
    if heard.samples is None:
        return None, list(heard.remarks)
    remarks = list(heard.remarks)
    own = heard.start_seconds
    logged = None if log is None else log.audio_start(day_seconds)
    if logged is not None and own is not None and abs(logged - own) > _AGREE_SECONDS:
        remarks.append(
            Remark(
                "audio-start",
                f"the frame log has the sound begin at {logged:.3f} s, the movie at {own:.3f} s.",
            )
        )
    if logged is not None:
        start_seconds, start = logged, "frame-log"
    else:
        start_seconds, start = (0.0, "assumed") if own is None else (own, "same-file")
    return TakeSound(heard.samples, files.path(movie), start_seconds, start), remarks


def _beside(wanted: SoundWanted) -> tuple[TakeSound | None, list[Remark]]:
    """A sound file among the take's own files."""
    sounds = [name for name in wanted.files.names if name.casefold().endswith(AUDIO_SUFFIXES)]
    for stem in wanted.names:
        named = [name for name in sounds if PurePosixPath(name).stem.casefold() == stem.casefold()]
        if len(named) > 1:
            raise AudioError(
                f"{wanted.files.shown(named[0])}: {len(named)} sound files are called like the take, "
                f"{', '.join(named[:4])}; expected one. Keep one of them."
            )
        if named:
            try:
                with wanted.files.local(named[0]) as path:
                    samples = load_audio(path).samples
            except (AudioError, CurveFormatError) as error:
                return None, [Remark("broken-audio", f"{error}")]
            path = wanted.files.path(named[0])
            return TakeSound(samples, path, 0.0, "assumed", files=(named[0],)), []
    return None, []


def _external(wanted: SoundWanted, folder: Path, *, deep: bool) -> tuple[TakeSound | None, list[Remark]]:
    shown = wanted.files.shown(wanted.base)
    chosen = find_external_audio(
        folder, wanted.names, wanted.day_seconds, wanted.seconds, deep=deep, shown=shown
    )
    if chosen is None or chosen.samples is None:
        return None, [] if chosen is None else list(chosen.remarks)
    return _as_sound(chosen), []


def _as_sound(chosen: ExternalAudio) -> TakeSound:
    return TakeSound(
        chosen.samples,
        chosen.source,
        chosen.start_seconds,
        chosen.start,
        outside=(chosen.source,),
        remarks=chosen.remarks,
    )


def sound_names(base: str, others: Sequence[str]) -> tuple[str, ...]:
    """What a sound file of a take may be called, best first, each once and in any case."""
    names = {name.casefold(): name for name in reversed((base, *others)) if name}
    return tuple(reversed(names.values()))
