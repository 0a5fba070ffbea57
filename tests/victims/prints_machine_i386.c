// What 32-bit programs are told.
#include "prints_machine.c"
