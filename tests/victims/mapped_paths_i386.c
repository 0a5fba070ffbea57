// The same by a 32-bit program.
#include "mapped_paths.c"
