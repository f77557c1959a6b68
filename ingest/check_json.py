"""The result of a check as plain JSON values, for scripts and farms."""

from dataclasses import asdict
from typing import Any

from cstalk_ue.emotion import EMOTIONS
from ingest.check import CheckResult
from ingest.control_table import control_table
from ingest.coverage import Amount, rows_of
from ingest.rules import LEVELS
from ingest.take_summary import TakeSummary

CHECK_FORMAT = "cstalk-check/1"


def check_json(result: CheckResult) -> dict[str, Any]:
    """Everything that the check says; lists are sorted."""
    coverage = result.coverage
    return {
        "format": CHECK_FORMAT,
        "data_set": result.data_set.digest,
        "fit": result.fit,
        "deep": result.deep,
        "takes_in_use": len(result.takes),
        "takes_excluded": len(result.excluded),
        "seconds": round(sum(take.record.seconds for take in result.takes), 3),
        "counts": {level: len(result.of_level(level)) for level in LEVELS},
        "findings": [asdict(finding) for finding in result.findings],
        "coverage": {
            "target_per_emotion": result.rules.target_per_emotion,
            "emotions": {emotion: _amount(coverage.emotions[emotion]) for emotion in EMOTIONS},
            **{
                name: {
                    row: {emotion: _amount(amount) for emotion, amount in cells.items()}
                    for row, cells in rows_of(table).items()
                }
                for name, table in (
                    ("intensities", coverage.intensities),
                    ("performers", coverage.performers),
                    ("lines", coverage.lines),
                )
            },
        },
        "sessions": [
            {"session": list(session), **asdict(pooled)} for session, pooled in result.sessions.items()
        ],
        "retakes": [[take.name for take in group] for group in result.retakes],
        "takes": [_take(take) for take in result.takes],
        "controls": [
            {
                key: round(value, 6) if isinstance(value, float) else value
                for key, value in asdict(row).items()
            }
            for row in control_table(result.takes, result.data_set.statistics)
        ],
    }


def _amount(amount: Amount) -> dict[str, float]:
    return {"takes": amount.takes, "seconds": round(amount.seconds, 3)}


def _take(take: TakeSummary) -> dict[str, Any]:
    record = take.record
    return {
        "name": take.name,
        "split": record.split,
        "emotion": record.emotion,
        "performer": record.performer,
        "line": record.line,
        "seconds": round(record.seconds, 4),
        "valid_frames": record.valid_frames,
        "sync": take.lag.to_json(),
        "shift_seconds": take.shift_seconds,
        "quality": dict(take.quality),
    }
