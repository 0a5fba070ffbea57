// A process whose second thread executes the program anew, again and again, until the file argv[1]
// is there. Prints READY before the first time.
#include <pthread.h>

#include "victim.h"

static char** arguments;

static void* Execs(void* unused) {
  execv("/proc/self/exe", arguments);
  Fail("execv: errno %d", errno);
  return unused;
}

int main(int argc, char** argv) {
  EXPECT(argc == 2 || argc == 3);
  if (argc == 2) EXPECT_EQ(write(1, "READY\n", 6), 6);
  if (access(argv[1], F_OK) == 0) Succeed();
  char* const again[] = {argv[0], argv[1], "again", NULL};
  arguments = (char**)again;
  pthread_t thread;
  EXPECT_EQ(pthread_create(&thread, NULL, Execs, NULL), 0);
  while (1) pause();
}
