// What 32-bit programs are answered.
#include "older_answers.c"
