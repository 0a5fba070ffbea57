"""Runs a row, and makes sure that what ran is what it says."""

import collections
import glob
import os
import re
import shutil
import signal
import subprocess
import threading

import rows as row_table

# A row takes a fraction of a second; one that takes this long hangs.
COMMAND_SECONDS = 30
PROGRAMS = ("filtered", "bin/calls", "bin/floor_blocking", "bin/floor_spinning", "bin/idle",
            "bin/startup")
# By the name in rows.py: the program, and its Debian package.
PEERS = {"strace": ("strace", "strace"), "taskset": ("taskset", "util-linux"),
         "proot": ("proot", "proot"), "runsc": ("runsc", "runsc"), "compiler": ("g++", "g++")}
# What is compiled: a file of this project that needs Abseil.
SOURCE = "base/passed_descriptor.cc"
COMPILE = ("{compiler}", "-std=c++20", "-O0", "-I", "{top}", "-c", "{source}", "-o", "{object}")
FULL_EVENT = {b"SECCOMP", b"SYSCALL", b"CWD", b"PATH", b"PROCTITLE"}


class RowFailed(Exception):
    """A row could not be measured, or what ran was not what it says."""


class Machine:
    """The programs at hand, and where they may run."""

    def __init__(self, programs_dir, provost, scratch, realtime=False):
        self._realtime = realtime
        self._scratch = scratch
        self.tools = {os.path.basename(name): os.path.join(programs_dir, name) for name in PROGRAMS}
        self.tools["provost"] = provost
        for name in ("log", "object.o"):
            self.tools[name.partition(".")[0]] = os.path.join(scratch, name)
        self.tools["top"] = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
        self.tools["source"] = os.path.join(self.tools["top"], SOURCE)
        for name, (program, _) in PEERS.items():
            self.tools[name] = shutil.which(program) or ""
        self.cpus = sorted(os.sched_getaffinity(0))

    def why_not(self, row):
        """Why a row cannot be measured here; empty if it can."""
        used = set(row.wrapper) | ({"{taskset}"} if row.keep else set())
        used |= {COMPILE[0]} if row.unit == row_table.BUILD else set()
        for name, (program, package) in PEERS.items():
            if "{%s}" % name in used and not self.tools[name]:
                return f"{program} is not installed: apt-get install {package}"
        if row.spins and self._realtime:
            return "at real-time priority it would leave nothing to others"
        if row.cpus > len(self.cpus):
            return f"needs {row.cpus} CPUs"
        if "together" in row.wrapper and not self._may_be_together():
            return "provost could not leave SCHED_IDLE again: it takes root, or ulimit -e 20"
        return ""

    def _may_be_together(self):
        command = [self.tools["provost"], "run", "--placement", "together", "--mode",
                   "unrestricted", "--", "true"]
        return subprocess.run(command, stderr=subprocess.DEVNULL, check=False).returncode != 2

    def command(self, row, count):
        tools = {**self.tools, "policy": self._policy_file(row)}
        if row.unit in (row_table.START, row_table.BUILD):
            program = COMPILE if row.unit == row_table.BUILD else ("true",)
            words = ("{startup}", str(count), *row.wrapper, *program)
        else:
            tasks = [str(word) for word in row.idle or row.busy]
            program = "{idle}" if row.idle else "{calls}"
            words = (*row.wrapper, program, str(count), row.path, str(row.result), *tasks)
        if row.keep:
            cpus = ",".join(map(str, self.cpus[-row.keep:]))
            words = ("{taskset}", "-c", cpus, *words)
        return [tools.get(word[1:-1], word) if word.startswith("{") else word for word in words]

    def measure(self, row, count):
        """Nanoseconds a call, a start or a build; or KiB."""
        try:
            figure = self._measure(row, count)
            self._check_log(row, count)
        except (OSError, ValueError) as error:
            raise RowFailed(str(error)) from error
        finally:
            for path in (self.tools["log"], self.tools["object"]):
                if os.path.exists(path):
                    os.unlink(path)
        if figure <= 0:
            raise RowFailed(f"measured {figure} {row.unit}")
        return figure

    def _policy_file(self, row):
        path = os.path.join(self._scratch, f"{row.name}.policy")
        if row.policy and not os.path.exists(path):
            with open(path, "w", encoding="utf-8") as file:
                file.write(row.policy() if callable(row.policy) else row.policy)
        return path

    def _measure(self, row, count):
        looked = {}
        look = (lambda pid: looked.update(look_at(pid, row))) if row.idle else None
        words = run(self.command(row, count), look, self._realtime).split()
        if row.unit == row_table.BUILD and not os.path.getsize(self.tools["object"]):
            raise RowFailed("no object file")
        if row.unit in (row_table.START, row_table.BUILD):
            return float(words[0])
        if row.stops and not row.stops[0] <= float(words[1]) <= row.stops[1]:
            raise RowFailed(f"{words[1]} stops a call, not {row.stops[0]} to {row.stops[1]:.0f}")
        return float(looked["peak"] if row.unit == row_table.MEMORY else words[0])

    def _check_log(self, row, count):
        """A record that was not written would make its row look cheap."""
        if not (row.log or row.full_events):
            return
        with open(self.tools["log"], "rb") as log:
            text = log.read()
        if row.unit == row_table.CALL:
            count += count // 20 + 1  # calls.c makes some to warm up
        for wanted in row.log:
            found = len(re.findall(rb"(?m)" + wanted.pattern, text))
            if not wanted.least * count <= found <= wanted.most * count:
                raise RowFailed(f"the log holds {wanted.pattern.decode()} {found} times, "
                                f"not {wanted.least * count} to {wanted.most * count}")
        if row.full_events:
            check_events(text, count)


