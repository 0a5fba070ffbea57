#define _GNU_SOURCE

// 64 threads, each of which starts children that run this program again, by fork and by
// posix_spawn (which is CLONE_VFORK | CLONE_VM), reads what they write, and waits for them.
// Prints one line a thread, in order.

#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { kThreads = 64, kRounds = 5 };

extern char** environ;

static void Check(int holds, const char* what) {
  if (holds) return;
  perror(what);
  _exit(1);
}

// Starts `argv` with its standard output in `out`.
static pid_t Start(int by_spawn, char* const argv[], int out) {
  pid_t pid = 0;
  if (by_spawn) {
    posix_spawn_file_actions_t actions;
    Check(posix_spawn_file_actions_init(&actions) == 0, "posix_spawn_file_actions_init");
    Check(posix_spawn_file_actions_adddup2(&actions, out, 1) == 0, "adddup2");
    Check(posix_spawn(&pid, "/proc/self/exe", &actions, NULL, argv, environ) == 0, "posix_spawn");
    posix_spawn_file_actions_destroy(&actions);
    return pid;
  }
  pid = fork();
  Check(pid >= 0, "fork");
  if (pid > 0) return pid;
  dup2(out, 1);
  execv("/proc/self/exe", argv);
  _exit(126);
}

// Adds what came from one child to `sum`: a number it printed and its exit status.
static void RunChild(int thread, int round, long* sum) {
  int fds[2];
  Check(pipe2(fds, O_CLOEXEC) == 0, "pipe2");
  char number[16];
  snprintf(number, sizeof(number), "%d", thread * kRounds + round);
  char* const argv[] = {"threads", number, NULL};
  const pid_t pid = Start(round % 2, argv, fds[1]);
  close(fds[1]);
  char text[32] = "";
  size_t length = 0;
  ssize_t got = 0;
  while ((got = read(fds[0], text + length, sizeof(text) - 1 - length)) > 0) length += got;
  Check(got == 0, "read");
  close(fds[0]);
  int status = 0;
  Check(waitpid(pid, &status, 0) == pid, "waitpid");
  Check(WIFEXITED(status), "the child's end");
  *sum += strtol(text, NULL, 10) * 1000 + WEXITSTATUS(status);
}

static void* Thread(void* argument) {
  const int thread = (int)(long)argument;
  long sum = 0;
  for (int round = 0; round < kRounds; ++round) RunChild(thread, round, &sum);
  return (void*)sum;
}

int main(int argc, char** argv) {
  if (argc == 2) {
    printf("%s\n", argv[1]);
    return atoi(argv[1]) % 100;
  }
  pthread_t threads[kThreads];
  for (long i = 0; i < kThreads; ++i) {
    Check(pthread_create(&threads[i], NULL, Thread, (void*)i) == 0, "pthread_create");
  }
  for (long i = 0; i < kThreads; ++i) {
    void* sum = NULL;
    Check(pthread_join(threads[i], &sum) == 0, "pthread_join");
    printf("%ld: %ld\n", i, (long)sum);
  }
  return 0;
}
