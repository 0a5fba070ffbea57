"""The rows of the benchmark: what is run for each, and what it is held against.

Add a row here; harness.py runs whatever stands in ROWS.
"""

import dataclasses
import errno

import policies

# Everyone opens this path; nobody has it.
PATH = "/provost-bench/missing"

# One policy for each kind of decision. That the verdict happened is checked by the result that
# every call must give.
ALLOW_BY_PATH = 'allow openat if path ~ "/provost-bench/**"'
DENY_BY_PATH = 'deny EACCES openat if path ~ "/provost-bench/**"'
DENY_ALL = "deny EACCES openat"
ALLOW_BY_REGISTERS = "deny EACCES openat if flags has O_DIRECTORY"
DENY_BY_REGISTERS = "deny EACCES openat if (flags & O_ACCMODE) == O_RDONLY"

# Which floor a row is held against: calls that run, or calls that are skipped.
RUN, SKIP = "run", "skip"
FLOORS = {
    RUN: ("floor-blocking", "floor-spinning"),
    SKIP: ("floor-blocking-skip", "floor-spinning-skip"),
}

# What is measured, with its unit: a call in a loop, the start of a program, a compilation, and the
# memory of the supervisor beside many tasks.
CALL, START, BUILD, MEMORY = "ns/call", "ns/start", "ns/build", "KiB"

# How often a call must stop its task, at least and at most; a little more is left to chance.
NO_STOP, ONE_STOP, STOPS, UNCHECKED = (0, 0.05), (1, 1.05), (1, 2.05), None


@dataclasses.dataclass(frozen=True)
class Target:
    """What a row should reach, against `reference` (a row; "floor" is the faster of its floors)."""

    # "ratio": at most limit ×; "faster": at least limit × faster; "over": at most limit
    # nanoseconds more; "most": at most limit, without a reference.
    kind: str
    reference: str
    limit: float


@dataclasses.dataclass(frozen=True)
class Logged:
    """How often a line of the log must hold `pattern`, by call, start or build."""

    pattern: bytes  # a regular expression
    least: int
    most: int


@dataclasses.dataclass(frozen=True)
class Row:
    name: str
    what: str
    wrapper: tuple = ()  # before the measured program; {provost}, {strace}, {log} … are filled in
    floor: str = ""  # RUN or SKIP, of calls
    targets: tuple = ()
    unit: str = CALL
    keep: int = 0  # under taskset, on so many CPUs; 0: as it comes
    cpus: int = 1  # it needs
    stops: tuple = UNCHECKED
    log: tuple = ()  # of Logged; empty: the log is not checked
    full_events: bool = False  # the log holds one whole event a call, and no other
    policy: str = ""  # what is in the file {policy}
    path: str = PATH
    returns: int = 0  # what a call gives; 0: that it was refused, or that the path is missing
    busy: tuple = ()  # ("threads" or "processes", how many) make the calls together
    idle: tuple = ()  # the same, beside the one that makes the calls
    spins: bool = False  # it polls on every CPU
    optional: bool = False  # a peer that does not run everywhere: then it is left out

    @property
    def result(self):
        """What each call gives: an error is negative."""
        return self.returns or -(errno.EACCES if self.floor == SKIP else errno.ENOENT)

    @property
    def references(self):
        """Names of the rows it is held against."""
        named = {target.reference for target in self.targets} - {"floor", ""}
        return named.union(FLOORS.get(self.floor, ()))


def pinned(row, *targets):
    """The same on one CPU."""
    return dataclasses.replace(row, name=f"{row.name}-pinned", what="the same on one CPU", keep=1,
                               targets=targets)


def ratio(reference, limit):
    return Target("ratio", reference, limit)


def provost(*rules, options=()):
    wrapper = ["{provost}", "run", *options]
    for rule in rules:
        wrapper += ["-e", rule]
    return (*wrapper, "--")


# What a decision read is not copied for the call: half the cost of a call that is let run.
TRUST = ("--arguments", "trust")
LOG = ("-o", "{log}")

ALLOWING = provost(ALLOW_BY_PATH, DENY_ALL, options=TRUST)
DENYING = provost(DENY_BY_PATH)
STRACE = ("{strace}", "-f", "--seccomp-bpf", "-e", "trace=openat", "-o", "{log}")
STRACE_DENY = ("{strace}", "-f", "--seccomp-bpf", "-e", "trace=openat",
               "-e", "inject=openat:error=EACCES", "-P", PATH, "-o", "{log}")
# It cannot be told to leave calls out.
PROOT = ("{proot}", "-r", "/")
GVISOR = ("{runsc}", "--network=none", "--ignore-cgroups", "do")

