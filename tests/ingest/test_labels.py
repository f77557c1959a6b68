"""Labels come from whoever knows best, disagreements are told, what is no emotion is not taken for one."""

import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cstalk_ue.emotion import EMOTIONS, EmotionTrack
from cstalk_ue.errors import EmotionError, UsageError
from ingest.captured import TakeLabels
from ingest.emotion_words import read_emotion, read_intensity, word_of_folder, words_in_name
from ingest.found import FoundTake
from ingest.label_claims import Claims, call_claims, read_take_number, slate_claims
from ingest.label_patterns import LabelPattern
from ingest.labels import LABEL_REMARKS, LabelOptions, emotion_class, outside_labels, resolve_labels
from ingest.take_place import place_of


def found(path: str, name: str = "", member: str = "") -> FoundTake:
    return FoundTake(Path(path), member, name or Path(path).stem)


def labels_of(
    path: str, *, roots=("caps",), captured=None, manifest=None, name_pattern="", folder_pattern="", **call
):
    options = LabelOptions(
        call=call_claims(call.get("emotion"), call.get("intensity"), call.get("performer")),
        folder_pattern=LabelPattern.parse(folder_pattern) if folder_pattern else None,
        name_pattern=LabelPattern.parse(name_pattern) if name_pattern else None,
        roots=tuple(map(Path, roots)),
    )
    labels, remarks = resolve_labels(captured or TakeLabels(), outside_labels(found(path), options, manifest))
    assert {remark.code for remark in remarks} <= LABEL_REMARKS
    return labels, [remark.code for remark in remarks]


# Where an emotion is found


@pytest.mark.parametrize(
    ("path", "emotion", "remarks"),
    [
        ("caps/angry/take1.csv", "angry", []),
        ("caps/Anger/day1/take1.csv", "angry", []),
        ("caps/01_sorrow/take1.csv", "sad", []),
        ("caps/happy_MySlate_164_iPhone_cal.csv", "happy", []),
        ("caps/AS_MP_Amazement1.json", "surprised", []),
        ("caps/neutral_Neutral.csv", "neutral", []),
        ("caps/JOY.csv", "happy", []),
        ("caps/surprise/sad_1.csv", "surprised", ["label-conflict"]),
        ("caps/happy/sad/take1.csv", "sad", ["label-conflict"]),
        ("caps/fear/take1.csv", None, ["other-emotion"]),
        ("caps/MySlate_161_disgusted.csv", None, ["other-emotion"]),
        ("caps/angry/fear_1.csv", "angry", ["label-conflict"]),
        ("caps/sad_then_happy.csv", None, ["several-emotions"]),
        ("caps/The angry man/take1.csv", None, []),
        ("caps/sadly.csv", None, []),
        ("caps/MySlate_1.csv", None, []),
        ("joy/caps/take1.csv", None, []),  # above what the user named
        ("caps/dis/fea.csv", None, []),  # too short for names that may mean anything
    ],
)
def test_an_emotion_in_folders_and_names(path, emotion, remarks):
    roots = (path[: path.index("caps") + 4],)
    labels, codes = labels_of(path, roots=roots)
    assert (None if labels.emotion is None else str(labels.emotion)) == emotion
    assert codes == remarks


def test_the_folder_above_a_file_that_was_named_itself_counts():
    labels, _ = labels_of("caps/angry/take1.csv", roots=("caps/angry/take1.csv",))
    assert str(labels.emotion) == "angry"


def test_the_folder_that_was_named_counts():
    assert str(labels_of("x/angry/take1.csv", roots=("x/angry",))[0].emotion) == "angry"


# Precedence: each source is added below the ones before


def test_everyone_is_believed_before_those_who_know_less():
    sources = [
        ("manifest", "happy"), ("emotion", "sad"), ("captured", "angry"), ("slate", "surprised"),
        ("folder_pattern", "neutral"), ("name_pattern", "sad"), ("folder", "angry"),
    ]  # fmt: skip
    for first in range(len(sources)):
        given = dict(sources[first:])
        slate = f"ann-{given['slate']}-100-l1" if "slate" in given else "x"
        folder = given.get("folder_pattern", "no") + "/" + given.get("folder", "no")
        captured = TakeLabels(
            emotion=EmotionTrack.parse(given["captured"]) if "captured" in given else None, slate=slate
        )
        labels, codes = labels_of(
            f"caps/{folder}/{given.get('name_pattern', 'no')}~1.csv",
            captured=captured,
            manifest=Claims("line 2", read_emotion(given["manifest"])) if "manifest" in given else None,
            emotion=given.get("emotion"),
            folder_pattern="{emotion}/*" if "folder_pattern" in given else "",
            name_pattern="{emotion}~*" if "name_pattern" in given else "",
        )
        assert str(labels.emotion) == sources[first][1]
        assert ("label-conflict" in codes) == (first < len(sources) - 1)


