"""Victims: small static C programs that are run under supervision."""

def victim(name, hdrs = [], srcs = [], i386 = False, bare = False):
    """One victim, built from NAME.c into bin/NAME.

    The compiler is called directly: the flags of a sanitizer configuration must not reach a victim,
    whose every call is looked at.

    Args:
      name: of the victim; its source is NAME.c.
      hdrs: headers it includes, beside victim.h.
      srcs: sources it includes.
      i386: a 32-bit program (gcc-multilib).
      bare: no libc and no start code.
    """
    flags = "-static -O1 -D_GNU_SOURCE -std=gnu11 -Wall -Wextra -Werror -pthread"
    if i386:
        flags += " -m32"
    if bare:
        flags += " -nostdlib"
    native.genrule(
        name = name,
        testonly = True,
        srcs = [name + ".c", "victim.h"] + hdrs + srcs,
        outs = ["bin/" + name],
        cmd = "gcc %s -o $@ $(location %s.c)" % (flags, name),
        executable = True,
        visibility = ["//tests:__subpackages__"],
    )
