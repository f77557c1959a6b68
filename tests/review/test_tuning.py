"""A tuned line is what `predict` makes of the same track, at once; only the manifest is ever written."""

import threading

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tiny_checkpoint import babble, save_tiny, write_wav

from cstalk_ue.batch import BatchSettings, run_batch
from cstalk_ue.emotion import EMOTIONS, EmotionTrack
from cstalk_ue.errors import AudioError, CSTalkError, EmotionError, ManifestError, UsageError
from cstalk_ue.export import read_curves_npz, write_curves_npz
from cstalk_ue.manifest import Line, lines_of_paths, read_manifest
from cstalk_ue.model import load_checkpoint
from cstalk_ue.predict import encode_line, generate_curves, generate_encoded
from cstalk_ue.review.line_cache import LineCache
from cstalk_ue.review.lines import ReviewLine
from cstalk_ue.review.origin import read_origin
from cstalk_ue.review.tuning import SupersededError, TuningSession

NEUTRAL = EmotionTrack.parse("neutral")
KEYED = "0.0=neutral 0.4=angry:0.8 0.9=happy:0.4+surprised:0.3"


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return save_tiny(tmp_path_factory.mktemp("tuning") / "tiny")


def predicted(folder, model, lines, **settings):
    """Curve files in `folder`/curves, as ReviewLines."""
    settings = BatchSettings(model=str(model), **settings)
    results = run_batch(lines, folder / "curves", settings)
    assert [result.status for result in results] == ["done"] * len(lines), results
    return [
        ReviewLine(line.name, folder / "curves" / f"{line.name}.curves.npz", audio=line.audio)
        for line in lines
    ]


def same(performance, path):
    written = read_curves_npz(path).performance
    face = (performance.face.values == written.face.values).all()
    return bool(face and (performance.head.values == written.head.values).all())


@pytest.fixture
def session(tmp_path, model):
    wav = write_wav(tmp_path / "hello.wav", 1.5)
    lines = predicted(tmp_path, model, lines_of_paths([wav], EmotionTrack.parse("sad:0.6")).lines)
    return TuningSession(lines, model=str(model), manifest=tmp_path / "review.csv")


# The same curves


@pytest.mark.parametrize(
    ("seconds", "emotion", "settings"),
    [
        (1.5, "neutral", {}),
        (1.5, KEYED, {"seed": 5}),
        (2.0, "angry:0.8", {"fps": 24.0}),
        (2.0, "sad", {"blinks": False, "head": False}),
        (2.0, "sad", {"gaze": False, "fps": 60.0}),
        (47.0, "0.0=happy 30=angry:0.5", {}),  # three chunks
    ],
)
def test_its_own_track_gives_the_curves_that_were_predicted(tmp_path, model, seconds, emotion, settings):
    wav = write_wav(tmp_path / "a.wav", seconds)
    track = EmotionTrack.parse(emotion).scaled(1.0)  # as the command line does
    lines = predicted(tmp_path, model, lines_of_paths([wav], track).lines, **settings)
    session = TuningSession(lines, model=str(model), manifest=tmp_path / "m.csv")
    assert same(session.regenerate(0, session.state(0).emotion), lines[0].curves)


weights = st.lists(st.integers(0, 25), min_size=4, max_size=4)


@given(
    st.lists(st.tuples(st.integers(0, 30), weights), min_size=1, max_size=4, unique_by=lambda key: key[0]),
    st.integers(0, 100),
)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_tuned_and_saved_is_what_predict_then_makes(session, tmp_path, model, keys, percent):
    text = " ".join(
        f"{tenths / 10:g}="
        + "+".join(f"{name}:{w / 100:g}" for name, w in zip(EMOTIONS[1:], row, strict=True))
        for tenths, row in sorted(keys)
    )
    tuned = session.regenerate(0, text, percent / 100)
    session.save(0, text, percent / 100)
    lines = read_manifest(session.manifest, default=NEUTRAL).lines
    assert [line.problem for line in lines] == [""]
    run_batch(lines, tmp_path / "again", BatchSettings(model=str(model)))
    assert same(tuned, tmp_path / "again" / "hello.curves.npz")


def test_encoding_apart_changes_no_bit(model):
    checkpoint, samples = load_checkpoint(model), babble(46)
    encoded = encode_line(samples, checkpoint)
    assert len(encoded.chunks) == 3 and encoded.nbytes > 0
    for text in ("angry", KEYED):
        track = EmotionTrack.parse(text)
        one, other = generate_curves(samples, checkpoint, track), generate_encoded(encoded, checkpoint, track)
        assert (one.face.values == other.face.values).all() and (one.head.values == other.head.values).all()


def test_the_emotion_is_all_that_changes(session):
    before = session.lines[0].curves.read_bytes()
    sad, angry, none = (session.regenerate(0, "angry", share) for share in (0.5, 1.0, 0.0))
    assert np.abs(sad.face.values - angry.face.values).max() > 0.005
    assert (none.face.values == session.regenerate(0, "neutral").face.values).all()
    assert session.lines[0].curves.read_bytes() == before and not session.manifest.exists()


