"""What the cost depends on: rows along an axis, beside a floor."""

import dataclasses
import statistics

import policies
import rows as row_table
from rows import ALLOW_BY_PATH, DENY_ALL, DENY_BY_PATH, TRUST, pinned


@dataclasses.dataclass(frozen=True)
class Series:
    name: str
    points: tuple  # of (x, Row)


@dataclasses.dataclass(frozen=True)
class Curve:
    name: str
    what: str
    axis: str
    series: tuple
    reference: str = ""  # a row of rows.ROWS that does not depend on x

    @property
    def rows(self):
        return [row for series in self.series for _, row in series.points]


def _series(name, row, xs, **of_x):
    """`row` once for each x, with the fields that `of_x` make of it."""
    return Series(name, tuple(
        (x, dataclasses.replace(row, name=f"{name} at {x:,}", targets=(),
                                **{field: make(x) for field, make in of_x.items()})) for x in xs))


def _tasks(kind):
    return lambda count: (kind, count)


def _path(length):
    return "/provost-bench/".ljust(length, "m")


def _rules(own, last=()):
    return lambda count: policies.loaded(count, own, last)


def _from_file(row, options=()):
    return dataclasses.replace(
        pinned(row), wrapper=("{provost}", "run", "-p", "{policy}", *options, "--"))


_named = {row.name: row for row in row_table.ROWS}
_allow, _deny = (_named[name] for name in ("path-allow-pinned", "path-deny-pinned"))
# Kept on two CPUs, as the rows of the table.
_busy = dataclasses.replace(_named["path-allow"], keep=2, cpus=2)
_busy_native = dataclasses.replace(_named["native"], keep=2, cpus=2)
_floor = _named["floor-blocking"]
_IDLE, _BUSY = (0, 10, 100, 1000, 4000), (1, 2, 4, 8, 16)
_RULES, _LENGTHS = (1, 10, 100, 1000, 4000), (16, 64, 256, 1000, 4000)

CURVES = (
    Curve("idle", "path allowed, on one CPU", "idle tasks", (
        _series("beside threads", _allow, _IDLE, idle=_tasks("threads")),
        _series("beside processes", _allow, _IDLE, idle=_tasks("processes"))), "floor-blocking"),
    Curve("busy", "path allowed, on two CPUs, wall time by all calls", "busy tasks", (
        _series("provost, threads", _busy, _BUSY, busy=_tasks("threads")),
        _series("provost, processes", _busy, _BUSY, busy=_tasks("processes")),
        _series("native, threads", _busy_native, _BUSY, busy=_tasks("threads"))),
          "floor-blocking"),
    Curve("rules", "on one CPU, the rule that matches in the middle", "rules", (
        _series("path allowed", _from_file(_named["path-allow"], TRUST), _RULES,
                policy=_rules(ALLOW_BY_PATH, (DENY_ALL,))),
        _series("path denied", _from_file(_named["path-deny"]), _RULES,
                policy=_rules(DENY_BY_PATH))), "floor-blocking"),
    Curve("path", "on one CPU", "bytes of the path", (
        _series("no tracer", pinned(_named["native"]), _LENGTHS, path=_path),
        _series("floor-blocking", _floor, _LENGTHS, path=_path),
        _series("provost, path allowed", _allow, _LENGTHS, path=_path),
        _series("provost, path denied", _deny, _LENGTHS, path=_path),
        _series("strace", _named["strace-pinned"], _LENGTHS, path=_path))),
)


def rows_of(curves):
    """Each row once, references included."""
    references = {curve.reference for curve in curves} - {""}
    found = [_named[name] for name in sorted(references)]
    for curve in curves:
        found += curve.rows
    return found


def _figures(samples):
    return {"median": statistics.median(samples), "min": min(samples), "max": max(samples)}


def summarise(samples, curves):
    """One dictionary for each curve, for JSON and for the table. Points that failed are not there."""
    summary = []
    for curve in curves:
        entry = {"name": curve.name, "what": curve.what, "axis": curve.axis, "unit": row_table.CALL,
                 "series": [{"name": series.name,
                             "points": [{"x": x, **_figures(samples[row.name])}
                                        for x, row in series.points if row.name in samples]}
                            for series in curve.series]}
        if curve.reference in samples:
            entry["reference"] = {"name": curve.reference, **_figures(samples[curve.reference])}
        summary.append(entry)
    return summary


def print_curves(summary, out):
    for curve in summary:
        xs = sorted({point["x"] for series in curve["series"] for point in series["points"]})
        print(f"\nµs/call by {curve['axis']}: {curve['what']}", file=out)
        print(" " * 26 + "".join(f"{x:>9,}" for x in xs), file=out)
        for series in curve["series"]:
            at = {point["x"]: f"{point['median'] / 1e3:.2f}" for point in series["points"]}
            print(f"{series['name']:<26}" + "".join(f"{at.get(x, ''):>9}" for x in xs), file=out)
        if "reference" in curve:
            reference = curve["reference"]
            print(f"{reference['name']:<26}{reference['median'] / 1e3:>9.2f}", file=out)