def test_a_conflict_names_both_values_and_both_sources():
    options = LabelOptions(call=call_claims("sad", None, None), roots=(Path("caps"),))
    outside = outside_labels(found("caps/angry/x.csv"), options, Claims("line 3 of m.csv", performer="Ann"))
    _, remarks = resolve_labels(TakeLabels(performer="Bob"), outside)
    assert [remark.text for remark in remarks] == [
        "emotion is 'sad' by --emotion, 'angry' by the folder 'angry'; the first counts",
        "performer is 'Ann' by line 3 of m.csv, 'Bob' by the capture; the first counts",
    ]


@pytest.mark.parametrize(
    ("one", "other", "conflict"),
    [
        ({"performer": "Ann B"}, {"performer": "ann_b"}, False),
        ({"intensity": 0.7}, {"intensity": 0.702}, False),
        ({"intensity": 0.7}, {"intensity": 0.8}, True),
        ({"take_number": 3}, {"take_number": 4}, True),
        ({"emotion": read_emotion("angry:0.7")}, {"emotion": read_emotion("Anger")}, False),
        ({"emotion": read_emotion("happy:0.4+surprised:0.3")}, {"emotion": read_emotion("happy")}, False),
        ({"emotion": read_emotion("0=neutral 1=sad")}, {"emotion": read_emotion("sad")}, False),
        ({"emotion": read_emotion("fear")}, {"emotion": read_emotion("sad")}, True),
    ],
)
def test_what_is_a_conflict(one, other, conflict):
    outside = outside_labels(found("caps/x.csv"), LabelOptions(), Claims("one", **one))
    outside = type(outside)(before=(*outside.before, Claims("other", **other)), names=("x",))
    assert (
        bool([r for r in resolve_labels(TakeLabels(), outside)[1] if r.code == "label-conflict"]) == conflict
    )


# Intensity


def test_intensity_scales_the_emotion_wherever_it_comes_from():
    labels, _ = labels_of("caps/angry/x.csv", intensity=0.5)
    assert str(labels.emotion) == "angry:0.5" and labels.intensity == 0.5
    labels, _ = labels_of("caps/x.csv", manifest=Claims("m", read_emotion("angry:0.8"), 0.5))
    assert str(labels.emotion) == "angry:0.4"


def test_what_the_capture_scaled_already_is_not_scaled_again():
    captured = TakeLabels(emotion=EmotionTrack.parse("sad:0.5"), intensity=0.5)
    assert str(labels_of("caps/x.csv", captured=captured)[0].emotion) == "sad:0.5"


@pytest.mark.parametrize(
    ("text", "value"),
    [("0.7", 0.7), ("1", 1.0), ("0", 0.0), ("1.0", 1.0), (".5", 0.5), ("70", 0.7), ("100", 1.0), ("07", 0.07),
     ("070", 0.7), ("70%", 0.7), ("5%", 0.05), ("low", 0.4), ("Mid", 0.7), ("high", 1.0)],
)  # fmt: skip
def test_intensities(text, value):
    assert read_intensity(text) == pytest.approx(value)


@pytest.mark.parametrize("text", ["2", "3", "101", "1.5", "-1", "", "nan", "inf", "1e-1", "0.7.1", "²"])
def test_intensities_that_could_mean_anything_are_refused(text):
    with pytest.raises(EmotionError, match="is not 0 to 1"):
        read_intensity(text)


# The slate


@pytest.mark.parametrize(
    ("slate", "labels"),
    [
        ("anna-angry-70-l01", ("anna", "angry", 0.7, "l01")),
        ("20260814_anna-ANG-100-gate-2_3", ("anna", "angry", 1.0, "gate-2")),
        ("p1-happiness-low-x", ("p1", "happy", 0.4, "x")),
        ("anna-angry-70", None),
        ("anna-angry-70-", None),
        ("anna-excited-70-l01", ("anna", "", 0.7, "l01")),
        ("anna-angry-loud-l01", None),
        ("MySlate", None),
        ("", None),
    ],
)
def test_slates(slate, labels):
    claims = slate_claims(slate)
    assert (claims is None) == (labels is None)
    if labels:
        assert (claims.performer, claims.emotion.expression, claims.intensity, claims.line) == labels


