"""Timed phones read from tables and TextGrids, in ARPABET and IPA, and every way they can be wrong."""

import codecs
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from praatio import textgrid

from cstalk_ue.errors import PhoneError
from cstalk_ue.performer import TimedPhone, check_phones, phones_beside, read_phones
from cstalk_ue.performer.phones import _IPA, normalise_phone, phone_table

TABLE = "start,end,phone\n0,0.1,SIL\n0.1,0.2,HH\n0.2,0.3,AY1\n"
EXPECTED = (TimedPhone("SIL", 0, 0.1), TimedPhone("HH", 0.1, 0.2), TimedPhone("AY", 0.2, 0.3, 1))


def names(symbols: str) -> list[str]:
    """What a line of symbols, a tenth of a second each, is read as."""
    rows = [(0.1 * k, 0.1 * k + 0.1, symbol) for k, symbol in enumerate(symbols.split())]
    return [phone.phone for phone in check_phones(rows)]


def write_textgrid(path: Path, form: str = "long_textgrid", **tiers: list[tuple[float, float, str]]) -> Path:
    grid = textgrid.Textgrid()
    for name, entries in tiers.items():
        grid.addTier(textgrid.IntervalTier(name, entries, 0, 0.4))
    grid.save(str(path), form, includeBlankSpaces=True)
    return path


@pytest.mark.parametrize(
    "text",
    [
        TABLE,
        TABLE.replace(",", "\t"),
        TABLE.replace("\n", "\r\n"),
        "\ufeff" + TABLE,
        TABLE.upper(),
        TABLE.replace("\n", "\n\n"),
        " Start , END,Phone\n" + TABLE.split("\n", 1)[1],
        "phone,word,end,start\nSIL,,0.1,0\nHH,hi,0.2,0.1\nay1,hi,0.3,0.2\n",
        'start,end,phone\n"0","0.1","SIL"\n0.1,0.2,hh\n0.2,0.3,ay1',
    ],
)
def test_a_table_is_read_with_comma_or_tab_bom_any_case_and_any_column_order(tmp_path, text):
    path = tmp_path / "line.csv"
    path.write_bytes(text.encode("utf-8"))
    assert read_phones(path) == EXPECTED


@pytest.mark.parametrize("form", ["long_textgrid", "short_textgrid"])
def test_a_textgrid_gives_its_phones_tier_and_silence_where_it_is_blank(tmp_path, form):
    path = write_textgrid(
        tmp_path / "a.TextGrid",
        form,
        words=[(0.1, 0.3, "hi")],
        phones=[(0.1, 0.2, "HH"), (0.2, 0.3, "AY1")],
    )
    assert read_phones(path) == (*EXPECTED, TimedPhone("SIL", 0.3, 0.4))


def test_a_textgrid_may_be_utf_16_as_praat_writes_it(tmp_path):
    path = write_textgrid(tmp_path / "a.TextGrid", phones=[(0.1, 0.2, "ʃ"), (0.2, 0.3, "iː")])
    text = path.read_text(encoding="utf-8")
    path.write_bytes(codecs.BOM_UTF16_BE + text.encode("utf-16-be"))
    assert [phone.phone for phone in read_phones(path)] == ["SIL", "SH", "IY", "SIL"]


@pytest.mark.parametrize("tier", ["Phone", "segments", "PHONES", "whatever"])
def test_the_tier_may_be_named_phone_or_segments_or_be_the_only_one(tmp_path, tier):
    path = write_textgrid(tmp_path / "a.textgrid", **{tier: [(0, 0.2, "HH"), (0.2, 0.4, "AY")]})
    assert [phone.phone for phone in read_phones(path)] == ["HH", "AY"]


def test_a_textgrid_without_a_phone_tier_names_the_tiers_it_has(tmp_path):
    path = write_textgrid(tmp_path / "a.TextGrid", words=[(0, 0.4, "hi")], notes=[(0, 0.4, "x")])
    with pytest.raises(PhoneError, match=r"tiers are words, notes; expected one named 'phones'"):
        read_phones(path)


def test_arpabet_comes_with_or_without_stress_in_any_case():
    assert names("hh ah0 L ow1 w ER2 l D") == ["HH", "AH", "L", "OW", "W", "ER", "L", "D"]
    assert [normalise_phone(name) for name in ("AH0", "ow1", "ER2", "P")] == [
        ("AH", 0),
        ("OW", 1),
        ("ER", 2),
        ("P", None),
    ]


def test_reduced_and_flapped_arpabet_folds_onto_the_inventory():
    assert names("AX AXR IX UX DX NX EL EM EN HV") == [
        *("AH", "ER", "IH", "UW", "D", "N", "L", "M", "N", "HH"),
    ]


