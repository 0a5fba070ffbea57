// The same by a 32-bit program.
#include "clock_setting.c"
