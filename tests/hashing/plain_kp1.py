"""A second implementation of ``kp1``, written from ``docs/reference/signals.md`` alone.

Plain, slow and in the order of that page, section by section, with its names. It shares no
code with ``takeback.hashing``, so that both must be right to agree.
"""

from dataclasses import dataclass
from math import ceil, floor, sqrt

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
Singles = NDArray[np.float32]

FIRST = (0.305208452, 0.227829452, 0.094765399, 0.021964248, 0.002836675)
KERNELS = (
    (0.371809896, 0.240830486, 0.065445986, 0.007461662, 0.000356919),
    (0.295110909, 0.22447539, 0.098791402, 0.025155706, 0.003706131, 0.000315916),
    (0.234247638, 0.197163037, 0.117564535, 0.049662401, 0.014862082, 0.003150882, 0.000473244),
    (
        *(0.185980603, 0.166845801, 0.120464247, 0.069999722),
        *(0.03273631, 0.012321353, 0.00373235, 0.000909916),
    ),
)
LAYER_SIZES = (1.4, 1.76388947, 2.222361473, 2.8, 3.52777894)
SLOPES = (
    *(0.087488664, 0.267949192, 0.466307658, 0.700207538, 1.0),
    *(1.428148007, 2.144506921, 3.732050808, 11.430052303),
)
TENS = (
    *(1, 0.984807753, 0.939692621, 0.866025404, 0.766044443),
    *(0.64278761, 0.5, 0.342020143, 0.173648178, 0),
)
WAVE = (
    *(1, 0.998795456, 0.995184727, 0.98917651, 0.98078528, 0.970031253, 0.956940336),
    *(0.941544065, 0.923879533, 0.903989293, 0.881921264, 0.85772861, 0.831469612),
    *(0.803207531, 0.773010453, 0.740951125, 0.707106781, 0.671558955, 0.634393284),
    *(0.595699304, 0.555570233, 0.514102744, 0.471396737, 0.427555093, 0.382683432),
    *(0.336889853, 0.290284677, 0.24298018, 0.195090322, 0.146730474, 0.09801714),
    *(0.049067674, 0),
)
SIZE_BOUNDS = (
    *(3.889087297, 5.5, 7.778174593, 11, 15.556349186, 22, 31.112698372, 44),
    *(62.225396745, 88, 124.450793489, 176, 248.901586978, 352, 497.803173955),
)


@dataclass(slots=True)
class Keypoint:
    """One keypoint; in pixels of its octave, and of B."""

    octave: int
    x: float
    y: float
    layer: float
    size: float
    strength: float
    x_b: float = 0.0
    y_b: float = 0.0
    size_b: float = 0.0
    degrees: float = 0.0
    cosine: float = 1.0
    sine: float = 0.0


