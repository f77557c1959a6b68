"""Review lines → MP4: the talking face with its sound, to be mailed, put in a ticket or watched on a phone.

Frame k is shown from ``k / fps`` on and is the face at that time; sound and picture both begin at 0. Long
videos are painted in several processes, a few frames at a time, so that memory does not grow with length.
What is in a frame is in video_frame.py, the file in mp4.py.
"""

import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from cstalk_ue.audio import SAMPLE_RATE
from cstalk_ue.errors import CSTalkError, UsageError
from cstalk_ue.review.lines import ReviewLine
from cstalk_ue.review.loaded_line import common_name, load_line
from cstalk_ue.review.mp4 import Mp4Writer, best_encoder, open_mp4, to_yuv
from cstalk_ue.review.shown_head import dna_face
from cstalk_ue.review.video_frame import Layout, paint_card
from cstalk_ue.review.video_processes import Painters
from cstalk_ue.review.video_scene import Scene, scene_strips

SUFFIX = ".mp4"
_MOST_FPS = 60.0
_WORTH_PROCESSES = 150
"""Frames that take longer to paint here than processes take to start."""
_MOST_PROCESSES = 8
_CARD_SECONDS = 1.0


@dataclass(frozen=True)
class VideoSettings:
    """How videos look and are made.

    Attributes:
        size: width and height in pixels.
        dark: or light.
        fps: frames per second; None takes the curves' own, 60 at most.
        jobs: processes that paint; None decides by length and cores, 1 paints here.
        dna: the file whose head is shown; None shows the landmark face.
    """

    size: tuple[int, int] = (1280, 720)
    dark: bool = True
    fps: float | None = None
    jobs: int | None = None
    dna: Path | None = None

    def __post_init__(self) -> None:
        if any(length % 2 or not 64 <= length <= 4096 for length in self.size):
            raise UsageError(
                f"a video of {self.size[0]} x {self.size[1]} pixels; expected even numbers from 64 to 4096."
            )
        if self.fps is not None and not 1 <= self.fps <= 240:
            raise UsageError(f"a video of {self.fps:g} frames per second; expected 1 to 240.")


@dataclass(frozen=True)
class VideoResult:
    """One video that was asked for.

    Attributes:
        path: of the file.
        frames, seconds: 0 if it was not made.
        notes: what a user should know, one sentence each.
        problem: why it was not made, "" if it was.
    """

    path: Path
    frames: int = 0
    seconds: float = 0.0
    notes: tuple[str, ...] = ()
    problem: str = ""


Shot = tuple[tuple[ReviewLine, ReviewLine | None], ...]
"""Lines that are seen at the same time, each with the one that is laid over it."""


def find_shots(
    lines: Sequence[ReviewLine], references: Mapping[int, ReviewLine], *, together: bool = False
) -> list[Shot]:
    """One shot per line or, if `together`, one per sound, with its lines side by side."""
    shots: dict[object, Shot] = {}
    for index, line in enumerate(lines):
        key = line.sound_sha256 if together and line.sound_sha256 and not line.problem else index
        shots[key] = (*shots.get(key, ()), (line, references.get(index)))
    return list(shots.values())


def write_videos(
    shots: Sequence[Shot],
    output: Path,
    settings: VideoSettings | None = None,
    *,
    on_frames: Callable[[int], None] = lambda frames: None,
) -> list[VideoResult]:
    """Make one video of all shots, one after the other, if `output` ends in .mp4; else one each in a folder.

    A line that cannot be read is left out and named in the result.

    Args:
        shots: from `find_shots`.
        output: file or folder.
        settings: default `VideoSettings()`.
        on_frames: called with the number of frames done since the last call.

    Raises:
        DnaError: the DNA cannot be used.
        ExportError: a file cannot be written.
    """
    settings = settings or VideoSettings()
    if settings.dna is not None:
        dna_face(settings.dna)
    encoder = best_encoder()
    remarks = (encoder.remark,) if encoder.remark else ()
    results = []
    with Painters(_processes(shots, settings)) as painters:
        if output.suffix.lower() == SUFFIX:
            return [_write(shots, output, settings, painters, remarks, on_frames)]
        for shot, path in zip(shots, shot_paths(shots, output, SUFFIX), strict=True):
            results.append(_write([shot], path, settings, painters, remarks, on_frames))
    return results


