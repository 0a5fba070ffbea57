// The same as a 32-bit program.
#include "owners_remembered.c"
