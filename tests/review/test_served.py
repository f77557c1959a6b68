"""What is served of a review is what the page on disk holds, each part when it is asked for."""

import base64
import io
import json
import zlib

import numpy as np
import pytest
import soundfile
from review_lines import waving, write_quick_line

from cstalk_ue.audio import load_audio
from cstalk_ue.emotion import EmotionTrack
from cstalk_ue.review.lines import find_lines
from cstalk_ue.review.payload import STEPS, line_payload
from cstalk_ue.review.served import build_site


@pytest.fixture
def folder(tmp_path):
    """Two lines of one sound, one of another, one without, one that cannot be read."""
    write_quick_line(tmp_path / "sad", "a", emotion="sad", seed=1)
    write_quick_line(tmp_path / "happy", "a", emotion="happy", seed=1)
    write_quick_line(tmp_path / "sad", "b", emotion="sad", seed=2)
    write_quick_line(tmp_path / "sad", "c", seed=3, sound=False)
    (tmp_path / "sad" / "d.curves.npz").write_bytes(b"no zip")
    return tmp_path


def config_of(site) -> dict:
    """What the page is told."""
    page = site.page("the token")
    return json.loads(page.split('id="review">')[1].split("</script>")[0])


def test_the_page_knows_its_lines_and_its_token(folder):
    seen = []
    lines = find_lines([folder])
    site = build_site(lines, manifest=folder / "m.csv", on_line=seen.append)
    config = config_of(site)
    assert config["serve"] is True and config["token"] == "the token" and config["csv"] == "m.csv"
    assert [line["name"] for line in config["lines"]] == [line.name for line in lines]
    assert [line.name for line in seen] == [line.name for line in lines] and seen[-1].problem
    policy = site.page("x").split('Content-Security-Policy" content="')[1].split('"')[0]
    assert "connect-src 'self'" in policy.replace("&#x27;", "'")
    assert "const Tune =" in site.page("x") and "const Track =" in site.page("x")


def test_lines_of_one_sound_share_it(folder):
    lines = find_lines([folder])
    site = build_site(lines, manifest=folder / "m.csv")
    numbers = {line["name"]: line["audio"] for line in config_of(site)["lines"]}
    assert numbers["happy/a"] == numbers["sad/a"] != numbers["sad/b"]
    assert numbers["sad/c"] is None and numbers["sad/d"] is None
    for line in lines:
        if numbers[line.name] is not None:
            kind, data = site.audio(numbers[line.name])
            samples, rate = soundfile.read(io.BytesIO(data), dtype="float32")
            assert (kind, rate) == ("audio/flac", 16000)
            assert np.abs(samples - load_audio(line.audio).samples).max() <= 1 / 32768
    assert site.audio(9) is None
    assert (
        config_of(build_site(lines, manifest=folder / "m.csv", audio_format="none"))["lines"][0]["audio"]
        is None
    )


def test_parts_are_read_when_they_are_asked_for(folder):
    lines = find_lines([folder / "sad"])
    site = build_site(lines, manifest=folder / "m.csv", against=find_lines([folder / "happy"]))
    assert site.line(0) == line_payload(lines[0].load(), emotion=EmotionTrack.parse("sad"))
    assert site.ghost(0)["emotion"] == "happy" and site.ghost(1) is None
    assert [line["ghost"] is not None for line in config_of(site)["lines"]] == [True, False, False, False]
    tuned = site.payload(0, waving(seed=5), EmotionTrack.parse("angry:0.5"))
    steps = np.frombuffer(zlib.decompress(base64.b64decode(tuned["curves"])), "<i2").reshape(
        -1, tuned["frames"]
    )
    jaw = np.cumsum(steps, axis=1, dtype=np.int16)[tuned["controls"].index("CTRL_C_jaw.ty")] / STEPS
    assert np.abs(jaw - waving(seed=5).face.curve("CTRL_C_jaw.ty")).max() <= 0.5 / STEPS + 1e-6
    assert tuned["emotion"] == "angry:0.5"
