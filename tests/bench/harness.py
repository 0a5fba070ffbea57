#!/usr/bin/python3
"""Measures what a decision costs, side by side with the least a tracer can do and with others.

Every round runs each row once, so that drift of the machine hits all alike; a figure is the median
of the rounds, and a ratio the median of the ratios within each round. Exit status: 0 if every row
was measured, whether or not it met its target; 1 if one failed; 2 for wrong arguments.
"""

import argparse
import dataclasses
import json
import os
import signal
import sys
import tempfile
import time

import curves as curve_table
import facts
import load
import picture
import report
import rows as row_table
from machine import Machine, RowFailed


@dataclasses.dataclass(frozen=True)
class Settings:
    rounds: int
    row_seconds: float  # a row is run about this long in each round
    seconds: float  # no round is begun that would end after this
    builds: int  # so many of one row, one after the other; their median is the sample
    build_every: int  # builds are measured in every so-manieth round alone
    calls: int = 0  # if not 0: calls a row and round, instead of row_seconds


QUICK = Settings(rounds=3, row_seconds=0.03, seconds=30, builds=1, build_every=3)
FULL = Settings(rounds=11, row_seconds=0.15, seconds=200, builds=3, build_every=5)
CURVES = Settings(rounds=3, row_seconds=0.05, seconds=90, builds=0, build_every=1)
QUICK_CURVES = dataclasses.replace(CURVES, rounds=1, row_seconds=0.02)


def count_for(machine, row, settings):
    """How often to call in each round: a first, short run says how long a call takes."""
    if row.unit == row_table.MEMORY:
        return 100
    if row.unit == row_table.BUILD:
        return 1 if settings.calls else settings.builds
    low, high = (3, 100) if row.unit == row_table.START else (100, 1_000_000)
    tasks = row.busy[1] if row.busy else 1
    if settings.calls:
        return 1 if row.unit == row_table.START else max(settings.calls, tasks)
    guess = machine.measure(row, low if row.unit == row_table.START else 300)
    return max(int(min(max(settings.row_seconds * 1e9 / guess, low), high)), tasks)


class Measurement:
    """Nanoseconds by row, one for each round; and by row what went wrong."""

    def __init__(self, machine, chosen, settings, progress):
        self._machine = machine
        self._settings = settings
        self._progress = progress
        self._rows = [row for row in chosen if not machine.why_not(row)]
        self._counts = {}
        self.samples = {}
        self.not_measured = {row.name: machine.why_not(row) for row in chosen
                             if machine.why_not(row)}
        self.failures = {}

    def run(self):
        started = time.monotonic()
        self._each("preparing", self._prepare)
        for number in range(self._settings.rounds):
            began = time.monotonic()
            self._each(f"round {number + 1} of {self._settings.rounds}",
                       lambda row, number=number: self._sample(row, number))
            now = time.monotonic()
            if now - started + (now - began) > self._settings.seconds:
                break
        return self

    def _each(self, stage, action):
        for row in list(self._rows):
            self._progress(f"{stage}: {row.name}")
            try:
                action(row)
            except RowFailed as failed:
                # Whether a peer runs here at all, its first run says.
                optional = row.optional and row.name not in self.samples
                (self.not_measured if optional else self.failures)[row.name] = str(failed)
                self._rows.remove(row)
                self.samples.pop(row.name, None)

    def _prepare(self, row):
        self._counts[row.name] = count_for(self._machine, row, self._settings)

    def _sample(self, row, number):
        if row.unit == row_table.BUILD and number % self._settings.build_every:
            return
        figure = self._machine.measure(row, self._counts[row.name])
        self.samples.setdefault(row.name, []).append(figure)


def usage_error(message):
    print(f"bench: {message}", file=sys.stderr)
    sys.exit(2)


def choose(names):
    """The rows named, and those they are held against."""
    if not names:
        return list(row_table.ROWS)
    known = {row.name: row for row in row_table.ROWS}
    wanted = set()
    for name in names.split(","):
        if name not in known:
            usage_error(f"no row is called {name}; see --list")
        wanted |= {name} | known[name].references
    return [row for row in row_table.ROWS if row.name in wanted]


def choose_curves(names):
    if not names:
        return []
    known = {curve.name: curve for curve in curve_table.CURVES}
    wanted = known if names == "all" else names.split(",")
    for name in wanted:
        if name not in known:
            usage_error(f"no curve is called {name}; there are {', '.join(known)}")
    return [known[name] for name in wanted]


