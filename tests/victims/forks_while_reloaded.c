// Processes that make children all the time, by fork, vfork and threads, each of which calls mkdir.
// Once the file argv[1] is there, every one of them that begins must find that refused (EXDEV).
#include <pthread.h>
#include <sys/stat.h>

#include "victim.h"

enum { kParents = 6, kChildren = 60 };

static const char* told;

static int IsTold(void) { return access(told, F_OK) == 0; }

static int IsRefused(void) {
  EXPECT_EQ(mkdir("/nonexistent/directory", 0700), -1);
  EXPECT(errno == EXDEV || errno == ENOENT);
  return errno == EXDEV;
}

static void* InThread(void* must) {
  const int refused = IsRefused();
  EXPECT(refused || must == NULL);
  return NULL;
}

static void MakeOne(int kind) {
  const int must = IsTold();
  if (kind == 0) {
    pthread_t thread;
    EXPECT(pthread_create(&thread, NULL, InThread, must ? (void*)&told : NULL) == 0);
    EXPECT(pthread_join(thread, NULL) == 0);
    return;
  }
  const pid_t child = kind == 1 ? fork() : vfork();
  EXPECT(child >= 0);
  if (child == 0) _exit(IsRefused());
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT(WIFEXITED(status));
  EXPECT(WEXITSTATUS(status) == 1 || !must);
}

int main(int argc, char** argv) {
  EXPECT_EQ(argc, 2);
  told = argv[1];
  pid_t parents[kParents];
  for (int i = 0; i < kParents; ++i) {
    parents[i] = fork();
    EXPECT(parents[i] >= 0);
    if (parents[i] > 0) continue;
    while (!IsTold()) MakeOne(i % 3);
    for (int k = 0; k < kChildren; ++k) MakeOne(k % 3);
    _exit(0);
  }
  EXPECT_EQ(write(1, "READY\n", 6), 6);
  for (int i = 0; i < kParents; ++i) ExpectExit(parents[i], 0);
  Succeed();
}
