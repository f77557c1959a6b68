"""Whatever happens to a curve CSV, it becomes a take with times that can be trusted, or a named error.

What "trusted" means is checked against the damaged file itself, read here by other means: every frame that
counts as valid lies between values of rows whose own timecodes say they were captured around then. Where the
reader gave up on the timecodes, it says so.
"""

import re
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from live_link_takes import APP_FPS, HEADER, codes_of, csv_text

from cstalk_ue.errors import CSTalkError
from ingest.captured import CapturedTake
from ingest.found import FoundTake
from ingest.live_link_face import read_live_link_face

ROWS = 48
DAY = 86400
READABLE = re.compile(r"(\d+):([0-5]?\d):([0-5]?\d):(\d{1,3}(?:\.\d+)?)")


def ramp_text(start: float) -> str:
    """A capture in which JawOpen tells the time: no two rows have the same value."""
    values = np.full((ROWS, 61), 0.25)
    values[:, HEADER.index("JawOpen") - 2] = np.linspace(0.02, 0.96, ROWS)
    return csv_text(start + np.arange(ROWS) / APP_FPS, values)


def rows_of(text: str) -> list[str]:
    return text.removesuffix("\n").split("\n")


def joined(rows: list[str]) -> str:
    return "\n".join(rows) + "\n"


@st.composite
def _change(draw: st.DrawFn) -> Callable[[str], bytes | str]:
    kind = draw(st.sampled_from(CHANGES))
    seed = draw(st.integers(0, 2**32 - 1))
    return lambda text: kind(text, np.random.default_rng(seed))


def flip_bytes(text: str, rng: np.random.Generator) -> bytes:
    data = bytearray(text.encode("utf-8", "replace"))
    for place in rng.integers(0, max(1, len(data)), rng.integers(1, 6)):
        if data:
            data[place] = rng.choice(list(b'0123456789.,:;-\n\r\t eEnaif"\0\xff'))
    return bytes(data)


def cut_rows(text: str, rng: np.random.Generator) -> str:
    head, *rows = rows_of(text)
    return joined([head, *(row for row in rows if rng.uniform() > 0.2)])


def cut_block(text: str, rng: np.random.Generator) -> str:
    head, *rows = rows_of(text)
    first = int(rng.integers(len(rows) or 1))
    return joined([head, *rows[:first], *rows[first + 12 :]])


def lose_face_for_long(text: str, rng: np.random.Generator) -> str:
    head, *rows = rows_of(text)
    first = int(rng.integers(len(rows) or 1))
    lost = [f"{row.split(',')[0]},0" for row in rows[first : first + 12]]
    return joined([head, *rows[:first], *lost, *rows[first + 12 :]])


def repeat_rows(text: str, rng: np.random.Generator) -> str:
    head, *rows = rows_of(text)
    return joined([head, *(row for row in rows for _ in range(1 + (rng.uniform() < 0.1)))])


def shuffle_rows(text: str, rng: np.random.Generator) -> str:
    head, *rows = rows_of(text)
    return joined([head, *(rows[place] for place in rng.permutation(len(rows)))])


def swap_two_rows(text: str, rng: np.random.Generator) -> str:
    head, *rows = rows_of(text)
    if len(rows) > 1:
        one, other = rng.integers(0, len(rows), 2)
        rows[one], rows[other] = rows[other], rows[one]
    return joined([head, *rows])


def lose_faces(text: str, rng: np.random.Generator) -> str:
    head, *rows = rows_of(text)
    return joined([head, *(row if rng.uniform() > 0.2 else f"{row.split(',')[0]},0" for row in rows)])


def cut_cells(text: str, rng: np.random.Generator) -> str:
    rows = rows_of(text)
    place = int(rng.integers(len(rows)))
    cells = rows[place].split(",")
    rows[place] = ",".join(cells[: rng.integers(1, len(cells) + 1)])
    return joined(rows)


def permute_columns(text: str, rng: np.random.Generator) -> str:
    table = [row.split(",") for row in rows_of(text)]
    order = rng.permutation(len(table[0]))
    return joined([",".join(row[place] for place in order if place < len(row)) for row in table])


def drop_columns(text: str, rng: np.random.Generator) -> str:
    table = [row.split(",") for row in rows_of(text)]
    kept = [place for place in range(len(table[0])) if rng.uniform() > 0.1]
    return joined([",".join(row[place] for place in kept if place < len(row)) for row in table])


def rename_column(text: str, rng: np.random.Generator) -> str:
    head, *rows = rows_of(text)
    names = head.split(",")
    names[rng.integers(len(names))] = str(
        rng.choice(["", "jawopen", "JawOpen ", "Timecode", "x", "BLENDSHAPECOUNT"])
    )
    return joined([",".join(names), *rows])


def alter_timecodes(text: str, rng: np.random.Generator) -> str:
    head, *rows = rows_of(text)
    share, hours = rng.choice([0.03, 0.3, 1.0]), f"{rng.integers(0, 30):02d}"
    altered = [f"{hours}{row[2:]}" if rng.uniform() < share else row for row in rows]
    return joined([head, *altered])


