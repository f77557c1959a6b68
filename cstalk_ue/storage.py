"""Files: whole or not at all. Temporary file then rename, content hashes, JSON in UTF-8.

Knows nothing about what the files mean; export/, model/checkpoint.py and batch.py do.
"""

import contextlib
import hashlib
import json
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cstalk_ue.errors import ExportError


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; move it into place only if the block succeeds.

    The parent folder is made. On any error the temporary file is removed and `path` stays as it was.

    Raises:
        ExportError: the folder or file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Not tempfile: its files are private, and reading the umask to undo that changes it for all threads.
        temporary = path.parent / f".{path.name[:40]}.{secrets.token_hex(4)}.part"
        temporary.touch(exist_ok=False)
        permissions = stat.S_IMODE(temporary.stat().st_mode)
    except OSError as error:
        raise ExportError(
            f"{path}: cannot be written ({error.strerror}). Choose a folder you may write to."
        ) from error
    try:
        yield temporary
        # safetensors puts a private file of its own in this place.
        temporary.chmod(permissions)
        temporary.replace(path)
    except OSError as error:
        raise ExportError(
            f"{path}: cannot be written ({error.strerror or error}). "
            "Free some space or close the program using it."
        ) from error
    finally:
        temporary.unlink(missing_ok=True)


def write_json(path: Path, data: Any) -> None:
    """Write `data` as indented UTF-8 JSON with a final newline."""
    with whole_file(path) as temporary:
        temporary.write_text(
            json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8"
        )


def sha256_file(path: Path) -> str:
    """Hex SHA-256 of a file's bytes, read in blocks."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_text(text: str) -> str:
    """Hex SHA-256 of a text's UTF-8 bytes."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def plain_text(text: str) -> str:
    """A text that a UTF-8 file can hold: file names need not be valid Unicode."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