def test_a_slate_is_found_in_the_name_if_the_capture_has_none():
    labels, codes = labels_of("caps/20260814_anna-angry-70-l01_2")
    assert (labels.performer, labels.line, str(labels.emotion)) == ("anna", "l01", "angry:0.7") and not codes


def test_words_in_a_slate_that_was_understood_are_no_second_opinion():
    labels, codes = labels_of("caps/20260814_anna-angry-70-sad-song_2")
    assert str(labels.emotion) == "angry:0.7" and labels.line == "sad-song" and not codes


# Where a recording lies


@pytest.mark.parametrize(
    ("path", "member", "name", "roots", "folders", "names"),
    [
        ("caps/a/b/x.csv", "", "x", ["caps"], ("caps", "a", "b"), ("x",)),
        ("caps/a/x.csv", "", "x", ["caps", "caps/a"], ("a",), ("x",)),
        ("caps/x.csv", "", "x", ["caps/x.csv"], ("caps",), ("x",)),
        ("caps/a.zip", "t_1/t_1_iPhone.csv", "t_1", ["caps"], ("caps", "a"), ("t_1", "t_1_iPhone")),
        (
            "caps/a.zip",
            "sad/t_1/t_1_iPhone.csv",
            "t_1",
            ["caps"],
            ("caps", "a", "sad"),
            ("t_1", "t_1_iPhone"),
        ),
    ],
)
def test_places(path, member, name, roots, folders, names):
    place = place_of(found(path, name, member), [Path(root) for root in roots])
    assert (place.folders, place.names) == (folders, names)


def test_the_csv_in_a_take_folder_is_another_name_of_the_take(tmp_path):
    (tmp_path / "caps" / "sad" / "20241204_S_1").mkdir(parents=True)
    take = FoundTake(tmp_path / "caps" / "sad" / "20241204_S_1", "S_1_iPhone_cal.csv", "20241204_S_1")
    place = place_of(take, [tmp_path / "caps"])
    assert place.folders == ("caps", "sad") and place.names == ("20241204_S_1", "S_1_iPhone_cal")


# Patterns


@pytest.mark.parametrize(
    ("pattern", "path", "fields"),
    [
        ("{performer}/{emotion}/{line}_{take}", "x/Ann/ANGER/l_07_003",
         {"performer": "Ann", "emotion": "ANGER", "line": "l_07", "take": "003"}),
        ("{performer}_{emotion}_{line}", "anna_maria_angry_l1",
         {"performer": "anna_maria", "emotion": "angry", "line": "l1"}),
        ("{line}-{intensity}", "gate-2-70", {"line": "gate-2", "intensity": "70"}),
        ("AS_MP_{emotion}*", "as_mp_Joy3", {"emotion": "Joy"}),
        ("AS_MP_{emotion}*", "as_mp_sadness_x", {"emotion": "sadness"}),
        ("{line}{take}", "scene12", {"line": "scene", "take": "12"}),
        ("*_{take}", "a_b_12", {"take": "12"}),
        ("take {take}", "TAKE 12", {"take": "12"}),
        ("{performer}/*", "Ann/", {"performer": "Ann"}),
        ("{performer}_{emotion}", "ann_excitedly", None),
        ("{line}_{take}", "l1_x", None),
        ("{line}_{take}", "l1_", None),
        ("{performer}/{line}", "l1", None),
        ("{line}.{take}", "l1x2", None),
        ("straße_{take}", "STRAßE_3", {"take": "3"}),
        ("(.*)_{take}", "a_3", None),
        ("(.*)_{take}", "(.*)_3", {"take": "3"}),
    ],
)  # fmt: skip
def test_patterns(pattern, path, fields):
    assert LabelPattern.parse(pattern).match(path.split("/")) == fields


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        ("", "has no field"),
        ("take*", "has no field"),
        ("{actor}", "'{actor}'"),
        ("{performer}{line}", "nothing between {performer} and {line}"),
        ("{performer}*", "nothing between"),
        ("{line}_{line}", "{line} twice"),
        ("{line", "has '{'"),
        ("line}_{take}", "has '}'"),
        ("{a/b}", "has '{'"),
        ("{line}//{take}", "empty name"),
        ("{}", "has '{}'"),
        ("{line!r}", "'{line!r}'"),
    ],
)
def test_bad_patterns_are_refused_in_one_sentence(pattern, told):
    with pytest.raises(UsageError) as caught:
        LabelPattern.parse(pattern)
    assert told in str(caught.value) and "\n" not in str(caught.value)


