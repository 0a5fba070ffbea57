// The same as a 32-bit program.
#include "ids_of_root.c"
