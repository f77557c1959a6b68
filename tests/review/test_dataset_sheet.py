"""The sheet of a data set: everything on it, nothing of it executable, whatever takes are called."""

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from checked_sets import RULES, clean_takes, make_set

from cstalk_ue.emotion import EMOTIONS
from cstalk_ue.review.dataset_sheet import sheet_html, write_sheet
from cstalk_ue.review.markup import escape, tag
from ingest.check import check_data_set

HOSTILE = "<img src=x onerror=alert(1)>\"&'</style></script>\x1b[31m\u202e"


class Reader(HTMLParser):
    """Elements, attributes and texts of a page; complains about what is not closed."""

    def __init__(self):
        super().__init__()
        self.tags, self.attributes, self.texts, self.open = [], [], [], []

    def handle_starttag(self, name, attributes):
        self.tags.append(name)
        self.attributes += [(name, key, value) for key, value in attributes]
        if name not in ("meta", "img"):
            self.open.append(name)

    def handle_endtag(self, name):
        assert self.open.pop() == name

    def handle_data(self, data):
        self.texts.append(data)


def read(text):
    reader = Reader()
    reader.feed(text)
    assert reader.open == []
    return reader


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    takes = list(clean_takes()[:10])
    labels = replace(takes[0].labels, performer=HOSTILE, line=HOSTILE, slate=HOSTILE)
    name = "x" + re.sub(r"[/\x1b]", "", HOSTILE)
    takes[0] = replace(takes[0], name=name, labels=labels, samples=takes[0].samples * 0.01)
    takes[1] = replace(takes[1], samples=np.clip(takes[1].samples * 4, -0.6, 0.6))
    takes[2] = replace(takes[2], samples=None)
    return check_data_set(make_set(tmp_path_factory.mktemp("sheet"), takes, rules=replace(RULES, errors=())))


@pytest.fixture(scope="module")
def page(result):
    return sheet_html(result, title=HOSTILE, faces=3)


def test_the_sheet_is_well_formed_and_names_what_was_found(page, result):
    reader = read(page)
    text = " ".join(reader.texts)
    for words in (
        "Not fit to train on",
        "Coverage",
        "Sync",
        "clipped-sound",
        "no-sound",
        "Motion of the controls",
    ):
        assert words in text
    assert all(emotion in text for emotion in EMOTIONS)
    assert clean_takes()[1].name in text and clean_takes()[2].name in text
    # A dot for every take that has a lag.
    assert reader.tags.count("circle") == sum(take.lag.seconds is not None for take in result.takes)
    faces = [value for name, key, value in reader.attributes if (name, key) == ("img", "src")]
    assert len(faces) == 3 * 3


def test_nothing_on_the_sheet_can_run_or_load(page):
    reader = read(page)
    assert {"script", "iframe", "link", "object", "a", "form"} & set(reader.tags) == set()
    for name, key, value in reader.attributes:
        assert not key.startswith("on") and key != "style"
        if key in ("src", "href"):
            assert value.startswith("data:image/png;base64,"), (name, value)
    policy = next(value for _, key, value in reader.attributes if key == "content" and "default-src" in value)
    style = re.search(r"<style>(.*?)</style>", page, re.S)[1]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy and "script-src" not in policy
    assert "url(" not in style and "@import" not in style


def test_hostile_names_are_shown_as_text(page):
    text = " ".join(read(page).texts)
    assert "<img src=x onerror=alert(1)>" in text
    assert "\x1b" not in page and "\u202e" not in page


def test_text_is_escaped_unless_it_is_markup():
    assert (
        tag("p", "<b>", tag("i", "&"), class_='"x"') == '<p class="&quot;x&quot;">&lt;b&gt;<i>&amp;</i></p>'
    )
    assert tag("p", "\ud800") == "<p>·</p>"
    assert escape("a\x07b\nc") == "a·b\nc"
    assert tag("rect", x=1.2345, y=2.0, rx=None) == '<rect x="1.23" y="2"></rect>'


def test_pictures_are_png_of_the_right_size(page, result):
    sources = [value for _, key, value in read(page).attributes if key in ("src", "href")]
    sizes = []
    for source in sources:
        data = base64.b64decode(source.partition(",")[2])
        assert data[:8] == b"\x89PNG\r\n\x1a\n"
        sizes.append((int.from_bytes(data[16:20]), int.from_bytes(data[20:24])))
    assert sizes.count((168, 196)) == 9
    assert (len(result.takes), 185) in sizes


def test_an_empty_and_a_clean_set_have_a_sheet_too(tmp_path):
    empty = check_data_set(make_set(tmp_path / "empty", []))
    read(sheet_html(empty, title="empty"))
    silent = [replace(take, samples=None) for take in clean_takes()[:2]]
    read(sheet_html(check_data_set(make_set(tmp_path / "silent", silent)), title="silent", faces=0))
    clean = check_data_set(make_set(tmp_path / "clean", clean_takes()))
    text = sheet_html(clean, title="clean")
    assert "Fit to train on" in text and "Nothing was found." in text and "<img" not in text


def test_the_sheet_is_written_whole_and_the_same_each_time(result, tmp_path):
    write_sheet(tmp_path / "a.html", result, title="t", faces=1)
    write_sheet(tmp_path / "b.html", result, title="t", faces=1)
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.html", "b.html"]
