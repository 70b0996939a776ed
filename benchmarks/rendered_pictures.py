"""Pictures of digits as people take them, rendered: paper, light, pens, sizes, several digits.

Every picture follows from the seed of its set, its kind and its number. The ink is that of MNIST
images, of digits of low resolution, or of digits drawn with a pen along strokes of our own
(``strokes.py``).
"""

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont
from scipy import ndimage
from strokes import DIGITS, LETTERS, STYLES, Stroke

Gray = NDArray[np.float64]  # (H, W): ink from 0 to 1, or light from 0 to 1
Random = np.random.Generator

NOISE = "noise, no digit"
BLANK = "blank"
LETTERS_KIND = "letters"


@dataclass(frozen=True)
class Rendered:
    """A picture and the digits in it, left to right; None where it shows something else."""

    picture: Image.Image
    digits: tuple[int, ...] | None


@dataclass(frozen=True)
class Source:
    """MNIST images that pictures are rendered from: uint8 (N, 28, 28), and their digits."""

    images: NDArray[np.uint8]
    labels: Sequence[int]

    def draw(self, random: Random) -> tuple[Gray, int]:
        """The ink of one image, cut to its box, about 100 pixels high; and its digit."""
        number = int(random.integers(len(self.labels)))
        ink = _cut(self.images[number] / 255)
        return _resized(ink, 100 / max(ink.shape)), int(self.labels[number])


def coarse(source: Source, random: Random) -> tuple[Gray, int]:
    """A digit of 8 x 8 shades of gray, each a count of inked pixels in a block of 4 x 4."""
    ink, digit = source.draw(random)
    small = np.asarray(Image.fromarray(ink.astype(np.float32)).resize(_within(ink.shape, 32)))
    square = _padded(small > 0.5, 32)
    counts = square.reshape(8, 4, 8, 4).sum(axis=(1, 3)) / 16
    smooth = Image.fromarray(counts.astype(np.float32)).resize((120, 120), Image.Resampling.BICUBIC)
    return np.clip(np.asarray(smooth, dtype=float), 0, 1), digit


