"""Rule-based facial performance from timed phones: the teacher of the bundled model, and a baseline."""

from cstalk_ue.performer.liveliness import Liveliness, enliven
from cstalk_ue.performer.perform import Identity, frames_of, perform, perform_face
from cstalk_ue.performer.phones import TimedPhone, check_phones, phones_beside, read_phones
from cstalk_ue.performer.prosody import Prosody, measure_prosody

__all__ = [
    "Identity",
    "Liveliness",
    "Prosody",
    "TimedPhone",
    "check_phones",
    "enliven",
    "frames_of",
    "measure_prosody",
    "perform",
    "perform_face",
    "phones_beside",
    "read_phones",
]
