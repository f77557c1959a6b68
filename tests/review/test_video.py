"""MP4 files, decoded again: frames, duration, sound in step, faults."""

import itertools
import signal
import subprocess
import sys
import time
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from interrupts import hear_interrupts

from cstalk_ue.audio import SAMPLE_RATE
from cstalk_ue.emotion import EmotionTrack
from cstalk_ue.errors import ExportError, UsageError
from cstalk_ue.export import write_curves_npz
from cstalk_ue.review import mp4
from cstalk_ue.review.lettering import lettering
from cstalk_ue.review.lines import find_lines
from cstalk_ue.review.video import VideoSettings, estimated_frames, find_shots, write_videos
from cstalk_ue.rig import HEAD_CURVES, control_defaults, control_names
from cstalk_ue.take import FacePerformance, RigCurves

SMALL = VideoSettings(size=(256, 144), jobs=1)
SECONDS, CLICK = 0.6, 0.3


def make_line(
    folder: Path, name: str = "line", *, seconds: float = SECONDS, fps: float = 30, sound: bool = True
) -> Path:
    """Curves whose mouth opens wide at `CLICK`, and a sound that clicks then."""
    frames = round(seconds * fps)
    values = np.tile(control_defaults(), (frames, 1))
    values[np.arange(frames) / fps >= CLICK, control_names().index("CTRL_C_jaw.ty")] = 1.0
    head = RigCurves(np.zeros((frames, len(HEAD_CURVES))), HEAD_CURVES, fps)
    path = folder / f"{name}.curves.npz"
    face = RigCurves(values, control_names(), fps)
    write_curves_npz(path, FacePerformance(face, head), provenance={})
    if sound:
        samples = np.zeros(round(seconds * SAMPLE_RATE), dtype=np.float32)
        samples[round(CLICK * SAMPLE_RATE) :][:48] = 0.8
        soundfile.write(folder / f"{name}.wav", samples, SAMPLE_RATE)
    return path


def decode(path: Path) -> tuple[list[float], list[np.ndarray], np.ndarray]:
    """Times and pictures of all frames, and the sound at 48 kHz from time 0."""
    with av.open(str(path)) as file:
        frames = [(float(frame.time), frame.to_ndarray(format="rgb24")) for frame in file.decode(video=0)]
    sound = np.zeros(0, np.float32)
    with av.open(str(path)) as file:
        if file.streams.audio:
            parts = list(file.decode(audio=0))
            sound = np.concatenate([part.to_ndarray()[0] for part in parts])
            sound = np.pad(sound, (round(float(parts[0].time) * 48000), 0))
    return [time for time, _ in frames], [picture for _, picture in frames], sound


def make(folder: Path, output: Path, settings: VideoSettings = SMALL, **options):
    lines = find_lines([folder])
    return write_videos(find_shots(lines, options.pop("references", {}), **options), output, settings)


@pytest.mark.parametrize("fps", [24, 30000 / 1001, 60])
def test_a_video_has_every_frame_and_lasts_as_long_as_its_sound(tmp_path, fps):
    make_line(tmp_path, fps=fps)
    (result,) = make(tmp_path, tmp_path / "out.mp4")
    times, pictures, sound = decode(tmp_path / "out.mp4")
    assert len(pictures) == result.frames
    assert times[0] == 0
    assert np.diff(times) == pytest.approx(1 / fps, abs=1e-3)
    assert len(pictures) / fps == pytest.approx(SECONDS, abs=1 / fps)
    assert len(sound) / 48000 == pytest.approx(SECONDS, abs=1 / fps + 0.025)  # AAC comes in packets of 21 ms
    with av.open(str(tmp_path / "out.mp4")) as file:
        video, audio = file.streams.video[0], file.streams.audio[0]
        assert (video.codec_context.name, video.pix_fmt) == ("h264", "yuv420p")
        assert audio.codec_context.name == "aac"
        assert (video.start_time, audio.start_time) == (0, 0)
        assert float(audio.duration * audio.time_base) == pytest.approx(SECONDS, abs=1 / fps)


@pytest.mark.parametrize("fps", [25, 30])
def test_the_sound_is_in_step_with_the_mouth(tmp_path, fps):
    make_line(tmp_path, fps=fps)
    make(tmp_path, tmp_path / "out.mp4")
    times, pictures, sound = decode(tmp_path / "out.mp4")
    moved = [float(np.abs(b.astype(int) - a)[30:110, :110].mean()) for a, b in itertools.pairwise(pictures)]
    opened = times[int(np.argmax(moved)) + 1]
    clicked = float(np.abs(sound).argmax()) / 48000
    assert clicked == pytest.approx(CLICK, abs=0.004)
    assert abs(opened - clicked) <= 1 / fps + 0.004


