// What 32-bit programs get.
#include "prints_random.c"
