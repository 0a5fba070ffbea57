"""What the scripts beside it share: runs a program natively or under provost, sees what it left.

A run's processes are known by a variable in their environment, and by their parent: this process
becomes the subreaper of all that its children leave behind (prctl(2), PR_SET_CHILD_SUBREAPER), so
that not even a zombie can hide.
"""

import ctypes
import dataclasses
import os
import pathlib
import select
import signal
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
PROVOST = os.path.abspath(
    os.environ.get("PROVOST") or HERE.parents[1] / "bazel-bin/tools/cli/provost"
)

_MARKER = "PROVOST_PROGRAMS_RUN"
_PR_SET_CHILD_SUBREAPER = 36


def provost_run(*options):
    """The command line that stands before a program to run it under provost."""
    return [PROVOST, "run", *options, "--"]


# Every way a program is run here; the first decides what is right.
NATIVE = []
TRACED = provost_run("-p", str(HERE / "traced.policy"), "--actions-logged", "")
PATHS = provost_run("-p", str(HERE / "paths.policy"))
EVERY_CALL = provost_run("-e", "default log", "--actions-logged", "")


def recorded(log):
    """Under provost, what traced.policy names being recorded in the file `log`."""
    return provost_run("-p", str(HERE / "traced.policy"), "-o", str(log))


def _end(number, _):
    kill_all()
    sys.exit(128 + number)


def prepare():
    """Makes this process the parent of whatever its descendants leave behind; checks PROVOST.

    Programs find signals as on a terminal: who was started in the background of a script ignores
    some, and so would all below.
    """
    if not os.access(PROVOST, os.X_OK):
        sys.exit(f"there is no {PROVOST}: set PROVOST, or build //tools/cli:provost")
    for end in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
        signal.signal(end, _end)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "PR_SET_CHILD_SUBREAPER")


def environment(directory, **more):
    """An environment with nothing of the user's in it, marked as this process's runs."""
    return {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": str(directory),
        "TMPDIR": str(directory),
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "PROVOST": PROVOST,
        _MARKER: str(os.getpid()),
        **more,
    }


@dataclasses.dataclass
class Process:
    """A process as /proc shows it."""

    pid: int
    ppid: int
    state: str
    comm: str
    tracer: int
    wchan: str

    def __str__(self):
        return (
            f"{self.pid} ({self.comm}), state {self.state}, parent {self.ppid}, "
            f"tracer {self.tracer}, in {self.wchan or '?'}"
        )


def _read(path):
    try:
        return pathlib.Path(path).read_bytes()
    except OSError:
        return b""


def _process(pid):
    status = dict(
        line.split(":\t", 1)
        for line in _read(f"/proc/{pid}/status").decode(errors="replace").splitlines()
        if ":\t" in line
    )
    if "PPid" not in status:
        return None
    return Process(
        pid=pid,
        ppid=int(status["PPid"]),
        state=status["State"][0],
        comm=status["Name"],
        tracer=int(status["TracerPid"]),
        wchan=_read(f"/proc/{pid}/wchan").decode(),
    )


def processes_left():
    """All processes of this process's runs: its descendants, and those that carry its mark."""
    mark = f"{_MARKER}={os.getpid()}".encode()
    everything = {}
    marked = set()
    for name in os.listdir("/proc"):
        if not name.isdigit() or not (process := _process(int(name))):
            continue
        everything[process.pid] = process
        if mark in _read(f"/proc/{name}/environ").split(b"\0"):
            marked.add(process.pid)
    ours = {os.getpid()}
    grown = True
    while grown:
        grown = False
        for process in everything.values():
            if process.pid not in ours and process.ppid in ours:
                ours.add(process.pid)
                grown = True
    ours |= marked
    ours.discard(os.getpid())
    return [everything[pid] for pid in sorted(ours)]


def reap_orphans():
    """Waits for those that ended as orphans; a parent's duty, not a failure of the run."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0] != 0:
            pass
    except ChildProcessError:
        pass


def wait_readable(fds, deadline):
    """The ones of `fds` that can be read, or none once `deadline` (time.monotonic) has come."""
    poll = select.poll()
    for fd in fds:
        poll.register(fd, select.POLLIN)
    left = max(0.0, deadline - time.monotonic())
    return [fd for fd, _ in poll.poll(left * 1000)]


def kill_all():
    """Ends every process of this process's runs."""
    for _ in range(100):
        reap_orphans()
        left = processes_left()
        if not left:
            return
        for process in left:
            try:
                os.kill(process.pid, signal.SIGKILL)
                # A stopped or traced one too is gone when its descriptor says so.
                fd = os.pidfd_open(process.pid)
                wait_readable([fd], time.monotonic() + 1)
                os.close(fd)
            except ProcessLookupError:
                pass


@dataclasses.dataclass
class Ended:
    """How a run ended. `status` is subprocess's: negative for a signal; None if it did not end."""

    status: int
    seconds: float
    left: list


def await_orphans(deadline):
    """Waits until the last orphan has ended; those that have not by the deadline are returned."""
    while True:
        reap_orphans()
        left = [process for process in processes_left() if process.state != "Z"]
        if not left or time.monotonic() > deadline:
            return left
        fd = -1
        try:
            fd = os.pidfd_open(left[0].pid)
            wait_readable([fd], deadline)
        except ProcessLookupError:
            pass
        finally:
            if fd >= 0:
                os.close(fd)


def run(command, directory, env, stdout, stderr, limit, supervised):
    """Runs `command` in `directory` for at most `limit` seconds; its output goes to two files.

    A native run may leave processes that are about to end; a supervised one must have none left
    when provost has ended.
    """
    started = time.monotonic()
    with open(stdout, "wb") as out, open(stderr, "wb") as err:
        child = subprocess.Popen(
            command,
            cwd=directory,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=True,
        )
        fd = os.pidfd_open(child.pid)
        ended = bool(wait_readable([fd], started + limit))
        os.close(fd)
    left = []
    if ended:
        status = child.wait()
        seconds = time.monotonic() - started
        left = await_orphans(time.monotonic() + (0 if supervised else 10))
    else:
        seconds = time.monotonic() - started
        left = processes_left()
        child.kill()
        child.wait()
        status = None
    kill_all()
    return Ended(status, seconds, left)
