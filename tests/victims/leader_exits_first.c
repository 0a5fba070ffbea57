// The leader exits before its thread: the process lives on, its memory can be read, and its status
// is the last thread's.
#include <fcntl.h>
#include <pthread.h>

#include "victim.h"

static void* Thread(void* argument) {
  char path[64];
  char stat[512];
  do {
    snprintf(path, sizeof(path), "/proc/self/task/%d/stat", getpid());
    int fd = open(path, O_RDONLY);
    EXPECT(fd >= 0);
    ssize_t length = read(fd, stat, sizeof(stat) - 1);
    EXPECT(length > 0);
    stat[length] = '\0';
    close(fd);
  } while (strstr(stat, ") Z ") == NULL);
  pid_t pid = fork();
  if (pid == 0) _exit(12);
  EXPECT(pid > 0);
  ExpectExit(pid, 12);
  Succeed();
  return argument;
}

int main(void) {
  pthread_t thread;
  EXPECT_EQ(pthread_create(&thread, NULL, Thread, NULL), 0);
  syscall(SYS_exit, 3);
}
