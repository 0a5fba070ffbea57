#!/usr/bin/python3
"""Measures what a decision costs, side by side with the least a tracer can do and with strace.

Every round runs each row once, so that drift of the machine hits all alike; a figure is the median
of the rounds, and a ratio the median of the ratios within each round. Exit status: 0 if every row
was measured, whether or not it met its target; 1 if one failed; 2 for wrong arguments.
"""

import argparse
import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import facts
import report
import rows as row_table

# A row takes a fraction of a second; one that takes this long hangs.
COMMAND_SECONDS = 30
PROGRAMS = ("filtered", "bin/calls", "bin/floor_blocking", "bin/floor_spinning", "bin/startup")
PEERS = {"strace": "strace", "taskset": "util-linux"}  # program: Debian package


@dataclasses.dataclass(frozen=True)
class Settings:
    rounds: int
    row_seconds: float  # a row is run about this long in each round
    seconds: float  # no round is begun that would end after this
    calls: int = 0  # if not 0: calls a row and round, instead of row_seconds


QUICK = Settings(rounds=3, row_seconds=0.04, seconds=20)
FULL = Settings(rounds=11, row_seconds=0.15, seconds=150)


class RowFailed(Exception):
    """A row could not be measured, or what ran was not what it says."""


class Machine:
    """The programs at hand, and where they may run."""

    def __init__(self, programs_dir, provost, scratch):
        self.tools = {os.path.basename(name): os.path.join(programs_dir, name) for name in PROGRAMS}
        self.tools["provost"] = provost
        self.tools["log"] = os.path.join(scratch, "log")
        for name in PEERS:
            self.tools[name] = shutil.which(name) or ""
        self.cpus = sorted(os.sched_getaffinity(0))

    def why_not(self, row):
        """Why a row cannot be measured here; empty if it can."""
        for name, package in PEERS.items():
            used = "{%s}" % name in row.wrapper or (name == "taskset" and row.pinned)
            if used and not self.tools[name]:
                return f"{name} is not installed: apt-get install {package}"
        if row.cpus > len(self.cpus):
            return f"needs {row.cpus} CPUs"
        return ""

    def command(self, row, count):
        command = [word.format_map(self.tools) if word.startswith("{") else word
                   for word in row.wrapper]
        if row.starts:
            return [self.tools["startup"], str(count), *command, "true"]
        if row.pinned:
            command = [self.tools["taskset"], "-c", str(self.cpus[-1]), *command]
        return [*command, self.tools["calls"], str(count), row_table.PATH, str(row.errno)]

    def measure(self, row, count):
        """Nanoseconds a call, or a start."""
        log = self.tools["log"]
        try:
            figure = float(run(self.command(row, count)))
            if row.record:
                # calls.c makes some calls to warm up.
                check_log(log, row.record, count + count // 20 + 1)
        except (OSError, ValueError) as error:
            raise RowFailed(str(error)) from error
        finally:
            if os.path.exists(log):
                os.unlink(log)
        if figure <= 0:
            raise RowFailed(f"measured {figure} ns")
        return figure


def run(command):
    """What the command printed. A command that hangs is killed with its whole process group."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, process_group=0)
    try:
        out, err = process.communicate(timeout=COMMAND_SECONDS)
    except BaseException as reason:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        if isinstance(reason, subprocess.TimeoutExpired):
            raise RowFailed(f"no end after {COMMAND_SECONDS} s: {' '.join(command)}") from reason
        raise
    if process.returncode != 0:
        raise RowFailed(f"exit status {process.returncode}: {' '.join(command)}\n{err.strip()}")
    return out


def check_log(path, record, expected):
    """A record that was not written would make its row look cheap."""
    with open(path, "rb") as log:
        found = sum(record in line for line in log)
    if found != expected:
        raise RowFailed(f"{found} records in the log, not {expected}")


def calls_for(machine, row, settings):
    """How often to call in each round: a first, short run says how long a call takes."""
    if settings.calls:
        return max(settings.calls // 100, 1) if row.starts else settings.calls
    guess = machine.measure(row, 3 if row.starts else 300)
    low, high = (3, 100) if row.starts else (100, 1_000_000)
    return int(min(max(settings.row_seconds * 1e9 / guess, low), high))


def measure_all(machine, chosen, settings, progress):
    """Nanoseconds by row, one for each round; and by row what went wrong."""
    samples = {row.name: [] for row in chosen}
    failures = {}
    counts = {}

    def attempt(row, action):
        if row.name in failures:
            return
        try:
            action(row)
        except RowFailed as failed:
            failures[row.name] = str(failed)
            samples.pop(row.name)

    started = time.monotonic()
    for row in chosen:
        progress(f"preparing: {row.name}")
        attempt(row, lambda row: counts.update({row.name: calls_for(machine, row, settings)}))
    for number in range(settings.rounds):
        began = time.monotonic()
        for row in chosen:
            progress(f"round {number + 1} of {settings.rounds}: {row.name}")
            attempt(row,
                    lambda row: samples[row.name].append(machine.measure(row, counts[row.name])))
        now = time.monotonic()
        if now - started + (now - began) > settings.seconds:
            break
    return samples, failures


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


def parse_arguments():
    parser = argparse.ArgumentParser(prog="bench", description=__doc__.partition("\n\n")[0])
    parser.add_argument("--quick", action="store_true", help="half a minute instead of two")
    parser.add_argument("--rows", metavar="NAME,…",
                        help="these alone, and what they are held against")
    parser.add_argument("--list", action="store_true", help="print the names of the rows")
    parser.add_argument("--rounds", type=int, metavar="N",
                        help=f"how often each row is run (default {FULL.rounds}, quick "
                        f"{QUICK.rounds})")
    parser.add_argument("--seconds", type=float, metavar="S",
                        help="begin no round that would end later (default "
                        f"{FULL.seconds:g}, quick {QUICK.seconds:g})")
    parser.add_argument("--calls", type=int, metavar="N", default=0,
                        help="calls a row and round, instead of as many as a time takes")
    parser.add_argument("--json", metavar="FILE",
                        help="write the result there too; - is standard output, and the table "
                        "goes to standard error")
    parser.add_argument("--realtime", action="store_true",
                        help="measure at real-time priority (as root): for a machine that does "
                        "other work as well")
    parser.add_argument("--scratch", metavar="DIR", default="/dev/shm",
                        help="where logs are written (default /dev/shm)")
    parser.add_argument("--programs", metavar="DIR", help="where tests/bench was built")
    parser.add_argument("--provost", metavar="FILE", help="the program to measure")
    arguments = parser.parse_args()
    if not arguments.list and not (arguments.programs and arguments.provost):
        parser.error("--programs and --provost are needed; tools/bench gives them")
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


def main():
    arguments = parse_arguments()
    if arguments.list:
        print("\n".join(row.name for row in row_table.ROWS))
        return 0
    chosen = choose(arguments.rows)
    if arguments.realtime:
        try:
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
        except PermissionError:
            usage_error("--realtime needs root")
    progress = progress_on(sys.stderr)
    with tempfile.TemporaryDirectory(prefix="provost-bench-", dir=arguments.scratch) as scratch:
        machine = Machine(arguments.programs, arguments.provost, scratch)
        not_measured = {row.name: machine.why_not(row) for row in chosen if machine.why_not(row)}
        chosen = [row for row in chosen if row.name not in not_measured]
        described = facts.describe(len(machine.cpus), scratch)
        described["realtime"] = arguments.realtime
        bystanders = facts.Bystanders()
        samples, failures = measure_all(machine, chosen, settings_of(arguments), progress)
        described["others_cpus"] = bystanders.cpus_used()
    progress("")
    result = {"facts": described, "rounds": max(map(len, samples.values()), default=0),
              "rows": report.summarise(samples, chosen), "not_measured": not_measured,
              "failed": failures}
    report.print_report(result, sys.stderr if arguments.json == "-" else sys.stdout)
    if arguments.json == "-":
        json.dump(result, sys.stdout, indent=1)
    elif arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump(result, file, indent=1)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
