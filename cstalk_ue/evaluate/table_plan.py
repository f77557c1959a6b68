"""What the paper's two tables compare, row by row, and what the paper found.

Every trained row uses the same takes, windows, batch, optimiser, schedule and number of steps, and the same
speech encoder unless the row is about the encoder. All get the emotion label of the take, FaceFormer's too:
published, it takes a speaker instead, and without a label no method could know what was asked for. Only
CSTalk's own rows see the correlation module. Knows nothing about training and measuring.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cstalk_ue.evaluate.measures import EVE, LVE
from cstalk_ue.evaluate.methods import MEAN_FACE, PERFORMER, RECORDING

OURS = "cstalk"
UNTOUCHED = "bundled"


@dataclass(frozen=True)
class Row:
    """One row of a table.

    Attributes:
        name: of the method, in files.
        label: in the table.
        changes: settings that differ from the preset's, nested; None if nothing is trained.
        correlation: output of the correlation module that supervises it: "scores", "logits" or "" for none.
        published: LVE and EVE in the paper, on its own data, in mm.
        note: what the row is.
    """

    name: str
    label: str
    changes: Mapping[str, Any] | None = None
    correlation: str = ""
    published: tuple[float, float] | None = None
    note: str = ""

    @property
    def trained(self) -> bool:
        """Whether it is trained on this data set."""
        return self.changes is not None


@dataclass(frozen=True)
class Claim:
    """The paper found `better` to have less error than `worse`."""

    better: str
    worse: str
    measure: str


@dataclass(frozen=True)
class TablePlan:
    """One table of the paper.

    Attributes:
        number: 1 or 2.
        title: above the table.
        rows: in the paper's order, ours last, then what we add.
        claims: order of every pair of rows in the paper's own figures.
    """

    number: int
    title: str
    rows: tuple[Row, ...]
    claims: tuple[Claim, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "claims", tuple(_claims(self.rows)))


def _claims(rows: Sequence[Row]) -> list[Claim]:
    """One claim for every two rows that differ in the paper, ours first, then the nearer to ours first."""
    known = [row for row in rows if row.published is not None]
    found = []
    for place, measure in enumerate((LVE, EVE)):
        ordered = sorted(known, key=lambda row: row.published[place] if row.published else 0.0)
        for index, better in enumerate(ordered):
            for worse in ordered[index + 1 :]:
                assert better.published is not None and worse.published is not None
                if better.published[place] < worse.published[place]:
                    found.append(Claim(better.name, worse.name, measure))
    return found


_CSTALK = Row(
    OURS,
    "CSTalk (full)",
    {},
    "scores",
    (2.538, 2.084),
    "TCN, L_R + L_C through the frozen correlation module",
)
_WITHOUT = {"losses": {"correlation": 0.0}}


def _baseline(name: str, label: str, published: tuple[float, float] | None, note: str) -> Row:
    return Row(name, label, {"model": {"generator": {"kind": name}}, **_WITHOUT}, "", published, note)


def _other_encoder(
    name: str, label: str, kind: str, note: str, published: tuple[float, float] | None = None
) -> Row:
    weights = "bundled" if kind == "whisper" else ""
    encoder = {"kind": kind, "weights": weights, "frozen": "all"}
    return Row(name, label, {"model": {"encoder": encoder}}, "scores", published, note)


_TABLES: dict[int, TablePlan] = {
    1: TablePlan(
        1,
        "Table I: compared to other methods",
        (
            _baseline("faceformer", "FaceFormer-style", (3.511, 3.069), "autoregressive transformer decoder"),
            _baseline(
                "emotalk", "EmoTalk-style", (2.954, 2.875), "content and emotion encoders, disentangled"
            ),
            _CSTALK,
            _baseline("emoface", "EmoFace-style", None, "speech features and label through a transformer"),
            Row(PERFORMER, "performer", note="rules from timed phones and the label; not trained"),
            Row(MEAN_FACE, "mean face", note="every control at its training mean"),
            Row(
                UNTOUCHED, "bundled model", note="as it comes with the package, not trained on this data set"
            ),
            Row(RECORDING, "recording", note="what a perfect method scores"),
        ),
    ),
    2: TablePlan(
        2,
        "Table II: ablations",
        (
            Row(
                "no-correlation",
                "w/o correlation module",
                _WITHOUT,
                published=(3.502, 3.216),
                note="the same TCN, L_R alone",
            ),
            Row(
                "logits",
                "logits output",
                {},
                "logits",
                (3.348, 3.966),
                "the correlation module tells the emotion from the encoder's output",
            ),
            _other_encoder(
                "mfcc",
                "MFCC encoder",
                "mfcc",
                "39 cepstral values in place of the pretrained encoder",
                (5.178, 3.966),
            ),
            _CSTALK,
            _other_encoder(
                "logmel", "log-mel encoder", "logmel", "80 log-mel values in place of the pretrained encoder"
            ),
            _other_encoder(
                "bundled-encoder", "bundled encoder", "whisper", "Whisper tiny.en frozen, layers 2 and 4"
            ),
        ),
    ),
}


def table_plan(number: int) -> TablePlan:
    """The plan of Table I or II.

    Raises:
        KeyError: there is no such table.
    """
    return _TABLES[number]
