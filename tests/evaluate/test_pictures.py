"""Pictures and the page of a run, from a tiny random module: complete, and safe against odd names."""

import html.parser
import re

import numpy as np
import pytest
from matplotlib.image import imread

from cstalk_ue.emotion import EMOTIONS
from cstalk_ue.errors import DataSetError
from cstalk_ue.evaluate.face_strips import StripRow, draw_strips
from cstalk_ue.evaluate.figure import Measure, TakeValue
from cstalk_ue.evaluate.loss_pictures import draw_losses
from cstalk_ue.evaluate.methods import mean_face_method, recording_method
from cstalk_ue.evaluate.results import Evaluation, MethodResult
from cstalk_ue.evaluate.run_page import Picture, RunPage, run_page
from cstalk_ue.evaluate.run_pictures import draw_strip_pictures
from cstalk_ue.evaluate.score_judge import load_score_judge
from cstalk_ue.evaluate.score_pictures import draw_differences, draw_heat_maps, draw_score_map
from cstalk_ue.evaluate.score_samples import NOISE, SHUFFLED, ScoreSamples, collect_scores
from cstalk_ue.evaluate.table_plan import table_plan
from cstalk_ue.review.moments import Moment
from cstalk_ue.rig import find_control, neutral_curves


@pytest.fixture(scope="module")
def samples(performed, correlation) -> ScoreSamples:
    checkpoint = load_score_judge(correlation, performed).checkpoint
    return collect_scores(performed, checkpoint, splits=("train", "test"), random=4)


def picture_of(path) -> np.ndarray:
    pixels = imread(path)
    assert pixels.ndim == 3 and pixels[..., :3].std() > 0.02, "something is drawn"
    return pixels


# Attention scores


def test_scores_are_of_every_emotion_and_of_both_kinds_of_random_curves(samples):
    counts = {label: samples.labels.count(label) for label in samples.labels}
    assert counts == {**dict.fromkeys(EMOTIONS, 3), NOISE: 4, SHUFFLED: 4}
    size = len(samples.controls)
    assert samples.scores.shape == (5 * 3 + 8, size, size)
    assert ((samples.recognised >= 0) & (samples.recognised <= 1)).all()


def test_rigs_stand_by_region_from_the_forehead_down(samples):
    regions = [name for name, _, _ in samples.regions]
    assert len(set(regions)) == len(regions), "every region is in one piece"
    assert regions[0] == "brow" and regions[-1] == "jaw"
    for name, first, last in samples.regions:
        assert {find_control(control).region for control in samples.controls[first:last]} == {name}


def test_rows_and_columns_of_a_matrix_keep_their_rigs_when_they_are_sorted(performed, correlation, samples):
    judge = load_score_judge(correlation, performed)
    take = performed.read(performed.select("test")[0])
    _, scores = judge.look(take.performance.face)
    place = samples.names.index(take.name)
    a, b = judge.checkpoint.controls[3], judge.checkpoint.controls[40]
    row, column = samples.controls.index(a), samples.controls.index(b)
    assert samples.scores[place, row, column] == pytest.approx(scores.mean(axis=0)[3, 40], rel=1e-5)


def test_the_pictures_of_scores_are_drawn(samples, tmp_path):
    draw_heat_maps(tmp_path / "a.png", samples, columns=2)
    draw_differences(tmp_path / "b.png", samples)
    found = draw_score_map(tmp_path / "c.png", samples)
    for name in "abc":
        picture_of(tmp_path / f"{name}.png")
    assert 0 <= found["same_label_neighbours"] <= 1
    assert found["chance"] == pytest.approx(sum((n / 23) ** 2 for n in (3, 3, 3, 3, 3, 4, 4)))


def test_neighbours_of_clusters_are_of_their_own_label(samples, tmp_path):
    """Matrices that differ by label alone, up to a little noise: all neighbours agree."""
    random = np.random.default_rng(5)
    own = {label: random.normal(size=samples.scores[0].shape) for label in set(samples.labels)}
    scores = np.stack([own[label] + 0.01 * random.normal(size=own[label].shape) for label in samples.labels])
    labels = [label for label in samples.labels for _ in range(3)]
    many = ScoreSamples(
        samples.controls, tuple(labels), tuple(map(str, range(len(labels)))), np.repeat(scores, 3, axis=0),
        np.ones(len(labels)),
    )  # fmt: skip
    assert draw_score_map(tmp_path / "map.png", many)["same_label_neighbours"] == 1