def test_the_encoder_runs_once_for_a_line(session, monkeypatch):
    encoder, calls = session._checkpoint.model.speech_encoder, []
    encode = encoder.forward
    monkeypatch.setattr(encoder, "forward", lambda *a, **k: calls.append(1) or encode(*a, **k))
    session.state(0)
    for emotion in ("angry", "sad", KEYED):
        session.regenerate(0, emotion)
    assert len(calls) == 1


# Lines that cannot be tuned


def test_a_line_that_cannot_be_tuned_says_why_in_one_sentence(tmp_path, model, session):
    good = session.lines[0]
    other = save_tiny(tmp_path / "other", seed=1)
    foreign = predicted(
        tmp_path / "f", other, lines_of_paths([write_wav(tmp_path / "f.wav")], NEUTRAL).lines
    )[0]
    bare = tmp_path / "bare.curves.npz"
    write_curves_npz(bare, read_curves_npz(good.curves).performance, provenance={})
    table = tmp_path / "rows.csv"
    table.write_text("frame\n", encoding="utf-8")
    broken = tmp_path / "broken.curves.npz"
    broken.write_bytes(b"PK")
    wrong = TuningSession(
        [
            ReviewLine("mute", good.curves, audio=None),
            foreign,
            ReviewLine("bare", bare, audio=good.audio),
            ReviewLine("rows", table, audio=good.audio),
            ReviewLine("broken", broken, audio=good.audio),
            ReviewLine("swapped", good.curves, audio=write_wav(tmp_path / "x.wav", seed=9)),
            ReviewLine("gone", good.curves, audio=tmp_path / "gone.wav"),
        ],
        model=str(model),
        manifest=tmp_path / "m.csv",
    )
    told = (
        "no sound",
        "made by tiny-",
        "does not say",
        "does not say",
        "no readable",
        "not the sound",
        "no such",
    )
    for index, text in enumerate(told):
        with pytest.raises(CSTalkError, match=text) as error:
            wrong.regenerate(index, "angry")
        if index < 5:
            assert wrong.state(index).problem == str(error.value)
            with pytest.raises(CSTalkError):
                wrong.save(index, "angry")
    assert not wrong.manifest.exists()


def test_a_failure_is_not_remembered(tmp_path, session):
    audio = session.lines[0].audio
    hidden = audio.rename(tmp_path / "hidden.wav")
    with pytest.raises(AudioError):
        session.regenerate(0, "angry")
    hidden.rename(audio)
    assert session.regenerate(0, "angry").frames == 45


def test_wrong_tracks_and_models_are_refused(session, tmp_path):
    for text, share in (
        ("angr", 1),
        ("angry:2", 1),
        ("1=sad 0=sad", 1),
        ("", 1),
        ("sad", 1.5),
        ("sad", np.nan),
    ):
        with pytest.raises(EmotionError):
            session.regenerate(0, text, share)
        with pytest.raises(EmotionError):
            session.save(0, text, share)
    with pytest.raises(UsageError, match="decision"):
        session.save(0, "sad", decision="perhaps")
    with pytest.raises(UsageError, match="no network"):
        TuningSession([], model="performer", manifest=tmp_path / "m.csv")
    bad = tmp_path / "bad.csv"
    bad.write_text("path\na.wav\n", encoding="utf-8")
    with pytest.raises(ManifestError, match="'file'"):
        TuningSession([], model="bundled", manifest=bad)


def test_a_record_of_other_curves_is_not_believed(tmp_path, session):
    curves = session.lines[0].curves
    assert read_origin(curves).blinks
    record = curves.with_name("hello.provenance.json")
    text = record.read_text(encoding="utf-8")
    record.write_text(text.replace('"blinks": true', '"blinks": false'), encoding="utf-8")
    assert not read_origin(curves).blinks
    record.write_text(
        text.replace('"blinks": true', '"blinks": false').replace('"seed": 0', '"seed": 1'), encoding="utf-8"
    )
    assert read_origin(curves).blinks and read_origin(curves).seed == 0
    record.write_text("{", encoding="utf-8")
    assert read_origin(curves).blinks


def test_a_table_is_tuned_by_its_record(tmp_path, model):
    line = lines_of_paths([write_wav(tmp_path / "t.wav", 1)], NEUTRAL).lines
    run_batch(line, tmp_path / "o", BatchSettings(model=str(model), formats=("csv", "npz")))
    tables = [ReviewLine("t", tmp_path / "o" / "t.csv", audio=tmp_path / "t.wav")]
    session = TuningSession(tables, model=str(model), manifest=tmp_path / "m.csv")
    assert same(session.regenerate(0, "neutral"), tmp_path / "o" / "t.curves.npz")


# The newest request


