"""What users see when the input is wrong: run every case and write docs/bad_input.md.

    python benchmarks/bad_input_table.py [--check]

Each case runs the real command line in an empty folder with the files below and a tiny random model; the
table holds what was printed. `--check` compares instead of writing. The test of the command line runs the
same cases (tests/cli/test_bad_input.py).
"""

import contextlib
import io
import json
import os
import pickle
import re
import shlex
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "bad_input.md"


@dataclass(frozen=True)
class Case:
    """One wrong call."""

    what: str
    call: str  # after `cstalk-ue predict`
    code: int
    told: str  # a part of the message
    make: Callable[[Path], object] = field(default=lambda folder: None)


@dataclass(frozen=True)
class Seen:
    """What one call did."""

    code: int
    out: str
    errors: str
    new_files: tuple[str, ...]


def cases() -> list[Case]:
    """Every wrong input that we know how to meet. `good.wav`, `tiny/` (a model) are always there."""
    tiny = "--model tiny"
    return [
        Case("empty file", f"a.wav {tiny}", 1, "is empty (0 bytes)", lambda d: (d / "a.wav").touch()),
        Case("WAV that was cut off", f"a.wav {tiny}", 1, "was cut off", cut_wav),
        Case("WAV with NaN samples", f"a.wav {tiny}", 1, "NaN", nan_wav),
        Case("WAV without a sample", f"a.wav {tiny}", 1, "has no samples", zero_wav),
        Case("text named .wav", f"a.wav {tiny}", 1, "is no sound file", lambda d: text(d / "a.wav", "hello")),
        Case("MP3", f"a.mp3 {tiny}", 1, "MP3", mp3),
        Case("missing file", f"gone.wav {tiny}", 1, "no such file"),
        Case("missing file among good ones", f"good.wav gone.wav {tiny}", 1, "no such file"),
        Case("folder without sound", f"empty {tiny}", 2, "holds no sound", lambda d: (d / "empty").mkdir()),
        Case("no input at all", tiny, 2, "Give sound files or folders"),
        Case(
            "input and manifest",
            f"good.wav --manifest m.csv {tiny}",
            2,
            "not both",
            manifest("file\ngood.wav\n"),
        ),
        Case("two files of one name", f"good.wav sub/good.wav {tiny}", 1, "same files", twin),
        Case("unknown emotion", f"good.wav --emotion hapy {tiny}", 2, "Did you mean 'happy'"),
        Case("weight above 1", f"good.wav --emotion angry:1.5 {tiny}", 2, "from 0 to 1"),
        Case("weights that exceed 1", f"good.wav --emotion angry:0.7+sad:0.7 {tiny}", 2, "sum to 1.4"),
        Case("keys out of order", f"good.wav --emotion '1.0=sad 0.5=happy' {tiny}", 2, "does not come after"),
        Case("key without a time", f"good.wav --emotion '0.0=sad happy' {tiny}", 2, "SECONDS=EMOTION"),
        Case("intensity above 1", f"good.wav --emotion sad --intensity 2 {tiny}", 2, "--intensity"),
        Case("intensity that is no number", f"good.wav --intensity nan {tiny}", 2, "outside 0..1"),
        Case(
            "manifest without the column file",
            f"--manifest m.csv {tiny}",
            2,
            "'file'",
            manifest("path\na.wav\n"),
        ),
        Case(
            "manifest with a misspelled column",
            f"--manifest m.csv {tiny}",
            2,
            "looks like 'emotion'",
            manifest("file,emotoin\ngood.wav,sad\n"),
        ),
        Case(
            "manifest line with a wrong emotion",
            f"--manifest m.csv {tiny}",
            1,
            "line 3",
            manifest("file,emotion\ngood.wav,sad\ngood.wav,joy\n"),
        ),
        Case(
            "manifest name outside the folder",
            f"--manifest m.csv {tiny}",
            1,
            "'../x'",
            manifest("file,name\ngood.wav,../x\n"),
        ),
        Case(
            "manifest not in UTF-8",
            f"--manifest m.csv {tiny}",
            2,
            "CSV UTF-8",
            manifest("file\nGröße.wav\n", "latin-1"),
        ),
        Case("empty manifest", f"--manifest m.csv {tiny}", 2, "is empty", manifest("")),
        Case(
            "manifest with a header only",
            f"--manifest m.csv {tiny}",
            2,
            "lists no line",
            manifest("file,emotion\n"),
        ),
        Case("missing manifest", f"--manifest m.csv {tiny}", 2, "no such file"),
        Case("unknown model", "good.wav --model bundeled", 2, "expected bundled, performer or a folder"),
        Case("checkpoint of another format", "good.wav --model old", 1, "cstalk-checkpoint/9", foreign_tag),
        Case("checkpoint that is a pickle", "good.wav --model old", 1, "never loaded", pickled),
        Case("checkpoint with damaged weights", "good.wav --model old", 1, "damaged", damaged_weights),
        Case("performer without phones", "good.wav --model performer", 1, "needs timed phones"),
        Case("phones of another file", "good.wav --model performer", 1, "of the same line", late_phones),
        Case("phones that are missing", "good.wav --model performer --phones p.csv", 1, "no such file"),
        Case(
            "one phone file for many sounds",
            f"good.wav b.wav --phones p.csv {tiny}",
            2,
            "exactly one sound file",
        ),
        Case("unknown format", f"good.wav --format fbx {tiny}", 2, "npz, csv, llf"),
        Case("negative frame rate", f"good.wav --fps -24 {tiny}", 2, "--fps"),
        Case("negative seed", f"good.wav --seed -1 {tiny}", 2, "--seed"),
        Case("unknown option", f"good.wav --emtion sad {tiny}", 2, "--emotion"),
        Case(
            "output folder that is a file",
            f"good.wav -o taken {tiny}",
            2,
            "is a file",
            lambda d: text(d / "taken", "x"),
        ),
        Case(
            "output that would replace an input",
            f"--manifest good.csv --format csv -o . {tiny}",
            1,
            "is an input",
            lambda d: text(d / "good.csv", "file\ngood.wav\n"),
        ),
        Case("cuda where there is none", f"good.wav --device cuda {tiny}", 2, "no CUDA device"),
        Case("silent file: allowed, with a word", f"a.wav {tiny}", 0, "silent: all zero", silent_wav),
    ]


