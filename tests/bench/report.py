"""From samples to figures, ratios, targets and the printed table."""

import statistics

import rows as row_table


def ratio(samples, row, reference):
    return statistics.median(a / b for a, b in zip(samples[row], samples[reference]))


def faster_floor(samples, floor):
    """The faster of the floors of this kind that were measured; None if none was."""
    measured = [name for name in row_table.FLOORS.get(floor, ()) if name in samples]
    return min(measured, key=lambda name: statistics.median(samples[name]), default=None)


def judge(samples, row, target):
    """How far a target was reached; None if what it refers to was not measured."""
    reference = target.reference
    if reference == "floor":
        reference = faster_floor(samples, row.floor)
    if reference not in samples:
        return None
    limit = target.limit
    if target.kind == "over":
        measured = statistics.median(a - b for a, b in zip(samples[row.name], samples[reference]))
        met = measured <= limit
        text = f"≤ {limit / 1e6:g} ms over {reference}: {measured / 1e6:.2f} ms"
        miss = f"{(measured - limit) / 1e6:.2f} ms"
    elif target.kind == "ratio":
        measured = ratio(samples, row.name, reference)
        met = measured <= limit
        name = {"floor": "floor", "floor-blocking-skip": "one-CPU floor"}.get(target.reference,
                                                                             reference)
        text = f"≤ {limit:g} × {name}: {measured:.2f}"
        miss = f"{(measured / limit - 1) * 100:.1f} %"
    else:
        measured = 1 / ratio(samples, row.name, reference)
        met = measured >= limit
        text = f"≥ {limit:g} × faster than {reference}: {measured:.1f}"
        miss = f"{(1 - measured / limit) * 100:.1f} %"
    return {"kind": target.kind, "reference": reference, "limit": limit, "measured": measured,
            "met": met, "text": f"{text}, met" if met else f"{text}, missed by {miss}"}


def summarise(samples, chosen):
    """One dictionary for each measured row, for JSON and for the table."""
    summary = []
    for row in chosen:
        if row.name not in samples:
            continue
        figures = samples[row.name]
        entry = {"name": row.name, "what": row.what,
                 "unit": "ns/start" if row.starts else "ns/call",
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


def print_table(summary, out):
    form = "{:<20} {:<33} {:>9} {:>15} {:>7} {:>7}  {}"

    def line(*cells):
        print(form.format(*cells).rstrip(), file=out)

    unit = ""
    for entry in summary:
        if entry["unit"] != unit:
            unit = entry["unit"]
            heads = (("× floor", "× 1 CPU", "target") if unit == "ns/call" else ("", "", ""))
            line("", "", f"µs/{unit[3:]}", "min–max", *heads)
        digits = 2 if entry["median"] < 1e5 else 0
        figure, low, high = (f"{entry[key] / 1e3:.{digits}f}" for key in ("median", "min", "max"))
        ratios = [f"{entry[key]:.2f}" if key in entry else ""
                  for key in ("ratio_to_floor", "ratio_to_one_cpu_floor")]
        targets = [target["text"] for target in entry["targets"]] or [""]
        line(entry["name"], entry["what"], figure, f"{low}–{high}", *ratios, targets[0])
        for target in targets[1:]:
            line("", "", "", "", "", "", target)


def print_report(result, out):
    facts = result["facts"]
    print(f"{facts['cpu']}, {facts['cpus']} CPUs{', virtual' if facts['virtual'] else ''}; "
          f"Linux {facts['kernel']}; commit {facts['commit']}; {facts['time']}", file=out)
    priority = " at real-time priority" if facts["realtime"] else ""
    print(f"{result['rounds']} rounds{priority}; others used {facts['others_cpus']:.2f} CPUs meanwhile; "
          f"logs on {facts['log_filesystem']}; strace {facts['strace'] or 'absent'}\n", file=out)
    print_table(result["rows"], out)
    floors = sorted({entry["floor"] for entry in result["rows"] if "floor" in entry})
    if floors:
        print(f"\n× floor: to the faster floor of its kind, here {' and '.join(floors)}; "
              "× 1 CPU: to the blocking one", file=out)
    for key in ("not_measured", "failed"):
        for name, why in result[key].items():
            print(f"{key.replace('_', ' ')}: {name}: {why}", file=out)
