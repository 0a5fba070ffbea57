"""Shared build settings: the warnings every target of this tree is compiled with."""

COPTS = [
    "-Wall",
    "-Wextra",
    "-Werror",
    "-Wnon-virtual-dtor",
    "-Wshadow=local",
    "-Wno-missing-field-initializers",
    # Debian's Abseil and RE2 headers are system headers; ours are not.
]