words = st.text(st.sampled_from("abz0_- "), min_size=1, max_size=8).filter(str.strip)


@given(words, words, st.integers(0, 999), st.sampled_from(EMOTIONS))
def test_what_a_pattern_reads_makes_the_name_again(performer, line, number, emotion):
    pattern = LabelPattern.parse("{performer}+{emotion}/{line}+{take}")
    fields = pattern.match([f"{performer}+{emotion}", f"{line}+{number}"])
    expected = {"performer": performer.strip(), "emotion": emotion, "line": line.strip(), "take": str(number)}
    assert fields == expected


@given(st.text(max_size=30))
def test_any_text_is_a_pattern_or_refused(text):
    try:
        pattern = LabelPattern.parse(text)
    except UsageError:
        return
    assert pattern.fields
    pattern.match([text] * len(pattern.segments))


def test_a_hostile_name_takes_no_longer_than_its_length_allows(monkeypatch):
    """Backtracking over five fields and 250 underscores would never end; every part is tried once."""
    from ingest import label_patterns

    tried = []
    monkeypatch.setitem(label_patterns._FITS, "take", lambda text: bool(tried.append(text)))
    pattern = LabelPattern.parse("{performer}_{line}_{slate}_{transcript}_{take}_")
    assert pattern.match(["_" * 250]) is None
    assert 0 < len(tried) < 250**2


def test_a_pattern_that_does_not_fit_is_told():
    _, codes = labels_of("caps/x.csv", name_pattern="{line}_{take}", folder_pattern="{performer}/{emotion}")
    assert codes == ["pattern-unmatched", "pattern-unmatched"]


def test_a_zip_may_count_as_a_folder_or_not(tmp_path):
    (tmp_path / "Ann").mkdir()
    path = tmp_path / "Ann" / "sad.zip"
    zipfile.ZipFile(path, "w").close()
    take = FoundTake(path, "S_1/S_1_iPhone.csv", "S_1")
    for pattern, expected in (("{performer}", {"performer": "Ann"}), ("x/{performer}", None)):
        assert place_of(take, [tmp_path]).match_folders(LabelPattern.parse(pattern)) == expected
    place = place_of(take, [tmp_path])
    assert place.match_name(LabelPattern.parse("{performer}/{line}_{take}"))["performer"] in ("sad", "Ann")
    assert place.match_name(LabelPattern.parse("ann/{line}_{take}")) == {"line": "S", "take": "1"}


# Words and numbers


def test_a_misspelled_emotion_is_helped_and_another_emotion_is_known():
    with pytest.raises(EmotionError, match="Did you mean 'happy'"):
        read_emotion("hapy")
    assert read_emotion("Contempt").expression == ""
    assert read_emotion(" SAD ").expression == "sad"
    with pytest.raises(EmotionError, match="--emotion 'fear' is not one of"):
        call_claims("fear", None, None)


@given(st.text(max_size=20))
def test_any_text_is_an_emotion_or_refused(text):
    try:
        label = read_emotion(text)
    except EmotionError:
        return
    assert not label.expression or EmotionTrack.parse(label.expression)


@given(st.text(max_size=40))
def test_any_name_can_be_looked_at(name):
    for label in (*words_in_name(name), *filter(None, [word_of_folder(name)])):
        assert label.word in name


@pytest.mark.parametrize(("text", "number"), [("3", 3), ("007", 7), ("7.0", 7)])
def test_take_numbers(text, number):
    assert read_take_number(text) == number


@pytest.mark.parametrize("text", ["", "x", "-1", "1.5", "9" * 30, "²"])
def test_bad_take_numbers(text):
    with pytest.raises(UsageError, match="is not a whole number"):
        read_take_number(text)


@pytest.mark.parametrize(
    ("emotion", "expected"),
    [("neutral", "neutral"), ("angry:0.2", "angry"), ("angry:0", "neutral"), ("happy:0.3+sad:0.4", "sad"),
     ("0=neutral 3=angry:0.5", "angry")],
)  # fmt: skip
def test_a_faint_emotion_is_that_emotion(emotion, expected):
    assert emotion_class(EmotionTrack.parse(emotion)) == expected
