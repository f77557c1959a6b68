"""Make the samples: five lines of our own, spoken by the free voices of flite and espeak-ng.

    python samples/make_samples.py

Needs the Debian packages flite and espeak-ng. Writes NAME.wav (mono 16 kHz, 16 bit) and NAME.phones.csv, the
phone times as the engines report them. lines.csv, the manifest, is written by hand.
"""

import csv
from pathlib import Path

import soundfile

from cstalk_ue.audio import SAMPLE_RATE
from cstalk_ue.train.voices import SpokenLine, speak_espeak, speak_flite

FOLDER = Path(__file__).resolve().parent


def main() -> None:
    """Write every sample."""
    save(
        "gate_neutral",
        speak_flite("The north gate opens at five, and the bus leaves from platform three.", "slt"),
    )
    save(
        "promise_angry",
        speak_flite("You promised me you would keep both of them away from my family.", "rms"),
    )
    save(
        "letter_sad",
        speak_flite(
            "My father wrote this before the war, and nobody ever came to pick it up.", "slt", stretch=1.15
        ),
    )
    save(
        "harbour_surprised",
        speak_espeak(
            "Wait, what? Who moved the whole boat out of the harbour?",
            "gmw/en-GB-x-rp+f2",
            words_per_minute=150,
        ),
    )
    save("birthday_happy", speak_flite("Happy birthday, my friend, I am so very proud of you!", "awb"))


def save(name: str, line: SpokenLine) -> None:
    """One line as sound and phones."""
    samples = line.samples * (0.7 / max(abs(line.samples).max(), 1e-6))
    soundfile.write(FOLDER / f"{name}.wav", samples, SAMPLE_RATE, subtype="PCM_16")
    with (FOLDER / f"{name}.phones.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("start", "end", "phone"))
        for phone in line.phones:
            writer.writerow((f"{phone.start_seconds:.3f}", f"{phone.end_seconds:.3f}", phone.phone))


if __name__ == "__main__":
    main()
