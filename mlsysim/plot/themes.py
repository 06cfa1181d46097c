"""Light and dark: the colours of a picture, its style, and the same picture for the other page."""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from cycler import cycler
from matplotlib.collections import Collection
from matplotlib.colors import to_hex, to_rgba
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.text import Text

from ..errors import InputError, nearest

Rgba = tuple[float, float, float, float]

SERIES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#A07800", "#2F9BD6", "#8A63C9", "#888888")
"""Blue, vermilion, green and purple of Okabe and Ito, and four in their manner: each stands out 3:1 from either page."""
MARK, READ = 3.0, 4.5
"""Contrast that a mark needs with what is behind it, and that small text needs."""
NEUTRAL = 0.08
"""Channels closer together than this are a grey: ink or paper, which changes sides with the page."""


@dataclass(frozen=True, slots=True)
class Theme:
    """What does not stand for data: paper, ink, and two fainter inks for notes and for grids."""

    paper: str
    ink: str
    muted: str
    faint: str


def _mix(a: Any, b: Any, share: float) -> Rgba:
    """Return a colour with a share of another in it, as opaque as the first."""
    first, second = to_rgba(a), to_rgba(b)
    red, green, blue = ((1 - share) * x + share * y for x, y in zip(first[:3], second[:3], strict=True))
    return red, green, blue, first[3]


def contrast(a: Any, b: Any) -> float:
    """Return the ratio of two colours' luminances, from 1 to 21, as accessibility guidelines count it.

    >>> contrast("black", "white")
    21.0
    """

    def luminance(colour: Any) -> float:
        red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgba(colour)[:3])
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    low, high = sorted((luminance(a), luminance(b)))
    return round((high + 0.05) / (low + 0.05), 3)


def _changed_sides(colour: Any, old: Theme, paper: str, ink: str) -> Rgba:
    """Return the grey that is as far between another ink and paper as this one is between the old."""
    grey, dark, bright = (sum(to_rgba(c)[:3]) / 3 for c in (colour, old.ink, old.paper))
    share = min(1.0, max(0.0, (grey - dark) / (bright - dark)))
    return (*_mix(ink, paper, share)[:3], to_rgba(colour)[3])


_LIGHT = Theme("#ffffff", "#24292f", "#5b6168", "#d8dce1")
_PAPER, _INK = "#14181e", "#e6e9ed"
_DARK = Theme(_PAPER, _INK, *(to_hex(_changed_sides(c, _LIGHT, _PAPER, _INK)) for c in (_LIGHT.muted, _LIGHT.faint)))
THEMES = {"light": _LIGHT, "dark": _DARK}


def theme_of(colour: Any) -> Theme:
    """Return the theme whose paper is nearest to a background."""
    return min(THEMES.values(), key=lambda t: contrast(t.paper, colour))


def standing_out(colour: Any, theme: Theme, need: float = READ) -> Rgba:
    """Return a colour with as much ink in it as it needs to be told from the paper."""
    share = 0.0
    while contrast(found := _mix(colour, theme.ink, share), theme.paper) < need and share < 1:
        share += 0.05
    return found


def style(theme: str = "light") -> AbstractContextManager[Any]:
    """Return a context in which Matplotlib draws in the style of this library.

    It holds for figures that are made inside it, and is gone behind it. Each plot of this package is drawn in the style of the axes that
    it is given, so the context is needed only for the dark theme and for drawings of one's own.

    >>> with style("dark"):
    ...     mpl.rcParams["axes.facecolor"]
    '#14181e'

    Parameters
    ----------
    theme
        ``"light"`` or ``"dark"``.
    """
    if theme not in THEMES:
        raise InputError(f"theme={theme!r} is none: {nearest(str(theme), THEMES)}")
    return mpl.rc_context(parameters(THEMES[theme]))


