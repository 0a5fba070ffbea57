// Constants of IPC, time and polling.
#include <linux/eventpoll.h>
#include <linux/ipc.h>
#include <linux/msg.h>
#include <linux/poll.h>
#include <linux/random.h>
#include <linux/sem.h>
#include <linux/shm.h>
#include <linux/timerfd.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <time.h>

#include "syscalls/constant_macros.h"
#include "syscalls/constant_sets.h"

// Newer than the oldest headers this builds with, or in no header of the kernel.
#ifndef CLOCK_SGI_CYCLE
#define CLOCK_SGI_CYCLE 10
#endif
#ifndef EFD_SEMAPHORE
#define EFD_SEMAPHORE 1
#endif
#ifndef EFD_CLOEXEC
#define EFD_CLOEXEC 02000000
#endif
#ifndef EFD_NONBLOCK
#define EFD_NONBLOCK 04000
#endif

namespace provost {
namespace {

constexpr Constant kIpcGetFlagsTable[] = {
    PROVOST_B(IPC_CREAT), PROVOST_B(IPC_EXCL), PROVOST_B(IPC_NOWAIT),
    PROVOST_B(S_IRUSR),   PROVOST_B(S_IWUSR),  PROVOST_B(S_IRGRP),
    PROVOST_B(S_IWGRP),   PROVOST_B(S_IROTH),  PROVOST_B(S_IWOTH)};

constexpr Constant kIpcKeysTable[] = {PROVOST_C(IPC_PRIVATE)};

constexpr Constant kIpcVersionsTable[] = {PROVOST_C(IPC_OLD), PROVOST_C(IPC_64)};

constexpr Constant kShmgetFlagsTable[] = {
    PROVOST_B(IPC_CREAT),     PROVOST_B(IPC_EXCL),     PROVOST_B(SHM_HUGETLB),
    PROVOST_B(SHM_NORESERVE), PROVOST_B(SHM_HUGE_2MB), PROVOST_B(SHM_HUGE_1GB),
    PROVOST_B(S_IRUSR),       PROVOST_B(S_IWUSR),      PROVOST_B(S_IRGRP),
    PROVOST_B(S_IWGRP),       PROVOST_B(S_IROTH),      PROVOST_B(S_IWOTH)};

constexpr Constant kShmatFlagsTable[] = {PROVOST_B(SHM_RDONLY), PROVOST_B(SHM_RND),
                                         PROVOST_B(SHM_REMAP), PROVOST_B(SHM_EXEC)};

constexpr Constant kShmctlCommandsTable[] = {
    PROVOST_C(IPC_RMID), PROVOST_C(IPC_SET),  PROVOST_C(IPC_STAT),
    PROVOST_C(IPC_INFO), PROVOST_C(SHM_LOCK), PROVOST_C(SHM_UNLOCK),
    PROVOST_C(SHM_STAT), PROVOST_C(SHM_INFO), PROVOST_C(SHM_STAT_ANY)};

constexpr Constant kSemctlCommandsTable[] = {
    PROVOST_C(IPC_RMID), PROVOST_C(IPC_SET),     PROVOST_C(IPC_STAT), PROVOST_C(IPC_INFO),
    PROVOST_C(GETPID),   PROVOST_C(GETVAL),      PROVOST_C(GETALL),   PROVOST_C(GETNCNT),
    PROVOST_C(GETZCNT),  PROVOST_C(SETVAL),      PROVOST_C(SETALL),   PROVOST_C(SEM_STAT),
    PROVOST_C(SEM_INFO), PROVOST_C(SEM_STAT_ANY)};

constexpr Constant kSemopFlagsTable[] = {PROVOST_B(SEM_UNDO), PROVOST_B(IPC_NOWAIT)};

constexpr Constant kMsgctlCommandsTable[] = {
    PROVOST_C(IPC_RMID), PROVOST_C(IPC_SET),  PROVOST_C(IPC_STAT),    PROVOST_C(IPC_INFO),
    PROVOST_C(MSG_STAT), PROVOST_C(MSG_INFO), PROVOST_C(MSG_STAT_ANY)};

constexpr Constant kMsgrcvFlagsTable[] = {PROVOST_B(IPC_NOWAIT), PROVOST_B(MSG_NOERROR),
                                          PROVOST_B(MSG_EXCEPT), PROVOST_B(MSG_COPY)};

constexpr Constant kIpcCallsTable[] = {PROVOST_C(SEMOP),      PROVOST_C(SEMGET), PROVOST_C(SEMCTL),
                                       PROVOST_C(SEMTIMEDOP), PROVOST_C(MSGSND), PROVOST_C(MSGRCV),
                                       PROVOST_C(MSGGET),     PROVOST_C(MSGCTL), PROVOST_C(SHMAT),
                                       PROVOST_C(SHMDT),      PROVOST_C(SHMGET), PROVOST_C(SHMCTL)};

constexpr Constant kClockIdsTable[] = {
    PROVOST_C(CLOCK_REALTIME),           PROVOST_C(CLOCK_MONOTONIC),
    PROVOST_C(CLOCK_PROCESS_CPUTIME_ID), PROVOST_C(CLOCK_THREAD_CPUTIME_ID),
    PROVOST_C(CLOCK_MONOTONIC_RAW),      PROVOST_C(CLOCK_REALTIME_COARSE),
    PROVOST_C(CLOCK_MONOTONIC_COARSE),   PROVOST_C(CLOCK_BOOTTIME),
    PROVOST_C(CLOCK_REALTIME_ALARM),     PROVOST_C(CLOCK_BOOTTIME_ALARM),
    PROVOST_C(CLOCK_SGI_CYCLE),          PROVOST_C(CLOCK_TAI)};

constexpr Constant kItimersTable[] = {PROVOST_C(ITIMER_REAL), PROVOST_C(ITIMER_VIRTUAL),
                                      PROVOST_C(ITIMER_PROF)};

constexpr Constant kTimerFlagsTable[] = {PROVOST_B(TIMER_ABSTIME)};

constexpr Constant kTimerfdCreateFlagsTable[] = {PROVOST_B(TFD_CLOEXEC), PROVOST_B(TFD_NONBLOCK)};

constexpr Constant kTimerfdSettimeFlagsTable[] = {PROVOST_B(TFD_TIMER_ABSTIME),
                                                  PROVOST_B(TFD_TIMER_CANCEL_ON_SET)};

constexpr Constant kAdjtimexModesTable[] = {
    PROVOST_B(ADJ_OFFSET),        PROVOST_B(ADJ_FREQUENCY), PROVOST_B(ADJ_MAXERROR),
    PROVOST_B(ADJ_ESTERROR),      PROVOST_B(ADJ_STATUS),    PROVOST_B(ADJ_TIMECONST),
    PROVOST_B(ADJ_TAI),           PROVOST_B(ADJ_SETOFFSET), PROVOST_B(ADJ_MICRO),
    PROVOST_B(ADJ_NANO),          PROVOST_B(ADJ_TICK),      PROVOST_B(ADJ_OFFSET_SINGLESHOT),
    PROVOST_B(ADJ_OFFSET_SS_READ)};

constexpr Constant kEpollCreateFlagsTable[] = {PROVOST_B(EPOLL_CLOEXEC)};

constexpr Constant kEpollCtlOperationsTable[] = {PROVOST_C(EPOLL_CTL_ADD), PROVOST_C(EPOLL_CTL_DEL),
                                                 PROVOST_C(EPOLL_CTL_MOD)};

constexpr Constant kEpollEventsTable[] = {
    PROVOST_B(EPOLLIN),        PROVOST_B(EPOLLPRI),    PROVOST_B(EPOLLOUT),
    PROVOST_B(EPOLLERR),       PROVOST_B(EPOLLHUP),    PROVOST_B(EPOLLNVAL),
    PROVOST_B(EPOLLRDNORM),    PROVOST_B(EPOLLRDBAND), PROVOST_B(EPOLLWRNORM),
    PROVOST_B(EPOLLWRBAND),    PROVOST_B(EPOLLMSG),    PROVOST_B(EPOLLRDHUP),
    PROVOST_B(EPOLLEXCLUSIVE), PROVOST_B(EPOLLWAKEUP), PROVOST_B(EPOLLONESHOT),
    PROVOST_B(EPOLLET)};

constexpr Constant kPollEventsTable[] = {
    PROVOST_B(POLLIN),     PROVOST_B(POLLPRI),    PROVOST_B(POLLOUT),    PROVOST_B(POLLERR),
    PROVOST_B(POLLHUP),    PROVOST_B(POLLNVAL),   PROVOST_B(POLLRDNORM), PROVOST_B(POLLRDBAND),
    PROVOST_B(POLLWRNORM), PROVOST_B(POLLWRBAND), PROVOST_B(POLLMSG),    PROVOST_B(POLLREMOVE),
    PROVOST_B(POLLRDHUP)};

constexpr Constant kEventfdFlagsTable[] = {PROVOST_B(EFD_SEMAPHORE), PROVOST_B(EFD_CLOEXEC),
                                           PROVOST_B(EFD_NONBLOCK)};

constexpr Constant kGetrandomFlagsTable[] = {PROVOST_B(GRND_NONBLOCK), PROVOST_B(GRND_RANDOM),
                                             PROVOST_B(GRND_INSECURE)};

}  // namespace

PROVOST_MASK(kIpcGetFlags, "ipc-get-flags", kIpcGetFlagsTable);
PROVOST_ENUMERATION(kIpcKeys, "ipc-keys", kIpcKeysTable);
PROVOST_ENUMERATION(kIpcVersions, "ipc-versions", kIpcVersionsTable);
PROVOST_MASK(kShmgetFlags, "shmget-flags", kShmgetFlagsTable);
PROVOST_MASK(kShmatFlags, "shmat-flags", kShmatFlagsTable);
PROVOST_ENUMERATION(kShmctlCommands, "shmctl-commands", kShmctlCommandsTable);
PROVOST_ENUMERATION(kSemctlCommands, "semctl-commands", kSemctlCommandsTable);
PROVOST_MASK(kSemopFlags, "semop-flags", kSemopFlagsTable);
PROVOST_ENUMERATION(kMsgctlCommands, "msgctl-commands", kMsgctlCommandsTable);
PROVOST_MASK(kMsgrcvFlags, "message-queue-flags", kMsgrcvFlagsTable);
PROVOST_ENUMERATION(kIpcCalls, "ipc-calls", kIpcCallsTable);
PROVOST_ENUMERATION(kClockIds, "clock-ids", kClockIdsTable);
PROVOST_ENUMERATION(kItimers, "interval-timers", kItimersTable);
PROVOST_MASK(kTimerFlags, "timer-flags", kTimerFlagsTable);
PROVOST_MASK(kTimerfdCreateFlags, "timerfd-create-flags", kTimerfdCreateFlagsTable);
PROVOST_MASK(kTimerfdSettimeFlags, "timerfd-settime-flags", kTimerfdSettimeFlagsTable);
PROVOST_MASK(kAdjtimexModes, "adjtimex-modes", kAdjtimexModesTable);
PROVOST_MASK(kEpollCreateFlags, "epoll-create-flags", kEpollCreateFlagsTable);
PROVOST_ENUMERATION(kEpollCtlOperations, "epoll-ctl-operations", kEpollCtlOperationsTable);
PROVOST_MASK(kEpollEvents, "epoll-events", kEpollEventsTable);
PROVOST_MASK(kPollEvents, "poll-events", kPollEventsTable);
PROVOST_MASK(kEventfdFlags, "eventfd-flags", kEventfdFlagsTable);
PROVOST_MASK(kGetrandomFlags, "getrandom-flags", kGetrandomFlagsTable);

}  // namespace provost