def grey(pixels: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Section 1."""
    if pixels.shape[2] == 1:
        return pixels[:, :, 0].astype(np.int64)
    red, green, blue = np.moveaxis(pixels.astype(np.int64), 2, 0)
    return np.asarray((299 * red + 587 * green + 114 * blue + 500) // 1000)


def fitted(width: int, height: int, most: int) -> tuple[int, int]:
    """Section 2, sizes."""
    longest = max(width, height)
    if longest <= most:
        return width, height
    sides = (max(1, (2 * side * most + longest) // (2 * longest)) for side in (width, height))
    return next(sides), next(sides)


def shares(source: int, target: int) -> list[list[tuple[int, int]]]:
    """Section 2: for each target column the source columns it covers, and by how much."""
    table = []
    for c in range(target):
        spans = (
            (x, min((c + 1) * source, (x + 1) * target) - max(c * source, x * target))
            for x in range(c * source // target, min(source, (c + 1) * source // target + 1))
        )
        table.append([(x, share) for x, share in spans if share > 0])
    return table


def means(picture: Doubles, most: int) -> Singles:
    """Section 2, values."""
    height, width = picture.shape
    columns, rows = fitted(width, height, most)
    lines = np.zeros((rows, width))
    for r, spans in enumerate(shares(height, rows)):
        for y, share in spans:
            lines[r] += share * picture[y]
    result = np.zeros((rows, columns))
    for c, spans in enumerate(shares(width, columns)):
        for x, share in spans:
            result[:, c] += share * lines[:, x]
    return np.asarray(result / (width * height), np.float32)


def blurred_rows(picture: Singles, kernel: tuple[float, ...]) -> Singles:
    """Section 3, one pass of a blur."""
    r, width = len(kernel) - 1, picture.shape[1]
    p = np.pad(picture.astype(np.float64), ((0, 0), (r, r)), "symmetric")
    total = kernel[0] * p[:, r : r + width]
    for k in range(1, r + 1):
        total = total + kernel[k] * (p[:, r - k : r - k + width] + p[:, r + k : r + k + width])
    return np.asarray(total, np.float32)


def blurred(picture: Singles, kernel: tuple[float, ...]) -> Singles:
    """Section 3."""
    return blurred_rows(blurred_rows(picture, kernel).T, kernel).T


def halved(picture: Singles) -> Singles:
    """Section 3."""
    height, width = (side // 2 * 2 for side in picture.shape)
    p = picture[:height, :width].astype(np.float64)
    upper = p[0::2, 0::2] + p[0::2, 1::2]
    return np.asarray(0.25 * (upper + (p[1::2, 0::2] + p[1::2, 1::2])), np.float32)


def octaves(a: Singles) -> list[list[Singles]]:
    """Section 3."""
    found: list[list[Singles]] = []
    while len(found) < 7:
        g = halved(found[-1][3]) if found else a
        if min(g.shape) < 16:
            break
        layers = [g if found else blurred(g, FIRST)]
        for kernel in KERNELS:
            layers.append(blurred(layers[-1], kernel))
        found.append(layers)
    return found


def response(g: Singles, s: float) -> Singles:
    """Section 4."""
    p = g.astype(np.float64)
    middle = p[1:-1, 1:-1]
    xx = p[1:-1, 2:] + p[1:-1, :-2] - 2 * middle
    yy = p[2:, 1:-1] + p[:-2, 1:-1] - 2 * middle
    xy = 0.25 * ((p[2:, 2:] - p[2:, :-2]) - (p[:-2, 2:] - p[:-2, :-2]))
    r = np.zeros_like(g)
    r[1:-1, 1:-1] = (s * s) * np.sqrt(np.maximum(0.0, xx * yy - xy * xy))
    return r


def peaks(r: Doubles) -> list[tuple[int, int, int]]:
    """Section 5: layer, row and column of every candidate."""
    found = []
    strong = np.argwhere(r[1:4, 2:-2, 2:-2] >= 0.6 * 0.5)
    for i, y, x in (strong + np.array([1, 2, 2])).tolist():
        near = r[i - 1 : i + 2, y - 1 : y + 2, x - 1 : x + 2]
        if (near >= r[i, y, x]).sum() == 1:
            found.append((i, y, x))
    return found


def fit(r: Doubles, i: int, y: int, x: int) -> tuple[Doubles, float, bool] | None:
    """Section 6: offset, strength, and whether the place is round enough."""

    def n(dx: int, dy: int, dz: int) -> float:
        return float(r[i + dz, y + dy, x + dx])

    gx = 0.5 * (n(1, 0, 0) - n(-1, 0, 0))
    gy = 0.5 * (n(0, 1, 0) - n(0, -1, 0))
    gz = 0.5 * (n(0, 0, 1) - n(0, 0, -1))
    xx = n(1, 0, 0) + n(-1, 0, 0) - 2 * n(0, 0, 0)
    yy = n(0, 1, 0) + n(0, -1, 0) - 2 * n(0, 0, 0)
    zz = n(0, 0, 1) + n(0, 0, -1) - 2 * n(0, 0, 0)
    xy = 0.25 * ((n(1, 1, 0) - n(-1, 1, 0)) - (n(1, -1, 0) - n(-1, -1, 0)))
    xz = 0.25 * ((n(1, 0, 1) - n(-1, 0, 1)) - (n(1, 0, -1) - n(-1, 0, -1)))
    yz = 0.25 * ((n(0, 1, 1) - n(0, -1, 1)) - (n(0, 1, -1) - n(0, -1, -1)))
    a, b, c = yy * zz - yz * yz, xz * yz - xy * zz, xy * yz - xz * yy
    d, e, f = xx * zz - xz * xz, xy * xz - xx * yz, xx * yy - xy * xy
    determinant = xx * a + xy * b + xz * c
    if determinant == 0:
        return None
    ox = -(a * gx + b * gy + c * gz) / determinant
    oy = -(b * gx + d * gy + e * gz) / determinant
    oz = -(c * gx + e * gy + f * gz) / determinant
    strength = n(0, 0, 0) + 0.5 * (gx * ox + gy * oy + gz * oz)
    return np.array([oz, oy, ox]), strength, f > 0 and (xx + yy) * (xx + yy) < 12.1 * f


def refined(r: Doubles, octave: int, i: int, y: int, x: int) -> Keypoint | None:
    """Section 6."""
    for _ in range(3):
        fitted_ = fit(r, i, y, x)
        if fitted_ is None:
            return None
        (oz, oy, ox), strength, round_ = fitted_
        if max(abs(oz), abs(oy), abs(ox)) <= 0.6:
            keep = round_ and strength >= 0.5
            layer = float(i + oz)
            place = float(x + ox), float(y + oy)
            return Keypoint(octave, *place, layer, size_at(layer), strength) if keep else None
        i, y, x = (
            place + (1 if o > 0.6 else -1 if o < -0.6 else 0)
            for place, o in ((i, oz), (y, oy), (x, ox))
        )
        if not (1 <= i <= 3 and 2 <= y < r.shape[1] - 2 and 2 <= x < r.shape[2] - 2):
            return None
    return None


def size_at(layer: float) -> float:
    """Section 6, last line."""
    m = floor(layer + 0.5)
    t = (layer - m) * 0.231049060187
    return LAYER_SIZES[m] * (1 + t * (1 + t * (0.5 + t * (1 / 6 + t * (1 / 24 + t / 120)))))


def ordered(found: list[Keypoint], a: Singles, b: Singles) -> list[Keypoint]:
    """Sections 7 and 8."""
    for key in found:
        power = 2.0**key.octave
        key.x_b = (key.x + 0.5) * power * (b.shape[1] / a.shape[1]) - 0.5
        key.y_b = (key.y + 0.5) * power * (b.shape[0] / a.shape[0]) - 0.5
        key.size_b = key.size * power * (max(b.shape) / max(a.shape))

    def rank(key: Keypoint) -> tuple[float, ...]:
        tier = 0 if key.strength >= 2 else 1 if key.strength >= 1 else 2
        return tier, -(key.strength * sqrt(sqrt(key.size_b))), key.y_b, key.x_b, key.size_b

    kept = [key for key in found if key.size_b >= 2.75 * max(b.shape) / 512]
    return sorted(kept, key=rank)


def direction_bins(g: Singles, x: float, y: float, size: float) -> list[float]:
    """Section 9, the bins."""
    bins = [0.0] * 36
    q = 4.5 * size
    p = g.astype(np.float64).tolist()
    for v in range(max(1, ceil(y - q)), min(g.shape[0] - 2, floor(y + q)) + 1):
        for u in range(max(1, ceil(x - q)), min(g.shape[1] - 2, floor(x + q)) + 1):
            share = 1 - ((u - x) * (u - x) + (v - y) * (v - y)) / (q * q)
            if share > 0:
                along, down = p[v][u + 1] - p[v][u - 1], p[v + 1][u] - p[v - 1][u]
                k = sum(abs(down) > slope * abs(along) for slope in SLOPES)
                k = 18 - k if along < 0 else k
                k = 36 - k if down < 0 else k
                length = sqrt(along * along + down * down)
                bins[k % 36] += ((share * share) * (share * share)) * length
    return bins


def face(key: Keypoint, layers: list[Singles]) -> None:
    """Section 9."""
    n = direction_bins(layers[floor(key.layer + 0.5)], key.x, key.y, key.size)
    smooth = [
        (6 * n[k] + 4 * (n[k - 1] + n[(k + 1) % 36]) + (n[k - 2] + n[(k + 2) % 36])) / 16
        for k in range(36)
    ]
    k = smooth.index(max(smooth))
    before, here, after = smooth[k - 1], smooth[k], smooth[(k + 1) % 36]
    bend = before - 2 * here + after
    offset = 0.5 * (before - after) / bend if bend else 0.0
    t = offset * 0.174532925
    tt = t * t
    c1, s1 = 1 - 0.5 * tt * (1 - tt / 12 * (1 - tt / 30)), t * (1 - tt / 6 * (1 - tt / 20))
    c, s = of_table(TENS, k, 36), of_table(TENS, k - 9, 36)
    key.degrees = 10 * (k + offset)
    key.cosine, key.sine = c * c1 - s * s1, s * c1 + c * s1


def of_table(quarter: tuple[float, ...], step: int, circle: int) -> float:
    """Look up a cosine, *step* of so many steps around the circle, in the table of a quarter."""
    step = min(step % circle, circle - step % circle)
    return quarter[step] if step <= circle // 4 else -quarter[circle // 2 - step]


def spread(
    found: list[Keypoint], a: list[list[Singles]], longest: int, most: int
) -> list[Keypoint]:
    """Section 10."""
    kept: list[Keypoint] = []
    for key in found:
        if len(kept) == most:
            break
        face(key, a[key.octave])
        if not any(alike(key, other, longest) for other in kept):
            kept.append(key)
    return kept


def alike(key: Keypoint, other: Keypoint, longest: int) -> bool:
    """Section 10, the three conditions."""
    dx, dy = key.x_b - other.x_b, key.y_b - other.y_b
    larger, smaller = max(key.size_b, other.size_b), min(key.size_b, other.size_b)
    near = max(6 * longest / 512, 0.8 * larger)
    turned = key.cosine * other.cosine + key.sine * other.sine
    return (
        dx * dx + dy * dy < near * near
        and larger < 1.414213562 * smaller
        and (turned > 0.764842187)
    )


def patch(key: Keypoint, levels: list[Singles]) -> Singles:
    """Section 11."""
    step = 0.3 * key.size_b
    level = max([0, *(n for n in range(5) if 0.7 * step >= 2**n)])
    p = levels[level].astype(np.float64)
    ticks = (np.arange(32) + 0.5 - 16) * step
    across, down = ticks[None, :], ticks[:, None]
    u = (key.x_b + (across * key.cosine - down * key.sine) + 0.5) / 2**level - 0.5
    v = (key.y_b + (across * key.sine + down * key.cosine) + 0.5) / 2**level - 0.5
    u, v = np.clip(u, 0, p.shape[1] - 1), np.clip(v, 0, p.shape[0] - 1)
    x, y = np.floor(u).astype(int), np.floor(v).astype(int)
    x1, y1 = np.minimum(x + 1, p.shape[1] - 1), np.minimum(y + 1, p.shape[0] - 1)
    upper = p[y, x] + (u - x) * (p[y, x1] - p[y, x])
    lower = p[y1, x] + (u - x) * (p[y1, x1] - p[y1, x])
    return np.asarray(upper + (v - y) * (lower - upper), np.float32)


def coefficients(samples: Singles) -> Singles:
    """Section 12, the transform."""
    cos = np.array(
        [[of_table(WAVE, (2 * i + 1) * k, 128) for k in range(1, 17)] for i in range(32)]
    )
    rows = np.zeros((32, 16))
    for i in range(32):
        rows += samples[:, i, None].astype(np.float64) * cos[i]
    found = np.zeros((16, 16))
    for j in range(32):
        found += cos[j][:, None] * rows[j]
    return found.astype(np.float32)


def bits(found: Singles) -> bytes:
    """Section 12, the bits."""
    values = sorted(float(value) for value in found.ravel())
    median = (values[127] + values[128]) / 2
    order = sorted((m + k, m, k) for m in range(16) for k in range(16))
    ones = "".join("1" if float(found[m, k]) > median else "0" for _, m, k in order)
    return int(ones, 2).to_bytes(32, "big")


def place(key: Keypoint, b: Singles, mirrored: bool, inverted: bool) -> tuple[int, ...]:
    """Section 13, and what section 14 does to it."""
    longest = max(b.shape)
    x, degrees = key.x_b + 0.5, key.degrees
    if mirrored:
        x, degrees = b.shape[1] - x, 180 - degrees
    if inverted:
        degrees = degrees + 180
    return (
        min(max(0, floor(x * (64 / longest))), ceil(64 * b.shape[1] / longest) - 1),
        min(max(0, floor((key.y_b + 0.5) * (64 / longest))), ceil(64 * b.shape[0] / longest) - 1),
        sum(key.size_b * (512 / longest) >= bound for bound in SIZE_BOUNDS),
        floor(degrees / 15 + 0.5) % 24,
    )


def viewed(found: Singles, mirrored: bool, inverted: bool) -> Singles:
    """Section 14, coefficients."""
    m, k = np.mgrid[1:17, 1:17]
    signs = np.where(mirrored & (m % 2 == 1), -1, 1) * np.where(
        inverted & ((m + k) % 2 == 0), -1, 1
    )
    return np.asarray(found * signs.astype(np.float32))


def sides(b: Singles) -> tuple[int, int]:
    """Section 13, width and height."""
    return ceil(64 * b.shape[1] / max(b.shape)), ceil(64 * b.shape[0] / max(b.shape))


def registered(data: bytes, n: int) -> bytes:
    """Section 10, what a device registers of the first 300, both packed."""
    width, height = data[:2]
    counted = [0] * 9
    first: list[bytes] = [data[:2]]
    others: list[bytes] = []
    for start in range(2, len(data), 35):
        row = data[start : start + 35]
        place = int.from_bytes(row[32:], "big")
        ninth = 3 * (3 * (place >> 12 & 63) // height) + 3 * (place >> 18) // width
        (first if counted[ninth] < 0.15 * n else others).append(row)
        counted[ninth] += 1
    return b"".join((first + others)[: n + 1])


def found_in(pixels: NDArray[np.uint8], most: int) -> tuple[list[Keypoint], list[Singles], Singles]:
    """Sections 1 to 12: keypoints, their coefficients, and B."""
    b = means(grey(pixels).astype(np.float64), 512)
    a = means(b.astype(np.float64), 256)
    scales = octaves(a)
    candidates = []
    for octave, layers in enumerate(scales):
        sizes = zip(layers, LAYER_SIZES, strict=True)
        r = np.array([response(g, s) for g, s in sizes]).astype(np.float64)
        each = (refined(r, octave, *peak) for peak in peaks(r))
        candidates += [key for key in each if key is not None]
    kept = spread(ordered(candidates, a, b), scales, max(b.shape), most)
    levels = [b]
    while len(levels) < 5:
        levels.append(halved(levels[-1]))
    return kept, [coefficients(patch(key, levels)) for key in kept], b


def packed(
    pixels: NDArray[np.uint8], most: int = 300
) -> dict[tuple[bool, bool], tuple[bytes, list[float]]]:
    """Section 15: by mirrored and inverted, the packed signals and the strengths."""
    kept, transformed, b = found_in(pixels, most)
    head = bytes(sides(b))
    views = {}
    for view in ((False, False), (True, False), (False, True), (True, True)):
        rows = []
        for key, found in zip(kept, transformed, strict=True):
            x, y, size, turn = place(key, b, *view)
            last = (x << 18 | y << 12 | size << 8 | turn << 3).to_bytes(3, "big")
            rows.append(bits(viewed(found, *view)) + last)
        views[view] = head + b"".join(rows), [key.strength for key in kept]
    return views
