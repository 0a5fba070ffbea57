// Succeeds.
#include "victim.h"

int main(void) { Succeed(); }
