"""The pictures in docs/: a sample in its emotion, one line in five emotions, real speech with a recorded jaw,
the face in its key shapes, and a contact sheet.

python benchmarks/figures.py docs [--data ../shared/data]
"""

import argparse
import warnings
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from cstalk_ue.audio import SAMPLE_RATE, load_audio
from cstalk_ue.cli.demo import samples_folder
from cstalk_ue.emotion import EMOTIONS, EmotionTrack
from cstalk_ue.face import load_face
from cstalk_ue.model import bundled_checkpoint, load_checkpoint
from cstalk_ue.performer import phones_beside, read_phones
from cstalk_ue.predict import generate_curves
from cstalk_ue.review.contact_sheet import draw_contact_sheet
from cstalk_ue.review.draw_face import FRONT, LIGHT, THREE_QUARTER, FacePainter
from cstalk_ue.review.lettering import write_text
from cstalk_ue.review.loaded_line import loaded
from cstalk_ue.review.picture import EMOTION_COLOURS, draw_line
from cstalk_ue.rig import control_defaults, control_names

SAMPLE = "promise_angry"
RECORDED_LAG_FRAMES = 1
KEY_SHAPES = {
    "rest": {},
    "aa": {"C_jaw": 0.55, "mouth_lowerLipDepress": 0.3, "mouth_upperLipRaise": 0.15},
    "ee": {
        "C_jaw": 0.15, "mouth_stretch": 0.5, "mouth_cornerPull": 0.25, "mouth_lowerLipDepress": 0.35,
        "mouth_upperLipRaise": 0.25,
    },
    "oo": {
        "C_jaw": 0.18, "mouth_purseU": 0.8, "mouth_purseD": 0.8, "mouth_funnelU": 0.35, "mouth_funnelD": 0.35,
    },
    "m b p": {
        "C_jaw": 0.12, "mouth_lipsTogetherU": 1.0, "mouth_lipsTogetherD": 1.0, "mouth_pressU": 0.3,
        "mouth_pressD": 0.3,
    },
    "f v": {"C_jaw": 0.1, "mouth_lipBiteD": 1.0, "mouth_upperLipRaise": 0.35},
    "th": {"C_jaw": 0.22, "C_tongue_inOut": -0.55, "mouth_lowerLipDepress": 0.3, "mouth_upperLipRaise": 0.15},
    "smile": {"mouth_cornerPull": 1.0, "eye_cheekRaise": 0.7},
}  # fmt: skip
"""Controls of the face's key shapes; those without C are set on both sides."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore", message="Reading `.npy`")  # FACEGOOD's were written by Python 2
    checkpoint = load_checkpoint(bundled_checkpoint())
    draw_sample(arguments.folder / "sample_angry.png", checkpoint)
    draw_emotions(arguments.folder / "five_emotions.png", checkpoint)
    draw_recorded(
        arguments.folder / "real_speech.png",
        checkpoint,
        arguments.data / "paired" / "facegood",
        "1114_2_01",
        (24, 36),
    )
    draw_shapes(arguments.folder / "face_shapes.png")
    draw_moments(arguments.folder / "contact_sheet.png", checkpoint)


def draw_sample(path: Path, checkpoint: object) -> None:
    """The README's picture."""
    sound = samples_folder() / f"{SAMPLE}.wav"
    samples = load_audio(sound).samples
    emotion = EmotionTrack.parse("angry:0.9")
    face = generate_curves(samples, checkpoint, emotion).face
    draw_line(
        path,
        samples,
        face,
        title=f"{sound.name}, {emotion}",
        emotion=emotion,
        phones=read_phones(phones_beside(sound)),
    )