_EACH_TRACED = (Logged(rb"openat\(", 1, 1),)
_UNRECORDED = (Logged(rb"^type=SECCOMP ", 0, 0),)
_AGAINST_STRACE = (Target("faster", "strace", 8), Target("faster", "strace-pinned", 2))
_LOADED_RULES = 1000
_IDLE = 1000
_BUSY = 8

path_allow = Row("path-allow", "provost, path allowed", ALLOWING, RUN,
                 (ratio("floor", 1.6), *_AGAINST_STRACE), stops=ONE_STOP)
path_protect = Row("path-protect", "the same, path kept from changing",
                   provost(ALLOW_BY_PATH, DENY_ALL), RUN, (ratio("path-allow", 1.5),), stops=STOPS)
path_deny = Row("path-deny", "provost, path denied", DENYING, SKIP,
                (ratio("floor", 1.4), *_AGAINST_STRACE), stops=ONE_STOP)
returned = Row("return", "provost, answered with 7", provost("return 7 openat"), SKIP,
               (ratio("floor", 1.4), *_AGAINST_STRACE), stops=ONE_STOP, returns=7)
record = Row("record", "provost, path denied, five records", provost(DENY_BY_PATH, options=LOG),
             SKIP, (ratio("floor", 2), *_AGAINST_STRACE), stops=ONE_STOP, full_events=True)
strace = Row("strace", "strace -f --seccomp-bpf -o FILE", STRACE, RUN, stops=STOPS,
             log=_EACH_TRACED)
strace_deny = Row("strace-deny", "strace, path denied by injection", STRACE_DENY, SKIP, stops=STOPS,
                  log=_EACH_TRACED)
proot = Row("proot", "PRoot, path translated", PROOT, RUN, stops=STOPS)


def loaded(row, own, *, last=(), options=(), openat_by_path=True, **changes):
    """`row` with the log on and its rule in the middle of many."""
    policy = policies.loaded(_LOADED_RULES, own, last, openat_by_path)
    return dataclasses.replace(
        row, name=f"{row.name}-loaded", what=f"the same, {_LOADED_RULES:,} rules, log on",
        wrapper=("{provost}", "run", "-p", "{policy}", *LOG, *options, "--"), policy=policy,
        targets=(ratio(row.name, 1.1),), **changes)


def with_idle(row, kind, count, *targets):
    return dataclasses.replace(row, name=f"{row.name}-idle-{kind}",
                               what=f"the same beside {count:,} idle {kind}", idle=(kind, count),
                               targets=targets)


def with_busy(row, kind, count, *targets):
    # On two CPUs, however many there are.
    return dataclasses.replace(row, name=f"{row.name}-busy-{kind}",
                               what=f"the same by {count} {kind} on 2 CPUs", busy=(kind, count),
                               keep=2, cpus=2, targets=targets)


path_allow_pinned = pinned(path_allow)
kernel_allow = Row("kernel-allow", "provost, registers allow", provost(ALLOW_BY_REGISTERS), RUN,
                   (ratio("filter-allow", 1.05),), stops=NO_STOP)
kernel_deny = Row("kernel-deny", "provost, registers deny", provost(DENY_BY_REGISTERS), SKIP,
                  (ratio("filter-deny", 1.05),), stops=NO_STOP)