@pytest.mark.parametrize(
    ("ipa", "arpabet"),
    [
        ("h ə l ˈoʊ w ɜː l d", "HH AH L OW W ER L D"),
        ("θ ɪ ŋ k ð ə ʃ ɪ p", "TH IH NG K DH AH SH IH P"),
        ("tʃ dʒ t͡ʃ d͡ʒ tʰ pʰ kʷ", "CH JH CH JH T P K"),
        ("b ɔ̃ ʒ u ʁ ɑ̃ y ø œ", "B AO ZH UW G AA YY OE OE"),  # French
        ("ã õ ĩ ñ i", "AA OW IY N IY"),  # one character each in NFC
        ("aɪ aʊ ɔɪ eɪ əʊ ɪə iː uː ɑː", "AY AW OY EY OW IY IY UW AA"),
        ("m̩ n̩ l̩ ɾ ʔ ɱ ɸ β", "M N L D HH M F B"),
    ],
)
def test_ipa_folds_onto_the_inventory(ipa, arpabet):
    assert names(ipa) == arpabet.split()


def test_every_ipa_symbol_of_the_table_leads_to_a_phone():
    assert set(_IPA.values()) <= set(phone_table())
    for symbol in _IPA:
        assert normalise_phone(symbol, ipa=True)[0] in phone_table()


def test_ipa_stress_is_primary_stress():
    assert normalise_phone("ˈoʊ", ipa=True) == ("OW", 1)
    assert normalise_phone("oʊ", ipa=True) == ("OW", None)


def test_th_is_a_fricative_in_arpabet_and_a_t_with_breath_in_ipa():
    assert names("th ih ng k") == ["TH", "IH", "NG", "K"]
    assert names("th ɪ ŋ k") == ["T", "IH", "NG", "K"]
    assert normalise_phone("th")[0] == "TH"
    assert normalise_phone("th", ipa=True)[0] == "T"


@pytest.mark.parametrize("name", ["", "SIL", "sil", "sp", "spn", "pau", "h#", "_", "<eps>", " ", "Silence"])
def test_silence_has_many_names_in_both_alphabets(name):
    assert normalise_phone(name) == normalise_phone(name, ipa=True) == ("SIL", None)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"start,end,phone\n", "holds no phones"),
        (b"start,stop,phone\n0,1,AA\n", "header is start, stop, phone; missing end"),
        (b"start;end;phone\n0;1;AA\n", "missing end, phone, start"),
        (b"start,end,phone\n0,1\n", "line 2 has 2 values, header has 3"),
        (b"start,end,phone\n0,1,QX\n", "'QX' is no known IPA symbol"),
        (b"start,end,phone\n0,1,AA1\n1,2,QX\n2,3,B\n", "row 2: 'QX' is no known ARPABET phone"),
        ("start,end,phone\n0,1,ɑ\n1,2,ʘ\n".encode(), "row 2: 'ʘ' is no known IPA symbol"),
        (b"start,end,phone\nzero,1,AA\n", "'zero'..'1' of phone 'AA' are not seconds"),
        (b"start,end,phone\n0,nan,AA\n", "'0'..'nan' of phone 'AA' are not seconds"),
        (b"start,end,phone\n0,inf,AA\n", "'0'..'inf' of phone 'AA' are not seconds"),
        (b"start,end,phone\n1,2,AA\n0,1,B\n", "row 2 \\(B\\) runs 0..1 s after 2 s"),
        (b"start,end,phone\n1,0.5,AA\n", "row 1 \\(AA\\) runs 1..0.5 s"),
        (b"start,end,phone\n-1,0.5,AA\n", "row 1 \\(AA\\) runs -1..0.5 s"),
        ("start,end,phone\n0,1,é\n".encode("latin-1"), "is not UTF-8 text"),
        (TABLE.encode("utf-16"), "is not UTF-8 text"),
        (b'start,end,phone\n0,1,"' + b"A" * 200_000, "is no table"),
        (b"RIFF\x24\x00\x00\x00WAVEfmt ", "missing end, phone, start"),
    ],
)
def test_a_wrong_table_is_one_clear_error_that_names_the_file(tmp_path, content, message):
    path = tmp_path / "line.phones.csv"
    path.write_bytes(content)
    with pytest.raises(PhoneError, match=message) as caught:
        read_phones(path)
    assert str(caught.value).startswith(str(path))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello",
        b"\xff\xfe",
        b"\xff\xfe\x00\xd8",
        b"\x80\x81",
        b"[1]",
        b"null",
        b"{}",
        b'{"tiers": 3}',
        b"[" * 100_000,
        b'"IntervalTier"',
        b"item [",
        b'{"xmin":0,"xmax":1,"tiers":[{"name":"phones","class":"IntervalTier","xmin":0,"xmax":1,'
        b'"entries":[[0,null,"AA"]]}]}',
    ],
)
def test_what_is_no_textgrid_is_refused_as_such(tmp_path, content):
    path = tmp_path / "line.TextGrid"
    path.write_bytes(content)
    with pytest.raises(PhoneError, match="is not a Praat TextGrid"):
        read_phones(path)


