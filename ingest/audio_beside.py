"""The sound file that belongs to a curve file, by name. Knows nothing about what is in either."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from cstalk_ue.errors import AudioError

SOUND_SUFFIXES = (".wav", ".flac", ".aif", ".aiff", ".ogg")


def find_audio_beside(path: Path, names: Sequence[str], audio_folder: Path | None) -> Path | None:
    """The sound file for a recording, or None.

    Looked for in the folder of `path`, then anywhere below `audio_folder`. A file fits if its name without
    suffix is one of `names`, in any case; failing that, if a name ends in ``_`` and the file's name, as in
    ``bs_value_1114_2_01.npy`` and ``1114_2_01.wav``.

    Raises:
        AudioError: several files fit equally well.
    """
    folders = [_sounds(path.parent.iterdir())]
    if audio_folder is not None:
        folders.append(_sounds(audio_folder.rglob("*")))
    wanted = [name.casefold() for name in names if name]
    for fits in (_is_name, _ends_name):
        for sounds in folders:
            found = [sound for sound in sounds if any(fits(sound.stem.casefold(), name) for name in wanted)]
            if len(found) > 1:
                longest = max(len(sound.stem) for sound in found)
                found = [sound for sound in found if len(sound.stem) == longest]
            if len(found) > 1:
                raise AudioError(
                    f"{path}: {len(found)} sound files fit it equally well, "
                    f"{', '.join(sound.name for sound in found[:4])}; "
                    "expected one. Keep one of them, or give its folder with --audio."
                )
            if found:
                return found[0]
    return None


def _sounds(paths: Iterable[Path]) -> list[Path]:
    return sorted(
        path
        for path in paths
        if path.suffix.casefold() in SOUND_SUFFIXES and not path.name.startswith("._") and path.is_file()
    )


def _is_name(stem: str, name: str) -> bool:
    return stem == name


def _ends_name(stem: str, name: str) -> bool:
    return name.endswith(f"_{stem}")