def test_the_file_can_be_played_while_it_loads(tmp_path):
    make_line(tmp_path)
    make(tmp_path, tmp_path / "out.mp4")
    data = (tmp_path / "out.mp4").read_bytes()
    assert 0 < data.find(b"moov") < data.find(b"mdat")


def test_colours_survive_the_encoder(tmp_path):
    with mp4.open_mp4(tmp_path / "c.mp4", (64, 64), 30, sound=False) as writer:
        writer.add_picture(mp4.to_yuv(np.full((64, 64, 3), (200, 120, 60), np.uint8)))
    with av.open(str(tmp_path / "c.mp4")) as file:
        frame = next(file.decode(video=0))
        assert frame.colorspace == av.video.reformatter.Colorspace.ITU709
        shown = frame.to_ndarray(format="rgb24")
    assert np.abs(shown.astype(int) - (200, 120, 60)).max() <= 6


def test_a_line_without_sound_gives_a_silent_video_and_a_note(tmp_path):
    make_line(tmp_path, sound=False)
    (result,) = make(tmp_path, tmp_path / "out.mp4")
    assert "no sound" in " ".join(result.notes)
    with av.open(str(tmp_path / "out.mp4")) as file:
        assert not file.streams.audio
        assert file.streams.video[0].frames == result.frames == round(SECONDS * 30)


def test_a_broken_sound_gives_a_silent_video_and_a_note(tmp_path):
    make_line(tmp_path, sound=False)
    (tmp_path / "line.wav").write_bytes(b"RIFF not really")
    (result,) = make(tmp_path, tmp_path / "out.mp4")
    assert "without sound" in " ".join(result.notes)
    assert result.frames == round(SECONDS * 30)