def test_takes_that_are_too_short_for_a_window_are_refused(performed, correlation):
    checkpoint = load_score_judge(correlation, performed).checkpoint
    with pytest.raises(DataSetError, match="as long as the 96 frames"):
        collect_scores(performed, checkpoint, splits=("validation",))


# Strips of faces


def test_a_strip_has_a_face_per_moment_and_row_and_faces_differ_where_curves_do(tmp_path):
    still = neutral_curves(30, 30.0)
    values = still.values.copy()
    values[15:, still.index("CTRL_C_jaw.ty")] = 0.9
    rows = [StripRow("still", still), StripRow("opens", still.replace(values=values))]
    path = tmp_path / "strip.png"
    draw_strips(path, rows, [Moment(0.1), Moment(0.9)], title="two rows")
    pixels = picture_of(path)[..., :3]
    cells = {
        (row, column): pixels[top : top + 232, left : left + 190]
        for row, top in enumerate((72, 310))
        for column, left in enumerate((148, 344))
    }
    assert np.array_equal(cells[0, 0], cells[0, 1]) and np.array_equal(cells[0, 0], cells[1, 0])
    mouth = np.abs(cells[1, 1] - cells[0, 1])
    assert mouth[140:].max() > 0.3 and mouth[:60].max() < 0.05


def test_one_line_in_five_emotions_and_one_take_by_every_method(performed, tmp_path):
    record = performed.select("test")[1]
    methods = [recording_method(), mean_face_method(performed)]
    pictures = draw_strip_pictures(tmp_path, performed, record, methods[1:], methods, count=2)
    assert [picture.path.name for picture in pictures] == ["emotions.png", "methods.png"]
    five, two = (picture_of(picture.path) for picture in pictures)
    assert five.shape[0] - two.shape[0] == 3 * 238


# Losses


def test_losses_are_drawn_from_the_log(tmp_path):
    log = "step,epoch,loss,held_out_loss,recognised,seconds\n10,0,2.0,,0.2,1\n20,1,1.0,1.1,0.5,2\n"
    (tmp_path / "log.csv").write_text(log, encoding="utf-8")
    assert draw_losses(tmp_path / "losses.png", tmp_path, title="a run with $ign")
    assert picture_of(tmp_path / "losses.png").shape[1] == pytest.approx(2 * 3.3 * 110, abs=2)


def test_a_run_without_a_log_has_no_picture(tmp_path):
    assert not draw_losses(tmp_path / "losses.png", tmp_path, title="none")
    assert not (tmp_path / "losses.png").exists()


# The page

HOSTILE = '<script>alert("x")</script>&\'"\udce4'


class Tags(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.attributes, self.text = [], [], ""

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]

    def handle_data(self, data):
        self.text += data


@pytest.fixture
def page(tmp_path) -> RunPage:
    picture = tmp_path / "p.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n")
    measure = Measure("lve_mm", "LVE", HOSTILE, "mm", HOSTILE, HOSTILE)
    takes = {"t": {"lve_mm": TakeValue(1.25, 10)}}
    results = (MethodResult(HOSTILE, {}, takes), MethodResult("cstalk", {}, takes, (), 0))
    found = Evaluation(HOSTILE, "0" * 64, "test", (measure,), results, (HOSTILE,))
    pictures = [Picture(picture, HOSTILE, HOSTILE)]
    facts = {HOSTILE: {HOSTILE: HOSTILE}}
    return RunPage(HOSTILE, facts, pictures, pictures, found, [(table_plan(1), found)], HOSTILE)


def test_nothing_from_data_becomes_markup(page):
    seen = Tags()
    text = run_page(page)
    seen.feed(text)
    assert "script" not in seen.tags
    assert not [name for name in seen.attributes if name.startswith("on")]
    assert text.count("<script") == 0 and seen.text.count('alert("x")') >= 8
    text.encode("utf-8")


def test_the_page_allows_its_own_style_and_pictures_and_nothing_else(page):
    text = run_page(page)
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', text)[1]
    assert policy.startswith("default-src 'none'; img-src data:; style-src 'sha256-")
    assert "unsafe" not in policy and "script-src" not in policy
    assert not re.search(r"(src|href)=\"(?!data:image/png|#)", text)
    assert " style=" not in text


def test_the_page_has_what_was_measured_and_the_tables(page):
    seen = Tags()
    seen.feed(run_page(page))
    assert "1.25" in seen.text and "CSTalk (full)" in seen.text and "2.538" in seen.text
    assert seen.tags.count("img") == 2
