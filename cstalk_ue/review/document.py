"""The files of `page/` → one HTML document that needs nothing else.

They are put together in a fixed order. The policy of the document allows exactly that script and that style,
and no connection (a served page: only to its own server). All that comes from data is JSON in which no
character can end a tag. Knows nothing about lines.
"""

import base64
import functools
import hashlib
import html
import json
import re
from collections.abc import Mapping
from importlib import resources
from typing import Any

from cstalk_ue.review.face_data import face_json

SCRIPTS = (
    "decode.js", "face.js", "face_surface.js", "face_outline.js", "head_basis.js", "face_canvas.js",
    "face_gl.js", "face_view.js", "signal.js", "player.js", "timeline.js", "decisions.js", "store.js",
    "list.js", "stage.js", "controls.js", "app.js",
)  # fmt: skip
STYLES = ("page.css",)
TUNING = ("tune_track.js", "tune.js", "tune.css")
"""Only on a page that is served."""
_MARK = re.compile(r"\{\{(\w+)\}\}")


def document(config: Mapping[str, Any], *, dna_head: str = "") -> tuple[str, str]:
    """The HTML before and after the parts of the lines.

    Args:
        config: of `page_config`.
        dna_head: JSON of the head that is shown instead of the landmark face (see page_head.py).
    """
    serve = bool(config.get("serve"))
    script, style = _bundle(serve)
    policy = "; ".join(
        (
            "default-src 'none'",
            f"script-src '{_source_hash(script)}'",
            f"style-src '{_source_hash(style)}'",
            "img-src data: blob:",
            "media-src data: blob:",
            "connect-src 'self'" if serve else "connect-src 'none'",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )
    data = (
        f'<script type="application/json" id="review">{as_json(config)}</script>\n'
        f'<script type="application/json" id="face">{_face()}</script>\n'
    )
    if dna_head:
        data += f'<script type="application/json" id="dna-head">{as_json(json.loads(dna_head))}</script>\n'
    marks = {
        "policy": policy,
        "title": html.escape(str(config["title"]).encode("utf-8", "replace").decode("utf-8")),
        "style": f"<style>{style}</style>",
    }
    start, end = _asset("page.html").split("{{data}}")
    start = _MARK.sub(lambda mark: marks[mark[1]], start)  # in one pass: a title may hold a mark
    return f"{start}{data}<script>{script}</script>\n", end


def as_json(data: Any) -> str:
    """JSON in ASCII that can stand inside any HTML element."""
    text = json.dumps(data, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


@functools.cache
def _bundle(serve: bool) -> tuple[str, str]:
    """All script and all style of the page."""
    extra = tuple(name for name in TUNING if serve and _is_asset(name))
    scripts = [name for name in (*SCRIPTS, *extra) if name.endswith(".js") and _is_asset(name)]
    styles = [name for name in (*STYLES, *extra) if name.endswith(".css")]
    script = "\n".join([*map(_asset, scripts), "App.start();\n"])
    style = "\n".join(map(_asset, styles))
    assert "</script" not in script.lower() and "<!--" not in script and "</style" not in style.lower()
    return script, style


@functools.cache
def _asset(name: str) -> str:
    text = resources.files("cstalk_ue.review").joinpath("page", name).read_text(encoding="utf-8")
    return text.replace("\r\n", "\n")  # what the browser hashes


def _is_asset(name: str) -> bool:
    return resources.files("cstalk_ue.review").joinpath("page", name).is_file()


def _source_hash(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"


def _face() -> str:
    """Tables of the face, which the page evaluates."""
    return as_json(json.loads(face_json()))
