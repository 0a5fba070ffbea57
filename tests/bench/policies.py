"""Policies that are too long to stand in rows.py."""

import re

# The kernel's numbers of calls; comes with every compiler (Debian package linux-libc-dev).
CALL_NUMBERS = "/usr/include/x86_64-linux-gnu/asm/unistd_64.h"

# One rule in ten is for openat. None of them matches what is measured.
_OPENAT_BY_PATH = 'deny EACCES openat if path ~ "/srv/app{i}/secret/**" quiet'
_OTHERS = (
    'deny EACCES unlink, unlinkat if path ~ "/srv/app{i}/**" quiet',
    "deny EPERM connect if addr.port == {i} quiet",
    'allow execve if path == "/usr/lib/app{i}/tool"',
    "deny EPERM kill if pid == {i} quiet",
    'log rename if oldpath under "/srv/app{i}"',
    'deny EACCES mkdir, rmdir if path ~ "/srv/app{i}/*" quiet',
    "deny EINVAL prctl if option == {i} quiet",
    "deny EPERM socket if protocol == {i} quiet",
    'deny ENOENT readlink, readlinkat if path ~ "/srv/app{i}/**" quiet',
)


def loaded(count, own, last=(), openat_by_path=True):
    """A policy as long ones are: `count` rules for many calls and paths, `own` in the middle.

    Without `openat_by_path`, openat has no rule but `own` and those in `last`: what registers decide
    stays with the kernel.
    """
    templates = ((_OPENAT_BY_PATH,) if openat_by_path else ()) + _OTHERS
    rules = [templates[i % len(templates)].format(i=1000 + i) for i in range(count - 1)]
    middle = len(rules) // 2
    return "\n".join(["default allow", *rules[:middle], own, *rules[middle:], *last, ""])


def learning():
    """Every call comes to the supervisor, which records the first of each name."""
    with open(CALL_NUMBERS, encoding="utf-8") as header:
        names = re.findall(r"^#define __NR_(\w+) ", header.read(), re.MULTILINE)
    return "\n".join(["default allow", *(f"log ?{name} if first(1)" for name in names), ""])
