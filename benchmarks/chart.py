"""Figures in, a drawing as SVG text out: bars of parts, or lines over an axis."""
from math import ceil, floor, log10
from xml.sax.saxutils import escape

COLOURS = ("#33658a", "#f6ae2d", "#86bbd8", "#b23a48", "#6a994e", "#7d5ba6", "#9aa0a6", "#264653",
           "#e07a5f", "#c2b280", "#5c946e", "#d4a5c9")
WIDTH, RIGHT, TOP = 760, 50, 52     # pixels
LETTER = 7.6                        # about what one takes
BAR, GAP, LEGEND, AXIS = 24, 14, 22, 34


def bars(title, unit, rows, limit=None):
    """A bar a row, laid of its parts. rows: [(name, [(part, value)])]; limit: (name, value) drawn
    as a line, or None."""
    parts = list(dict.fromkeys(part for _, row in rows for part, _ in row))
    ends = [sum(value for _, value in row) for _, row in rows] + [limit[1] if limit else 0]
    steps = ticks(0, max(ends))
    left = 20 + LETTER * max(len(name) for name, _ in rows)
    scale = (WIDTH - left - RIGHT) / steps[-1]
    top = TOP + LEGEND * _legend_rows(parts)
    bottom = top + len(rows) * (BAR + GAP)
    marks = _grid(steps, lambda v: left + v * scale, top - 6, bottom, unit)
    for i, (name, row) in enumerate(rows):
        marks.append(_text(left - 8, top + i * (BAR + GAP) + BAR - 7, name, "end"))
        marks += _bar(row, parts, left, scale, top + i * (BAR + GAP))
    if limit:
        x = left + limit[1] * scale
        marks.append(_upright(x, top - 6, bottom, '#b00020" stroke-width="2'))
        marks.append(_text(x + 4, bottom - 2, limit[0], "start", "#b00020"))
    return _page(title, _legend(parts) + marks, bottom + AXIS)


def lines(title, across, up, series):
    """A line each of {name: [(x, y)]}; across, up: what the axes count."""
    points = [point for line in series.values() for point in line]
    xs = ticks(min(x for x, _ in points), max(x for x, _ in points))
    ys = ticks(min(0, min(y for _, y in points)), max(y for _, y in points))
    top, height = TOP + LEGEND * _legend_rows(list(series)) + 10, 300
    left, bottom = 80, top + height

    def x_of(v):
        return left + (v - xs[0]) * (WIDTH - left - RIGHT) / (xs[-1] - xs[0])

    def y_of(v):
        return bottom - (v - ys[0]) * height / (ys[-1] - ys[0])
    marks = _grid(xs, x_of, top, bottom, across)
    for v in ys:
        marks.append(_text(left - 8, y_of(v) + 4, "%g" % v, "end"))
    marks.append(_text(left, top - 8, up, "start"))
    for i, line in enumerate(series.values()):
        path = " ".join("%.1f,%.1f" % (x_of(x), y_of(y)) for x, y in line)
        marks.append('<polyline points="%s" fill="none" stroke="%s" stroke-width="2"/>'
                     % (path, COLOURS[i % len(COLOURS)]))
    return _page(title, _legend(list(series)) + marks, bottom + AXIS)


def ticks(least, most):
    """Round numbers from at or below `least` to at or above `most`, about six of them."""
    wide = (most - least) or 1.0
    step = 10.0 ** floor(log10(wide / 5.0))
    step *= next(k for k in (1, 2, 2.5, 5, 10) if k * step >= wide / 6.0)
    first, last = floor(least / step), ceil(most / step)
    return [k * step for k in range(first, max(last, first + 1) + 1)]


def _bar(row, parts, x, scale, y):
    marks = []
    for part, value in row:
        marks.append('<rect x="%.1f" y="%d" width="%.1f" height="%d" fill="%s"/>' % (
            x, y, value * scale, BAR, COLOURS[parts.index(part) % len(COLOURS)]))
        x += value * scale
    return marks + [_text(x + 5, y + BAR - 7, "%.3g" % sum(v for _, v in row), "start")]


def _grid(steps, place, top, bottom, unit):
    marks = []
    for v in steps:
        marks.append(_upright(place(v), top, bottom, "#ddd"))
        marks.append(_text(place(v), bottom + 16, "%g" % v, "middle"))
    return marks + [_text(place(steps[-1]), bottom + 30, unit, "end")]


def _places(parts):
    """[(x, row)] of the words of a legend, as many in a row as fit."""
    places, x, row = [], 20.0, 0
    for part in parts:
        wide = 34 + LETTER * len(part)
        if x > 20 and x + wide > WIDTH:
            x, row = 20.0, row + 1
        places.append((x, row))
        x += wide
    return places


def _legend_rows(parts):
    return _places(parts)[-1][1] + 1


def _legend(parts):
    marks = []
    for i, (part, (x, row)) in enumerate(zip(parts, _places(parts))):
        y = TOP - 14 + row * LEGEND
        marks.append('<rect x="%d" y="%d" width="12" height="12" fill="%s"/>'
                     % (x, y, COLOURS[i % len(COLOURS)]))
        marks.append(_text(x + 18, y + 11, part, "start"))
    return marks


def _upright(x, top, bottom, colour):
    return '<line x1="%.1f" y1="%d" x2="%.1f" y2="%d" stroke="%s"/>' % (x, top, x, bottom, colour)


def _text(x, y, words, anchor, colour="#222"):
    return '<text x="%.1f" y="%.1f" text-anchor="%s" fill="%s">%s</text>' % (
        x, y, anchor, colour, escape(words))


def _page(title, marks, height):
    head = ('<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" '
            'font-family="sans-serif" font-size="13">' % (WIDTH, height))
    white = '<rect width="100%" height="100%" fill="white"/>'
    name = '<text x="20" y="24" font-size="16" fill="#222">%s</text>' % escape(title)
    return "\n".join([head, white, name] + marks + ["</svg>\n"])
