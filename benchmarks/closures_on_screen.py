"""Whether p, b and m are seen as closed lips: measured in painted frames of real speech against timed phones.

    python benchmarks/closures_on_screen.py [../shared/data/speech_train] [--lines 60] [--pictures FOLDER]

Speech: the samples, each in its emotion, and lines of speakers that the model never heard, in the five
emotions in turn. Curves: the bundled model, from sound alone; phones are used only to know where to look.

On screen: the mouth is painted close up as for a video frame, but what is behind the lips (teeth, gums,
tongue, walls, the wet side of the lips) in flat green. The opening of a frame is the tallest unbroken run of
green pixels in the middle columns, 8 mm wide. A p, b or m counts as closed if some frame between its start
and end, one frame period allowed at either side, has an opening of at most N pixels = M mm. Head motion is
left out: it would move the columns. The same is counted with `face_measures.lip_gap` (largest opening over
the middle half, from points) and with `evaluate.articulators.count_closures` (from control values).
As a check that the measure can see an open mouth, open vowels are counted too, at their middle frame. Agg
widens every triangle by half a pixel, so an opening of less than one pixel (0.18 mm) is not seen.
"""

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cstalk_ue.audio import load_audio
from cstalk_ue.cli.demo import samples_folder
from cstalk_ue.emotion import EMOTIONS, EmotionTrack
from cstalk_ue.evaluate.articulators import BILABIALS, count_closures
from cstalk_ue.face import load_face
from cstalk_ue.face_measures import lip_gap
from cstalk_ue.manifest import read_manifest
from cstalk_ue.model import bundled_checkpoint, load_checkpoint
from cstalk_ue.performer import TimedPhone, phones_beside, read_phones
from cstalk_ue.predict import generate_curves
from cstalk_ue.review.draw_face import FacePainter
from cstalk_ue.review.posed_face import MOUTH_INSIDE
from cstalk_ue.train.corpus import read_corpus, split_of

SIZE = 512
MIDDLE_MM = 8.0
LIMITS_MM = (0.0, 0.5, 1.0, 2.0)
GREEN = (0.0, 1.0, 0.0)
OPEN_VOWELS = frozenset({"AA", "AE", "AO", "AW", "AY"})


@dataclass(frozen=True)
class Closure:
    """One p, b or m: what was the least opening on screen and in mm of points, and where."""

    line: str
    emotion: str
    phone: TimedPhone
    before: str
    after: str
    pixels: int
    points_mm: float
    frame: int
    values: np.ndarray


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("speech", type=Path, nargs="?", default=Path("../shared/data/speech_train"))
    parser.add_argument("--lines", type=int, default=60, help="of the held-out speech")
    parser.add_argument("--pictures", type=Path, help="folder for pictures of what stayed open")
    arguments = parser.parse_args()
    checkpoint = load_checkpoint(bundled_checkpoint())
    painter = FacePainter(SIZE, zoom="mouth", marked=dict.fromkeys((*MOUTH_INSIDE, "wet_lip"), GREEN))
    print(f"model {checkpoint.model_id}; {SIZE} pixels, {painter.pixels_per_mm:.2f} pixels per mm")
    for title, lines in (("samples", _samples()), ("held out", _held_out(arguments.speech, arguments.lines))):
        closures, vowels, in_controls, total, count = [], [], 0, 0, 0
        for name, samples, phones, emotion in lines:
            curves = generate_curves(samples, checkpoint, emotion).face
            closures += _closures(name, str(emotion), curves, phones, painter)
            vowels += _vowels(curves, phones, painter)
            counted = count_closures(curves, phones)
            in_controls, total, count = in_controls + counted.closed, total + counted.total, count + 1
        if closures:
            _report(title, count, closures, in_controls, total, painter)
            opened = sum(pixels > painter.pixels_per_mm for pixels in vowels)
            print(
                f"  open vowels seen more than 1 mm open: {opened}/{len(vowels)} ({opened / len(vowels):.1%})"
            )
            if arguments.pictures:
                _draw_open(arguments.pictures, title.replace(" ", "_"), closures, painter)


def _samples() -> Iterator[tuple[str, np.ndarray, Sequence[TimedPhone], EmotionTrack]]:
    for line in read_manifest(samples_folder() / "lines.csv", default=EmotionTrack.parse("neutral")).lines:
        beside = phones_beside(line.audio)
        assert beside is not None, "every sample has its phones"
        yield line.name, load_audio(line.audio).samples, read_phones(beside), line.emotion


