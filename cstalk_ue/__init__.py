"""CSTalk for Unreal: recorded dialogue in, emotional facial animation for MetaHumans out.

Importing this package loads numpy and nothing heavier; torch and transformers come in with
`cstalk_ue.model`, `cstalk_ue.train` and `cstalk_ue.predict`.
"""

from cstalk_ue.emotion import EMOTIONS, EmotionTrack
from cstalk_ue.errors import CSTalkError
from cstalk_ue.take import FacePerformance, RigCurves, Take
from cstalk_ue.version import __version__

__all__ = ["EMOTIONS", "CSTalkError", "EmotionTrack", "FacePerformance", "RigCurves", "Take", "__version__"]
