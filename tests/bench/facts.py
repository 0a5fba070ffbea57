"""What the figures were measured on."""

import datetime
import os
import platform
import re
import resource
import subprocess
import time


def _first_match(path, pattern):
    try:
        with open(path, encoding="utf-8") as file:
            match = re.search(pattern, file.read(), re.MULTILINE)
    except OSError:
        return ""
    return match.group(1) if match else ""


def _output(*command):
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                              timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _debian_version(package):
    return _output("dpkg-query", "-W", "-f", "${Version}", package)


def _commit(directory):
    commit = _output("git", "-C", directory, "rev-parse", "--short=12", "HEAD")
    if not commit:
        return "unknown"
    return commit + (" with changes" if _output("git", "-C", directory, "status", "-s") else "")


def describe(cpus, scratch):
    """Facts of this machine and this tree. `cpus`: how many the benchmark may use."""
    source = os.path.dirname(os.path.realpath(__file__))
    return {
        "time": datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
        "cpu": _first_match("/proc/cpuinfo", r"^model name\s*:\s*(.*)$") or platform.machine(),
        "cpus": cpus,
        "virtual": bool(_first_match("/proc/cpuinfo", r"^flags.*\b(hypervisor)\b")),
        "kernel": platform.release(),
        "commit": _commit(source),
        "strace": _output("strace", "-V").partition("\n")[0].rpartition(" ")[2],
        "proot": _debian_version("proot"),
        "log_filesystem": _output("stat", "-f", "-c", "%T", scratch) or "unknown",
    }


class Bystanders:
    """How much CPU others use meanwhile; with more than a few per cent, figures are doubtful."""

    def __init__(self):
        self._started = time.monotonic()
        self._busy = self._others_seconds()

    @staticmethod
    def _others_seconds():
        """CPU time since boot that neither this process nor a child it has reaped used."""
        with open("/proc/stat", encoding="utf-8") as file:
            user, nice, system, _, _, irq, softirq, steal = map(int, file.readline().split()[1:9])
        busy = (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
            usage = resource.getrusage(who)
            busy -= usage.ru_utime + usage.ru_stime
        return busy

    def cpus_used(self):
        """Mean number of CPUs that others kept busy since this object was made."""
        passed = time.monotonic() - self._started
        return max(0.0, (self._others_seconds() - self._busy) / passed)