def shot_paths(shots: Sequence[Shot], folder: Path, suffix: str) -> list[Path]:
    """A file for each shot, named as its line, or as its lines if they differ only in their folders."""
    paths: list[Path] = []
    for shot in shots:
        for name in (common_name([line.name for line, _ in shot]), shot[0][0].name):
            parts = [part for part in PurePosixPath(name).parts if part not in ("/", "..")]
            path = folder.joinpath(*parts[:-1], f"{parts[-1]}{suffix}")
            if path not in paths:
                break
        paths.append(path)
    return paths


def estimated_frames(shots: Sequence[Shot], settings: VideoSettings | None = None) -> int:
    """About how many frames the shots have."""
    settings = settings or VideoSettings()
    return sum(math.ceil(max(line.seconds for line, _ in shot) * _fps([shot], settings)) for shot in shots)


def _processes(shots: Sequence[Shot], settings: VideoSettings) -> int:
    if settings.jobs is not None:
        return settings.jobs
    cores = os.cpu_count() or 1
    return min(cores, _MOST_PROCESSES) if estimated_frames(shots, settings) >= _WORTH_PROCESSES else 1


def _fps(shots: Sequence[Shot], settings: VideoSettings) -> float:
    """The rate of a video: that of its fastest curves."""
    if settings.fps is not None:
        return settings.fps
    rates = [line.fps for shot in shots for line, _ in shot if line.fps > 0]
    return float(np.clip(max(rates, default=30.0), 1.0, _MOST_FPS))


def _write(
    shots: Sequence[Shot],
    path: Path,
    settings: VideoSettings,
    painters: Painters,
    remarks: tuple[str, ...],
    on_frames: Callable[[int], None],
) -> VideoResult:
    fps = _fps(shots, settings)
    notes = list(remarks)
    loaded = _loaded(shots, notes)
    first = next(loaded, None)
    if first is None:
        return VideoResult(path, problem=" ".join(notes))
    sound = first.sound is not None if len(shots) == 1 else any(line.audio for s in shots for line, _ in s)
    frames = 0
    with open_mp4(path, settings.size, fps, sound=sound) as writer:
        scene: Scene | None = first
        while scene is not None:
            if len(shots) > 1:
                frames += _add_card(writer, scene, settings, fps)
            frames += _add_scene(writer, scene, settings, fps, painters, on_frames)
            scene = next(loaded, None)
    return VideoResult(path, frames, frames / fps, tuple(notes))


def _loaded(shots: Sequence[Shot], notes: list[str]) -> Iterator[Scene]:
    """Scenes as they are needed; what is wrong with a line goes into `notes`."""
    for shot in shots:
        lines, ghosts = [], []
        for line, reference in shot:
            try:
                lines.append(load_line(line))
                ghosts.append(None if reference is None else load_line(reference))
            except CSTalkError as error:
                notes.append(f"{line.name} is left out: {error}")
                del lines[len(ghosts) :]
                continue
            notes += [f"{line.name}: {note}" for note in lines[-1].notes]
        if lines:
            yield Scene(tuple(lines), tuple(ghosts))


def _add_card(writer: Mp4Writer, scene: Scene, settings: VideoSettings, fps: float) -> int:
    count = max(1, round(_CARD_SECONDS * fps))
    card = to_yuv(paint_card(Layout(settings.size, scene.title, (), (), dark=settings.dark)))
    for k in range(count):
        writer.add_picture(card)
        writer.add_sound(_sound_of(None, k, fps))
    return count


def _add_scene(
    writer: Mp4Writer,
    scene: Scene,
    settings: VideoSettings,
    fps: float,
    painters: Painters,
    on_frames: Callable[[int], None],
) -> int:
    """Add a scene, frame by frame with the sound of each; the number of frames."""
    layout = scene.layout(settings.size, settings.dark, settings.dna)
    k = 0
    for pictures in painters.paint(scene_strips(scene, layout, fps)):
        for yuv in pictures:
            writer.add_picture(yuv)
            writer.add_sound(_sound_of(scene.sound, k, fps))
            k += 1
        on_frames(len(pictures))
    return k


def _sound_of(samples: np.ndarray | None, frame: int, fps: float) -> np.ndarray:
    """The samples that are heard during a frame, silence where there are none."""
    start, end = (round(k * SAMPLE_RATE / fps) for k in (frame, frame + 1))
    heard = np.zeros(0, np.float32) if samples is None else samples[start:end]
    return np.pad(heard, (0, end - start - len(heard)))
