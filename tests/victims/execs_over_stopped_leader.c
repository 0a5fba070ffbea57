// A thread that runs execve while the leader is at a traced call, getppid: it takes the leader's
// number over. argv[1]: how many children call getppid as well, until they are killed; argv[2]: the
// descriptor whose end the thread waits for before.
#include <pthread.h>

#include "victim.h"

static int go;

static void Call(void) {
  while (1) syscall(SYS_getppid);
}

static void* Exec(void* argument) {
  char byte;
  EXPECT_EQ(read(go, &byte, 1), 0);
  char* const arguments[] = {"again", NULL};
  execv("/proc/self/exe", arguments);
  Fail("execv: %s", strerror(errno));
  return argument;
}

int main(int argc, char** argv) {
  if (argc == 1) Succeed();
  EXPECT_EQ(argc, 3);
  go = atoi(argv[2]);
  for (int i = 0; i < atoi(argv[1]); ++i) {
    if (fork() == 0) Call();
  }
  pthread_t thread;
  EXPECT_EQ(pthread_create(&thread, NULL, Exec, NULL), 0);
  Call();
}
