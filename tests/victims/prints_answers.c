// Makes each call named by an argument, NUMBER or NUMBER:ARG0:ARG1… (what is not given is -1), and
// prints "NAME ANSWER" for it, the answer as the kernel leaves it in the register.
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "victim.h"

static long Call(const char* call) {
  char* at = NULL;
  long words[7] = {-1, -1, -1, -1, -1, -1, -1};
  words[0] = strtol(call, &at, 0);
  for (int i = 1; i < 7 && *at == ':'; ++i) words[i] = (long)strtoull(at + 1, &at, 0);
  const long answer = syscall(words[0], words[1], words[2], words[3], words[4], words[5], words[6]);
  return answer == -1 ? -errno : answer;
}

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const long answer = Call(argv[i]);
    printf("%s %ld\n", argv[i], answer);
    fflush(stdout);
  }
  return 0;
}
