#!/usr/bin/python3
"""From samples to figures, ratios, targets and the printed table.

As a program, `report.py RESULT.json` prints a result again, as Markdown.
"""

import json
import statistics
import sys

import curves as curve_table
import rows as row_table

# What a figure is divided by for the table, and its unit there.
_SHOWN = {row_table.CALL: (1e3, "µs/call"), row_table.START: (1e3, "µs/start"),
          row_table.BUILD: (1e6, "ms/build"), row_table.MEMORY: (1024, "MiB")}


def ratio(samples, row, reference):
    return statistics.median(a / b for a, b in zip(samples[row], samples[reference]))


def faster_floor(samples, floor):
    """The faster of the floors of this kind that were measured; None if none was."""
    measured = [name for name in row_table.FLOORS.get(floor, ()) if name in samples]
    return min(measured, key=lambda name: statistics.median(samples[name]), default=None)


def _weigh(samples, row, target, reference):
    """What was measured, whether that is enough, and both in words."""
    limit = target.limit
    if target.kind == "most":
        measured = statistics.median(samples[row.name])
        scale, unit = _SHOWN[row.unit]
        return (measured, measured <= limit, f"≤ {limit / scale:.1f} {unit}: {measured / scale:.1f}",
                f"{(measured / limit - 1) * 100:.1f} %")
    if target.kind == "over":
        measured = statistics.median(a - b for a, b in zip(samples[row.name], samples[reference]))
        return (measured, measured <= limit,
                f"≤ {limit / 1e6:g} ms over {reference}: {measured / 1e6:.2f} ms",
                f"{(measured - limit) / 1e6:.2f} ms")
    if target.kind == "ratio":
        measured = ratio(samples, row.name, reference)
        name = {"floor": "floor", "floor-blocking-skip": "one-CPU floor"}.get(target.reference,
                                                                             reference)
        return (measured, measured <= limit, f"≤ {limit:g} × {name}: {measured:.2f}",
                f"{(measured / limit - 1) * 100:.1f} %")
    measured = 1 / ratio(samples, row.name, reference)
    return (measured, measured >= limit, f"≥ {limit:g} × faster than {reference}: {measured:.2f}",
            f"{(1 - measured / limit) * 100:.1f} %")


def judge(samples, row, target):
    """How far a target was reached; None if what it refers to was not measured."""
    reference = target.reference
    if reference == "floor":
        reference = faster_floor(samples, row.floor)
    if target.kind != "most" and reference not in samples:
        return None
    measured, met, text, miss = _weigh(samples, row, target, reference)
    return {"kind": target.kind, "reference": reference, "limit": target.limit,
            "measured": measured, "met": met,
            "text": f"{text}, met" if met else f"{text}, missed by {miss}"}


def summarise(samples, chosen):
    """One dictionary for each measured row, for JSON and for the table."""
    summary = []
    for row in chosen:
        if row.name not in samples:
            continue
        figures = samples[row.name]
        entry = {"name": row.name, "what": row.what, "unit": row.unit,
                 "median": statistics.median(figures), "min": min(figures), "max": max(figures),
                 "samples": figures}
        floor = faster_floor(samples, row.floor)
        if floor:
            entry["floor"] = floor
            entry["ratio_to_floor"] = ratio(samples, row.name, floor)
        one_cpu = row_table.FLOORS.get(row.floor, ("",))[0]
        if one_cpu in samples:
            entry["ratio_to_one_cpu_floor"] = ratio(samples, row.name, one_cpu)
        judged = (judge(samples, row, target) for target in row.targets)
        entry["targets"] = [outcome for outcome in judged if outcome]
        summary.append(entry)
    return summary


def _cells(entry):
    """Figure, spread and ratios of a row, as they are shown."""
    scale, _ = _SHOWN[entry["unit"]]
    digits = 0 if entry["median"] / scale >= 100 else 2
    figure, low, high = (f"{entry[key] / scale:,.{digits}f}" for key in ("median", "min", "max"))
    ratios = [f"{entry[key]:.2f}" if key in entry else ""
              for key in ("ratio_to_floor", "ratio_to_one_cpu_floor")]
    return figure, f"{low}–{high}", *ratios