def _held_out(
    folder: Path, count: int
) -> Iterator[tuple[str, np.ndarray, Sequence[TimedPhone], EmotionTrack]]:
    if not folder.is_dir():
        return
    lines = [line for line in read_corpus(folder) if split_of(line.speaker) == "test"]
    chosen = lines[:: max(1, len(lines) // count)][:count]
    for number, line in enumerate(chosen):
        emotion = EmotionTrack.constant(EMOTIONS[number % len(EMOTIONS)])
        yield line.path.name, load_audio(line.path).samples, line.phones, emotion


def _closures(
    name: str, emotion: str, curves: object, phones: Sequence[TimedPhone], painter: FacePainter
) -> Iterator[Closure]:
    points = load_face().evaluate(curves.values)
    gaps = lip_gap(points)
    seen: dict[int, int] = {}
    for number, phone in enumerate(phones):
        if phone.phone not in BILABIALS:
            continue
        first = max(0, int(np.ceil(phone.start_seconds * curves.fps - 1)))
        frames = range(first, min(int(np.floor(phone.end_seconds * curves.fps + 1)), len(gaps) - 1) + 1)
        if not frames:
            continue
        for frame in frames:
            if frame not in seen:
                seen[frame] = opening_pixels(painter, points[frame])
        best = min(frames, key=lambda frame: seen[frame])
        yield Closure(
            name,
            emotion,
            phone,
            phones[number - 1].phone if number else "",
            phones[number + 1].phone if number + 1 < len(phones) else "",
            seen[best],
            float(gaps[frames.start : frames.stop].min()),
            best,
            curves.values[best],
        )


def _vowels(curves: object, phones: Sequence[TimedPhone], painter: FacePainter) -> Iterator[int]:
    for phone in phones:
        if phone.phone in OPEN_VOWELS:
            frame = round((phone.start_seconds + phone.end_seconds) / 2 * curves.fps)
            row = curves.values[min(frame, curves.frames - 1)]
            yield opening_pixels(painter, load_face().evaluate(row[None])[0])


def opening_pixels(painter: FacePainter, points: np.ndarray) -> int:
    """The tallest run of green in the middle columns of the painted mouth."""
    half = round(MIDDLE_MM / 2 * painter.pixels_per_mm)
    middle = painter.width // 2
    part = painter.paint(points)[:, middle - half : middle + half].astype(np.int16)
    green = (part[..., 1] > 128) & (part[..., 1] > 2 * part[..., 0]) & (part[..., 1] > 2 * part[..., 2])
    tallest = run = np.zeros(green.shape[1], dtype=np.int64)
    for row in green:
        run = (run + 1) * row
        tallest = np.maximum(tallest, run)
    return int(tallest.max())


def _report(
    title: str,
    lines: int,
    closures: list[Closure],
    in_controls: int,
    total: int,
    painter: FacePainter,
) -> None:
    print(f"\n{title}: {lines} lines, {len(closures)} p b m")
    for limit in LIMITS_MM:
        most = int(limit * painter.pixels_per_mm)
        pixels = sum(c.pixels <= most for c in closures)
        points = sum(c.points_mm <= limit for c in closures)
        print(
            f"  opening <= {limit:.1f} mm = {most:2d} pixels: on screen {pixels}/{len(closures)} "
            f"({pixels / len(closures):.1%}), points {points}/{len(closures)} ({points / len(closures):.1%})"
        )
    print(f"  count_closures (controls): {in_controls}/{total} ({in_controls / total:.1%})")
    apart = [abs(c.pixels / painter.pixels_per_mm - c.points_mm) for c in closures]
    print(f"  screen against points: {np.mean(apart):.2f} mm apart on average, {max(apart):.2f} at most")
    most = int(1.0 * painter.pixels_per_mm)
    for what, key in (("emotion", lambda c: c.emotion), ("phone", lambda c: c.phone.phone)):
        counts, closed = Counter(map(key, closures)), Counter(key(c) for c in closures if c.pixels <= most)
        print(f"  by {what} at 1 mm: " + ", ".join(f"{k} {closed[k]}/{n}" for k, n in sorted(counts.items())))
    for c in sorted((c for c in closures if c.pixels > most), key=lambda c: -c.pixels)[:12]:
        print(
            f"    open {c.pixels / painter.pixels_per_mm:4.1f} mm: {c.line} {c.phone.phone} at "
            f"{c.phone.start_seconds:.2f}-{c.phone.end_seconds:.2f} s between {c.before} and {c.after}, "
            f"{c.emotion}"
        )


def _draw_open(folder: Path, name: str, closures: list[Closure], painter: FacePainter) -> None:
    from PIL import Image

    plain = FacePainter(256, zoom="mouth")
    worst = sorted(closures, key=lambda c: -c.pixels)[:12]
    pictures = [plain.paint(load_face().evaluate(c.values[None])[0]) for c in worst]
    pictures += [np.zeros_like(pictures[0])] * (-len(pictures) % 6)
    folder.mkdir(parents=True, exist_ok=True)
    rows = [np.concatenate(pictures[i : i + 6], axis=1) for i in range(0, len(pictures), 6)]
    Image.fromarray(np.concatenate(rows)).save(folder / f"widest_{name}.png")


if __name__ == "__main__":
    main()