def parse_arguments():
    parser = argparse.ArgumentParser(prog="bench", description=__doc__.partition("\n\n")[0])
    add = parser.add_argument
    add("--quick", action="store_true", help="less than a minute instead of four")
    add("--rows", metavar="NAME,…", help="these alone, and what they are held against")
    add("--list", action="store_true", help="print the names of the rows")
    add("--curves", metavar="NAME,…", nargs="?", const="all",
        help="also what the cost depends on: "
        f"{', '.join(curve.name for curve in curve_table.CURVES)} (default: all)")
    add("--rounds", type=int, metavar="N", help="how often each row is run (default "
        f"{FULL.rounds}, quick {QUICK.rounds})")
    add("--seconds", type=float, metavar="S", help="begin no round that would end later (default "
        f"{FULL.seconds:g}, quick {QUICK.seconds:g})")
    add("--calls", type=int, metavar="N", default=0,
        help="calls a row and round, instead of as many as a time takes; programs are then started, "
        "and built, once")
    add("--json", metavar="FILE", help="write the result there too; - is standard output, and the "
        "table goes to standard error")
    add("--svg", metavar="FILE", help="write the picture of it there")
    add("--cpus", type=int, metavar="N", help="use so many CPUs alone")
    add("--load", type=int, metavar="N", default=0, help="keep N busy loops running beside")
    add("--realtime", action="store_true", help="measure at real-time priority (as root): for a "
        "machine that does other work as well")
    add("--scratch", metavar="DIR", default="/dev/shm",
        help="where logs are written (default /dev/shm)")
    add("--programs", metavar="DIR", help="where tests/bench was built")
    add("--provost", metavar="FILE", help="the program to measure")
    arguments = parser.parse_args()
    if not arguments.list and not (arguments.programs and arguments.provost):
        parser.error("--programs and --provost are needed; tools/bench gives them")
    if arguments.load < 0:
        parser.error("--load takes a number of busy loops")
    return arguments


def settings_of(arguments):
    changes = {"calls": arguments.calls}
    if arguments.rounds is not None:
        changes["rounds"] = max(arguments.rounds, 1)
    if arguments.seconds is not None:
        changes["seconds"] = arguments.seconds
    return dataclasses.replace(QUICK if arguments.quick else FULL, **changes)


def progress_on(terminal):
    if not terminal.isatty():
        return lambda text: None
    return lambda text: print(f"\r\033[K{text}", end="", file=terminal, flush=True)


def keep_to_cpus(count):
    cpus = sorted(os.sched_getaffinity(0))
    if not 0 < count <= len(cpus):
        usage_error(f"--cpus takes 1 to {len(cpus)} here")
    os.sched_setaffinity(0, cpus[-count:])


def become_realtime():
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(2))
    except PermissionError:
        usage_error("--realtime needs root")


def measure(arguments, scratch):
    """The result, for JSON and for the table."""
    chosen, curves = choose(arguments.rows), choose_curves(arguments.curves)
    if arguments.cpus is not None:
        keep_to_cpus(arguments.cpus)
    machine = Machine(arguments.programs, arguments.provost, scratch, arguments.realtime)
    progress = progress_on(sys.stderr)
    described = facts.describe(len(machine.cpus), scratch)
    described.update(realtime=arguments.realtime, load=arguments.load)
    bystanders = facts.Bystanders()
    with load.Load(arguments.load) as busy:
        # Not the busy loops, which would leave nothing to others.
        if arguments.realtime:
            become_realtime()
        table = Measurement(machine, chosen, settings_of(arguments), progress).run()
        along = Measurement(machine, curve_table.rows_of(curves), dataclasses.replace(
            QUICK_CURVES if arguments.quick else CURVES, calls=arguments.calls), progress).run()
        busy.check()
    described["others_cpus"] = bystanders.cpus_used()
    progress("")
    return {"facts": described, "rounds": max(map(len, table.samples.values()), default=0),
            "rows": report.summarise(table.samples, chosen),
            "curves": curve_table.summarise(along.samples, curves),
            "not_measured": {**along.not_measured, **table.not_measured},
            "failed": {**along.failures, **table.failures}}


def main():
    arguments = parse_arguments()
    if arguments.list:
        print("\n".join(row.name for row in row_table.ROWS))
        return 0
    # Ended by force, it takes its scratch directory and its busy loops along.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    with tempfile.TemporaryDirectory(prefix="provost-bench-", dir=arguments.scratch) as scratch:
        result = measure(arguments, scratch)
    report.print_report(result, sys.stderr if arguments.json == "-" else sys.stdout)
    if arguments.json == "-":
        json.dump(result, sys.stdout, indent=1)
    elif arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump(result, file, indent=1)
    if arguments.svg:
        picture.write(result, arguments.svg)
    return 1 if result["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