def parameters(theme: Theme) -> Any:
    """Return Matplotlib's parameters for a theme: the one place where the style is written down."""
    return {
        "figure.facecolor": theme.paper,
        "figure.figsize": (7.5, 4.6),
        "figure.constrained_layout.use": True,
        "savefig.facecolor": "auto",
        "text.color": theme.ink,
        "font.size": 10.0,
        "axes.facecolor": theme.paper,
        "axes.edgecolor": theme.muted,
        "axes.labelcolor": theme.ink,
        "axes.titlecolor": theme.ink,
        "axes.titlelocation": "left",
        "axes.prop_cycle": cycler(color=SERIES),
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.axisbelow": True,
        "xtick.color": theme.muted,
        "ytick.color": theme.muted,
        "xtick.labelcolor": theme.ink,
        "ytick.labelcolor": theme.ink,
        "grid.color": theme.faint,
        "grid.linewidth": 0.8,
        "legend.frameon": False,
        "legend.handlelength": 1.2,
        "lines.linewidth": 2.0,
        "lines.markersize": 8.0,
    }


@contextmanager
def canvas(ax: Any, size: tuple[float, float] | None = None) -> Iterator[tuple[Any, Theme]]:
    """Give axes to draw on, new ones where there are none, in the style of what is behind them.

    Raises
    ------
    InputError
        What was given is no axes.
    """
    import matplotlib.pyplot as plt
    from matplotlib.axes import Axes

    if ax is not None and not isinstance(ax, Axes):
        raise InputError(f"ax is a {type(ax).__name__}: give the axes to draw on, such as plt.subplots()[1], or leave it out")
    theme = theme_of(mpl.rcParams["axes.facecolor"] if ax is None else ax.get_facecolor())
    with mpl.rc_context(parameters(theme)):
        if ax is None:
            ax = plt.subplots(figsize=size)[1]
        yield ax, theme


def recolour(figure: Figure, theme: str = "dark") -> None:
    """Have a light figure, drawn by this package or by hand, read well on another page.

    Greys change sides between paper and ink; colours of data stay, but for those that would not stand out, and so do words on them.
    """
    old, new = _LIGHT, THEMES[theme]

    def adapt(colour: Any, need: float) -> Rgba:
        if not _is_colour(colour):
            return _changed_sides(colour, old, new.paper, new.ink)
        return standing_out(colour, new, need) if to_rgba(colour)[3] == 1 else to_rgba(colour)

    figure.draw_without_rendering()  # ticks come into being when they are drawn
    artists = list(_all(figure.findobj()))
    painted = [a for a in artists if isinstance(a, Patch) and _is_colour(a.get_facecolor(), opaque=True)]
    for artist in artists:
        if isinstance(artist, Text):
            if artist.get_bbox_patch() is None and _is_on(artist, painted):
                continue
            artist.set_color(adapt(artist.get_color(), READ))
        elif isinstance(artist, Line2D):
            face, edge = artist.get_markerfacecolor(), artist.get_markeredgecolor()
            artist.set_color(adapt(artist.get_color(), MARK))
            artist.set_markerfacecolor(_or_none(face, adapt))
            artist.set_markeredgecolor(_or_none(edge, adapt))
        elif isinstance(artist, Patch):
            face, edge = artist.get_facecolor(), artist.get_edgecolor()
            artist.set_facecolor(adapt(face, 1.0))
            artist.set_edgecolor(adapt(edge, 1.0))
        elif isinstance(artist, Collection) and artist.get_array() is None:
            faces, edges = artist.get_facecolor(), artist.get_edgecolor()
            artist.set_facecolor([adapt(c, 1.0) for c in faces])
            artist.set_edgecolor([adapt(c, 1.0) for c in edges])


def _is_colour(colour: Any, opaque: bool = False) -> bool:
    """True for what is no grey, and where that is asked for lets nothing through."""
    red, green, blue, alpha = to_rgba(colour)
    return max(red, green, blue) - min(red, green, blue) > NEUTRAL and (alpha == 1 or not opaque)


def _is_on(text: Text, patches: list[Patch]) -> bool:
    """True where the middle of a text lies in one of the patches."""
    box = text.get_window_extent()
    return any(p.contains_point(((box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2)) for p in patches)


def _all(artists: Iterable[Any]) -> Iterator[Any]:
    """Give artists and what only they know of: arrows and boxes of texts."""
    for artist in dict.fromkeys(artists):
        yield artist
        yield from filter(None, (getattr(artist, "arrow_patch", None), artist.get_bbox_patch() if isinstance(artist, Text) else None))


def _or_none(colour: Any, adapt: Any) -> Any:
    return colour if isinstance(colour, str) and colour in ("none", "auto") else adapt(colour, MARK)