def test_a_newer_request_takes_over(session):
    session.regenerate(0, "sad")
    session._network.acquire()  # a generation is under way
    outcomes = {}

    def ask(text):
        try:
            outcomes[text] = session.regenerate(0, text)
        except SupersededError:
            outcomes[text] = None

    threads = []
    for number, text in enumerate(("angry", "happy", "surprised")):
        threads.append(threading.Thread(target=ask, args=(text,)))
        threads[-1].start()
        while session._newest[0] < number + 2:
            pass
    session._network.release()
    for thread in threads:
        thread.join(10)
    assert outcomes["angry"] is None and outcomes["happy"] is None
    newest = session.regenerate(0, "surprised")
    assert (outcomes["surprised"].face.values == newest.face.values).all()


def test_lines_do_not_supersede_each_other(tmp_path, model):
    wavs = [write_wav(tmp_path / f"{name}.wav", seed=n) for n, name in enumerate("ab")]
    session = TuningSession(
        predicted(tmp_path, model, lines_of_paths(wavs, NEUTRAL).lines),
        model=str(model),
        manifest=tmp_path / "m.csv",
    )
    session._network.acquire()
    done = []
    threads = [threading.Thread(target=lambda i=i: done.append(session.regenerate(i, "sad"))) for i in (0, 1)]
    for thread in threads:
        thread.start()
    session._network.release()
    for thread in threads:
        thread.join(10)
    assert len(done) == 2


# What is kept


class Weight:
    def __init__(self, nbytes):
        self.nbytes = nbytes


def test_the_cache_forgets_what_was_used_longest_ago():
    made = []
    cache = LineCache(lambda index: made.append(index) or Weight(40), most_bytes=100)
    for index in (0, 1, 0, 2):
        cache.get(index)
    assert made == [0, 1, 2] and [index in cache for index in range(3)] == [True, False, True]
    small = LineCache(lambda index: Weight(1000), most_bytes=100)
    small.get(7)
    assert 7 in small


@given(st.lists(st.integers(0, 9), max_size=60), st.integers(0, 500))
def test_the_cache_never_holds_more_than_it_may(asked, most_bytes):
    cache = LineCache(lambda index: Weight(30 + index), most_bytes=most_bytes)
    for index in asked:
        assert cache.get(index).nbytes == 30 + index
        held = [number for number in range(10) if number in cache]
        assert index in held and (len(held) == 1 or sum(30 + number for number in held) <= most_bytes)


def test_who_asks_meanwhile_waits_for_the_same_result():
    go, made = threading.Event(), []
    cache = LineCache(lambda index: go.wait(10) and (made.append(index) or Weight(1)), most_bytes=100)
    got = []
    threads = [threading.Thread(target=lambda: got.append(cache.get(3))) for _ in range(4)]
    for thread in threads:
        thread.start()
    go.set()
    for thread in threads:
        thread.join(10)
    assert made == [3] and len(set(map(id, got))) == 1


def test_of_lines_flicked_through_only_the_last_is_computed():
    started, go, made = threading.Event(), threading.Event(), []

    def compute(index):
        made.append(index)
        started.set()
        go.wait(10)
        return Weight(1)

    cache = LineCache(compute, most_bytes=100)
    cache.ahead(0)
    assert started.wait(10)
    for index in range(1, 50):
        cache.ahead(index)
    go.set()
    while 49 not in cache:
        pass
    assert made == [0, 49]


# Saving


def test_saving_says_what_is_there_and_starting_again_finds_it(session):
    assert session.state(0).emotion == "sad:0.6" and not session.state(0).saved
    assert session.save(0, "angry:0.5  + happy:0.2", 0.35, decision="approved", note="=1+1\nfine") is False
    text = session.manifest.read_text(encoding="utf-8")
    assert text == (
        "file,emotion,intensity,name,phones,seed,decision,note,curves\n"
        "hello.wav,angry:0.5 + happy:0.2,0.35,,,,approved,'=1+1 fine,curves/hello.curves.npz\n"
    )
    state = session.state(0)
    assert (state.emotion, state.intensity, state.saved, state.differs) == (
        "angry:0.5 + happy:0.2", 0.35, True, True,
    )  # fmt: skip
    assert session.save(0, "sad:0.6") is True
    assert not session.state(0).differs
    assert "approved,'=1+1 fine" in session.manifest.read_text(encoding="utf-8")


def test_variants_of_one_sound_have_rows_of_their_own(tmp_path, model):
    wav = write_wav(tmp_path / "sounds" / "hey.wav", 1)
    lines = [Line(wav, f"out/hey_{name}", EmotionTrack.parse(name)) for name in ("sad", "happy")]
    session = TuningSession(
        predicted(tmp_path, model, lines, seed=11), model=str(model), manifest=tmp_path / "m" / "review.csv"
    )
    session.save(1, "happy:0.5")
    session.save(0, "sad:0.5")
    session.save(1, "happy:0.25")
    saved = read_manifest(session.manifest, default=NEUTRAL).lines
    assert [(line.name, str(line.emotion), line.seed, line.problem) for line in saved] == [
        ("out/hey_happy", "happy:0.25", 11, ""),
        ("out/hey_sad", "sad:0.5", 11, ""),
    ]
    run_batch(saved, tmp_path / "again", BatchSettings(model=str(model)))
    assert same(session.regenerate(1, "happy:0.25"), tmp_path / "again" / "out" / "hey_happy.curves.npz")
