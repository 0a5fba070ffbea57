// What 32-bit programs are answered.
#include "removed_answers.c"
