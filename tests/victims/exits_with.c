// Exits with argv[1].
#include "victim.h"

int main(int argc, char** argv) { return (int)ExpectedAnswer(argc, argv); }