def stroked(
    glyphs: dict[str, dict[str, list[Stroke]]], random: Random, width: float | None = None
) -> tuple[Gray, str]:
    """A character drawn with a pen along strokes: shaken, slanted, squeezed."""
    style = STYLES[int(random.integers(len(STYLES)))]
    names = sorted(glyphs)
    name = names[int(random.integers(len(names)))]
    variants = glyphs[name]
    strokes = variants.get(style, variants["plain"])
    slant, aspect = random.uniform(-0.15, 0.3), random.uniform(0.75, 1.1)
    pen = width or random.uniform(0.03, 0.14)
    scale, margin = 4 * 100, 4 * 20
    field = Image.new("L", (scale + 2 * margin, scale + 2 * margin))
    pencil = ImageDraw.Draw(field)
    for stroke in strokes:
        points = np.array(stroke, dtype=float) + random.normal(0, 0.015, (len(stroke), 2))
        curve = _smooth(points)
        x = curve[:, 0] * aspect * 0.7 + slant * (1 - curve[:, 1])
        xy = np.stack([margin / 2 + scale * x, margin + scale * curve[:, 1]], axis=1)
        radius = scale * pen / 2
        pencil.line([tuple(point) for point in xy], 255, round(2 * radius), joint="curve")
        for cx, cy in xy:
            pencil.ellipse((cx - radius, cy - radius, cx + radius, cy + radius), 255)
    small = field.resize((field.width // 4, field.height // 4), Image.Resampling.BOX)
    return _cut(np.asarray(small) / 255), name


def _smooth(points: Gray) -> Gray:
    """A curve through the points: a cubic spline over their chord length."""
    from scipy.interpolate import CubicSpline

    if len(points) == 2:
        return np.linspace(points[0], points[1], 20)
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    at = np.concatenate([[0], np.cumsum(np.maximum(steps, 1e-3))])
    curve: Gray = CubicSpline(at, points, bc_type="natural")(np.linspace(0, at[-1], 80))
    return curve


def typed(fonts: Sequence[str], characters: str, random: Random) -> tuple[Gray, str]:
    """A character of a typeface."""
    name = characters[int(random.integers(len(characters)))]
    font = ImageFont.truetype(fonts[int(random.integers(len(fonts)))], 110)
    field = Image.new("L", (260, 260))
    ImageDraw.Draw(field).text((70, 50), name, 255, font=font)
    return _cut(np.asarray(field) / 255), name


# ------------------------------------------------------------------------------- paper and light


@dataclass(frozen=True)
class Scene:
    """How a page is photographed; each value is the most of what is drawn at random.

    Attributes:
        grain: standard deviation of the paper's shade.
        shade: fraction of the light that is missing at the darkest place.
        degrees: turned to either side.
        faintest: least contrast of the ink.
        lines: whether the paper is ruled or squared.
        dark: whether the ink is light on a dark board.
        sizes: height of a digit in pixels, least and most.
        margin: paper around the ink, as a multiple of its height, least and most.
    """

    grain: float = 0.0
    shade: float = 0.0
    degrees: float = 0.0
    faintest: float = 0.9
    lines: bool = False
    dark: bool = False
    sizes: tuple[int, int] = (60, 200)
    margin: tuple[float, float] = (0.3, 1.0)


CLEAN = Scene()
PHOTO = Scene(0.05, 0.5, 12, 0.45, sizes=(40, 240), margin=(0.3, 1.5))
GRAINY = Scene(0.08, 0.6, 0, 0.55, sizes=(60, 200), margin=(0.15, 0.8))
LINED = Scene(0.03, 0.4, 8, 0.5, lines=True, sizes=(60, 200), margin=(0.3, 1.2))
BOARD = Scene(0.04, 0.3, 8, 0.5, dark=True, sizes=(50, 200))


def photographed(ink: Gray, height: float, scene: Scene, random: Random) -> Image.Image:
    """The ink, its digits ``height`` pixels high, on paper under light."""
    turned = ndimage.rotate(ink, random.uniform(-1, 1) * scene.degrees, order=1)
    turned = np.clip(_resized(turned, height / 100), 0, 1)
    least, most = scene.margin
    above, below, left, right = (round(height * random.uniform(least, most)) for _ in range(4))
    field = np.pad(turned, ((above, below), (left, right)))
    contrast = random.uniform(scene.faintest, 1)
    paper = 1 - random.uniform(0, 0.15) - _grain(field.shape, scene, random)
    if scene.lines:
        paper = paper - _ruling(field.shape, height, random)
    light = _light(field.shape, scene, random)
    shades = light * np.clip(paper, 0, 1) * (1 - contrast * field)
    if scene.dark:
        shades = 1 - shades
    noise = random.normal(0, 0.02 * bool(scene.grain), field.shape)
    pixels = np.clip(255 * (shades + noise), 0, 255).astype(np.uint8)
    picture = Image.fromarray(pixels)
    if scene.grain and random.random() < 0.5:
        picture = picture.filter(ImageFilter.GaussianBlur(random.uniform(0, 1.5)))
    return picture


def _grain(shape: tuple[int, ...], scene: Scene, random: Random) -> Gray:
    """Fine grain and coarser fibers."""
    strength = scene.grain * random.uniform(0.3, 1)
    fine = random.normal(0, 1, shape)
    coarser = ndimage.gaussian_filter(random.normal(0, 1, shape), 2)
    grain: Gray = strength * (0.8 * fine + 0.6 * coarser / max(coarser.std(), 1e-9))
    return grain


def _ruling(shape: tuple[int, ...], height: float, random: Random) -> Gray:
    """Printed lines, fainter than ink; squares in half of the cases."""
    lines = np.zeros(shape)
    step, depth = round(height * random.uniform(0.4, 1.2)), random.uniform(0.08, 0.22)
    width = max(1, round(height / 60))
    for start in range(int(random.integers(step)), shape[0], step):
        lines[start : start + width] = depth
    if random.random() < 0.5:
        for start in range(int(random.integers(step)), shape[1], step):
            lines[:, start : start + width] = depth
    return lines


def _light(shape: tuple[int, ...], scene: Scene, random: Random) -> Gray:
    """A ramp, a lamp, or a shadow with a soft edge; from 1 - shade to 1."""
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]] / max(shape)
    angle = random.uniform(0, 2 * np.pi)
    along = np.cos(angle) * x + np.sin(angle) * y
    kind = int(random.integers(3))
    if kind == 0:
        dark = along - along.min()
    elif kind == 1:
        cx, cy = random.uniform(0, 1, 2)
        dark = (x - cx) ** 2 + (y - cy) ** 2
    else:
        edge = random.uniform(along.min(), along.max())
        dark = 1 / (1 + np.exp(-(along - edge) / random.uniform(0.03, 0.2)))
    dark = dark / max(dark.max(), 1e-9)
    light: Gray = 1 - scene.shade * random.uniform(0.3, 1) * dark
    return light


