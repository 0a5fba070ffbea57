// A child makes a stop of the kind argv[1] and is killed there: whoever answers to getpgid(CHILD)
// lets it go on by SIGUSR2, kills it once it stands, and only then lets getpgid return. argv[1]:
// signal, fork, vfork, clone, exec, seccomp (its getppid), stop-signal (SIGSTOP before it stops),
// or group (after that, which was waited for).
#include <pthread.h>

#include "victim.h"

static void* Nothing(void* argument) { return argument; }

static void Ignore(int signal, siginfo_t* info, void* context) {
  (void)signal;
  (void)info;
  (void)context;
}

static void Stop(const char* kind, const sigset_t* go) {
  int signal;
  if (strcmp(kind, "group") != 0) EXPECT_EQ(sigwait(go, &signal), 0);
  if (strcmp(kind, "signal") == 0) {
    SetHandler(SIGUSR1, Ignore, 0);
    raise(SIGUSR1);
  } else if (strcmp(kind, "fork") == 0) {
    if (fork() == 0) _exit(0);
  } else if (strcmp(kind, "vfork") == 0) {
    if (vfork() == 0) _exit(0);
  } else if (strcmp(kind, "clone") == 0) {
    pthread_t thread;
    pthread_create(&thread, NULL, Nothing, NULL);
  } else if (strcmp(kind, "exec") == 0) {
    execl("/proc/self/exe", "killed_at_stop", "pause", NULL);
  } else if (strcmp(kind, "seccomp") == 0) {
    getppid();
  } else {
    raise(SIGSTOP);
  }
  while (1) pause();
}

int main(int argc, char** argv) {
  EXPECT_EQ(argc, 2);
  const char* kind = argv[1];
  while (strcmp(kind, "pause") == 0) pause();
  // Taken by sigwait a signal makes no stop.
  sigset_t go;
  sigemptyset(&go);
  sigaddset(&go, SIGUSR2);
  EXPECT_EQ(sigprocmask(SIG_BLOCK, &go, NULL), 0);
  int fds[2];
  char byte;
  EXPECT_EQ(pipe(fds), 0);
  pid_t child = fork();
  EXPECT(child >= 0);
  if (child == 0) {
    if (write(fds[1], "x", 1) != 1) _exit(2);
    Stop(kind, &go);
  }
  EXPECT_EQ(read(fds[0], &byte, 1), 1);
  if (strcmp(kind, "group") == 0) {
    int status;
    EXPECT_EQ(waitpid(child, &status, WUNTRACED), child);
    EXPECT(WIFSTOPPED(status));
  }
  getpgid(child);
  ExpectKilled(child, SIGKILL);
  Succeed();
}
