"""HTML and SVG that cannot be broken by what it shows: text is escaped unless it is markup already.

Knows nothing about pages (see dataset_sheet.py).
"""

import html


class Markup(str):
    """Text that is HTML already. Only `tag` and `join` make it from text that is not."""

    __slots__ = ()


def tag(name: str, *children: "str | Markup", **attributes: object) -> Markup:
    """An element; children that are no markup are escaped, attributes always.

    Args:
        name: of the element; fixed text of ours.
        children: what it holds.
        attributes: ``class_`` is class, ``stroke_width`` is stroke-width; None leaves one out. Numbers are
            written with two decimals at most.
    """
    spelled = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_spell(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Markup(f"<{name}{spelled}>{join(*children)}</{name}>")


def join(*parts: "str | Markup") -> Markup:
    """Parts after each other, escaped unless they are markup."""
    return Markup("".join(part if isinstance(part, Markup) else escape(part) for part in parts))


def escape(text: str) -> str:
    """Text for HTML, in and out of attributes; what cannot be printed or encoded becomes a dot."""
    readable = "".join(c if c.isprintable() or c == "\n" else "·" for c in text)
    return html.escape(readable.encode("utf-8", "replace").decode("utf-8"), quote=True)


def _spell(value: object) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
