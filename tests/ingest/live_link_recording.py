"""One recording as the Live Link Face app writes it: curves, movie, log and metadata, made from a face.

Names, columns, clock and JSON keys are those of app version 1.3.2 in ARKit mode; the movie has motion JPEG
and 44.1 kHz PCM with the sound starting a few milliseconds after the first picture, as frame_log.csv says.
"""

import datetime
import functools
import io
import json
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from cstalk_ue.arkit_maps import arkit_names, gui_to_arkit, head_to_live_link_face
from cstalk_ue.export.live_link_face import EYE_ANGLES, HEAD_ANGLES, eye_angles, format_timecode
from cstalk_ue.take import FacePerformance

APP_FPS = 59.9044
"""What 60 fps of the app really are (facts of twelve public captures)."""
SOUND_RATE = 44100
COLUMNS = (*arkit_names(), *HEAD_ANGLES, *EYE_ANGLES)
_PICTURE = 32
_TICKS = 60000


@dataclass(frozen=True)
class Recording:
    """What the phone would have seen and heard; everything that a fault may change.

    Attributes:
        slate, take, subject: as typed into the app.
        uptime_seconds: of the phone at the first row, which is what its timecode counts.
        seconds: ``(rows,)`` of the rows after the first.
        values: ``(rows, 61)`` shapes and angles, columns as `COLUMNS`.
        faces: ``(rows,)`` whether there was a face.
        sound: ``(samples,)`` float32 at 44.1 kHz from `sound_start` on; None for a movie without sound.
        sound_start: seconds after the first row.
        calibrated: written as ``_cal``, ``_raw`` and ``_neutral``.
        timecodes: in place of the app's own, if given.
    """

    slate: str
    take: int
    uptime_seconds: float
    seconds: np.ndarray
    values: np.ndarray
    faces: np.ndarray
    sound: np.ndarray | None
    sound_start: float
    subject: str = "iPhone"
    calibrated: bool = False
    timecodes: tuple[str, ...] = ()

    @property
    def folder_name(self) -> str:
        """As on the phone."""
        return f"20261109_{self.slate}_{self.take}"

    @property
    def prefix(self) -> str:
        """Stem of its files."""
        return f"{self.slate}_{self.take}_{self.subject}"

    @property
    def curve_file(self) -> str:
        """The curve CSV that a reader should take."""
        return f"{self.prefix}_cal.csv" if self.calibrated else f"{self.prefix}.csv"

    def rows(self, chosen: np.ndarray) -> "Recording":
        """The same recording with only these rows; the clock stays."""
        kept = np.arange(len(self.seconds))[chosen]
        codes = tuple(self.timecodes[row] for row in kept) if self.timecodes else ()
        return replace(
            self,
            seconds=self.seconds[kept],
            values=self.values[kept],
            faces=self.faces[kept],
            timecodes=codes,
        )


def record(
    performance: FacePerformance,
    samples: np.ndarray,
    *,
    slate: str,
    take: int,
    random: np.random.Generator,
    uptime_seconds: float,
    calibrated: bool = False,
) -> Recording:
    """What the app would have recorded of a performance.

    Args:
        performance: at `APP_FPS`.
        samples: mono 16 kHz.
    """
    import librosa

    shapes = gui_to_arkit(performance.face)
    values = np.column_stack((shapes.values, head_to_live_link_face(performance.head), eye_angles(shapes)))
    rows = len(values)
    # Real steps scatter by 0.0006 of a sixtieth.
    seconds = np.arange(rows) / APP_FPS + random.normal(0, 1e-5, rows) * (np.arange(rows) > 0)
    sound = librosa.resample(samples, orig_sr=16000, target_sr=SOUND_RATE, res_type="soxr_hq")
    start = float(random.uniform(0.002, 0.025))
    return Recording(
        slate=slate,
        take=take,
        uptime_seconds=uptime_seconds,
        seconds=seconds,
        values=values.astype(np.float64),
        faces=np.ones(rows, dtype=bool),
        sound=sound[round(start * SOUND_RATE) :],
        sound_start=start,
        calibrated=calibrated,
    )


def write_recording(parent: Path, recording: Recording) -> Path:
    """Write the take folder below `parent`; returns it."""
    folder = parent / recording.folder_name
    folder.mkdir(parents=True)
    write_curves(folder / recording.curve_file, recording)
    if recording.calibrated:
        neutral = np.full(recording.values.shape[1], 0.02)
        raw = replace(recording, values=np.clip(recording.values + neutral, -1, 1))
        write_curves(folder / f"{recording.prefix}_raw.csv", raw)
        resting = raw.rows(np.arange(1))
        write_curves(folder / f"{recording.prefix}_neutral.csv", replace(resting, values=neutral[None]))
    write_movie(folder / f"{recording.prefix}.mov", recording)
    (folder / "thumbnail.jpg").write_bytes(_picture())
    _write_json(folder / "take.json", take_json(recording))
    _write_json(
        folder / "video_metadata.json",
        {
            "FrameRate": 60,
            "Dimensions": {"width": _PICTURE, "height": _PICTURE},
            "Quality": "high",
            "JpegCompressionQuality": 0.9,
            "Orientation": 1,
        },
    )
    _write_json(
        folder / "audio_metadata.json",
        {"BitsPerChannel": 16, "SampleRate": SOUND_RATE, "ChannelsPerFrame": 1, "FormatFlags": 12},
    )
    write_frame_log(folder / "frame_log.csv", recording)
    return folder