def print_table(summary, out):
    form = "{:<33} {:<37} {:>9} {:>15} {:>7} {:>7}  {}"

    def line(*cells):
        print(form.format(*cells).rstrip(), file=out)

    unit = ""
    for entry in summary:
        if entry["unit"] != unit:
            unit = entry["unit"]
            heads = (("× floor", "× 1 CPU", "target") if unit == row_table.CALL else ("", "", ""))
            line("", "", _SHOWN[unit][1], "min–max", *heads)
        targets = [target["text"] for target in entry["targets"]] or [""]
        line(entry["name"], entry["what"], *_cells(entry), targets[0])
        for target in targets[1:]:
            line("", "", "", "", "", "", target)


def _conditions(result):
    """Two lines: what it was measured on, and how."""
    facts = result["facts"]
    priority = " at real-time priority" if facts["realtime"] else ""
    load = f"; {facts['load']} busy loops beside" if facts["load"] else ""
    return (f"{facts['cpu']}, {facts['cpus']} CPUs{', virtual' if facts['virtual'] else ''}; "
            f"Linux {facts['kernel']}; commit {facts['commit']}; {facts['time']}",
            f"{result['rounds']} rounds{priority}{load}; others used {facts['others_cpus']:.2f} "
            f"CPUs meanwhile; logs on {facts['log_filesystem']}; strace "
            f"{facts['strace'] or 'absent'}, PRoot {facts['proot'] or 'absent'}")


def _notes(result):
    floors = sorted({entry["floor"] for entry in result["rows"] if "floor" in entry})
    if floors:
        yield (f"× floor: to the faster floor of its kind, here {' and '.join(floors)}; "
               "× 1 CPU: to the blocking one")
    targets = [target for entry in result["rows"] for target in entry["targets"]]
    if targets:
        yield f"targets: {sum(target['met'] for target in targets)} of {len(targets)} met"
    for key in ("not_measured", "failed"):
        for name, why in result[key].items():
            yield f"{key.replace('_', ' ')}: {name}: {why}"


def print_report(result, out):
    print("\n".join(_conditions(result)) + "\n", file=out)
    print_table(result["rows"], out)
    curve_table.print_curves(result["curves"], out)
    print("", *_notes(result), sep="\n", file=out)


def print_markdown(result, out):
    print("\n".join(_conditions(result)), file=out)
    unit = ""
    for entry in result["rows"]:
        if entry["unit"] != unit:
            unit = entry["unit"]
            print(f"\n| row | what | {_SHOWN[unit][1]} | min–max | × floor | × 1 CPU | targets |\n"
                  "|---|---|--:|--:|--:|--:|---|", file=out)
        targets = "<br>".join(target["text"] for target in entry["targets"])
        print("| " + " | ".join((entry["name"], entry["what"], *_cells(entry), targets)) + " |",
              file=out)
    for curve in result["curves"]:
        xs = sorted({point["x"] for series in curve["series"] for point in series["points"]})
        print(f"\n| µs/call by {curve['axis']}: {curve['what']} | "
              + " | ".join(f"{x:,}" for x in xs) + " |\n|---|" + "--:|" * len(xs), file=out)
        for series in curve["series"]:
            at = {point["x"]: f"{point['median'] / 1e3:.2f}" for point in series["points"]}
            print(f"| {series['name']} | " + " | ".join(at.get(x, "") for x in xs) + " |", file=out)
        if "reference" in curve:
            print(f"\n{curve['reference']['name']}: {curve['reference']['median'] / 1e3:.2f} µs",
                  file=out)
    print("", *(f"- {note}" for note in _notes(result)), sep="\n", file=out)


def main():
    if len(sys.argv) != 2:
        print("usage: report.py RESULT.json", file=sys.stderr)
        return 2
    with open(sys.argv[1], encoding="utf-8") as file:
        print_markdown(json.load(file), sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