def check_events(text, expected):
    """Each denied call must be one event of all the records that there are to write."""
    events = collections.defaultdict(set)
    for kind, stamp in re.findall(rb"(?m)^type=(\w+) msg=audit\(([^)]*)\)", text):
        events[stamp].add(kind)
    decisions = [kinds for kinds in events.values() if b"SECCOMP" in kinds]
    whole = sum(kinds == FULL_EVENT for kinds in decisions)
    if whole != expected or len(decisions) != expected:
        raise RowFailed(f"{len(decisions)} events in the log, {whole} of them whole, not {expected}")


def _field(status, name):
    match = re.search(rb"^%s:\s*(\d+)" % name, status, re.MULTILINE)
    return int(match.group(1)) if match else 0


def look_at(supervisor, row):
    """The peak of its memory in KiB, while all tasks are there and it traces them."""
    with open(f"/proc/{supervisor}/status", "rb") as file:
        peak = _field(file.read(), b"VmHWM")
    traced = 0
    for path in glob.iglob("/proc/[0-9]*/task/[0-9]*/status"):
        try:
            with open(path, "rb") as file:
                traced += _field(file.read(), b"TracerPid") == supervisor
        except OSError:
            continue  # it has ended
    expected = row.idle[1] + 1 if row.wrapper else 0
    if traced != expected:
        raise RowFailed(f"{traced} tasks are supervised, not {expected}")
    return {"peak": peak}


def kill_group(leader):
    try:
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:
        pass  # it has just ended


def run_at_realtime():
    # Below the benchmark itself, so that it can still end what spins.
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))


def run(command, look=None, realtime=False):
    """What the command printed. `look` is called with its pid between its first line and the end of
    its input. A command that hangs is killed with its whole process group."""
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, process_group=0,
                               preexec_fn=run_at_realtime if realtime else None)
    hung = threading.Event()

    def end():
        hung.set()
        kill_group(process.pid)

    timer = threading.Timer(COMMAND_SECONDS, end)
    timer.start()
    try:
        out = process.stdout.readline() if look else ""
        if out:
            look(process.pid)
        rest, err = process.communicate()
    except BaseException:
        kill_group(process.pid)
        process.communicate()
        raise
    finally:
        timer.cancel()
        timer.join()
    if hung.is_set():
        raise RowFailed(f"no end after {COMMAND_SECONDS} s: {' '.join(command)}")
    if process.returncode != 0:
        raise RowFailed(f"exit status {process.returncode}: {' '.join(command)}\n{err.strip()}")
    return out + rest
