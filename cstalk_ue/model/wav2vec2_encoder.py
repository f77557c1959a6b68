"""wav2vec 2.0, and its relatives HuBERT and WavLM, through transformers (II.A, III.B).

The waveform goes through 7 convolutions, a projection and transformer layers; the last layer's output is
the feature. transformers is imported when an encoder is made (its import takes seconds). Only safetensors is
read. Differences from a plain fine-tuning run: time masking and layer drop are off, because a curve frame
needs every speech frame; ordinary dropout stays as the weights' config says.

Shape key: B batch, N encoder frames, D features.
"""

import contextlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from cstalk_ue.errors import EncoderError
from cstalk_ue.model.speech_encoder import (
    HOP_SAMPLES,
    SAMPLE_RATE,
    WINDOW_SAMPLES,
    SpeechEncoder,
    encoder_frames,
    pad_to_window,
)
from cstalk_ue.model.weights_source import find_weights, safetensors_in

DEFAULT_WAV2VEC2 = "facebook/wav2vec2-base-960h"
HOW_TO_GET_WAV2VEC2 = (
    "Get the weights with `hf download facebook/wav2vec2-base-960h --local-dir wav2vec2-base-960h` "
    "and give that folder."
)
_MODEL_TYPES = ("wav2vec2", "hubert", "wavlm")
_OURS = {"mask_time_prob": 0.0, "mask_feature_prob": 0.0, "apply_spec_augment": False, "layerdrop": 0.0}
# Where and with what a config was written is nobody's architecture, and must not travel in a checkpoint.
_NOT_ARCHITECTURE = ("_name_or_path", "transformers_version", "architectures", "dtype", "torch_dtype")
_SMALLEST_VARIANCE = 1e-7


