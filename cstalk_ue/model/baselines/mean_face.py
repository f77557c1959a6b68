"""The mean face of each emotion: what a method scores that does not listen at all.

The curves are constant over a clip of one emotion. They start at 0, which in normalised units is the mean
over all training takes, and are learned with L_R, whose least value per emotion is the mean of its frames: a
linear map of the emotion embedding can give any face per class, so the mean is in its reach. Mixtures are
mixed.

Shape key: B batch, T frames, D features, E emotion embedding, C controls.
"""

from torch import Tensor, nn

from cstalk_ue.model.curve_generator import CurveGenerator


class MeanFace(CurveGenerator):
    """Emotion to a constant face.

    Args:
        features: width of the speech features, D; they are not heard.
        controls: curves to give, C.
        emotion_width: values of the emotion embedding, E; at least as many as there are classes.
    """

    def __init__(self, features: int, controls: int, *, emotion_width: int = 32) -> None:
        super().__init__()
        self.features, self.controls, self.emotion_width = features, controls, emotion_width
        self.face = nn.Linear(emotion_width, controls, bias=False)
        nn.init.zeros_(self.face.weight)

    @property
    def receptive_field_frames(self) -> int:
        """None but the frame itself, whose emotion decides."""
        return 1

    def forward(self, features: Tensor, embedding: Tensor) -> Tensor:
        """(B, T, D) and (B, T or 1, E) -> (B, T, C)"""
        return self.face(embedding).expand(-1, features.shape[1], -1)
