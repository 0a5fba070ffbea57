// The same as a 32-bit program.
#include "attached_in_calls.c"
