// Opens a FIFO by a name that a policy looks at, in threads at which signals come, their own and
// the process's. Handlers look at where their thread is and what its registers hold: never in
// memory that is not the program's, and everywhere as without a supervisor. With SA_RESTART the
// call is made again, without it gives EINTR, and a handler may leave it. Needs a policy that
// refuses openat of "./r".
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <stdint.h>
#include <ucontext.h>

#include "flipped_files.h"

enum { kReaders = 4, kSignals = 2000 };

static const char kFifo[] = "./returns.fifo";
static const uint64_t kR10 = 0x123456789abcdef0;
static const uint64_t kR9 = 0x8000000000000000;

static uint64_t ours_begin, ours_end;  // what the supervisor has put into the process
static atomic_int inside;              // handlers that found their thread in the call
static atomic_int handled;
static atomic_int opened;
static __thread sigjmp_buf out;
static __thread volatile sig_atomic_t leaves;

extern const char behind_call[];  // the instruction behind OpenFifo's call

// The result; all other registers are as they were.
__attribute__((noinline, noclone)) static int64_t OpenFifo(void) {
  register uint64_t r10 __asm__("r10") = kR10;
  register uint64_t r8 __asm__("r8") = ~0ULL;
  register uint64_t r9 __asm__("r9") = kR9;
  uint64_t rdi = (uint64_t)AT_FDCWD;
  uint64_t rsi = (uintptr_t)kFifo;
  uint64_t rdx = O_RDONLY | O_CLOEXEC;
  int64_t rax = SYS_openat;
  __asm__ volatile(
      "syscall\n"
      ".globl behind_call\n"
      "behind_call:\n"
      : "+a"(rax), "+D"(rdi), "+S"(rsi), "+d"(rdx), "+r"(r10), "+r"(r8), "+r"(r9)
      :
      : "rcx", "r11", "memory");
  EXPECT(rdi == (uint64_t)AT_FDCWD && rsi == (uintptr_t)kFifo && rdx == (O_RDONLY | O_CLOEXEC));
  EXPECT(r10 == kR10 && r8 == ~0ULL && r9 == kR9);
  return rax;
}

static void Handle(int signal, siginfo_t* info, void* context) {
  const greg_t* registers = ((const ucontext_t*)context)->uc_mcontext.gregs;
  const uint64_t ip = (uint64_t)registers[REG_RIP];
  const int error = errno;
  (void)signal;
  (void)info;
  EXPECT(ip < ours_begin || ip >= ours_end);
  EXPECT_EQ(OpenOne("./r"), -1);
  EXPECT_EQ(OpenOne("./a"), 0);
  const uint64_t behind = (uintptr_t)behind_call;
  // Behind it the call is done, or gives EINTR; before it, it is made again.
  if (ip == behind || ip == behind - 2) {
    EXPECT((uint64_t)registers[REG_RDI] == (uint64_t)AT_FDCWD);
    EXPECT((uint64_t)registers[REG_RSI] == (uintptr_t)kFifo);
    EXPECT((uint64_t)registers[REG_R10] == kR10 && (uint64_t)registers[REG_R9] == kR9);
    EXPECT(registers[REG_R8] == -1);
    atomic_fetch_add(&inside, 1);
    if (leaves) siglongjmp(out, 1);
  }
  errno = error;
  atomic_fetch_add(&handled, 1);
}

static void FindOurs(void) {
  FILE* maps = fopen("/proc/self/maps", "re");
  EXPECT(maps != NULL);
  char line[512];
  while (fgets(line, sizeof(line), maps) != NULL) {
    uint64_t begin = 0, end = 0;
    if (strstr(line, "/memfd:provost-arguments") == NULL) continue;
    EXPECT_EQ(sscanf(line, "%lx-%lx", &begin, &end), 2);
    EXPECT(strstr(line, "w") == NULL || strstr(line, "w") > strchr(line, '/'));
    if (ours_begin == 0) ours_begin = begin;
    ours_end = end;
  }
  fclose(maps);
}

static void* OpenOften(void* unused) {
  for (int i = 0; i < kReaders; ++i) {
    const int64_t fd = OpenFifo();
    EXPECT(fd >= 0);
    close((int)fd);
    atomic_fetch_add(&opened, 1);
  }
  return unused;
}

// EINTR; then out of the call by its handler.
static void* OpenInVain(void* unused) {
  EXPECT_EQ(OpenFifo(), -EINTR);
  leaves = 1;
  if (sigsetjmp(out, 1) == 0) {
    OpenFifo();
    Fail("the handler did not leave the call");
  }
  EXPECT_EQ(OpenOne("./a"), 0);
  EXPECT_EQ(OpenOne("./r"), -1);
  return unused;
}

static void Signal(pthread_t thread, int until) {
  while (atomic_load(&inside) < until) {
    const int before = atomic_load(&handled) + atomic_load(&inside);
    EXPECT(pthread_kill(thread, SIGUSR1) == 0);
    while (atomic_load(&handled) + atomic_load(&inside) == before) sched_yield();
  }
}

int main(void) {
  MakeFiles();
  EXPECT_EQ(OpenOne("./a"), 0);
  FindOurs();
  EXPECT(mkfifo(kFifo, 0600) == 0);

  SetHandler(SIGUSR1, Handle, 0);
  pthread_t reader;
  EXPECT(pthread_create(&reader, NULL, OpenInVain, NULL) == 0);
  Signal(reader, 2);
  EXPECT(pthread_join(reader, NULL) == 0);

  // Signals of the process's: whoever is first takes one, and others find none when they look.
  SetHandler(SIGUSR1, Handle, SA_RESTART);
  sigset_t mask;
  sigemptyset(&mask);
  sigaddset(&mask, SIGUSR1);
  pthread_t readers[kReaders];
  for (int i = 0; i < kReaders; ++i) {
    EXPECT(pthread_create(&readers[i], NULL, OpenOften, NULL) == 0);
  }
  Signal(readers[0], 3);
  EXPECT(pthread_sigmask(SIG_BLOCK, &mask, NULL) == 0);
  for (int i = 0; i < kSignals; ++i) EXPECT(kill(getpid(), SIGUSR1) == 0);
  while (atomic_load(&opened) < kReaders * kReaders) {
    const int fd = open(kFifo, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    EXPECT(fd >= 0 || errno == ENXIO);
    close(fd);
    sched_yield();
  }
  for (int i = 0; i < kReaders; ++i) EXPECT(pthread_join(readers[i], NULL) == 0);
  EXPECT(unlink(kFifo) == 0);
  RemoveFiles();
  Succeed();
}
