"""Review lines → what the server shows of them: the page, and each part of it when it is asked for.

Curves and sounds are read from disk for every request, so that a session over thousands of lines stays small.
"""

import functools
import hashlib
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from cstalk_ue.audio import load_audio
from cstalk_ue.emotion import EmotionTrack
from cstalk_ue.review.lines import ReviewLine
from cstalk_ue.review.page import served_page
from cstalk_ue.review.page_data import line_entry, match_references, page_config
from cstalk_ue.review.payload import AUDIO_FORMATS, encode_sound, line_payload
from cstalk_ue.review.prepare import prepare_line, read_line_phones
from cstalk_ue.review.server import Site
from cstalk_ue.take import FacePerformance

_SOUNDS_KEPT = 16


def build_site(
    lines: Sequence[ReviewLine],
    *,
    manifest: Path,
    against: Sequence[ReviewLine] = (),
    audio_format: str = "flac",
    title: str = "",
    on_line: Callable[[ReviewLine], None] = lambda line: None,
) -> Site:
    """Look all lines over, as `write_page` does, and give what the server needs.

    Args:
        lines: see lines.py.
        manifest: names the session: its decisions, and the table that the page exports.
        against: other curves of the same lines, matched by name, to be ghosted over them.
        audio_format: "flac", "opus" or "none".
        title: of the page.
        on_line: called after each line.
    """
    references = match_references(lines, against)
    numbers: dict[str, int] = {}
    sounding: list[ReviewLine] = []
    entries: list[dict[str, Any]] = []

    def look_over(index: int) -> tuple[dict[str, Any], ReviewLine, bool]:
        prepared = prepare_line(lines[index])
        ghost = prepare_line(references[index]) if index in references else None
        entry = line_entry(prepared, ghost=None if ghost is None or ghost.payload is None else ghost)
        return entry, prepared.line, prepared.samples is not None  # and no curves, no samples: they are many

    with ThreadPoolExecutor(thread_name_prefix="review") as pool:
        for entry, line, sounds in pool.map(look_over, range(len(lines))):
            if sounds and audio_format != "none":
                entry["audio"] = numbers.setdefault(line.sound_sha256, len(numbers))
                if entry["audio"] == len(sounding):
                    sounding.append(line)
            entries.append(entry)
            on_line(line)
    config = page_config(
        lines,
        entries,
        folder=manifest.resolve().parent,
        title=title or manifest.stem,
        page_id=hashlib.sha256(os.fsencode(manifest.resolve())).hexdigest()[:16],
        csv_name=manifest.stem,
    )

    @functools.lru_cache(maxsize=_SOUNDS_KEPT)
    def sound(number: int) -> tuple[str, bytes] | None:
        if number >= len(sounding):
            return None
        audio = sounding[number].audio
        assert audio is not None, "only lines with samples have a number"
        return AUDIO_FORMATS[audio_format][2], encode_sound(load_audio(audio).samples, audio_format)

    def ghost_of(index: int) -> dict[str, Any] | None:
        line = references.get(index)
        return None if line is None else _payload(line, line.load(), line.track)

    return Site(
        page=lambda token: served_page(config, token),
        line=lambda index: _payload(lines[index], lines[index].load(), lines[index].track),
        ghost=ghost_of,
        audio=sound,
        payload=lambda index, face, emotion: _payload(lines[index], face, emotion),
    )


def _payload(line: ReviewLine, face: FacePerformance, emotion: EmotionTrack | None) -> dict[str, Any]:
    return line_payload(face, phones=read_line_phones(line), emotion=emotion)
