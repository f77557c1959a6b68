"""How fast faces are painted and videos written, in frames per second and against real time.

    python benchmarks/video_speed.py [--seconds 10] [--jobs 2]

The line is a sample, repeated. Wall time and CPU time of this process are both given, since other work on the
machine slows the first. Painting includes the evaluation of the landmark head; a video frame has two faces.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from cstalk_ue.audio import load_audio
from cstalk_ue.cli.demo import samples_folder
from cstalk_ue.emotion import EmotionTrack
from cstalk_ue.export import write_curves_npz
from cstalk_ue.face import load_face
from cstalk_ue.model import bundled_checkpoint, load_checkpoint
from cstalk_ue.predict import generate_curves
from cstalk_ue.review.draw_face import FacePainter
from cstalk_ue.review.lines import find_lines
from cstalk_ue.review.mp4 import open_mp4, to_yuv
from cstalk_ue.review.posed_face import pose
from cstalk_ue.review.video import VideoSettings, find_shots, write_videos
from cstalk_ue.take import FacePerformance

FPS = 30.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args()
    checkpoint = load_checkpoint(bundled_checkpoint())
    samples = load_audio(samples_folder() / "promise_angry.wav").samples
    performance = generate_curves(samples, checkpoint, EmotionTrack.parse("angry:0.9"))
    rows = np.arange(round(arguments.seconds * FPS)) % performance.frames
    face = performance.face.replace(values=performance.face.values[rows])
    points = load_face().evaluate(face.values[:120])
    print(f"{os.cpu_count()} cores; {'':<24}{'frames/s':>10}{'of CPU':>10}{'x real time':>12}")
    for size in (256, 512, 720):
        painter = FacePainter(size)
        measure(f"paint {size} pixels", len(points), [lambda p=painter: [p.paint(x) for x in points]])
    measure("pose only", len(points), [lambda: [pose(x) for x in points]])
    measure("evaluate only", len(points), [lambda: load_face().evaluate(face.values[:120])])
    with tempfile.TemporaryDirectory() as folder:
        pictures = [FacePainter((1280, 720)).paint(x) for x in points[:40]]
        yuv = [to_yuv(picture) for picture in pictures]
        measure("RGB to YUV 1280 x 720", len(pictures), [lambda: [to_yuv(p) for p in pictures]])
        measure("encode 1280 x 720", 3 * len(yuv), [lambda: encode(Path(folder) / "e.mp4", yuv * 3)])
        head = performance.head.replace(values=performance.head.values[rows])
        write_curves_npz(Path(folder) / "line.curves.npz", FacePerformance(face, head), provenance={})
        lines = find_lines([Path(folder)])
        for jobs in sorted({1, arguments.jobs}):
            settings = VideoSettings(jobs=jobs)
            write = lambda s=settings: write_videos(find_shots(lines, {}), Path(folder) / "v.mp4", s)  # noqa: E731
            measure(f"whole video, {jobs} process{'es' if jobs > 1 else ''}", len(rows), [write])
        print(f"file: {(Path(folder) / 'v.mp4').stat().st_size / len(rows) * FPS / 1000:.0f} kB per second")


def encode(path: Path, yuv: list[np.ndarray]) -> None:
    """Write these pictures."""
    with open_mp4(path, (1280, 720), FPS, sound=False) as writer:
        for picture in yuv:
            writer.add_picture(picture)


def measure(what: str, frames: int, work: list[Callable[[], object]]) -> None:
    """Print frames per second of a step, by the clock and by this process's CPU time."""
    with timed() as took:
        for step in work:
            step()
    wall, cpu = took
    print(f"{what:<32}{frames / wall:>10.1f}{frames / cpu:>10.1f}{frames / wall / FPS:>12.2f}")


@contextmanager
def timed() -> Iterator[list[float]]:
    """Seconds of wall and CPU time, filled in at the end."""
    took: list[float] = []
    wall, cpu = time.perf_counter(), time.process_time()
    yield took
    took += [time.perf_counter() - wall, time.process_time() - cpu]


if __name__ == "__main__":
    main()