class Wav2Vec2Encoder(SpeechEncoder):
    """A transformers model of the wav2vec 2.0 family behind the interface of `SpeechEncoder`.

    Frame j sees samples 320 j to 320 j + 399, so its centre is at 0.0125 s + j * 0.02 s.

    Args:
        network: the bare transformers model (Wav2Vec2Model, HubertModel or WavLMModel).
        normalise: scale each recording to zero mean and unit variance, as the weights were trained.
    """

    first_frame_seconds = WINDOW_SAMPLES / 2 / SAMPLE_RATE

    def __init__(self, network: Any, *, normalise: bool = True) -> None:
        super().__init__()
        self.network: Any = network
        self.config: Any = network.config
        self.normalise = normalise
        self.width = self.config.hidden_size

    @classmethod
    def from_weights(cls, weights: str | Path = "") -> "Wav2Vec2Encoder":
        """Pretrained weights from a folder or a hub id; "" is facebook/wav2vec2-base-960h.

        Raises:
            EncoderError: missing, unreachable, pickled, incomplete or of another family.
        """
        folder = find_weights(str(weights) or DEFAULT_WAV2VEC2, how_to_get=HOW_TO_GET_WAV2VEC2)
        if not folder.is_dir():
            raise EncoderError(f"{folder}: a file; expected a folder with config.json. {HOW_TO_GET_WAV2VEC2}")
        safetensors_in(folder, how_to_get=HOW_TO_GET_WAV2VEC2)
        from safetensors import SafetensorError
        from transformers import AutoConfig, AutoModel

        with _quiet_transformers():
            try:
                config = _checked(AutoConfig.from_pretrained(folder, local_files_only=True), str(folder))
                config.update(_OURS)
                network, loaded = AutoModel.from_pretrained(
                    folder,
                    config=config,
                    use_safetensors=True,
                    local_files_only=True,
                    output_loading_info=True,
                )
            except (OSError, ValueError, RuntimeError, SafetensorError) as error:
                reason = str(error).splitlines()[0][:160]
                raise EncoderError(f"{folder}: cannot be loaded ({reason}). {HOW_TO_GET_WAV2VEC2}") from error
        missing = sorted(loaded["missing_keys"])
        if missing:
            raise EncoderError(
                f"{folder}: {len(missing)} tensors are missing, the first being {missing[0]}. "
                f"{HOW_TO_GET_WAV2VEC2}"
            )
        return cls(network.float(), normalise=_normalises(folder / "preprocessor_config.json"))

    @classmethod
    def from_architecture(cls, architecture: Mapping[str, Any]) -> "Wav2Vec2Encoder":
        """Random weights: `architecture` is what `architecture()` gave, or {} for wav2vec 2.0 base."""
        from transformers import AutoConfig, AutoModel

        settings = dict(architecture)
        normalise = bool(settings.pop("normalise", True))
        model_type = settings.pop("model_type", "wav2vec2")
        try:
            config = _checked(
                AutoConfig.for_model(model_type, **{**settings, **_OURS}), "encoder architecture"
            )
        except ValueError as error:
            raise EncoderError(f"encoder architecture: {str(error).splitlines()[0][:160]}") from error
        return cls(AutoModel.from_config(config).float(), normalise=normalise)

    def architecture(self) -> dict[str, Any]:
        """The transformers config, and whether audio is normalised."""
        config = {
            name: value for name, value in self.config.to_dict().items() if name not in _NOT_ARCHITECTURE
        }
        return {**json.loads(json.dumps(config)), "normalise": self.normalise}

    def forward(self, audio: Tensor, *, reference: Tensor | None = None) -> Tensor:
        """(B, samples) -> (B, N, D); see `SpeechEncoder.forward`. `reference` is (B, 2): mean, deviation."""
        frames = encoder_frames(audio.shape[1])
        if self.normalise:
            reference = self.clip_reference(audio) if reference is None else reference
            audio = (audio - reference[:, :1].to(audio)) / reference[:, 1:].to(audio)  # (B, samples)
        audio = pad_to_window(audio)
        # Models with a layer norm in the convolutions were trained with a mask, the others without; here
        # every clip of a batch has the same length, so the mask is all ones.
        masked = self.config.feat_extract_norm == "layer"
        mask = torch.ones(audio.shape, dtype=torch.long, device=audio.device) if masked else None
        network_type = next(self.network.parameters()).dtype
        return self.network(audio.to(network_type), attention_mask=mask).last_hidden_state[
            :, :frames
        ]  # (B, N, D)

    def clip_reference(self, audio: Tensor) -> Tensor:
        """Mean and standard deviation of the whole recording, (B, 2); (B, 0) without normalisation."""
        if not self.normalise:
            return super().clip_reference(audio)
        variance, mean = torch.var_mean(audio.float(), dim=1, correction=0)
        return torch.stack([mean, (variance + _SMALLEST_VARIANCE).sqrt()], dim=1)

    def freeze_convolution(self) -> None:
        """Do not train the 7 convolutions on the waveform, as in III.B."""
        self.network.feature_extractor._freeze_parameters()

    def freeze(self, parts: str) -> None:
        """As `SpeechEncoder.freeze`."""
        super().freeze(parts)
        # transformers asks the audio itself for a gradient where the convolutions are trained.
        self.network.feature_extractor._requires_grad = parts == "none"


def _checked(config: Any, source: str) -> Any:
    """The config, if the model gives 50 frames per second the way wav2vec 2.0 does.

    Raises:
        EncoderError: another family, or other convolutions.
    """
    if getattr(config, "model_type", None) not in _MODEL_TYPES:
        raise EncoderError(
            f"{source}: a model of type {getattr(config, 'model_type', None)!r}; expected one of "
            f"{', '.join(_MODEL_TYPES)}. {HOW_TO_GET_WAV2VEC2}"
        )
    hop, window = 1, 1
    for kernel, stride in zip(config.conv_kernel, config.conv_stride, strict=True):
        window += (kernel - 1) * hop
        hop *= stride
    if (hop, window) != (HOP_SAMPLES, WINDOW_SAMPLES) or getattr(config, "add_adapter", False):
        raise EncoderError(
            f"{source}: one feature per {hop} samples out of {window}; expected {HOP_SAMPLES} out of "
            f"{WINDOW_SAMPLES} and no adapter. {HOW_TO_GET_WAV2VEC2}"
        )
    return config


def _normalises(path: Path) -> bool:
    """`do_normalize` of a preprocessor_config.json; True where it is not said."""
    if not path.is_file():
        return True
    try:
        return bool(json.loads(path.read_text(encoding="utf-8")).get("do_normalize", True))
    except (ValueError, AttributeError) as error:
        raise EncoderError(f"{path}: cannot be read ({error}). {HOW_TO_GET_WAV2VEC2}") from error


@contextlib.contextmanager
def _quiet_transformers() -> Iterator[None]:
    """No progress bars and no report on the parts of the file (language model heads) that are not used."""
    from transformers.utils import logging

    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()