def replace_timecodes(text: str, rng: np.random.Generator) -> str:
    head, *rows = rows_of(text)
    form = rng.choice(
        ["{0}", "{0}.0", "00:00:00:00.000", "", "00:00:{1:02d}:{2:02d}", "00:00:{1:02d};{2:02d}"]
    )
    codes = [form.format(number, number // 30, number % 30) for number in range(len(rows))]
    return joined([head, *(code + row[row.find(",") :] for code, row in zip(codes, rows, strict=True))])


def set_clock_back(text: str, rng: np.random.Generator) -> str:
    head, *rows = rows_of(text)
    half = len(rows) // 2
    return joined([head, *rows[half:], *rows[:half]])


def save_otherwise(text: str, rng: np.random.Generator) -> str:
    changes = [
        ("\n", "\r\n"),
        ("\n", "\n\n"),
        (",", ";"),
        (".", ","),
        (",", "\t"),
        ("\n", ",,,\n"),
        ("0.", " 0."),
    ]
    return text.replace(*changes[rng.integers(len(changes))])


def truncate(text: str, rng: np.random.Generator) -> str:
    return text[: rng.integers(len(text) + 1)]


CHANGES = (
    flip_bytes, cut_block, cut_rows, repeat_rows, shuffle_rows, swap_two_rows, lose_faces, lose_face_for_long,
    cut_cells, permute_columns, drop_columns, rename_column, alter_timecodes, replace_timecodes,
    set_clock_back, save_otherwise, truncate,
)  # fmt: skip


def own_rows(data: bytes) -> list[tuple[float, float]] | None:
    """(seconds of the day, JawOpen) of every row of a damaged file that still has both; None if not plain."""
    text = data.decode("utf-8", "replace").removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if '"' in text or "\t" in text.split("\n")[0]:
        return None
    separator = (
        ";" if text.strip().split("\n")[0].count(";") > text.strip().split("\n")[0].count(",") else ","
    )
    if separator == ";":
        text = text.replace(",", ".")
    head, *lines = [line for line in text.split("\n") if line.strip(" \t,;")]
    names = [name.strip().casefold() for name in head.split(separator)]
    found = []
    for line in lines:
        cells = [cell.strip() for cell in line.split(separator)]
        if len(cells) < len([name for name in names if name]):
            continue
        match = READABLE.fullmatch(cells[names.index("timecode")])
        if match is None or float(match[4]) >= 60:
            continue
        seconds = int(match[1]) * 3600 + int(match[2]) * 60 + int(match[3]) + float(match[4]) / 60
        jaw = float(cells[names.index("jawopen")]) if "jawopen" in names else 0.0
        found.append((seconds % DAY, min(max(jaw, 0.0), 1.0)))
    return found


def check_times(take: CapturedTake, data: bytes) -> None:
    face, timing = take.performance.face, take.timing
    codes = codes_of(take.remarks)
    last = timing.seconds - 1 / timing.measured_fps
    assert face.frames == int(np.floor(last * 30 + 1e-3)) + 1
    assert timing.clock in ("timecode", "seconds", "uniform")
    if timing.clock == "uniform":
        assert "uniform-clock" in codes
        return
    if timing.clock == "seconds" or "timecode-form" in codes:
        assert "timecode-form" in codes
        return
    rows = own_rows(data)
    if rows is None:
        return
    own = np.array(rows)
    match = READABLE.fullmatch(timing.start_timecode)
    start = int(match[1]) * 3600 + int(match[2]) * 60 + int(match[3]) + float(match[4]) / 60
    since = (own[:, 0] - start + DAY / 2) % DAY - DAY / 2
    near = max(0.1, 1.5 / timing.measured_fps) + 1e-3
    valid = np.ones(face.frames, bool) if face.valid is None else face.valid
    jaw = face.curve("CTRL_C_jaw.ty")
    for frame in np.flatnonzero(valid):
        around = own[np.abs(since - frame / 30) <= near, 1]
        assert len(around), f"frame {frame} is valid with no row of its time"
        assert around.min() - 1e-5 <= jaw[frame] <= around.max() + 1e-5, f"frame {frame}"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("damaged") / "MySlate_1_iPhone.csv"


def read_or_refuse(place, data: bytes) -> CapturedTake | None:
    place.write_bytes(data)
    try:
        return read_live_link_face(FoundTake(place, "", place.stem))
    except CSTalkError as error:
        assert str(error).startswith(str(place))
        return None


@settings(max_examples=150)
@given(st.sampled_from([1000.0, 86399.6]), st.lists(_change(), min_size=1, max_size=3))
def test_any_damaged_file_gives_trusted_times_or_a_named_error(place, start, changes):
    data: bytes | str = ramp_text(start)
    for change in changes:
        data = change(data if isinstance(data, str) else data.decode("utf-8", "replace"))
    data = data if isinstance(data, bytes) else data.encode("utf-8", "replace")
    take = read_or_refuse(place, data)
    if take is not None:
        check_times(take, data)


@given(st.binary(max_size=400))
def test_any_bytes_at_all_are_refused_by_name(place, data):
    assert read_or_refuse(place, data) is None


@given(st.text(alphabet="0123456789.,:;-\n eE", max_size=300))
def test_any_rows_below_a_good_header_are_read_or_refused_by_name(place, body):
    data = ("Timecode,BlendshapeCount,JawOpen\n" + body).encode()
    take = read_or_refuse(place, data)
    if take is not None:
        check_times(take, data)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_each_kind_of_damage_still_leaves_some_takes(place, change):
    """Otherwise the property above would hold by refusing everything."""
    taken = 0
    for seed in range(12):
        data = change(ramp_text(1000.0), np.random.default_rng(seed))
        data = data if isinstance(data, bytes) else data.encode()
        take = read_or_refuse(place, data)
        if take is not None:
            check_times(take, data)
            taken += 1
    assert taken
