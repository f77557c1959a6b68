"""The demo does on the samples, with the bundled model, what the README says."""

import csv

import pytest

from cstalk_ue.cli import run
from cstalk_ue.cli.demo import samples_folder
from cstalk_ue.evaluate import count_closures
from cstalk_ue.export import read_curves_npz
from cstalk_ue.performer import phones_beside, read_phones

LINES = ("gate_neutral", "promise_angry", "letter_sad", "harbour_surprised", "birthday_happy")


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    assert run(["demo", "-o", str(folder)]) == 0
    return folder


def test_every_sample_becomes_curves_a_picture_and_a_record(demo):
    suffixes = (".curves.npz", ".csv", "_llf.csv", ".provenance.json", ".png")
    expected = {f"{line}{suffix}" for line in LINES for suffix in suffixes}
    expected |= {"expressions.csv", "review.html", "promise_angry_as"}
    assert expected == {path.name for path in demo.iterdir()}
    others = ("neutral", "sad", "surprised", "happy")
    assert {f"{emotion}.{kind}" for emotion in others for kind in ("curves.npz", "provenance.json")} == {
        path.name for path in (demo / "promise_angry_as").iterdir()
    }
    assert all((demo / f"{line}.png").read_bytes().startswith(b"\x89PNG") for line in LINES)


def test_the_page_holds_every_line_with_its_sound_and_stays_small(demo):
    page = (demo / "review.html").read_text(encoding="utf-8")
    for number in range(len(LINES) + 4):
        assert f'id="line-{number}"' in page
    assert f'id="line-{len(LINES) + 4}"' not in page
    assert [f'id="audio-{number}"' in page for number in range(6)] == [True] * 5 + [False]
    assert len(page) < 3e6


def test_the_bundled_model_closes_the_lips_of_the_samples(demo):
    closed = total = 0
    for line in LINES:
        phones = read_phones(phones_beside(samples_folder() / f"{line}.wav"))
        count = count_closures(read_curves_npz(demo / f"{line}.curves.npz").performance.face, phones)
        closed, total = closed + count.closed, total + count.total
    assert total >= 15 and closed >= 0.9 * total


def test_each_emotion_shows_where_it_should(demo):
    with (demo / "expressions.csv").open(encoding="utf-8", newline="") as file:
        table = {row["mean value of"]: row for row in csv.DictReader(file)}

    def strongest(group: str) -> str:
        return max(LINES, key=lambda line: float(table[group][line]))

    assert strongest("brow down") == strongest("lower lid squint") == "promise_angry"
    assert strongest("lip corner down") == "letter_sad"
    assert strongest("outer brow up") == "harbour_surprised"
    assert strongest("lip corner up") == strongest("cheek up") == "birthday_happy"
    assert float(table["inner brow up"]["letter_sad"]) > 0.4 > float(table["inner brow up"]["gate_neutral"])
