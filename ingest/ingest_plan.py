"""What an ingest has to do: the recordings with their folder names and labels, and what is there already.

Reads the takes of the data set and the manifest, but no recording. Doing it is in add_takes.py.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ingest.data_set import TAKES_FOLDER
from ingest.data_set_tables import TakeRecord
from ingest.found import FoundTake
from ingest.labels import LabelOptions, outside_labels
from ingest.records import read_take_records
from ingest.source_state import SourceState, read_state, sound_names
from ingest.take_job import Reader, TakeJob, request_digest
from ingest.take_manifest import TakeManifest, match_manifest
from ingest.take_names import choose_names, folder_name, source_key

LAG_MODES = ("none", "take", "pooled")


@dataclass(frozen=True)
class IngestOptions:
    """What is asked of all takes.

    Attributes:
        labels: what the call says about them.
        manifest: what the team says about each, or None.
        audio_folder: where the reader looks for sounds; the reader has to be given it as well.
        lags: one of `LAG_MODES`: leave the sound where the capture puts it, move it by each take's own lag,
            or by what the takes of a session agree on.
        restart: read all recordings again.
        jobs: processes.
    """

    labels: LabelOptions = field(default_factory=LabelOptions)
    manifest: TakeManifest | None = None
    audio_folder: Path | None = None
    lags: str = "none"
    restart: bool = False
    jobs: int = 1


@dataclass(frozen=True)
class IngestPlan:
    """What is to be done, and what is there already."""

    jobs: tuple[TakeJob, ...]
    records: dict[str, TakeRecord]
    problems: tuple[str, ...]
    notes: tuple[str, ...]

    @classmethod
    def make(
        cls, folder: Path, found: Sequence[FoundTake], reader: Reader, options: IngestOptions
    ) -> "IngestPlan":
        """Find out what has to be done."""
        records, problems = read_take_records(folder / TAKES_FOLDER)
        states = {name: read_state(folder, name) for name in records}
        names = choose_names(found, options.labels.roots, _known_names(found, records, states))
        rows, notes = {}, []
        if options.manifest is not None:
            match = match_manifest(options.manifest, found)
            rows = dict(match.rows)
            problems = (*problems, *options.manifest.problems, *match.problems)
            if match.unused:
                notes.append(
                    f"{options.manifest.path}: {len(match.unused)} lines fit none of the takes given here "
                    f"(line {', '.join(map(str, match.unused[:10]))}{' ...' if match.unused[10:] else ''})."
                )
        request = request_digest(reader, audio_folder=options.audio_folder)
        sounds = _SoundNames(options.audio_folder)
        jobs = []
        for index, (take, name) in enumerate(zip(found, names, strict=True)):
            row = rows.get(index)
            jobs.append(
                TakeJob(
                    found=take,
                    name=name,
                    data_set=folder,
                    reader=reader,
                    request=request,
                    sounds=sounds.of(take),
                    audio_folder=options.audio_folder,
                    outside=outside_labels(take, options.labels, row.claims if row else None),
                    split=row.split if row else "",
                    restart=options.restart,
                    shift_seconds=0.0 if options.lags == "none" else None,
                    shift_by_own_lag=options.lags == "take",
                )
            )
        return cls(tuple(jobs), records, tuple(problems), tuple(notes))


def _known_names(
    found: Sequence[FoundTake], records: Mapping[str, TakeRecord], states: Mapping[str, SourceState | None]
) -> dict[tuple[str, str], str]:
    """Which recordings are which takes: by where they lie, else by contents if they were moved.

    A take without its state is known by the path that was given when it was ingested.
    """
    known = {(state.path, state.member): name for name, state in states.items() if state}
    spelled = {(record.source, record.member): name for name, record in records.items() if not states[name]}
    gone: dict[str, list[tuple[str, SourceState]]] = {}
    for name, state in states.items():
        if state and not Path(state.path).exists():
            for wish in {name, name.rpartition("-")[0]}:
                gone.setdefault(wish, []).append((name, state))
    for take in found:
        key, wish = source_key(take), folder_name(take.name)
        if key in known:
            continue
        name = spelled.pop((take.path.as_posix(), take.member), "")
        moved = [each for each, state in gone.get(wish, ()) if not name and state.moved_to(take)]
        for each in moved[:1]:
            name = each
            gone[wish] = [(other, state) for other, state in gone[wish] if other != name]
        if name:
            known[key] = name
    return known


class _SoundNames:
    """Digest of the sounds a recording could be paired with; every folder is listed once."""

    def __init__(self, audio_folder: Path | None) -> None:
        self._audio = sound_names(audio_folder, below=True) if audio_folder else ""
        self._beside: dict[Path, str] = {}

    def of(self, take: FoundTake) -> str:
        parent = take.path.parent
        if parent not in self._beside:
            self._beside[parent] = sound_names(parent, below=False)
        return f"{self._beside[parent]} {self._audio}"