def timecodes(recording: Recording) -> list[str]:
    """Of every row, modulo 24 hours."""
    if recording.timecodes:
        return list(recording.timecodes)
    return [format_timecode(recording.uptime_seconds + t) for t in recording.seconds.tolist()]


def take_json(recording: Recording) -> dict[str, object]:
    """Contents of take.json."""
    codes = timecodes(recording)
    clock = datetime.datetime(2026, 11, 9, 9, tzinfo=datetime.UTC)
    clock += datetime.timedelta(seconds=recording.uptime_seconds % 36000)
    start, end = (recording.uptime_seconds + t for t in (0.0, float(recording.seconds[-1])))
    return {
        "slate": recording.slate,
        "appVersion": "1.3.2 (build 99)",
        "deviceModel": "iPhone14,8",
        "subject": recording.subject,
        "identifier": recording.folder_name,
        "date": clock.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "version": 1,
        "take": recording.take,
        "frames": len(recording.seconds) - 1,
        "calibrated": recording.calibrated,
        "startTimecode": codes[0],
        "endTimecode": codes[-2],
        "startTimestamp": {"value": round(start * 1e9), "timescale": 1000000000},
        "endTimestamp": {"value": round(end * 1e9), "timescale": 1000000000},
        "videoTargetFrameRate": 60,
    }


def write_curves(path: Path, recording: Recording) -> None:
    """The curve CSV; a row without a face has its timecode and the count 0."""
    form = "%s,61," + ",".join(["%.10f"] * len(COLUMNS))
    lines = ["Timecode,BlendshapeCount," + ",".join(COLUMNS)]
    rows = zip(timecodes(recording), recording.values.tolist(), recording.faces.tolist(), strict=True)
    lines += [form % (code, *row) if face else f"{code},0" for code, row, face in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


def write_frame_log(path: Path, recording: Recording) -> None:
    """When every picture and every block of sound was captured."""
    start = recording.uptime_seconds

    def line(kind: str, index: int, seconds: float) -> str:
        nanoseconds = round((start + seconds) * 1e9)
        return f"{kind},{index},{nanoseconds},1000000000,{format_timecode(start + seconds)},0"

    lines = [line("V", index, seconds) for index, seconds in enumerate(recording.seconds.tolist())]
    if recording.sound is not None:
        blocks = range(0, len(recording.sound), 1024)
        lines += [
            line("A", index, recording.sound_start + first / SOUND_RATE) for index, first in enumerate(blocks)
        ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


def write_movie(path: Path, recording: Recording) -> None:
    """Motion JPEG with PCM, as the phone writes it, but tiny."""
    import av

    with av.open(str(path), "w", format="mov") as movie:
        picture = movie.add_stream("mjpeg", rate=60)
        picture.width = picture.height = _PICTURE
        picture.pix_fmt = "yuvj420p"
        picture.time_base = picture.codec_context.time_base = Fraction(1, _TICKS)
        sound = (
            movie.add_stream("pcm_s16le", rate=SOUND_RATE, layout="mono")
            if recording.sound is not None
            else None
        )
        jpeg = _picture()
        for seconds in recording.seconds.tolist():
            packet = av.Packet(jpeg)
            packet.stream, packet.time_base = picture, Fraction(1, _TICKS)
            packet.pts = packet.dts = round(seconds * _TICKS)
            packet.is_keyframe = True
            movie.mux(packet)
        if sound is not None and recording.sound is not None:
            pcm = (np.clip(recording.sound, -1, 1) * 32767).round().astype(np.int16)
            offset = round(recording.sound_start * SOUND_RATE)
            for first in range(0, len(pcm), 1024):
                block = av.AudioFrame.from_ndarray(
                    pcm[None, first : first + 1024], format="s16", layout="mono"
                )
                block.sample_rate, block.time_base = SOUND_RATE, Fraction(1, SOUND_RATE)
                block.pts = offset + first
                movie.mux(sound.encode(block))
            movie.mux(sound.encode())


@functools.cache
def _picture() -> bytes:
    """A grey JPEG."""
    import av

    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mjpeg") as file:
        stream = file.add_stream("mjpeg", rate=1)
        stream.width = stream.height = _PICTURE
        stream.pix_fmt = "yuvj420p"
        frame = av.VideoFrame.from_ndarray(np.full((_PICTURE, _PICTURE, 3), 128, np.uint8), format="rgb24")
        file.mux(stream.encode(frame.reformat(format="yuvj420p")))
        file.mux(stream.encode())
    return buffer.getvalue()


def _write_json(path: Path, data: object) -> None:
    path.write_text(json.dumps(data, indent=2), encoding="utf-8")
