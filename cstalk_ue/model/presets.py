"""Sizes of the networks for the presets `paper` and `small` (rates, batches and windows: train/settings.py).

`paper` is what the paper says: wav2vec 2.0 base (7 convolutions, frozen; a projection and 12 transformer
layers, trained), then a TCN over 96 frames with an emotion embedding in every layer, and a correlation module
over the kept rigs. What the paper leaves open, and what stands here for it:

* depth, width and kernel of the TCN. "We ... control the influence of each frame on its neighborhood by
  designing the receptive field", but none is given. Six layers of two convolutions of 3 taps, dilations 1, 2,
  4, 8, 1, 2: a frame sees 73 frames, 36 (1.2 s) to either side. That covers the word before and after, which
  is more than lips need and what brows do between stresses; and it is less than a window of 96, so the middle
  of a training window sees all that a frame of a long line will see. The last two layers look close again, so
  that the wide view does not leave the grid of its dilations in the curves. 256 channels: the same net that
  serves the bundled model; 2,695,028 values on 768 features and 116 controls.
* the features. "A in R^(159 x 116)" would be wav2vec 2.0 base squeezed to as many values as there are rigs;
  its own width is 768, and no layer that does this is named. The first linear layer of the TCN takes all 768.
* from 159 to 96 frames: linear interpolation at the curve frames' times (model/speech_encoder.py).
* size of the emotion embedding: 32. Five classes need few; how it is fused is in model/generator.py.
* the correlation module's token width 128, 4 heads, 4 layers, 256 values between its two fully connected
  layers, and a linear layer from 96 frames to a token (model/correlation.py).
* which wav2vec 2.0: base, since it is the one of 12 layers; fine-tuned on 960 h by default, any can be given.

`small` trains in minutes on two CPU cores: Whisper's encoder as the bundled model has it, frozen, so that its
features are computed once; and the same networks, narrower, the correlation module less deep.
"""

from cstalk_ue.config import CorrelationConfig, EncoderConfig, GeneratorConfig, ModelConfig

PAPER_MODEL = ModelConfig(
    encoder=EncoderConfig(kind="wav2vec2", frozen="convolution"),
    generator=GeneratorConfig(width=256, emotion_width=32, dilations=(1, 2, 4, 8, 1, 2), kernel=3),
)
PAPER_CORRELATION = CorrelationConfig(width=128, heads=4, layers=4, hidden=256)

SMALL_MODEL = ModelConfig(
    encoder=EncoderConfig(kind="whisper", weights="bundled", frozen="all"),
    generator=GeneratorConfig(width=96),
)
SMALL_CORRELATION = CorrelationConfig(width=64, heads=4, layers=2, hidden=64)
