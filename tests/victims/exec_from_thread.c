// execve from a thread that is not the leader: it becomes the leader, all others are gone.
#include <dirent.h>
#include <pthread.h>

#include "victim.h"

static char* program;
static pthread_barrier_t barrier;

static void* Idle(void* argument) {
  pthread_barrier_wait(&barrier);
  while (1) getppid();
  return argument;
}

static void* Exec(void* argument) {
  char pid[16];
  snprintf(pid, sizeof(pid), "%d", getpid());
  pthread_barrier_wait(&barrier);
  char* const arguments[] = {program, pid, NULL};
  execv("/proc/self/exe", arguments);
  Fail("execv: %s", strerror(errno));
  return argument;
}

static int CountThreads(void) {
  int count = 0;
  DIR* directory = opendir("/proc/self/task");
  EXPECT(directory != NULL);
  for (struct dirent* entry; (entry = readdir(directory)) != NULL;)
    count += entry->d_name[0] != '.';
  closedir(directory);
  return count;
}

int main(int argc, char** argv) {
  if (argc == 2) {
    EXPECT_EQ(getpid(), atoi(argv[1]));
    EXPECT_EQ(gettid(), getpid());
    EXPECT_EQ(CountThreads(), 1);
    Succeed();
  }
  program = argv[0];
  EXPECT_EQ(pthread_barrier_init(&barrier, NULL, 5), 0);
  pthread_t thread;
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(pthread_create(&thread, NULL, i == 2 ? Exec : Idle, NULL), 0);
  }
  // The leader is inside a call when it is taken away.
  pthread_barrier_wait(&barrier);
  while (1) pause();
}