def test_a_textgrid_that_was_cut_off_is_refused_or_read_in_part(tmp_path):
    path = write_textgrid(tmp_path / "a.TextGrid", phones=[(0, 0.2, "HH"), (0.2, 0.4, "AY")])
    whole = path.read_bytes()
    for length in range(0, len(whole), 23):
        path.write_bytes(whole[:length])
        try:
            assert len(read_phones(path)) <= 2
        except PhoneError as error:
            assert str(path) in str(error)


def test_a_missing_file_and_a_folder_are_phone_errors(tmp_path):
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(PhoneError, match="no such file"):
            read_phones(path)


def test_overlaps_up_to_5_ms_are_closed_and_gaps_are_kept():
    phones = check_phones([(0, 0.104, "AA"), (0.1, 0.2, "B"), (0.3, 0.4, "AA")])
    assert [(p.start_seconds, p.end_seconds) for p in phones] == [(0, 0.104), (0.104, 0.2), (0.3, 0.4)]
    with pytest.raises(PhoneError, match="Sort the rows"):
        check_phones([(0, 0.11, "AA"), (0.1, 0.2, "B")])


def test_times_that_are_not_finite_are_refused_in_memory_too():
    for start, end in ((float("nan"), 1), (0, float("nan")), (0, float("inf"))):
        with pytest.raises(PhoneError, match="row 1"):
            check_phones([(start, end, "AA")])


def test_phones_lie_beside_their_sound_by_name(tmp_path):
    sound = tmp_path / "line.01.wav"
    assert phones_beside(sound) is None
    grid = tmp_path / "line.01.TextGrid"
    grid.touch()
    assert phones_beside(sound) == grid
    table = tmp_path / "line.01.phones.csv"
    table.touch()
    assert phones_beside(sound) == table


def assert_phones_or_error(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    try:
        phones = read_phones(path)
    except PhoneError:
        return
    clock = 0.0
    for phone in phones:
        assert phone.phone in phone_table()
        assert clock <= phone.start_seconds <= phone.end_seconds < float("inf")
        clock = phone.end_seconds


fuzz = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
TABLE_WORDS = [
    *("start", "end", "phone", "0", "0.1", "1e400", "-1", "nan", "AA1", "ɑ̃", "sil", '"', ","),
    *"\t\n\r\0\u2028",
]
GRID_WORDS = [
    "xmin = 0",
    "xmax = 1",
    "item [1]:",
    "intervals [1]:",
    'class = "IntervalTier"',
    'name = "phones"',
    'text = "AA"',
    '"IntervalTier"',
    '"phones"',
    "ooTextFile short",
    "{",
    "}",
    "[",
    "]",
]
words = st.sampled_from([*TABLE_WORDS, *GRID_WORDS])


@fuzz
@given(st.one_of(st.text(), st.lists(words, max_size=40).map("".join)))
def test_any_text_as_a_table_gives_phones_or_a_phone_error(tmp_path, text):
    assert_phones_or_error(tmp_path / "a.csv", text.encode("utf-8", "surrogatepass"))
    assert_phones_or_error(tmp_path / "a.csv", b"start,end,phone\n" + text.encode("utf-8", "surrogatepass"))


@fuzz
@given(st.one_of(st.binary(), st.text().map(str.encode), st.lists(words, max_size=40).map("\n".join)))
def test_any_bytes_as_a_textgrid_give_phones_or_a_phone_error(tmp_path, content):
    data = content if isinstance(content, bytes) else content.encode()
    assert_phones_or_error(tmp_path / "a.TextGrid", data)


@fuzz
@given(
    st.lists(st.tuples(st.integers(0, 900), st.sampled_from(["", "0", "9", "-", "\n", '"', "="])), max_size=4)
)
def test_a_damaged_textgrid_gives_phones_or_a_phone_error(tmp_path, damage):
    path = write_textgrid(tmp_path / "b.TextGrid", phones=[(0, 0.2, "HH"), (0.2, 0.4, "AY")])
    text = path.read_text(encoding="utf-8")
    for position, replacement in damage:
        text = text[:position] + replacement + text[position + 1 :]
    assert_phones_or_error(tmp_path / "a.TextGrid", text.encode())


@given(
    st.lists(st.tuples(st.floats(0.001, 2), st.sampled_from(sorted(phone_table()))), min_size=1, max_size=30)
)
@settings(max_examples=60, deadline=None)
def test_checked_phones_are_checked_to_themselves(lengths):
    clock, rows = 0.0, []
    for length, name in lengths:
        rows.append((clock, clock + length, name))
        clock += length
    phones = check_phones(rows)
    assert [(p.start_seconds, p.end_seconds, p.phone) for p in phones] == rows
    assert check_phones((p.start_seconds, p.end_seconds, p.phone) for p in phones) == phones
