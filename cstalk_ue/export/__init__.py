"""Writers, one module per format, all called the same way.

    FORMATS["csv"].write(path, performance, provenance={"source": "line_012.wav"})

A new format is one module with `write_<format>` and one line in `FORMATS`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from cstalk_ue.export.curves_npz import CurvesFile, read_curves_npz, write_curves_npz
from cstalk_ue.export.live_link_face import write_live_link_face
from cstalk_ue.export.table_csv import read_table_csv, write_table_csv
from cstalk_ue.take import FacePerformance

__all__ = [
    "FORMATS",
    "CurvesFile",
    "ExportFormat",
    "read_curves_npz",
    "read_table_csv",
    "write_curves_npz",
    "write_live_link_face",
    "write_table_csv",
]


class Writer(Protocol):
    """Writes one performance, whole or not at all."""

    def __call__(
        self, path: Path, performance: FacePerformance, *, provenance: Mapping[str, Any]
    ) -> None: ...


@dataclass(frozen=True)
class ExportFormat:
    """What ``--format`` names: the end of the file name after NAME, and the writer."""

    suffix: str
    write: Writer


FORMATS: dict[str, ExportFormat] = {
    "npz": ExportFormat(".curves.npz", write_curves_npz),
    "csv": ExportFormat(".csv", write_table_csv),
    "llf": ExportFormat("_llf.csv", write_live_link_face),
}