def text(path: Path, content: str, encoding: str = "utf-8") -> None:
    """Write a text file."""
    path.write_text(content, encoding=encoding)


def manifest(content: str, encoding: str = "utf-8") -> Callable[[Path], None]:
    """Makes m.csv."""
    return lambda folder: text(folder / "m.csv", content, encoding)


def cut_wav(folder: Path) -> None:
    """The first half of a WAV."""
    data = (folder / "good.wav").read_bytes()
    (folder / "a.wav").write_bytes(data[: len(data) // 2])


def nan_wav(folder: Path) -> None:
    """A float WAV with one NaN."""
    samples = np.zeros(8000, dtype=np.float32)
    samples[4000] = np.nan
    soundfile.write(folder / "a.wav", samples, 16000, subtype="FLOAT")


def zero_wav(folder: Path) -> None:
    """A WAV header with nothing behind it."""
    soundfile.write(folder / "a.wav", np.zeros(0, dtype=np.float32), 16000)


def silent_wav(folder: Path) -> None:
    """Half a second of digital silence."""
    soundfile.write(folder / "a.wav", np.zeros(8000, dtype=np.float32), 16000)


def mp3(folder: Path) -> None:
    """Half a second of MP3."""
    soundfile.write(
        folder / "a.mp3", np.zeros(8000, dtype=np.float32), 16000, format="MP3", subtype="MPEG_LAYER_III"
    )


def twin(folder: Path) -> None:
    """Another good.wav."""
    (folder / "sub").mkdir()
    (folder / "sub" / "good.wav").write_bytes((folder / "good.wav").read_bytes())


def late_phones(folder: Path) -> None:
    """Phones that end long after the sound."""
    text(folder / "good.phones.csv", "start,end,phone\n0,4,AA\n4,9,M\n")


def foreign_tag(folder: Path) -> None:
    """A checkpoint that a later version wrote."""
    _copy_model(folder)
    config = json.loads((folder / "old" / "config.json").read_text(encoding="utf-8"))
    text(folder / "old" / "config.json", json.dumps({**config, "format": "cstalk-checkpoint/9"}))


def pickled(folder: Path) -> None:
    """What torch.save leaves."""
    (folder / "old").mkdir()
    (folder / "old" / "pytorch_model.bin").write_bytes(pickle.dumps({"weight": [1.0]}))


def damaged_weights(folder: Path) -> None:
    """A checkpoint with one byte turned."""
    _copy_model(folder)
    weights = folder / "old" / "model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(bytes(data))


def _copy_model(folder: Path) -> None:
    (folder / "old").mkdir()
    for file in (folder / "tiny").iterdir():
        (folder / "old" / file.name).write_bytes(file.read_bytes())


def prepare(folder: Path) -> None:
    """What every case finds: good.wav, half a second, and tiny/, a random model."""
    sys.path.insert(0, str(ROOT / "tests"))
    from tiny_checkpoint import save_tiny, write_wav

    write_wav(folder / "good.wav")
    save_tiny(folder / "tiny")


def run_case(case: Case, folder: Path) -> Seen:
    """Run one case in `folder`, which `prepare` has filled."""
    from cstalk_ue.cli import run

    case.make(folder)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    out, errors = io.StringIO(), io.StringIO()
    with _inside(folder), contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors):
        code = run(["predict", *shlex.split(case.call)])
    after = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    changed = [path for path in before if after.get(path) != before[path]]
    assert not changed, f"{case.what}: changed {changed}"
    new = tuple(sorted(path.relative_to(folder).as_posix() for path in after.keys() - before.keys()))
    return Seen(code, out.getvalue(), errors.getvalue(), new)


@contextlib.contextmanager
def _inside(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def page() -> str:
    """The whole of docs/bad_input.md."""
    rows = [
        "# What the program says when the input is wrong",
        "",
        "Written by `python benchmarks/bad_input_table.py`, which runs every case; the messages are what was",
        "printed. Exit codes: 0 all is done, 1 something failed and is named (the rest is done), 2 the",
        "call is wrong and nothing was attempted. A line that fails leaves no file; no input is changed.",
        "`good.wav` is half a second of sound, `tiny` a model.",
        "",
        "| case | `cstalk-ue predict ...` | message | exit code | files written |",
        "|---|---|---|---|---|",
    ]
    for case in cases():
        with tempfile.TemporaryDirectory() as name:
            prepare(Path(name))
            seen = run_case(case, Path(name))
        message = " ".join(seen.errors.split()).replace("|", "\\|")
        message = re.sub(
            r"\b[0-9a-f]{12}\b", "0123456789ab", message
        )  # digests differ from machine to machine
        files = ", ".join(f"`{file}`" for file in seen.new_files) or "none"
        rows.append(f"| {case.what} | `{case.call}` | {message} | {seen.code} | {files} |")
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit(
            0
            if PAGE.read_text(encoding="utf-8") == page()
            else "docs/bad_input.md is out of date. Write it again."
        )
    PAGE.write_text(page(), encoding="utf-8")
