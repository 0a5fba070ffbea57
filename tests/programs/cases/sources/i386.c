// A 32-bit program: threads, children, signals, files with 64-bit offsets, sockets, a timer.
// Expects to be run from a directory of its own.

#define _FILE_OFFSET_BITS 64
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { kThreads = 8, kChildren = 10 };

static volatile sig_atomic_t g_alarms;
static volatile sig_atomic_t g_value;

static void Check(int holds, const char* what) {
  if (holds) return;
  perror(what);
  _exit(1);
}

static void OnAlarm(int signal) {
  (void)signal;
  ++g_alarms;
}

static void OnQueued(int signal, siginfo_t* info, void* context) {
  (void)signal;
  (void)context;
  g_value = info->si_value.sival_int;
}

static void* Thread(void* argument) {
  struct stat status;
  for (int i = 0; i < 100; ++i) Check(stat("/proc/self/exe", &status) == 0, "stat");
  return argument;
}

static void Threads(void) {
  pthread_t threads[kThreads];
  int sum = 0;
  for (int i = 0; i < kThreads; ++i) {
    Check(pthread_create(&threads[i], NULL, Thread, (void*)i) == 0, "pthread_create");
  }
  for (int i = 0; i < kThreads; ++i) {
    void* result = NULL;
    pthread_join(threads[i], &result);
    sum += (int)result;
  }
  printf("threads: %d\n", sum);
}

// Every other child is a 64-bit program.
static void Children(void) {
  for (int i = 0; i < kChildren; ++i) {
    const pid_t pid = i % 3 == 0 ? vfork() : fork();
    Check(pid >= 0, "fork");
    if (pid == 0) {
      char command[32];
      snprintf(command, sizeof(command), "exit %d", i);
      if (i % 2 == 0) execl("/bin/sh", "sh", "-c", command, NULL);
      execl("/proc/self/exe", "i386", command + strlen("exit "), NULL);
      _exit(126);
    }
    int status = 0;
    Check(waitpid(pid, &status, 0) == pid, "waitpid");
    printf("child: %d\n", WEXITSTATUS(status));
  }
}

static void Signals(void) {
  struct sigaction action = {.sa_handler = OnAlarm};
  sigaction(SIGALRM, &action, NULL);
  const struct itimerval timer = {{0, 5000}, {0, 5000}};
  setitimer(ITIMER_REAL, &timer, NULL);
  while (g_alarms < 10) Check(pause() == -1 && errno == EINTR, "pause");
  const struct itimerval none = {{0, 0}, {0, 0}};
  setitimer(ITIMER_REAL, &none, NULL);
  printf("alarms: enough\n");
  action = (struct sigaction){.sa_sigaction = OnQueued, .sa_flags = SA_SIGINFO};
  sigaction(SIGRTMIN + 3, &action, NULL);
  sigqueue(getpid(), SIGRTMIN + 3, (union sigval){.sival_int = 4711});
  printf("queued: %d\n", (int)g_value);
}

static void Files(void) {
  const int fd = open("file", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  Check(fd >= 0, "open");
  const off_t far = 0x200000000;  // past 32 bits
  Check(pwrite(fd, "far", 3, far) == 3, "pwrite");
  struct stat status;
  Check(fstat(fd, &status) == 0, "fstat");
  printf("size: %lld\n", (long long)status.st_size);
  Check(ftruncate(fd, 8192) == 0, "ftruncate");
  char* map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 4096);
  Check(map != MAP_FAILED, "mmap");
  strcpy(map, "mapped");
  char text[16] = "";
  Check(pread(fd, text, sizeof(text), 4096) == sizeof(text), "pread");
  printf("text: %s\n", text);
  close(fd);
  Check(open("/nowhere/file", O_RDONLY) == -1, "open of nothing");
  printf("missing: %s\n", strerror(errno));
}

static void Sockets(void) {
  int ends[2];
  Check(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) == 0, "socketpair");
  char first[] = "one ";
  char second[] = "message";
  struct iovec parts[] = {{first, strlen(first)}, {second, strlen(second)}};
  const struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
  Check(sendmsg(ends[0], &message, 0) == 11, "sendmsg");
  char text[32] = "";
  Check(recv(ends[1], text, sizeof(text), 0) == 11, "recv");
  printf("socket: %s\n", text);
  Check(syscall(SYS_gettid) == getpid(), "gettid");
}

int main(int argc, char** argv) {
  if (argc == 2) return atoi(argv[1]);
  setvbuf(stdout, NULL, _IOLBF, 0);
  Threads();
  Children();
  Signals();
  Files();
  Sockets();
  raise(SIGSEGV);
}