CALLS = (
    Row("native", "no filter, no tracer", floor=RUN, stops=NO_STOP),
    Row("filter-allow", "the filter alone, registers allow",
        ("{filtered}", ALLOW_BY_REGISTERS, "--"), RUN, stops=NO_STOP),
    kernel_allow,
    loaded(kernel_allow, ALLOW_BY_REGISTERS, openat_by_path=False, log=_UNRECORDED),
    Row("filter-deny", "the filter alone, registers deny",
        ("{filtered}", DENY_BY_REGISTERS, "--"), SKIP, stops=NO_STOP),
    kernel_deny,
    loaded(kernel_deny, DENY_BY_REGISTERS + " quiet", openat_by_path=False, log=_UNRECORDED),
    Row("floor-blocking", "C tracer on the task's CPU", ("{floor_blocking}", "run"), RUN,
        stops=ONE_STOP),
    Row("floor-spinning", "C tracer spinning on its own CPU", ("{floor_spinning}", "run"), RUN,
        cpus=2, stops=ONE_STOP),
    Row("floor-blocking-skip", "the first, call skipped", ("{floor_blocking}", "skip"), SKIP,
        stops=ONE_STOP),
    Row("floor-spinning-skip", "the second, call skipped", ("{floor_spinning}", "skip"), SKIP,
        cpus=2, stops=ONE_STOP),
    path_allow,
    path_allow_pinned,
    *(dataclasses.replace(
        path_allow, name=f"placement-{how}", what=f"path allowed, --placement {how}", targets=(),
        wrapper=provost(ALLOW_BY_PATH, DENY_ALL, options=(*TRUST, "--placement", how)))
      for how in ("off", "spin", "together")),
    loaded(path_allow, ALLOW_BY_PATH, last=(DENY_ALL,), options=TRUST, log=_UNRECORDED),
    pinned(loaded(path_allow, ALLOW_BY_PATH, last=(DENY_ALL,), options=TRUST, log=_UNRECORDED),
           ratio("path-allow-pinned", 1.1)),
    with_idle(path_allow, "threads", _IDLE, ratio("path-allow", 1.2)),
    with_idle(path_allow, "processes", _IDLE, ratio("path-allow", 1.2)),
    pinned(with_idle(path_allow, "processes", _IDLE), ratio("path-allow-pinned", 1.2)),
    with_busy(path_allow, "threads", _BUSY, ratio("path-allow", 1)),
    with_busy(path_allow, "processes", _BUSY, ratio("path-allow", 1)),
    path_protect,
    pinned(path_protect, ratio("path-allow-pinned", 1.5)),
    path_deny,
    pinned(path_deny, ratio("floor-blocking-skip", 1.5)),
    loaded(path_deny, DENY_BY_PATH + " quiet", log=_UNRECORDED),
    pinned(loaded(path_deny, DENY_BY_PATH + " quiet", log=_UNRECORDED),
           ratio("path-deny-pinned", 1.1)),
    returned,
    pinned(returned),
    record,
    pinned(record),
    loaded(record, DENY_BY_PATH),
    strace,
    pinned(strace),
    strace_deny,
    pinned(strace_deny),
    proot,
    pinned(proot),
    Row("gvisor", "gVisor, a kernel of its own", GVISOR, RUN, spins=True,
        optional=True),
)

STARTS = (
    Row("start", "true", unit=START),
    Row("start-provost", "true under provost", DENYING, unit=START,
        targets=(Target("over", "start", 3e6),)),
    Row("start-strace", "true under strace", STRACE, unit=START),
    Row("start-proot", "true under PRoot", PROOT, unit=START),
)

_SOURCE_NAMED = Logged(rb"passed_descriptor\.cc\b", 1, 1000)
_PROGRAMS_RUN = Logged(rb"^type=SECCOMP .* syscall=59 ", 2, 1000)
_AS_LIGHT_AS = (ratio("build", 1.5), Target("faster", "build-strace", 1))

BUILDS = (
    Row("build", "g++ -O0 -c of a small file", unit=BUILD),
    Row("build-written", "provost records programs and writes",
        provost("log execve, execveat, creat",
                "log open, openat if (flags & O_ACCMODE) != O_RDONLY", options=LOG),
        unit=BUILD, targets=_AS_LIGHT_AS,
        log=(_PROGRAMS_RUN, Logged(rb"^type=PATH .* name=\"[^\"]*/object\.o\"", 1, 2))),
    Row("build-learn", "provost records each call's first",
        ("{provost}", "run", "-p", "{policy}", *LOG, "--"), unit=BUILD, targets=_AS_LIGHT_AS,
        policy=policies.learning, log=(Logged(rb"^type=SECCOMP .* syscall=257 ", 1, 1),)),
    Row("build-record", "provost records every call", provost("log *", options=LOG), unit=BUILD,
        targets=_AS_LIGHT_AS,
        log=(_PROGRAMS_RUN, _SOURCE_NAMED, Logged(rb"^type=SECCOMP ", 1000, 100_000))),
    # Without -e trace=… its filter has nothing to leave out: every call is traced.
    Row("build-strace", "strace -f --seccomp-bpf -o FILE",
        ("{strace}", "-f", "--seccomp-bpf", "-o", "{log}"), unit=BUILD,
        log=(_SOURCE_NAMED, Logged(rb" execve\(", 2, 1000))),
    Row("build-proot", "PRoot", PROOT, unit=BUILD),
)

MEMORIES = (
    Row("memory", f"peak of provost, {_IDLE:,} idle processes", ALLOWING, unit=MEMORY,
        targets=(Target("most", "", 16 * 1024 + 4 * _IDLE),), idle=("processes", _IDLE)),
    Row("memory-strace", f"peak of strace, {_IDLE:,} idle processes", STRACE, unit=MEMORY,
        idle=("processes", _IDLE)),
)

ROWS = (*CALLS, *STARTS, *BUILDS, *MEMORIES)
