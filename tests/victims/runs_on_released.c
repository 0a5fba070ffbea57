// Tasks in many states when their supervisor lets go of them: getppid, pause and clock_nanosleep
// are traced then and give ENOSYS ever after, which is how they know; nothing else changes for
// them. When all are there it closes descriptor argv[1]; what they wait for ends when argv[2] does.
// Until then getppid may fail with argv[3].
#include <pthread.h>
#include <sys/mman.h>
#include <time.h>

#include "victim.h"

static int ready;
static int go;
static int refusal = ENOSYS;

// Waits until `pid` waits in the call `nr`, in the kernel, past its stop.
static void AwaitCall(pid_t pid, int nr) {
  char path[64];
  while (1) {
    char text[1024] = "";
    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    FILE* file = fopen(path, "r");
    EXPECT(file != NULL);
    EXPECT(fgets(text, sizeof(text), file) != NULL);
    fclose(file);
    const int sleeps = strstr(text, ") S ") != NULL;
    snprintf(path, sizeof(path), "/proc/%d/syscall", pid);
    file = fopen(path, "r");
    EXPECT(file != NULL);
    if (fgets(text, sizeof(text), file) == NULL) text[0] = '\0';
    fclose(file);
    if (sleeps && text[0] >= '0' && text[0] <= '9' && atoi(text) == nr) return;
    sched_yield();
  }
}

// True if the call went through: it still is supervised.
static int IsSupervised(void) {
  if (syscall(SYS_getppid) >= 0) return 1;
  if (refusal != ENOSYS && errno == refusal) return 1;
  EXPECT_EQ(errno, ENOSYS);
  return 0;
}

static void ExpectReleased(void) {
  for (int i = 0; i < 100; ++i) EXPECT(!IsSupervised());
  EXPECT_EQ(syscall(SYS_pause), -1);
  EXPECT_EQ(errno, ENOSYS);
}

static void ExpectReadsTheEnd(void) {
  char byte;
  EXPECT_EQ(read(go, &byte, 1), 0);
}

static void WaitInTracedCall(void) {
  EXPECT_EQ(syscall(SYS_pause), -1);
  EXPECT_EQ(errno, EINTR);
}

static void Handle(int signal, siginfo_t* info, void* context) {
  (void)signal, (void)info, (void)context;
}

// It goes on as restart_syscall, which is not traced, until it is sent SIGUSR1.
static void SleepInTracedCall(void) {
  SetHandler(SIGUSR1, Handle, 0);
  const struct timespec long_time = {100000, 0};
  EXPECT_EQ(syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &long_time, NULL), -1);
  EXPECT_EQ(errno, EINTR);
}

static void WaitInOwnCall(void) { ExpectReadsTheEnd(); }

static void SleepInOwnCall(void) {
  struct timespec time = {0, 1000};
  while (IsSupervised()) EXPECT_EQ(syscall(SYS_nanosleep, &time, NULL), 0);
}

static void Stop(void) { raise(SIGSTOP); }

static void Call(void) {
  while (IsSupervised()) {
  }
}

static void* CallInThread(void* argument) {
  Call();
  ExpectReleased();
  return argument;
}

static void Threads(void) {
  pthread_t threads[3];
  for (int i = 0; i < 3; ++i) EXPECT_EQ(pthread_create(&threads[i], NULL, CallInThread, NULL), 0);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(pthread_join(threads[i], NULL), 0);
}

static void Fork(void) {
  while (IsSupervised()) {
    const pid_t pid = fork();
    EXPECT(pid >= 0);
    if (pid == 0) {
      IsSupervised();
      _exit(5);
    }
    ExpectExit(pid, 5);
  }
}

// Its parent can be let go of only when this has ended.
static void Vfork(void) {
  const pid_t pid = vfork();
  EXPECT(pid >= 0);
  if (pid == 0) {
    while (IsSupervised()) {
    }
    _exit(6);
  }
  ExpectExit(pid, 6);
}

static void Exec(void) {
  if (!IsSupervised()) return;
  char number[16];
  snprintf(number, sizeof(number), "%d", refusal);
  char* const arguments[] = {"/proc/self/exe", number, "exec", NULL};
  execv(arguments[0], arguments);
  Fail("execv: errno %d", errno);
}

static void Interrupted(void) {
  SetHandler(SIGALRM, Handle, SA_RESTART);
  timer_t timer;
  const struct itimerspec often = {{0, 100000}, {0, 100000}};
  struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};
  EXPECT_EQ(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
  EXPECT_EQ(timer_settime(timer, 0, &often, NULL), 0);
  Call();
  EXPECT_EQ(timer_delete(timer), 0);
}

static pid_t Start(void (*state)(void)) {
  const pid_t pid = fork();
  EXPECT(pid >= 0);
  if (pid != 0) return pid;
  close(ready);
  state();
  ExpectReleased();
  ExpectReadsTheEnd();
  _exit(0);
}

int main(int argc, char** argv) {
  if (argc == 3) {
    refusal = atoi(argv[1]);
    Exec();
    return 0;
  }
  EXPECT_EQ(argc, 4);
  ready = atoi(argv[1]);
  go = atoi(argv[2]);
  refusal = atoi(argv[3]);
  pid_t children[16];
  int count = 0;
  AwaitCall(children[count++] = Start(WaitInTracedCall), SYS_pause);
  const pid_t sleeps = children[count++] = Start(SleepInTracedCall);
  AwaitCall(sleeps, SYS_clock_nanosleep);
  AwaitCall(children[count++] = Start(WaitInOwnCall), SYS_read);
  const pid_t stopped = children[count++] = Start(Stop);
  siginfo_t info;
  EXPECT_EQ(waitid(P_PID, stopped, &info, WSTOPPED), 0);
  children[count++] = Start(SleepInOwnCall);
  children[count++] = Start(Call);
  children[count++] = Start(Threads);
  children[count++] = Start(Fork);
  children[count++] = Start(Vfork);
  children[count++] = Start(Interrupted);
  const pid_t executing = fork();
  EXPECT(executing >= 0);
  if (executing == 0) {
    close(ready);
    Exec();
    _exit(0);
  }
  close(ready);

  ExpectReadsTheEnd();
  EXPECT(!IsSupervised());
  info.si_pid = 0;
  EXPECT_EQ(waitid(P_PID, stopped, &info, WCONTINUED | WNOHANG), 0);
  EXPECT_EQ(info.si_pid, 0);
  EXPECT_EQ(kill(stopped, SIGCONT), 0);
  AwaitCall(sleeps, SYS_restart_syscall);
  EXPECT_EQ(kill(sleeps, SIGUSR1), 0);
  for (int i = 0; i < count; ++i) ExpectExit(children[i], 0);
  ExpectExit(executing, 0);
  Succeed();
}
