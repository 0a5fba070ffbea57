"""Busy loops beside the measurement."""

import subprocess
import sys

# Ends by itself if the benchmark is gone.
_LOOP = """
import os
parent = os.getppid()
while os.getppid() == parent:
    for _ in range(100_000):
        pass
"""


class Load:
    """`count` processes that want a CPU each, as long as the `with` lasts."""

    def __init__(self, count):
        self._count = count
        self._loops = []

    def __enter__(self):
        try:
            for _ in range(self._count):
                self._loops.append(subprocess.Popen([sys.executable, "-c", _LOOP],
                                                    stdin=subprocess.DEVNULL))
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for loop in self._loops:
            loop.kill()
            loop.wait()

    def check(self):
        """Raises RuntimeError if one has ended: then it was not under load."""
        if any(loop.poll() is not None for loop in self._loops):
            raise RuntimeError("a busy loop of --load has ended")
