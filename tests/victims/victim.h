// What every victim shares. A victim shows one behaviour and looks at what came of it: it prints
// EXIT-SUCCESS as its last line and exits 0 if all was right, else says what was not and exits 1.

#ifndef PROVOST_TESTS_VICTIMS_VICTIM_H_
#define PROVOST_TESTS_VICTIMS_VICTIM_H_

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

__attribute__((noreturn, format(printf, 1, 2))) static inline void Fail(const char* format, ...) {
  char line[512];
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(line, sizeof(line) - 1, format, arguments);
  va_end(arguments);
  if (length > (int)sizeof(line) - 2) length = sizeof(line) - 2;
  line[length] = '\n';
  // One write: several tasks may complain at once.
  if (write(2, line, length + 1) < 0) _exit(2);
  _exit(1);
}

__attribute__((noreturn)) static inline void Succeed(void) {
  static const char kLine[] = "EXIT-SUCCESS\n";
  if (write(1, kLine, sizeof(kLine) - 1) != (ssize_t)sizeof(kLine) - 1) _exit(2);
  _exit(0);
}

#define EXPECT(condition)                                                                \
  do {                                                                                   \
    if (!(condition))                                                                    \
      Fail("%s:%d: %s does not hold (errno %d)", __FILE__, __LINE__, #condition, errno); \
  } while (0)

#define EXPECT_EQ(actual, expected)                                                        \
  do {                                                                                     \
    const long long actual_ = (long long)(actual);                                         \
    const long long expected_ = (long long)(expected);                                     \
    if (actual_ != expected_)                                                              \
      Fail("%s:%d: %s is %lld, not %lld (errno %d)", __FILE__, __LINE__, #actual, actual_, \
           expected_, errno);                                                              \
  } while (0)

// Waits for `pid` and expects it to exit with `status`.
static inline void ExpectExit(pid_t pid, int status) {
  int got = 0;
  EXPECT_EQ(waitpid(pid, &got, __WALL), pid);
  EXPECT(WIFEXITED(got));
  EXPECT_EQ(WEXITSTATUS(got), status);
}

// Waits for `pid` and expects it to die by `signal`.
static inline void ExpectKilled(pid_t pid, int signal) {
  int got = 0;
  EXPECT_EQ(waitpid(pid, &got, __WALL), pid);
  EXPECT(WIFSIGNALED(got));
  EXPECT_EQ(WTERMSIG(got), signal);
}

static inline void SetHandler(int signal, void (*handler)(int, siginfo_t*, void*), int flags) {
  struct sigaction action;
  memset(&action, 0, sizeof(action));
  action.sa_sigaction = handler;
  action.sa_flags = SA_SIGINFO | flags;
  EXPECT_EQ(sigaction(signal, &action, NULL), 0);
}

// The number in argv[1], the answer a victim should get.
static inline long long ExpectedAnswer(int argc, char** argv) {
  if (argc != 2) Fail("usage: %s ANSWER", argv[0]);
  return strtoll(argv[1], NULL, 0);
}

#endif  // PROVOST_TESTS_VICTIMS_VICTIM_H_