# -------------------------------------------------------------------------------------- the kinds

Draw = Callable[[Random], tuple[Gray, int]]


def one(draw: Draw, scene: Scene, random: Random) -> Rendered:
    """One digit in a scene."""
    ink, digit = draw(random)
    height = random.uniform(*scene.sizes)
    return Rendered(photographed(ink, height, scene, random), (digit,))


def several(draw: Draw, scene: Scene, random: Random) -> Rendered:
    """Two to five digits in a row, not touching."""
    drawn = [draw(random) for _ in range(int(random.integers(2, 6)))]
    height = max(ink.shape[0] for ink, _ in drawn)
    parts = []
    for ink, _ in drawn:
        spare = height - ink.shape[0]
        gap = round(100 * random.uniform(0.12, 0.6))
        parts.append(np.pad(ink, ((spare // 2, spare - spare // 2), (0, gap))))
    row = np.concatenate(parts, axis=1)
    size = random.uniform(*scene.sizes)
    picture = photographed(row, size, scene, random)
    return Rendered(picture, tuple(digit for _, digit in drawn))


def thin(source: Source, random: Random) -> tuple[Gray, int]:
    """A digit of MNIST with strokes of 2 pixels where it is 200 pixels high."""
    ink, digit = source.draw(random)
    large = _resized(ink, 2) > 0.5
    inside = ndimage.distance_transform_edt(large)
    ridge = (inside >= ndimage.maximum_filter(inside, 3)) & large
    line = ndimage.binary_dilation(_thinned(large, ridge))
    return _resized(line.astype(float), 0.5), digit


def _thinned(ink: NDArray[np.bool_], ridge: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The ink peeled to lines: pixels go while their neighbors stay connected (Zhang, Suen)."""
    image = np.pad(ink, 1).astype(np.uint8)
    while True:
        before = image.sum()
        for odd in (0, 1):
            p = [
                np.roll(image, shift, (0, 1))
                for shift in [
                    *((1, 0), (1, -1), (0, -1), (-1, -1)),
                    *((-1, 0), (-1, 1), (0, 1), (1, 1)),
                ]
            ]
            count = sum(p)
            turns = sum((p[k] == 0) & (p[(k + 1) % 8] == 1) for k in range(8))
            if odd:
                open_ = (p[0] * p[2] * p[6] == 0) & (p[0] * p[4] * p[6] == 0)
            else:
                open_ = (p[0] * p[2] * p[4] == 0) & (p[2] * p[4] * p[6] == 0)
            image[(image == 1) & (count >= 2) & (count <= 6) & (turns == 1) & open_] = 0
        if image.sum() == before:
            return image[1:-1, 1:-1].astype(bool) | (ridge & False)


def own(random: Random) -> tuple[Gray, int]:
    """A digit in one of our own five handwritings."""
    ink, name = stroked(DIGITS, random)
    return ink, int(name)


def letter(fonts: Sequence[str], random: Random) -> Rendered:
    """A letter that resembles no digit, by hand or of a typeface."""
    if fonts and random.random() < 0.5:
        ink, _ = typed(fonts, "".join(LETTERS), random)
    else:
        ink, _ = stroked(LETTERS, random)
    scene = PHOTO if random.random() < 0.5 else CLEAN
    return Rendered(photographed(ink, random.uniform(*scene.sizes), scene, random), None)


def nonsense(random: Random) -> Rendered:
    """White noise, blots, or a scribble."""
    kind = int(random.integers(3))
    side = int(random.integers(60, 240))
    if kind == 0:
        pixels = random.integers(0, 256, (side, side))
        return Rendered(Image.fromarray(pixels.astype(np.uint8)), None)
    if kind == 1:
        blots = ndimage.gaussian_filter(random.normal(0, 1, (100, 100)), random.uniform(3, 10))
        ink = _cut((blots > np.quantile(blots, 0.8)).astype(float))
    else:
        points = random.uniform(0, 1, (int(random.integers(6, 12)), 2))
        ink, _ = stroked({"x": {"plain": [[(float(x), float(y)) for x, y in points]]}}, random)
    return Rendered(photographed(ink, random.uniform(60, 200), PHOTO, random), None)


def blank(random: Random) -> Rendered:
    """Paper without ink, clean or grainy under uneven light, ruled in a third of the cases."""
    shape = (int(random.integers(80, 300)), int(random.integers(80, 300)))
    scene = (CLEAN, GRAINY, LINED)[int(random.integers(3))]
    picture = photographed(np.zeros(shape), 100, scene, random)
    return Rendered(picture, ())


def kinds(source: Source, fonts: Sequence[str]) -> dict[str, Callable[[Random], Rendered]]:
    """What renders each kind of picture."""
    low, pen = partial(coarse, source), partial(thin, source)
    return {
        "clean": partial(one, source.draw, CLEAN),
        "photographed": partial(one, source.draw, PHOTO),
        "ruled paper": partial(one, source.draw, LINED),
        "chalk on a board": partial(one, source.draw, BOARD),
        "thin pen": partial(one, pen, CLEAN),
        "thin pen, photographed": partial(one, pen, PHOTO),
        "8 x 8 pixels, clean": partial(one, low, CLEAN),
        "8 x 8 pixels, grainy paper, uneven light": partial(one, low, GRAINY),
        "own strokes, clean": partial(one, own, CLEAN),
        "own strokes, photographed": partial(one, own, PHOTO),
        "several digits, clean": partial(several, source.draw, CLEAN),
        "several digits, photographed": partial(several, source.draw, PHOTO),
        LETTERS_KIND: partial(letter, fonts),
        NOISE: nonsense,
        BLANK: blank,
    }


def rendered(draw: Callable[[Random], Rendered], seed: int, kind: str, number: int) -> Rendered:
    """The picture of that number."""
    return draw(np.random.default_rng([seed, zlib.crc32(kind.encode()), number]))


def _cut(ink: Gray) -> Gray:
    rows, columns = (np.flatnonzero((ink > 0.2).any(axis=axis)) for axis in (1, 0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _resized(ink: Gray, scale: float) -> Gray:
    height, width = (max(1, round(length * scale)) for length in ink.shape)
    picture = Image.fromarray(ink.astype(np.float32))
    method = Image.Resampling.BICUBIC if scale >= 1 else Image.Resampling.BOX
    return np.asarray(picture.resize((width, height), method), dtype=float)


def _within(shape: tuple[int, ...], side: int) -> tuple[int, int]:
    height, width = (max(1, round(length * side / max(shape))) for length in shape)
    return width, height


def _padded(ink: NDArray[np.bool_], side: int) -> NDArray[np.bool_]:
    top, left = ((side - length) // 2 for length in ink.shape)
    return np.pad(ink, ((top, side - top - ink.shape[0]), (left, side - left - ink.shape[1])))
