// A tree of forks, threads, vforks, execs and orphans without end, whose every task makes two calls
// that only a tracer can answer and writes one byte to descriptor 100 for them: '.' if both were
// answered, else 'U' and what came instead on standard error. The denied call has an effect if it
// runs undecided: it makes the file DIRECTORY/forbidden. Whoever started it kills it.
//
// argv: DIRECTORY; the policy denies (EACCES) to open DIRECTORY/forbidden, and answers 4711 to
// access(2) of DIRECTORY/answered.
#include <fcntl.h>
#include <pthread.h>

#include "raw_syscall.h"
#include "victim.h"

enum { kMarks = 100 };

static char forbidden[4096];
static char answered[4096];
static char* directory;

static void Mark(void) {
  long opened = RawSyscall3(SYS_open, (unsigned long)forbidden, O_CREAT | O_WRONLY, 0600);
  long seen = RawSyscall3(SYS_access, (unsigned long)answered, F_OK, 0);
  char mark = opened == -EACCES && seen == 4711 ? '.' : 'U';
  if (mark == 'U') dprintf(2, "open gave %ld, access gave %ld\n", opened, seen);
  if (write(kMarks, &mark, 1) != 1) _exit(2);
}

static void* MarkInThread(void* argument) {
  Mark();
  return argument;
}

static void Exec(const char* what) {
  char* const arguments[] = {"marks_until_killed", directory, (char*)what, NULL};
  execv("/proc/self/exe", arguments);
  _exit(3);
}

static void* ExecInThread(void* argument) {
  Mark();
  Exec("thread");
  return argument;
}

// Each of these is a process that goes on for ever.
static void Forks(void) {
  while (1) {
    pid_t pid = fork();
    if (pid == 0) {
      Mark();
      _exit(0);
    }
    if (pid > 0) waitpid(pid, NULL, 0);
  }
}

static void Threads(void) {
  while (1) {
    pthread_t threads[3];
    int made = 0;
    while (made < 3 && pthread_create(&threads[made], NULL, MarkInThread, NULL) == 0) ++made;
    Mark();
    while (made > 0) pthread_join(threads[--made], NULL);
  }
}

static void Vforks(void) {
  while (1) {
    pid_t pid = vfork();
    if (pid == 0) {
      Mark();
      Exec("once");
    }
    if (pid > 0) waitpid(pid, NULL, 0);
  }
}

static void ExecsFromThreads(void) {
  pthread_t thread;
  Mark();
  if (pthread_create(&thread, NULL, ExecInThread, NULL) != 0) _exit(4);
  while (1) Mark();
}

// Its grandchild is in a session of its own and nobody's child; there is one at a time.
static void Orphans(void) {
  while (1) {
    int fds[2];
    char byte;
    if (pipe(fds) < 0) _exit(5);
    pid_t pid = fork();
    if (pid == 0) {
      setsid();
      if (fork() == 0) {
        for (int i = 0; i < 5; ++i) Mark();
      }
      _exit(0);
    }
    close(fds[1]);
    if (pid > 0) waitpid(pid, NULL, 0);
    if (read(fds[0], &byte, 1) != 0) _exit(6);
    close(fds[0]);
  }
}

int main(int argc, char** argv) {
  EXPECT(argc >= 2);
  directory = argv[1];
  snprintf(forbidden, sizeof(forbidden), "%s/forbidden", directory);
  snprintf(answered, sizeof(answered), "%s/answered", directory);
  const char* what = argc > 2 ? argv[2] : "tree";
  if (strcmp(what, "once") == 0) {
    Mark();
    return 0;
  }
  if (strcmp(what, "thread") == 0) ExecsFromThreads();
  static void (*const kBranches[])(void) = {Forks, Threads, Vforks, ExecsFromThreads, Orphans};
  for (unsigned i = 0; i < sizeof(kBranches) / sizeof(kBranches[0]); ++i) {
    pid_t pid = fork();
    EXPECT(pid >= 0);
    if (pid == 0) kBranches[i]();
  }
  while (1) Mark();
}
