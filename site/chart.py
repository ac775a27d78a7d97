"""Curves as SVG that takes its colours from the page."""

import html
import math

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 320, 220, 46, 8, 24, 34


def ticks(low, high, most=5):
    """Round numbers between the two."""
    span = high - low or abs(high) or 1.0
    step = 10 ** math.floor(math.log10(span / most))
    step *= next(each for each in (1, 2, 5, 10) if span / (step * each) <= most)
    first = math.ceil(low / step - 1e-9)
    return [round(i * step, 12) for i in range(first, int(math.floor(high / step + 1e-9)) + 1)]


def curves(title, x, lines, x_label, scale=1.0):
    """One panel: lines are [(name, [y])], of which only the finite are drawn."""
    points = [y * scale for _, ys in lines for y in ys if math.isfinite(y)]
    if not points or len(x) < 2:
        return ""
    low, high = min(points), max(points)
    pad = 0.04 * (high - low or abs(high) or 1.0)
    low, high = low - pad, high + pad

    def at(a, b):
        return (LEFT + (a - x[0]) / (x[-1] - x[0]) * (WIDTH - LEFT - RIGHT), TOP + (high - b) / (high - low) * (HEIGHT - TOP - BOTTOM))

    drawn = [f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{html.escape(title)}">',
             f'<text class="title" x="{LEFT}" y="14">{html.escape(title)}</text>']
    for tick in ticks(low, high):
        _, y = at(x[0], tick)
        drawn.append(f'<path class="grid" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/><text class="tick" x="{LEFT - 5}" y="{y + 3.5:.1f}" text-anchor="end">{tick:g}</text>')
    for tick in ticks(x[0], x[-1]):
        a, _ = at(tick, high)
        drawn.append(f'<text class="tick" x="{a:.1f}" y="{HEIGHT - BOTTOM + 14}" text-anchor="middle">{tick:g}</text>')
    drawn.append(f'<text class="tick" x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 4}" text-anchor="middle">{html.escape(x_label)}</text>')
    for i, (_, ys) in enumerate(lines):
        path, pen = [], "M"
        for a, y in zip(x, ys):
            if math.isfinite(y):
                path.append("{}{:.1f} {:.1f}".format(pen, *at(a, y * scale)))
                pen = "L"
            else:
                pen = "M"
        drawn.append(f'<path class="curve s{i % 8}" d="{"".join(path)}"/>')
    return "".join(drawn) + "</svg>"


def legend(names):
    """What the colours mean."""
    return '<ul class="legend">' + "".join(f'<li><span class="swatch s{i % 8}"></span>{html.escape(name)}</li>' for i, name in enumerate(names)) + "</ul>"
