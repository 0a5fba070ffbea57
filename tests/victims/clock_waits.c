// Waits of 20 seconds by a clock that runs 100 times as fast: every call that waits takes at least
// that by the clock, and the test looks at what it really took.
#include <linux/aio_abi.h>
#include <linux/futex.h>
#include <mqueue.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/timerfd.h>

#include "clock_calls.h"

#define LENGTH (20 * SECOND)

static long long began;

static void Begin(void) { began = Now(CLOCK_MONOTONIC); }
static void Took(const char* what) {
  long long took = Now(CLOCK_MONOTONIC) - began;
  if (took < LENGTH || took > 60 * LENGTH) Fail("%s took %lld", what, took);
}
#define TAKES(result, expected)  \
  do {                           \
    Begin();                     \
    EXPECT_EQ(result, expected); \
    Took(#result);               \
  } while (0)
#define FAILS(call, error)   \
  do {                       \
    Begin();                 \
    EXPECT_EQ(call, -1);     \
    EXPECT_EQ(errno, error); \
    Took(#call);             \
  } while (0)

static union Times* Length(int layout) {
  static union Times times;
  Put(&times, layout, 0, LENGTH);
  return &times;
}
static union Times* Moment(int layout, clockid_t clock) {
  static union Times times;
  Put(&times, layout, 0, Now(clock) + LENGTH);
  return &times;
}

static void Sleeps(int layout) {
  static const clockid_t kClocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME, CLOCK_TAI};
  const long by_clock = CALL(layout, clock_nanosleep, clock_nanosleep_time64);
#ifdef __i386__
  if (layout == 0)
#endif
    TAKES(syscall(SYS_nanosleep, Length(layout), NULL), 0);
  for (size_t i = 0; i < sizeof(kClocks) / sizeof(kClocks[0]); ++i) {
    TAKES(syscall(by_clock, kClocks[i], 0, Length(layout), NULL), 0);
    TAKES(syscall(by_clock, kClocks[i], TIMER_ABSTIME, Moment(layout, kClocks[i]), NULL), 0);
  }
  // What is past is past.
  union Times times;
  Put(&times, layout, 0, 1);
  EXPECT_EQ(syscall(by_clock, CLOCK_REALTIME, TIMER_ABSTIME, &times, NULL), 0);
  Put(&times, layout, 0, 0);
  EXPECT_EQ(syscall(by_clock, CLOCK_REALTIME, 0, &times, NULL), 0);
}

static void Futexes(int layout) {
  const long call = CALL(layout, futex, futex_time64);
  int word = 0;
  FAILS(syscall(call, &word, FUTEX_WAIT, 0, Length(layout), NULL, 0), ETIMEDOUT);
  FAILS(syscall(call, &word, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, 0,
                Moment(layout, CLOCK_MONOTONIC), NULL, FUTEX_BITSET_MATCH_ANY),
        ETIMEDOUT);
  FAILS(syscall(call, &word, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 0,
                Moment(layout, CLOCK_REALTIME), NULL, FUTEX_BITSET_MATCH_ANY),
        ETIMEDOUT);
  word = getppid();
  FAILS(syscall(call, &word, FUTEX_LOCK_PI, 0, Moment(layout, CLOCK_REALTIME), NULL, 0), ETIMEDOUT);
#ifdef SYS_futex_waitv
  word = 0;
  struct {
    unsigned long long val, uaddr;
    unsigned flags, reserved;
  } waiter = {0, (unsigned long)&word, 2, 0};
  FAILS(syscall(SYS_futex_waitv, &waiter, 1, 0, Moment(1, CLOCK_REALTIME), CLOCK_REALTIME),
        ETIMEDOUT);
#endif
  EXPECT_EQ(syscall(call, &word, FUTEX_WAKE, 1, NULL, NULL, 0), 0);
}

static void Polls(int layout) {
  union Times times = *Length(layout);
  TAKES(syscall(CALL(layout, ppoll, ppoll_time64), NULL, 0, &times, NULL, 8), 0);
  EXPECT_EQ(Get(&times, layout, 0), 0);
  times = *Length(layout);
  TAKES(syscall(CALL(layout, pselect6, pselect6_time64), 0, NULL, NULL, NULL, &times, NULL), 0);
  EXPECT_EQ(Get(&times, layout, 0), 0);
  // What is left when something comes is nearly all.
  int pipes[2];
  EXPECT_EQ(pipe(pipes), 0);
  EXPECT_EQ(write(pipes[1], "x", 1), 1);
  struct pollfd readable = {pipes[0], POLLIN, 0};
  times = *Length(layout);
  EXPECT_EQ(syscall(CALL(layout, ppoll, ppoll_time64), &readable, 1, &times, NULL, 8), 1);
  EXPECT(Get(&times, layout, 0) > 0 && Get(&times, layout, 0) < LENGTH);
  // As it was where the call makes no sense.
  times = *Length(layout);
  EXPECT_EQ(syscall(CALL(layout, ppoll, ppoll_time64), &readable, 1, &times, pipes, 5), -1);
  EXPECT_EQ(Get(&times, layout, 0), LENGTH);
}

static void PollsOfOneLayout(void) {
  struct timeval times = {LENGTH / SECOND, 0};
  TAKES(poll(NULL, 0, LENGTH / 1000000), 0);
#ifdef SYS__newselect
  TAKES(syscall(SYS__newselect, 0, NULL, NULL, NULL, &times), 0);
  times.tv_sec = LENGTH / SECOND;
  unsigned long block[5] = {0, 0, 0, 0, (unsigned long)&times};
  TAKES(syscall(SYS_select, block), 0);
#else
  TAKES(syscall(SYS_select, 0, NULL, NULL, NULL, &times), 0);
#endif
  EXPECT_EQ(times.tv_sec, 0);
  EXPECT_EQ(times.tv_usec, 0);
  int epoll = epoll_create1(0);
  struct epoll_event event;
  TAKES(syscall(SYS_epoll_wait, epoll, &event, 1, (int)(LENGTH / 1000000)), 0);
  TAKES(syscall(SYS_epoll_pwait, epoll, &event, 1, (int)(LENGTH / 1000000), NULL, 8), 0);
  TAKES(syscall(SYS_epoll_pwait2, epoll, &event, 1, Length(1), NULL, 8), 0);
}

static void Messages(int layout) {
  unsigned long long set = 1ULL << (SIGUSR2 - 1);
  FAILS(
      syscall(CALL(layout, rt_sigtimedwait, rt_sigtimedwait_time64), &set, NULL, Length(layout), 8),
      EAGAIN);
  struct mq_attr attributes = {.mq_maxmsg = 1, .mq_msgsize = 8};
  char name[32];
  snprintf(name, sizeof(name), "/clock_waits_%d", getpid());
  mqd_t queue = mq_open(name, O_CREAT | O_RDWR, 0600, &attributes);
  char message[8];
  if (queue >= 0) {
    EXPECT_EQ(mq_unlink(name), 0);
    FAILS(syscall(CALL(layout, mq_timedreceive, mq_timedreceive_time64), queue, message, 8, NULL,
                  Moment(layout, CLOCK_REALTIME)),
          ETIMEDOUT);
    EXPECT_EQ(mq_send(queue, message, 8, 0), 0);
    FAILS(syscall(CALL(layout, mq_timedsend, mq_timedsend_time64), queue, message, 8, 0,
                  Moment(layout, CLOCK_REALTIME)),
          ETIMEDOUT);
    close(queue);
  }
  int semaphores = semget(IPC_PRIVATE, 1, 0600);
  struct sembuf down = {0, -1, 0};
  EXPECT(semaphores >= 0);
#ifdef __i386__
  if (layout == 0) {
    FAILS(syscall(SYS_ipc, 4, semaphores, 1, 0, &down, Length(layout)), EAGAIN);
  } else {
    FAILS(syscall(SYS_semtimedop_time64, semaphores, &down, 1, Length(layout)), EAGAIN);
  }
#else
  FAILS(syscall(SYS_semtimedop, semaphores, &down, 1, Length(layout)), EAGAIN);
#endif
  EXPECT_EQ(semctl(semaphores, 0, IPC_RMID), 0);
  aio_context_t context = 0;
  struct io_event events[1];
  if (syscall(SYS_io_setup, 1, &context) == 0 && (FIRST_LAYOUT == 1 || layout == 0)) {
    TAKES(syscall(SYS_io_getevents, context, 1, 1, events, Length(layout)), 0);
  }
  // Looked at when a message has come: no more than one comes here.
  int sockets[2];
  EXPECT_EQ(socketpair(AF_UNIX, SOCK_DGRAM, 0, sockets), 0);
  EXPECT_EQ(write(sockets[1], "x", 1), 1);
  struct iovec vector = {message, sizeof(message)};
  struct mmsghdr received = {.msg_hdr = {.msg_iov = &vector, .msg_iovlen = 1}};
  union Times times = *Length(layout);
  EXPECT_EQ(syscall(CALL(layout, recvmmsg, recvmmsg_time64), sockets[0], &received, 1, 0, &times),
            1);
  EXPECT(Get(&times, layout, 0) > 0 && Get(&times, layout, 0) < LENGTH);
  close(sockets[0]);
  close(sockets[1]);
}

// A program's own constants stay so: nothing can be written, and nothing need be.
static void Constants(void) {
  char* page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  EXPECT(page != MAP_FAILED);
  Put((union Times*)page, 1, 0, SECOND / 10);
  EXPECT_EQ(mprotect(page, 4096, PROT_READ), 0);
#ifndef __i386__
  EXPECT_EQ(syscall(SYS_ppoll, NULL, 0, page, NULL, 8), 0);
  EXPECT_EQ(syscall(SYS_nanosleep, page, NULL), 0);
#endif
}

int main(void) {
  for (int layout = FIRST_LAYOUT; layout < LAYOUTS; ++layout) {
    Sleeps(layout);
    Futexes(layout);
    Polls(layout);
    Messages(layout);
  }
  PollsOfOneLayout();
  Constants();
  Succeed();
}
