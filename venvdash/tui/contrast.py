"""Colours of themes, changed until they can be read on what lies below them."""

from collections.abc import Mapping, Sequence

from textual.color import BLACK, WHITE, Color

LEAST = 4.5
"""The least contrast of text, as in the Web Content Accessibility Guidelines (level AA)."""
_STEPS = 20
_MUTED = 0.35  # how much of the background is in muted text
_GROUNDS = ("background", "surface")
_TEXTS = ("foreground", "text-primary", "text-success", "text-warning", "text-error", "text-accent")


def contrast(text: Color, background: Color) -> float:
    """Return the contrast ratio of two colours, from 1 to 21."""
    darker, lighter = sorted((_luminance(text), _luminance(background)))
    return (lighter + 0.05) / (darker + 0.05)


def legible(text: Color, backgrounds: Sequence[Color]) -> Color:
    """Return the colour nearest to ``text`` that can be read on all ``backgrounds``."""
    end = max(BLACK, WHITE, key=lambda end: min(contrast(end, one) for one in backgrounds))
    steps = (text.blend(end, step / _STEPS) for step in range(_STEPS + 1))
    enough = (one for one in steps if min(contrast(one, below) for below in backgrounds) >= LEAST)
    return next(enough, end)


def with_contrast(variables: Mapping[str, str]) -> dict[str, str]:
    """Return a theme's variables, with texts that can be read in lists and under the cursor."""
    parsed = {name: Color.parse(variables[name]) for name in (*_GROUNDS, *_TEXTS, "primary")}
    grounds = [parsed[name] for name in _GROUNDS]
    below = grounds + [ground.blend(parsed["primary"], 0.3) for ground in grounds]
    texts = {name: legible(parsed[name], below).hex for name in _TEXTS}
    # Textual's is `auto`, which is mixed where a style sheet says it, and white inside a text.
    muted = parsed["foreground"].blend(parsed["background"], _MUTED)
    return {**variables, **texts, "text-muted": legible(muted, below).hex}


def _luminance(color: Color) -> float:
    red, green, blue = (_linear(part) for part in color.normalized)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
