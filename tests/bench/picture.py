#!/usr/bin/python3
"""A picture of a result: `picture.py RESULT.json PICTURE.svg`."""

import html
import json
import statistics
import sys

# Rows that are shown, in what words, and whose they are.
NATIVE, OURS, FLOOR, OTHERS = "native", "ours", "floor", "others"
BARS = (
    ("native", "no supervision", NATIVE),
    ("floor", "the least a tracer can do", FLOOR),
    ("kernel-deny", "provost, denied by registers", OURS),
    ("kernel-allow", "provost, allowed by registers", OURS),
    ("path-allow", "provost, allowed by path", OURS),
    ("path-protect", "the same, path protected", OURS),
    ("path-deny", "provost, denied by path", OURS),
    ("record", "provost, denied, five records", OURS),
    ("gvisor", "gVisor", OTHERS),
    ("proot", "PRoot", OTHERS),
    ("strace", "strace --seccomp-bpf", OTHERS),
)
WIDTH, LEFT, RIGHT, TOP, STEP, BAR = 760, 220, 90, 74, 27, 17
# Both themes: GitHub shows the picture on white and on near black.
STYLE = """
text { font: 13px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: #1f2328 }
.title { font-size: 16px; font-weight: 600 }
.note { font-size: 11.5px; fill: #59636e }
.value { font-variant-numeric: tabular-nums }
.grid { stroke: #d1d9e0 }
.spread { stroke: #1f2328; stroke-opacity: .55 }
.native { fill: #8c959f } .ours { fill: #0969da } .floor { fill: #59636e } .others { fill: #bc6c25 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .note { fill: #9198a1 } .grid { stroke: #3d444d } .spread { stroke: #e6edf3 }
  .native { fill: #7d8590 } .ours { fill: #4493f8 } .floor { fill: #9198a1 } .others { fill: #db8b4b }
}
"""


def _middle_half(samples):
    """From the first quartile to the third: of one round the round itself."""
    if len(samples) < 2:
        return samples[0], samples[0]
    low, _, high = statistics.quantiles(samples, n=4, method="inclusive")
    return low, high


def _bars(result):
    """Those that were measured: their words, whose they are, median and middle half in µs."""
    rows = {row["name"]: row for row in result["rows"]}
    floors = {row["floor"] for row in result["rows"] if "floor" in row and row["name"] == "native"}
    if floors:
        rows["floor"] = rows[floors.pop()]
    for name, words, kind in BARS:
        if name in rows:
            figures = (rows[name]["median"], *_middle_half(rows[name]["samples"]))
            yield words, kind, *(figure / 1e3 for figure in figures)


def _tick(largest):
    """A round distance of grid lines: four to eight of them."""
    step = 1
    while largest / step > 8:
        step *= 2.5 if str(step)[0] == "2" else 2
    return step


def _three_digits(figure):
    digits = 2 if figure < 10 else 1 if figure < 100 else 0
    return f"{figure:.{digits}f}"


def _text(x, y, words, kind="", anchor="start"):
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}">{html.escape(words)}</text>'


def _grid(scale, largest, bottom):
    step = _tick(largest)
    for i in range(int(largest / step) + 1):
        x = LEFT + i * step * scale
        yield f'<line class="grid" x1="{x:.1f}" y1="{TOP - 6}" x2="{x:.1f}" y2="{bottom}"/>'
        yield _text(x, bottom + 15, f"{i * step:g}", "note", "middle")


def _caption(result):
    facts = result["facts"]
    cpu = f"{facts['cpu']}, {facts['cpus']} CPUs{', virtual' if facts['virtual'] else ''}"
    others = facts["others_cpus"]
    busy = f" Others kept {others:.1f} CPUs busy meanwhile." if others >= 0.05 else ""
    yield f"Median of {result['rounds']} rounds in one run; thin lines: the middle half.{busy}"
    yield (f"{cpu}; Linux {facts['kernel']}; strace {facts['strace'] or 'absent'}; provost "
           f"{facts['commit']}; {facts['time'][:10]}")


def draw(result):
    """The picture as text. Raises ValueError if none of its rows was measured."""
    bars = list(_bars(result))
    if not bars:
        raise ValueError("none of the rows of the picture was measured")
    largest = max(max(figures) for _, _, *figures in bars)
    scale = (WIDTH - LEFT - RIGHT) / largest
    bottom = TOP + STEP * len(bars)
    height = bottom + 62
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
             f'width="{WIDTH}" height="{height}" role="img">',
             "<title>What one supervised system call costs</title>", f"<style>{STYLE}</style>",
             _text(14, 26, "What one supervised system call costs", "title"),
             _text(14, 46, "openat of a missing file, in a loop; microseconds a call, less is "
                   "better", "note"), *_grid(scale, largest, bottom)]
    for i, (words, kind, median, low, high) in enumerate(bars):
        y = TOP + i * STEP
        middle = y + BAR / 2
        parts += [_text(LEFT - 10, middle + 4.5, words, anchor="end"),
                  f'<rect class="{kind}" x="{LEFT}" y="{y}" width="{max(median * scale, 1):.1f}" '
                  f'height="{BAR}" rx="2"/>',
                  f'<line class="spread" x1="{LEFT + low * scale:.1f}" y1="{middle}" '
                  f'x2="{LEFT + high * scale:.1f}" y2="{middle}"/>',
                  _text(LEFT + high * scale + 8, middle + 4.5, _three_digits(median), "value")]
    parts += [_text(14, bottom + 36 + 16 * i, line, "note")
              for i, line in enumerate(_caption(result))]
    return "\n".join([*parts, "</svg>", ""])


def write(result, path):
    with open(path, "w", encoding="utf-8") as file:
        file.write(draw(result))


def main():
    if len(sys.argv) != 3:
        print("usage: picture.py RESULT.json PICTURE.svg", file=sys.stderr)
        return 2
    with open(sys.argv[1], encoding="utf-8") as file:
        write(json.load(file), sys.argv[2])
    return 0


if __name__ == "__main__":
    sys.exit(main())
