// The same by a 32-bit program.
#include "flips_argument.c"