def test_a_sound_longer_than_the_curves_is_not_cut(tmp_path):
    make_line(tmp_path, seconds=0.2)
    soundfile.write(tmp_path / "line.wav", np.full(SAMPLE_RATE // 2, 0.1), SAMPLE_RATE)
    (result,) = make(tmp_path, tmp_path / "out.mp4")
    assert result.frames == 15


def test_several_lines_in_a_folder_give_one_video_each_and_a_bad_one_stops_none(tmp_path):
    source = tmp_path / "in"
    (source / "sub").mkdir(parents=True)
    make_line(source, "a", seconds=0.3)
    make_line(source / "sub", "b", seconds=0.3)
    (source / "bad.curves.npz").write_bytes(b"nothing")
    results = make(source, tmp_path / "out")
    assert [bool(result.problem) for result in results] == [False, True, False]
    assert "bad" in results[1].problem
    assert sorted(
        path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.mp4")
    ) == [
        "a.mp4",
        "sub/b.mp4",
    ]


def test_several_lines_in_a_file_follow_each_other_after_a_title(tmp_path):
    for name in "ab":
        make_line(tmp_path, name, seconds=0.5)
    (result,) = make(tmp_path, tmp_path / "out.mp4")
    _, pictures, sound = decode(tmp_path / "out.mp4")
    assert len(pictures) == result.frames == 3 * 30
    cards = [picture.std() for picture in pictures]
    assert max(cards[5], cards[50]) < min(cards[35], cards[80]) / 2
    loud = np.nonzero(np.abs(sound) > 0.3)[0] / 48000
    assert loud.min() == pytest.approx(1 + CLICK, abs=0.004)
    assert loud.max() == pytest.approx(2.5 + CLICK, abs=0.008)


def test_lines_of_one_sound_stand_side_by_side_and_a_ghost_lies_over(tmp_path):
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        make_line(tmp_path / folder, "line", seconds=0.2)
    lines = find_lines([tmp_path / "one", tmp_path / "two"])
    shots = find_shots(lines, {}, together=True)
    assert [len(shot) for shot in shots] == [2]
    assert [len(shot) for shot in find_shots(lines, {})] == [1, 1]
    (result,) = write_videos(shots, tmp_path / "out", SMALL)
    assert result.path == tmp_path / "out" / "line.mp4"
    assert result.frames == 6
    (over,) = write_videos(find_shots(lines[:1], {0: lines[1]}), tmp_path / "over.mp4", SMALL)
    assert over.frames == 6


@pytest.mark.parametrize(
    "name",
    ["a b:%d ü.mp4", "$x_1^2$ \N{CJK UNIFIED IDEOGRAPH-4F60}.mp4", "-i 'x'; #.mp4", "n" * 200 + ".mp4"],
)
def test_a_file_may_be_named_anything(tmp_path, name):
    make_line(tmp_path, "a$_{b", seconds=0.1)
    make(tmp_path, tmp_path / name)
    assert (tmp_path / name).stat().st_size > 1000


def test_an_unwritable_place_is_an_error_that_names_it(tmp_path):
    make_line(tmp_path, seconds=0.1)
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ExportError, match="file"):
        make(tmp_path, tmp_path / "file" / "out.mp4")


def test_an_error_half_way_leaves_neither_a_video_nor_a_part_of_one(tmp_path):
    make_line(tmp_path)
    (tmp_path / "out.mp4").write_bytes(b"old")

    def stop(frames: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_videos(find_shots(find_lines([tmp_path]), {}), tmp_path / "out.mp4", SMALL, on_frames=stop)
    assert (tmp_path / "out.mp4").read_bytes() == b"old"
    assert not list(tmp_path.glob(".*"))


def test_without_x264_another_encoder_is_used_and_said(tmp_path, monkeypatch):
    make_line(tmp_path, seconds=0.2)
    real = av.codec.Codec

    def without(name: str, mode: str = "r"):
        if "264" in name:
            raise av.codec.codec.UnknownCodecError(name)
        return real(name, mode)

    monkeypatch.setattr(av.codec, "Codec", without)
    (result,) = make(tmp_path, tmp_path / "out.mp4")
    assert "MPEG-4 part 2" in result.notes[0]
    with av.open(str(tmp_path / "out.mp4")) as file:
        assert file.streams.video[0].codec_context.name == "mpeg4"


def test_settings_that_no_video_can_have_are_refused():
    with pytest.raises(UsageError, match="even"):
        VideoSettings(size=(301, 200))
    with pytest.raises(UsageError, match="frames per second"):
        VideoSettings(fps=0)


def test_processes_paint_the_same_video(tmp_path):
    make_line(tmp_path, seconds=0.5)
    make(tmp_path, tmp_path / "one.mp4")
    counted = []
    lines = find_lines([tmp_path])
    settings = VideoSettings(size=SMALL.size, jobs=2)
    write_videos(find_shots(lines, {}), tmp_path / "two.mp4", settings, on_frames=counted.append)
    assert (tmp_path / "one.mp4").read_bytes() == (tmp_path / "two.mp4").read_bytes()
    assert sum(counted) == estimated_frames(find_shots(lines, {}), settings) == 15


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="sends a signal")
def test_ctrl_c_leaves_nothing_behind(tmp_path):
    make_line(tmp_path, seconds=60.0)
    code = (
        "from pathlib import Path\n"
        "from cstalk_ue.review.lines import find_lines\n"
        "from cstalk_ue.review.video import *\n"
        "if __name__ == '__main__':\n"
        f"    lines = find_lines([Path({str(tmp_path)!r})])\n"
        f"    write_videos(find_shots(lines, {{}}), Path({str(tmp_path / 'out.mp4')!r}),"
        " VideoSettings(size=(256, 144), jobs=2), on_frames=lambda n: print(n, flush=True))\n"
    )
    (tmp_path / "run.py").write_text(code)
    done = subprocess.Popen(
        [sys.executable, str(tmp_path / "run.py")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
        env={"PYTHONPATH": str(Path(__file__).parents[2]), "PATH": ""},
        preexec_fn=hear_interrupts,
    )
    assert done.stdout.readline().strip()
    done.send_signal(signal.SIGINT)
    started = time.monotonic()
    _, errors = done.communicate(timeout=30)
    assert time.monotonic() - started < 20
    assert done.returncode != 0
    assert errors.count("Traceback") == 1  # of this process; the painters hear nothing
    assert not list(tmp_path.glob("*.mp4"))
    assert not list(tmp_path.glob(".*"))


def test_long_text_is_shortened_to_its_room():
    assert lettering("w" * 300, 20, False, 200).shape[1] <= 202
    assert lettering("short", 20, False, 200).shape[1] < 100
    assert lettering("", 20, False, 200).max() == 0


def test_an_emotion_track_is_shown_as_it_changes(tmp_path):
    from cstalk_ue.review.loaded_line import emotion_text

    track = EmotionTrack.parse("0=angry 1=sad:0.5")
    assert emotion_text(track.at(np.array([0.0]))[0]) == "angry 1.00"
    assert emotion_text(track.at(np.array([0.5]))[0]) == "angry 0.50, sad 0.25"
    assert emotion_text([1, 0, 0, 0, 0]) == "neutral"