def draw_shapes(path: Path, size: tuple[int, int] = (168, 210), label: int = 26) -> None:
    """The landmark face in its key shapes, from the front and in three-quarter view."""
    width, height = size
    sheet = np.full((label + 2 * height, len(KEY_SHAPES) * width, 3), 255, dtype=np.uint8)
    for column, (name, controls) in enumerate(KEY_SHAPES.items()):
        values = np.array(control_defaults(), dtype=np.float64)
        for control, value in controls.items():
            for side in ("",) if control.startswith("C_") else ("L_", "R_"):
                values[control_names().index(f"CTRL_{side}{control}.ty")] = value
        points = load_face().evaluate(values[None])[0]
        left = column * width
        for row, yaw in enumerate((FRONT, THREE_QUARTER)):
            picture = FacePainter(size, yaw=yaw, zoom="portrait", background=LIGHT).paint(points)
            sheet[label + row * height : label + (row + 1) * height, left : left + width] = picture
        write_text(sheet, name, (left + width // 2, label // 2), 17, (0.14, 0.15, 0.18), 0.5, bold=True)
    Image.fromarray(sheet).save(path, optimize=True)


def draw_moments(path: Path, checkpoint: object) -> None:
    """The contact sheet of the sample."""
    sound = samples_folder() / f"{SAMPLE}.wav"
    samples = load_audio(sound).samples
    emotion = EmotionTrack.parse("angry:0.9")
    performance = generate_curves(samples, checkpoint, emotion)
    phones = read_phones(phones_beside(sound))
    draw_contact_sheet(path, loaded(SAMPLE, performance, samples=samples, emotion=emotion, phones=phones))
    make_small(path)


def make_small(path: Path) -> None:
    """Six bits per colour, which nobody sees, so that the picture stays under 400 kB."""
    Image.open(path).convert("RGB").point(lambda v: (v & ~3) | (v >> 6)).save(path, optimize=True)


def draw_emotions(path: Path, checkpoint: object) -> None:
    """Brow, eye, cheek and lip corner of one line in every emotion."""
    samples = load_audio(samples_folder() / "gate_neutral.wav").samples
    rows = {
        "inner brow up": "brow_raiseIn", "brow down": "brow_down", "lids (- wide)": "eye_blink",
        "cheek up": "eye_cheekRaise",
        "corner up": "mouth_cornerPull", "corner down": "mouth_cornerDepress", "jaw": None,
    }  # fmt: skip
    figure = Figure(figsize=(10, 10), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(len(rows), 1, sharex=True)
    for emotion in EMOTIONS:
        face = generate_curves(samples, checkpoint, EmotionTrack.constant(emotion)).face
        for axis, (label, control) in zip(axes, rows.items(), strict=True):
            name = f"CTRL_L_{control}.ty" if control else "CTRL_C_jaw.ty"
            axis.plot(face.times, face.curve(name), color=EMOTION_COLOURS[emotion], lw=1.4, label=emotion)
            axis.set_ylabel(label, fontsize=9)
    for axis in axes:
        axis.grid(alpha=0.3)
        axis.spines[["top", "right"]].set_visible(False)
    axes[0].legend(ncols=5, loc="upper center", bbox_to_anchor=(0.5, 1.45), frameon=False)
    axes[-1].set_xlabel("seconds")
    figure.savefig(path)


def draw_recorded(path: Path, checkpoint: object, folder: Path, name: str, span: tuple[float, float]) -> None:
    """Predicted jaw and lips against the waveform of real speech, with the jaw recorded from the speaker."""
    samples = load_audio(folder / f"{name}.wav").samples
    names = [str(n) for n in np.load(folder / "shirley_1015_bs_name.npy", allow_pickle=False)]
    recorded = np.load(folder / f"bs_value_{name}.npy", allow_pickle=False)[
        RECORDED_LAG_FRAMES:, names.index("mouth_stretch_c")
    ]
    face = generate_curves(samples, checkpoint, EmotionTrack.constant("angry")).face
    figure = Figure(figsize=(12, 6.5), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    sound, jaw, lips = figure.subplots(3, 1, sharex=True)
    sound.plot(np.arange(len(samples)) / SAMPLE_RATE, samples, color="#5d6671", lw=0.4)
    sound.set_ylabel("sound")
    jaw.plot(face.times, face.curve("CTRL_C_jaw.ty"), color="#c8392b", label="predicted, angry")
    scale = np.std(face.curve("CTRL_C_jaw.ty")) / np.std(recorded)
    jaw.plot(
        np.arange(len(recorded)) / 30,
        recorded * scale,
        color="#23272e",
        lw=1,
        ls="--",
        label="recorded (scaled to the same spread)",
    )
    jaw.set_ylabel("jaw")
    for label, control, colour in (
        ("together", "lipsTogetherU", "#c8392b"), ("rounded", "purseU", "#2f6fb3"),
        ("spread", "stretch", "#3c8d4f"), ("on teeth", "lipBiteD", "#d98a00"),
    ):  # fmt: skip
        lips.plot(face.times, face.curve(f"CTRL_L_mouth_{control}.ty"), color=colour, label=label)
    lips.set_ylabel("lips")
    for axis in (sound, jaw, lips):
        axis.grid(alpha=0.3)
        axis.spines[["top", "right"]].set_visible(False)
    for axis in (jaw, lips):
        axis.legend(ncols=4, loc="upper right", frameon=False, fontsize=8)
    lips.set_xlim(*span)
    lips.set_xlabel(f"seconds of FACEGOOD {name} (Mandarin; not in the training data)")
    figure.savefig(path)


if __name__ == "__main__":
    main()
