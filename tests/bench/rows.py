"""The rows of the benchmark: what is run for each, and what it is held against.

Add a row here; harness.py runs whatever stands in ROWS.
"""

import dataclasses
import errno

# Everyone opens this path; nobody has it.
PATH = "/provost-bench/missing"

# One policy for each kind of decision. That the verdict happened is checked by the errno that
# every call must give.
BY_PATH_ALLOW = ('allow openat if path ~ "/provost-bench/**"', "deny EACCES openat")
BY_PATH_DENY = ('deny EACCES openat if path ~ "/provost-bench/**"',)
BY_REGISTERS_ALLOW = ("deny EACCES openat if flags has O_DIRECTORY",)
BY_REGISTERS_DENY = ("deny EACCES openat if (flags & O_ACCMODE) == O_RDONLY",)

# Which floor a row is held against: calls that run, or calls that are skipped.
RUN, SKIP = "run", "skip"
FLOORS = {
    RUN: ("floor-blocking", "floor-spinning"),
    SKIP: ("floor-blocking-skip", "floor-spinning-skip"),
}


@dataclasses.dataclass(frozen=True)
class Target:
    """What a row should reach, against `reference` (a row; "floor" is the faster of its floors)."""

    kind: str  # "ratio": at most limit ×; "faster": at least limit × faster; "over": at most +limit
    reference: str
    limit: float  # for "over": nanoseconds


@dataclasses.dataclass(frozen=True)
class Row:
    name: str
    what: str
    wrapper: tuple = ()  # before the measured program; {provost}, {strace}, {log} … are filled in
    floor: str = ""  # RUN or SKIP; "" for start-up rows
    targets: tuple = ()
    pinned: bool = False  # under taskset, on one CPU
    cpus: int = 1  # it needs
    record: bytes = b""  # what a line of the log holds once a call; empty: the log is not checked

    @property
    def starts(self):
        """True if starting a program is what is measured."""
        return not self.floor

    @property
    def errno(self):
        """What each call gives: it ran, and the path is missing; or it was refused."""
        return errno.EACCES if self.floor == SKIP else errno.ENOENT

    @property
    def references(self):
        """Names of the rows it is held against."""
        named = {target.reference for target in self.targets} - {"floor"}
        return named.union(FLOORS.get(self.floor, ()))


def _provost(rules, *options):
    wrapper = ["{provost}", "run", *options]
    for rule in rules:
        wrapper += ["-e", rule]
    return (*wrapper, "--")


# What a decision read is not copied for the call: one stop of a call, not two.
TRUST = ("--arguments", "trust")

_RECORD = _provost(BY_PATH_DENY, "-o", "{log}")
_STRACE = ("{strace}", "-f", "--seccomp-bpf", "-e", "trace=openat", "-o", "{log}")
_AGAINST_STRACE = (Target("faster", "strace", 8), Target("faster", "strace-pinned", 2))

ROWS = (
    Row("native", "no filter, no tracer", floor=RUN),
    Row("filter-allow", "the filter alone, registers allow",
        ("{filtered}", *BY_REGISTERS_ALLOW, "--"), RUN),
    Row("kernel-allow", "provost, registers allow",
        _provost(BY_REGISTERS_ALLOW), RUN, (Target("ratio", "filter-allow", 1.05),)),
    Row("filter-deny", "the filter alone, registers deny",
        ("{filtered}", *BY_REGISTERS_DENY, "--"), SKIP),
    Row("kernel-deny", "provost, registers deny",
        _provost(BY_REGISTERS_DENY), SKIP, (Target("ratio", "filter-deny", 1.05),)),
    Row("floor-blocking", "C tracer on the task's CPU", ("{floor_blocking}", "run"), RUN),
    Row("floor-spinning", "C tracer spinning on its own CPU", ("{floor_spinning}", "run"), RUN,
        cpus=2),
    Row("floor-blocking-skip", "the first, call skipped", ("{floor_blocking}", "skip"), SKIP),
    Row("floor-spinning-skip", "the second, call skipped", ("{floor_spinning}", "skip"), SKIP,
        cpus=2),
    Row("path-allow", "provost, path allowed",
        _provost(BY_PATH_ALLOW, *TRUST), RUN, (Target("ratio", "floor", 1.6), *_AGAINST_STRACE)),
    Row("path-allow-pinned", "the same on one CPU",
        _provost(BY_PATH_ALLOW, *TRUST), RUN, pinned=True),
    Row("path-protect", "provost, path allowed and kept from changing",
        _provost(BY_PATH_ALLOW), RUN, (Target("ratio", "path-allow", 1.5),)),
    Row("path-protect-pinned", "the same on one CPU",
        _provost(BY_PATH_ALLOW), RUN, (Target("ratio", "path-allow-pinned", 1.5),), pinned=True),
    Row("path-deny", "provost, path denied",
        _provost(BY_PATH_DENY), SKIP, (Target("ratio", "floor", 1.4), *_AGAINST_STRACE)),
    Row("path-deny-pinned", "the same on one CPU",
        _provost(BY_PATH_DENY), SKIP, (Target("ratio", "floor-blocking-skip", 1.5),), pinned=True),
    Row("record", "provost, path denied and recorded",
        _RECORD, SKIP, (Target("ratio", "floor", 2), *_AGAINST_STRACE), record=b"type=SECCOMP "),
    Row("record-pinned", "the same on one CPU", _RECORD, SKIP, pinned=True,
        record=b"type=SECCOMP "),
    Row("strace", "strace -f --seccomp-bpf -o FILE", _STRACE, RUN, record=b"openat("),
    Row("strace-pinned", "the same on one CPU", _STRACE, RUN, pinned=True, record=b"openat("),
    Row("start", "true"),
    Row("start-provost", "true under provost",
        _provost(BY_PATH_DENY), targets=(Target("over", "start", 3e6),)),
    Row("start-strace", "true under strace", _STRACE),
)
