// CLONE_PTRACE, alone and with CLONE_PARENT or threads' flags, makes tasks like others: natively
// nobody traces their maker, under a tracer they are traced as it is.
#include <sched.h>

#include "victim.h"

static char stack[65536] __attribute__((aligned(16)));
static volatile int thread_ran;

static int Thread(void* argument) {
  (void)argument;
  thread_ran = getppid() > 0;
  return 0;
}

int main(void) {
  pid_t me = getpid();
  pid_t child = syscall(SYS_clone, CLONE_PTRACE | SIGCHLD, NULL, NULL, NULL, NULL);
  EXPECT(child >= 0);
  if (child == 0) _exit(getppid() == me ? 9 : 8);
  ExpectExit(child, 9);

  int fds[2];
  pid_t sibling;
  EXPECT_EQ(pipe(fds), 0);
  pid_t maker = fork();
  if (maker == 0) {
    sibling = syscall(SYS_clone, CLONE_PTRACE | CLONE_PARENT | SIGCHLD, NULL, NULL, NULL, NULL);
    if (sibling == 0) _exit(getppid() == me ? 10 : 8);
    EXPECT_EQ(write(fds[1], &sibling, sizeof(sibling)), sizeof(sibling));
    _exit(11);
  }
  EXPECT_EQ(read(fds[0], &sibling, sizeof(sibling)), sizeof(sibling));
  ExpectExit(maker, 11);
  ExpectExit(sibling, 10);

  pid_t with_memory = clone(Thread, stack + sizeof(stack), CLONE_VM | CLONE_PTRACE | SIGCHLD, NULL);
  EXPECT(with_memory > 0);
  ExpectExit(with_memory, 0);
  EXPECT_EQ(thread_ran, 1);
  Succeed();
}
