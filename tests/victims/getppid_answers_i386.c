// getppid gives argv[1] to a 32-bit program.
#include "getppid_answers.c"
