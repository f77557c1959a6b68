"""Where pretrained weights come from: a folder on disk or a model hub; safetensors only.

Pickled weights (`pytorch_model.bin`, `.pt`) run code when they are read, so they are refused and the message
says how to convert them. Knows nothing about networks (see whisper_weights.py, wav2vec2_encoder.py).
"""

import logging
import re
from pathlib import Path

from cstalk_ue.errors import EncoderError

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")
_WANTED = ["config.json", "preprocessor_config.json", "*.safetensors", "*.safetensors.index.json"]
_HUB_TIMEOUT_SECONDS = 5.0
_PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")


def find_weights(name: str | Path, *, how_to_get: str) -> Path:
    """The local file or folder of some weights; a hub id is looked up in the hub's cache, then downloaded.

    Args:
        name: an existing path or a hub id such as "openai/whisper-tiny.en".
        how_to_get: a sentence with the exact commands, put at the end of every message.

    Raises:
        EncoderError: no such path, or the hub cannot be reached.
    """
    path = Path(name).expanduser()
    if path.exists():
        return path
    if not _HUB_ID.fullmatch(str(name)):
        raise EncoderError(f"{name}: no such file or folder with speech encoder weights. {how_to_get}")
    return _from_hub(str(name), how_to_get)


def safetensors_in(folder: Path, *, how_to_get: str) -> list[Path]:
    """The safetensors files of a model folder, sorted by name, at least one.

    Raises:
        EncoderError: there are none; if there are pickles instead, how to convert them.
    """
    files = sorted(folder.glob("*.safetensors"))
    if files:
        return files
    pickles = sorted(file.name for pattern in _PICKLES for file in folder.glob(pattern))
    if pickles:
        raise EncoderError(
            f"{folder}: only pickled weights here ({pickles[0]}); pickles can run code and are never "
            "loaded. Convert them where you trust them: "
            "AutoModel.from_pretrained(FOLDER).save_pretrained(NEW_FOLDER) writes model.safetensors. "
            f"Or: {how_to_get}"
        )
    raise EncoderError(f"{folder}: no .safetensors file in this folder. {how_to_get}")


def _from_hub(hub_id: str, how_to_get: str) -> Path:
    from huggingface_hub import HfApi, snapshot_download

    try:
        cached = Path(snapshot_download(hub_id, allow_patterns=_WANTED, local_files_only=True))
        if any(cached.glob("*.safetensors")):
            return cached
    except Exception as error:
        # The hub's errors come from whichever network library its release uses; all mean "not in the cache".
        logging.getLogger(__name__).debug("%s is not in the hub's cache: %s", hub_id, error)
    try:
        # Asked first, because snapshot_download itself would wait for ever on a hub that does not answer.
        revision = HfApi().model_info(hub_id, timeout=_HUB_TIMEOUT_SECONDS).sha
        return Path(
            snapshot_download(
                hub_id, revision=revision, allow_patterns=_WANTED, etag_timeout=_HUB_TIMEOUT_SECONDS
            )
        )
    except Exception as error:
        reason = f"{type(error).__name__}: {error}".splitlines()[0][:160]
        raise EncoderError(
            f"{hub_id}: not in the local cache and the model hub cannot be used ({reason}). {how_to_get}"
        ) from error
