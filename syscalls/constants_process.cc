// Constants of tasks, signals and scheduling.
#include <asm/prctl.h>
#include <asm/ptrace-abi.h>
#include <linux/kcmp.h>
#include <linux/personality.h>
#include <linux/prctl.h>
#include <linux/ptrace.h>
#include <linux/rseq.h>
#include <linux/sched.h>
#include <linux/wait.h>
#include <signal.h>
#include <sys/resource.h>

#include "syscalls/constant_macros.h"
#include "syscalls/constant_sets.h"

// Newer than the oldest headers this builds with, or in no header of the kernel.
#ifndef PR_SET_MDWE
#define PR_SET_MDWE 65
#endif
#ifndef PR_GET_MDWE
#define PR_GET_MDWE 66
#endif
#ifndef PR_SET_MEMORY_MERGE
#define PR_SET_MEMORY_MERGE 67
#endif
#ifndef PR_GET_MEMORY_MERGE
#define PR_GET_MEMORY_MERGE 68
#endif
#ifndef PR_RISCV_V_SET_CONTROL
#define PR_RISCV_V_SET_CONTROL 69
#endif
#ifndef PR_RISCV_V_GET_CONTROL
#define PR_RISCV_V_GET_CONTROL 70
#endif
#ifndef PR_RISCV_SET_ICACHE_FLUSH_CTX
#define PR_RISCV_SET_ICACHE_FLUSH_CTX 71
#endif
#ifndef PR_PPC_GET_DEXCR
#define PR_PPC_GET_DEXCR 72
#endif
#ifndef PR_PPC_SET_DEXCR
#define PR_PPC_SET_DEXCR 73
#endif
#ifndef PR_GET_SHADOW_STACK_STATUS
#define PR_GET_SHADOW_STACK_STATUS 74
#endif
#ifndef PR_SET_SHADOW_STACK_STATUS
#define PR_SET_SHADOW_STACK_STATUS 75
#endif
#ifndef PR_LOCK_SHADOW_STACK_STATUS
#define PR_LOCK_SHADOW_STACK_STATUS 76
#endif
#ifndef PR_TIMER_CREATE_RESTORE_IDS
#define PR_TIMER_CREATE_RESTORE_IDS 77
#endif
#ifndef PR_FUTEX_HASH
#define PR_FUTEX_HASH 78
#endif
#ifndef PR_GET_AUXV
#define PR_GET_AUXV 0x41555856
#endif
#ifndef PR_MDWE_REFUSE_EXEC_GAIN
#define PR_MDWE_REFUSE_EXEC_GAIN (1UL << 0)
#endif
#ifndef PR_MDWE_NO_INHERIT
#define PR_MDWE_NO_INHERIT (1UL << 1)
#endif
#ifndef ARCH_XCOMP_TILECFG
#define ARCH_XCOMP_TILECFG 17
#endif
#ifndef ARCH_XCOMP_TILEDATA
#define ARCH_XCOMP_TILEDATA 18
#endif
#ifndef ARCH_GET_UNTAG_MASK
#define ARCH_GET_UNTAG_MASK 0x4001
#endif
#ifndef ARCH_ENABLE_TAGGED_ADDR
#define ARCH_ENABLE_TAGGED_ADDR 0x4002
#endif
#ifndef ARCH_GET_MAX_TAG_BITS
#define ARCH_GET_MAX_TAG_BITS 0x4003
#endif
#ifndef ARCH_FORCE_TAGGED_SVA
#define ARCH_FORCE_TAGGED_SVA 0x4004
#endif
#ifndef ARCH_SHSTK_ENABLE
#define ARCH_SHSTK_ENABLE 0x5001
#endif
#ifndef ARCH_SHSTK_DISABLE
#define ARCH_SHSTK_DISABLE 0x5002
#endif
#ifndef ARCH_SHSTK_LOCK
#define ARCH_SHSTK_LOCK 0x5003
#endif
#ifndef ARCH_SHSTK_UNLOCK
#define ARCH_SHSTK_UNLOCK 0x5004
#endif
#ifndef ARCH_SHSTK_STATUS
#define ARCH_SHSTK_STATUS 0x5005
#endif
#ifndef PTRACE_PEEKUSER
#define PTRACE_PEEKUSER 3
#endif
#ifndef PTRACE_POKEUSER
#define PTRACE_POKEUSER 6
#endif
#ifndef PTRACE_OLDSETOPTIONS
#define PTRACE_OLDSETOPTIONS 21
#endif
#ifndef PTRACE_SET_SYSCALL_USER_DISPATCH_CONFIG
#define PTRACE_SET_SYSCALL_USER_DISPATCH_CONFIG 0x4210
#endif
#ifndef PTRACE_GET_SYSCALL_USER_DISPATCH_CONFIG
#define PTRACE_GET_SYSCALL_USER_DISPATCH_CONFIG 0x4211
#endif
#ifndef PTRACE_SET_SYSCALL_INFO
#define PTRACE_SET_SYSCALL_INFO 0x4212
#endif
#ifndef SCHED_OTHER
#define SCHED_OTHER 0
#endif
#ifndef SCHED_EXT
#define SCHED_EXT 7
#endif
#ifndef RUSAGE_BOTH
#define RUSAGE_BOTH (-2)
#endif
#ifndef RUSAGE_THREAD
#define RUSAGE_THREAD 1
#endif
#ifndef IOPRIO_WHO_PROCESS
#define IOPRIO_WHO_PROCESS 1
#endif
#ifndef IOPRIO_WHO_PGRP
#define IOPRIO_WHO_PGRP 2
#endif
#ifndef IOPRIO_WHO_USER
#define IOPRIO_WHO_USER 3
#endif
#ifndef IOPRIO_CLASS_NONE
#define IOPRIO_CLASS_NONE 0
#endif
#ifndef IOPRIO_CLASS_RT
#define IOPRIO_CLASS_RT 1
#endif
#ifndef IOPRIO_CLASS_BE
#define IOPRIO_CLASS_BE 2
#endif
#ifndef IOPRIO_CLASS_IDLE
#define IOPRIO_CLASS_IDLE 3
#endif
#ifndef PIDFD_NONBLOCK
#define PIDFD_NONBLOCK 04000
#endif
#ifndef PIDFD_THREAD
#define PIDFD_THREAD 0200
#endif
#ifndef PIDFD_SIGNAL_THREAD
#define PIDFD_SIGNAL_THREAD (1UL << 0)
#endif
#ifndef PIDFD_SIGNAL_THREAD_GROUP
#define PIDFD_SIGNAL_THREAD_GROUP (1UL << 1)
#endif
#ifndef PIDFD_SIGNAL_PROCESS_GROUP
#define PIDFD_SIGNAL_PROCESS_GROUP (1UL << 2)
#endif
#ifndef PIDFD_SELF_THREAD
#define PIDFD_SELF_THREAD (-10000)
#endif
#ifndef PIDFD_SELF_THREAD_GROUP
#define PIDFD_SELF_THREAD_GROUP (-10001)
#endif
#ifndef PIDFD_SELF
#define PIDFD_SELF PIDFD_SELF_THREAD
#endif
#ifndef PIDFD_SELF_PROCESS
#define PIDFD_SELF_PROCESS PIDFD_SELF_THREAD_GROUP
#endif
#ifndef FD_PIDFS_ROOT
#define FD_PIDFS_ROOT (-10002)
#endif
#ifndef FD_NSFS_ROOT
#define FD_NSFS_ROOT (-10003)
#endif
#ifndef FD_INVALID
#define FD_INVALID (-10009)
#endif
#ifndef SA_UNSUPPORTED
#define SA_UNSUPPORTED 0x00000400
#endif
#ifndef SA_EXPOSE_TAGBITS
#define SA_EXPOSE_TAGBITS 0x00000800
#endif
#ifndef SA_RESTORER
#define SA_RESTORER 0x04000000
#endif
#ifndef SS_AUTODISARM
#define SS_AUTODISARM (1U << 31)
#endif
#ifndef SFD_CLOEXEC
#define SFD_CLOEXEC 02000000
#endif
#ifndef SFD_NONBLOCK
#define SFD_NONBLOCK 04000
#endif

namespace provost {
namespace {

constexpr Constant kCloneFlagsTable[] = {PROVOST_B(CLONE_VM),
                                         PROVOST_B(CLONE_FS),
                                         PROVOST_B(CLONE_FILES),
                                         PROVOST_B(CLONE_SIGHAND),
                                         PROVOST_B(CLONE_PIDFD),
                                         PROVOST_B(CLONE_PTRACE),
                                         PROVOST_B(CLONE_VFORK),
                                         PROVOST_B(CLONE_PARENT),
                                         PROVOST_B(CLONE_THREAD),
                                         PROVOST_B(CLONE_NEWNS),
                                         PROVOST_B(CLONE_SYSVSEM),
                                         PROVOST_B(CLONE_SETTLS),
                                         PROVOST_B(CLONE_PARENT_SETTID),
                                         PROVOST_B(CLONE_CHILD_CLEARTID),
                                         PROVOST_B(CLONE_DETACHED),
                                         PROVOST_B(CLONE_UNTRACED),
                                         PROVOST_B(CLONE_CHILD_SETTID),
                                         PROVOST_B(CLONE_NEWCGROUP),
                                         PROVOST_B(CLONE_NEWUTS),
                                         PROVOST_B(CLONE_NEWIPC),
                                         PROVOST_B(CLONE_NEWUSER),
                                         PROVOST_B(CLONE_NEWPID),
                                         PROVOST_B(CLONE_NEWNET),
                                         PROVOST_B(CLONE_IO),
                                         PROVOST_B(SIGCHLD),
                                         PROVOST_B(CSIGNAL)};

// Those of clone(2), and those that do not fit beside its signal.
constexpr Constant kClone3FlagsTable[] = {PROVOST_B(CLONE_NEWTIME),
                                          PROVOST_B(CLONE_CLEAR_SIGHAND),
                                          PROVOST_B(CLONE_INTO_CGROUP),
                                          PROVOST_B(CLONE_VM),
                                          PROVOST_B(CLONE_FS),
                                          PROVOST_B(CLONE_FILES),
                                          PROVOST_B(CLONE_SIGHAND),
                                          PROVOST_B(CLONE_PIDFD),
                                          PROVOST_B(CLONE_PTRACE),
                                          PROVOST_B(CLONE_VFORK),
                                          PROVOST_B(CLONE_PARENT),
                                          PROVOST_B(CLONE_THREAD),
                                          PROVOST_B(CLONE_NEWNS),
                                          PROVOST_B(CLONE_SYSVSEM),
                                          PROVOST_B(CLONE_SETTLS),
                                          PROVOST_B(CLONE_PARENT_SETTID),
                                          PROVOST_B(CLONE_CHILD_CLEARTID),
                                          PROVOST_B(CLONE_DETACHED),
                                          PROVOST_B(CLONE_UNTRACED),
                                          PROVOST_B(CLONE_CHILD_SETTID),
                                          PROVOST_B(CLONE_NEWCGROUP),
                                          PROVOST_B(CLONE_NEWUTS),
                                          PROVOST_B(CLONE_NEWIPC),
                                          PROVOST_B(CLONE_NEWUSER),
                                          PROVOST_B(CLONE_NEWPID),
                                          PROVOST_B(CLONE_NEWNET),
                                          PROVOST_B(CLONE_IO)};

constexpr Constant kWaitOptionsTable[] = {
    PROVOST_B(WNOHANG),     PROVOST_B(WUNTRACED),  PROVOST_B(WSTOPPED),
    PROVOST_B(WEXITED),     PROVOST_B(WCONTINUED), PROVOST_B(WNOWAIT),
    PROVOST_B(__WNOTHREAD), PROVOST_B(__WALL),     PROVOST_B(__WCLONE)};

constexpr Constant kWaitIdTypesTable[] = {PROVOST_C(P_ALL), PROVOST_C(P_PID), PROVOST_C(P_PGID),
                                          PROVOST_C(P_PIDFD)};

constexpr Constant kPrctlOptionsTable[] = {PROVOST_C(PR_SET_PDEATHSIG),
                                           PROVOST_C(PR_GET_PDEATHSIG),
                                           PROVOST_C(PR_GET_DUMPABLE),
                                           PROVOST_C(PR_SET_DUMPABLE),
                                           PROVOST_C(PR_GET_UNALIGN),
                                           PROVOST_C(PR_SET_UNALIGN),
                                           PROVOST_C(PR_GET_KEEPCAPS),
                                           PROVOST_C(PR_SET_KEEPCAPS),
                                           PROVOST_C(PR_GET_FPEMU),
                                           PROVOST_C(PR_SET_FPEMU),
                                           PROVOST_C(PR_GET_FPEXC),
                                           PROVOST_C(PR_SET_FPEXC),
                                           PROVOST_C(PR_GET_TIMING),
                                           PROVOST_C(PR_SET_TIMING),
                                           PROVOST_C(PR_SET_NAME),
                                           PROVOST_C(PR_GET_NAME),
                                           PROVOST_C(PR_GET_ENDIAN),
                                           PROVOST_C(PR_SET_ENDIAN),
                                           PROVOST_C(PR_GET_SECCOMP),
                                           PROVOST_C(PR_SET_SECCOMP),
                                           PROVOST_C(PR_CAPBSET_READ),
                                           PROVOST_C(PR_CAPBSET_DROP),
                                           PROVOST_C(PR_GET_TSC),
                                           PROVOST_C(PR_SET_TSC),
                                           PROVOST_C(PR_GET_SECUREBITS),
                                           PROVOST_C(PR_SET_SECUREBITS),
                                           PROVOST_C(PR_SET_TIMERSLACK),
                                           PROVOST_C(PR_GET_TIMERSLACK),
                                           PROVOST_C(PR_TASK_PERF_EVENTS_DISABLE),
                                           PROVOST_C(PR_TASK_PERF_EVENTS_ENABLE),
                                           PROVOST_C(PR_MCE_KILL),
                                           PROVOST_C(PR_MCE_KILL_GET),
                                           PROVOST_C(PR_SET_MM),
                                           PROVOST_C(PR_SET_PTRACER),
                                           PROVOST_C(PR_SET_CHILD_SUBREAPER),
                                           PROVOST_C(PR_GET_CHILD_SUBREAPER),
                                           PROVOST_C(PR_SET_NO_NEW_PRIVS),
                                           PROVOST_C(PR_GET_NO_NEW_PRIVS),
                                           PROVOST_C(PR_GET_TID_ADDRESS),
                                           PROVOST_C(PR_SET_THP_DISABLE),
                                           PROVOST_C(PR_GET_THP_DISABLE),
                                           PROVOST_C(PR_MPX_ENABLE_MANAGEMENT),
                                           PROVOST_C(PR_MPX_DISABLE_MANAGEMENT),
                                           PROVOST_C(PR_SET_FP_MODE),
                                           PROVOST_C(PR_GET_FP_MODE),
                                           PROVOST_C(PR_CAP_AMBIENT),
                                           PROVOST_C(PR_SVE_SET_VL),
                                           PROVOST_C(PR_SVE_GET_VL),
                                           PROVOST_C(PR_GET_SPECULATION_CTRL),
                                           PROVOST_C(PR_SET_SPECULATION_CTRL),
                                           PROVOST_C(PR_PAC_RESET_KEYS),
                                           PROVOST_C(PR_SET_TAGGED_ADDR_CTRL),
                                           PROVOST_C(PR_GET_TAGGED_ADDR_CTRL),
                                           PROVOST_C(PR_SET_IO_FLUSHER),
                                           PROVOST_C(PR_GET_IO_FLUSHER),
                                           PROVOST_C(PR_SET_SYSCALL_USER_DISPATCH),
                                           PROVOST_C(PR_PAC_SET_ENABLED_KEYS),
                                           PROVOST_C(PR_PAC_GET_ENABLED_KEYS),
                                           PROVOST_C(PR_SCHED_CORE),
                                           PROVOST_C(PR_SME_SET_VL),
                                           PROVOST_C(PR_SME_GET_VL),
                                           PROVOST_C(PR_SET_MDWE),
                                           PROVOST_C(PR_GET_MDWE),
                                           PROVOST_C(PR_SET_MEMORY_MERGE),
                                           PROVOST_C(PR_GET_MEMORY_MERGE),
                                           PROVOST_C(PR_RISCV_V_SET_CONTROL),
                                           PROVOST_C(PR_RISCV_V_GET_CONTROL),
                                           PROVOST_C(PR_RISCV_SET_ICACHE_FLUSH_CTX),
                                           PROVOST_C(PR_PPC_GET_DEXCR),
                                           PROVOST_C(PR_PPC_SET_DEXCR),
                                           PROVOST_C(PR_GET_SHADOW_STACK_STATUS),
                                           PROVOST_C(PR_SET_SHADOW_STACK_STATUS),
                                           PROVOST_C(PR_LOCK_SHADOW_STACK_STATUS),
                                           PROVOST_C(PR_TIMER_CREATE_RESTORE_IDS),
                                           PROVOST_C(PR_FUTEX_HASH),
                                           PROVOST_C(PR_SET_VMA),
                                           PROVOST_C(PR_GET_AUXV)};

constexpr Constant kPrctlMmOptionsTable[] = {
    PROVOST_C(PR_SET_MM_START_CODE),  PROVOST_C(PR_SET_MM_END_CODE),
    PROVOST_C(PR_SET_MM_START_DATA),  PROVOST_C(PR_SET_MM_END_DATA),
    PROVOST_C(PR_SET_MM_START_STACK), PROVOST_C(PR_SET_MM_START_BRK),
    PROVOST_C(PR_SET_MM_BRK),         PROVOST_C(PR_SET_MM_ARG_START),
    PROVOST_C(PR_SET_MM_ARG_END),     PROVOST_C(PR_SET_MM_ENV_START),
    PROVOST_C(PR_SET_MM_ENV_END),     PROVOST_C(PR_SET_MM_AUXV),
    PROVOST_C(PR_SET_MM_EXE_FILE),    PROVOST_C(PR_SET_MM_MAP),
    PROVOST_C(PR_SET_MM_MAP_SIZE)};

constexpr Constant kPrctlAmbientOptionsTable[] = {
    PROVOST_C(PR_CAP_AMBIENT_IS_SET), PROVOST_C(PR_CAP_AMBIENT_RAISE),
    PROVOST_C(PR_CAP_AMBIENT_LOWER), PROVOST_C(PR_CAP_AMBIENT_CLEAR_ALL)};

constexpr Constant kPrctlTscTable[] = {PROVOST_C(PR_TSC_ENABLE), PROVOST_C(PR_TSC_SIGSEGV)};

constexpr Constant kPrctlVmaTable[] = {PROVOST_C(PR_SET_VMA_ANON_NAME)};

constexpr Constant kPrctlSpeculationTable[] = {PROVOST_C(PR_SPEC_STORE_BYPASS),
                                               PROVOST_C(PR_SPEC_INDIRECT_BRANCH),
                                               PROVOST_C(PR_SPEC_L1D_FLUSH)};

constexpr Constant kPrctlSpeculationControlTable[] = {
    PROVOST_B(PR_SPEC_NOT_AFFECTED),  PROVOST_B(PR_SPEC_PRCTL),
    PROVOST_B(PR_SPEC_ENABLE),        PROVOST_B(PR_SPEC_DISABLE),
    PROVOST_B(PR_SPEC_FORCE_DISABLE), PROVOST_B(PR_SPEC_DISABLE_NOEXEC)};

constexpr Constant kPrctlDispatchTable[] = {PROVOST_C(PR_SYS_DISPATCH_OFF),
                                            PROVOST_C(PR_SYS_DISPATCH_ON)};

constexpr Constant kPrctlMdweTable[] = {PROVOST_B(PR_MDWE_REFUSE_EXEC_GAIN),
                                        PROVOST_B(PR_MDWE_NO_INHERIT)};

constexpr Constant kPrctlPtracerTable[] = {PROVOST_C(PR_SET_PTRACER_ANY)};

constexpr Constant kArchPrctlCodesTable[] = {PROVOST_C(ARCH_SET_GS),
                                             PROVOST_C(ARCH_SET_FS),
                                             PROVOST_C(ARCH_GET_FS),
                                             PROVOST_C(ARCH_GET_GS),
                                             PROVOST_C(ARCH_GET_CPUID),
                                             PROVOST_C(ARCH_SET_CPUID),
                                             PROVOST_C(ARCH_GET_XCOMP_SUPP),
                                             PROVOST_C(ARCH_GET_XCOMP_PERM),
                                             PROVOST_C(ARCH_REQ_XCOMP_PERM),
                                             PROVOST_C(ARCH_GET_XCOMP_GUEST_PERM),
                                             PROVOST_C(ARCH_REQ_XCOMP_GUEST_PERM),
                                             PROVOST_C(ARCH_XCOMP_TILECFG),
                                             PROVOST_C(ARCH_XCOMP_TILEDATA),
                                             PROVOST_C(ARCH_MAP_VDSO_X32),
                                             PROVOST_C(ARCH_MAP_VDSO_32),
                                             PROVOST_C(ARCH_MAP_VDSO_64),
                                             PROVOST_C(ARCH_GET_UNTAG_MASK),
                                             PROVOST_C(ARCH_ENABLE_TAGGED_ADDR),
                                             PROVOST_C(ARCH_GET_MAX_TAG_BITS),
                                             PROVOST_C(ARCH_FORCE_TAGGED_SVA),
                                             PROVOST_C(ARCH_SHSTK_ENABLE),
                                             PROVOST_C(ARCH_SHSTK_DISABLE),
                                             PROVOST_C(ARCH_SHSTK_LOCK),
                                             PROVOST_C(ARCH_SHSTK_UNLOCK),
                                             PROVOST_C(ARCH_SHSTK_STATUS)};

constexpr Constant kPtraceRequestsTable[] = {PROVOST_C(PTRACE_TRACEME),
                                             PROVOST_C(PTRACE_PEEKTEXT),
                                             PROVOST_C(PTRACE_PEEKDATA),
                                             PROVOST_C(PTRACE_PEEKUSER),
                                             PROVOST_C(PTRACE_PEEKUSR),
                                             PROVOST_C(PTRACE_POKETEXT),
                                             PROVOST_C(PTRACE_POKEDATA),
                                             PROVOST_C(PTRACE_POKEUSER),
                                             PROVOST_C(PTRACE_POKEUSR),
                                             PROVOST_C(PTRACE_CONT),
                                             PROVOST_C(PTRACE_KILL),
                                             PROVOST_C(PTRACE_SINGLESTEP),
                                             PROVOST_C(PTRACE_GETREGS),
                                             PROVOST_C(PTRACE_SETREGS),
                                             PROVOST_C(PTRACE_GETFPREGS),
                                             PROVOST_C(PTRACE_SETFPREGS),
                                             PROVOST_C(PTRACE_ATTACH),
                                             PROVOST_C(PTRACE_DETACH),
                                             PROVOST_C(PTRACE_GETFPXREGS),
                                             PROVOST_C(PTRACE_SETFPXREGS),
                                             PROVOST_C(PTRACE_OLDSETOPTIONS),
                                             PROVOST_C(PTRACE_SYSCALL),
                                             PROVOST_C(PTRACE_GET_THREAD_AREA),
                                             PROVOST_C(PTRACE_SET_THREAD_AREA),
                                             PROVOST_C(PTRACE_ARCH_PRCTL),
                                             PROVOST_C(PTRACE_SYSEMU),
                                             PROVOST_C(PTRACE_SYSEMU_SINGLESTEP),
                                             PROVOST_C(PTRACE_SINGLEBLOCK),
                                             PROVOST_C(PTRACE_SETOPTIONS),
                                             PROVOST_C(PTRACE_GETEVENTMSG),
                                             PROVOST_C(PTRACE_GETSIGINFO),
                                             PROVOST_C(PTRACE_SETSIGINFO),
                                             PROVOST_C(PTRACE_GETREGSET),
                                             PROVOST_C(PTRACE_SETREGSET),
                                             PROVOST_C(PTRACE_SEIZE),
                                             PROVOST_C(PTRACE_INTERRUPT),
                                             PROVOST_C(PTRACE_LISTEN),
                                             PROVOST_C(PTRACE_PEEKSIGINFO),
                                             PROVOST_C(PTRACE_GETSIGMASK),
                                             PROVOST_C(PTRACE_SETSIGMASK),
                                             PROVOST_C(PTRACE_SECCOMP_GET_FILTER),
                                             PROVOST_C(PTRACE_SECCOMP_GET_METADATA),
                                             PROVOST_C(PTRACE_GET_SYSCALL_INFO),
                                             PROVOST_C(PTRACE_GET_RSEQ_CONFIGURATION),
                                             PROVOST_C(PTRACE_SET_SYSCALL_USER_DISPATCH_CONFIG),
                                             PROVOST_C(PTRACE_GET_SYSCALL_USER_DISPATCH_CONFIG),
                                             PROVOST_C(PTRACE_SET_SYSCALL_INFO)};

constexpr Constant kPtraceOptionsTable[] = {
    PROVOST_B(PTRACE_O_TRACESYSGOOD), PROVOST_B(PTRACE_O_TRACEFORK),
    PROVOST_B(PTRACE_O_TRACEVFORK),   PROVOST_B(PTRACE_O_TRACECLONE),
    PROVOST_B(PTRACE_O_TRACEEXEC),    PROVOST_B(PTRACE_O_TRACEVFORKDONE),
    PROVOST_B(PTRACE_O_TRACEEXIT),    PROVOST_B(PTRACE_O_TRACESECCOMP),
    PROVOST_B(PTRACE_O_EXITKILL),     PROVOST_B(PTRACE_O_SUSPEND_SECCOMP)};

constexpr Constant kPtraceEventsTable[] = {
    PROVOST_C(PTRACE_EVENT_FORK),       PROVOST_C(PTRACE_EVENT_VFORK),
    PROVOST_C(PTRACE_EVENT_CLONE),      PROVOST_C(PTRACE_EVENT_EXEC),
    PROVOST_C(PTRACE_EVENT_VFORK_DONE), PROVOST_C(PTRACE_EVENT_EXIT),
    PROVOST_C(PTRACE_EVENT_SECCOMP),    PROVOST_C(PTRACE_EVENT_STOP)};

constexpr Constant kSchedulersTable[] = {
    PROVOST_B(SCHED_NORMAL),   PROVOST_B(SCHED_OTHER), PROVOST_B(SCHED_FIFO),
    PROVOST_B(SCHED_RR),       PROVOST_B(SCHED_BATCH), PROVOST_B(SCHED_IDLE),
    PROVOST_B(SCHED_DEADLINE), PROVOST_B(SCHED_EXT),   PROVOST_B(SCHED_RESET_ON_FORK)};

constexpr Constant kSchedFlagsTable[] = {
    PROVOST_B(SCHED_FLAG_RESET_ON_FORK), PROVOST_B(SCHED_FLAG_RECLAIM),
    PROVOST_B(SCHED_FLAG_DL_OVERRUN),    PROVOST_B(SCHED_FLAG_KEEP_POLICY),
    PROVOST_B(SCHED_FLAG_KEEP_PARAMS),   PROVOST_B(SCHED_FLAG_UTIL_CLAMP_MIN),
    PROVOST_B(SCHED_FLAG_UTIL_CLAMP_MAX)};

constexpr Constant kResourcesTable[] = {
    PROVOST_C(RLIMIT_CPU),      PROVOST_C(RLIMIT_FSIZE),  PROVOST_C(RLIMIT_DATA),
    PROVOST_C(RLIMIT_STACK),    PROVOST_C(RLIMIT_CORE),   PROVOST_C(RLIMIT_RSS),
    PROVOST_C(RLIMIT_NPROC),    PROVOST_C(RLIMIT_NOFILE), PROVOST_C(RLIMIT_MEMLOCK),
    PROVOST_C(RLIMIT_AS),       PROVOST_C(RLIMIT_LOCKS),  PROVOST_C(RLIMIT_SIGPENDING),
    PROVOST_C(RLIMIT_MSGQUEUE), PROVOST_C(RLIMIT_NICE),   PROVOST_C(RLIMIT_RTPRIO),
    PROVOST_C(RLIMIT_RTTIME)};

constexpr Constant kLimitsTable[] = {PROVOST_C(RLIM_INFINITY)};

constexpr Constant kRusageWhoTable[] = {PROVOST_C(RUSAGE_SELF), PROVOST_C(RUSAGE_CHILDREN),
                                        PROVOST_C(RUSAGE_BOTH), PROVOST_C(RUSAGE_THREAD)};

constexpr Constant kPriorityWhichTable[] = {PROVOST_C(PRIO_PROCESS), PROVOST_C(PRIO_PGRP),
                                            PROVOST_C(PRIO_USER)};

constexpr Constant kIoprioWhichTable[] = {PROVOST_C(IOPRIO_WHO_PROCESS), PROVOST_C(IOPRIO_WHO_PGRP),
                                          PROVOST_C(IOPRIO_WHO_USER)};

constexpr Constant kIoprioClassesTable[] = {PROVOST_C(IOPRIO_CLASS_NONE),
                                            PROVOST_C(IOPRIO_CLASS_RT), PROVOST_C(IOPRIO_CLASS_BE),
                                            PROVOST_C(IOPRIO_CLASS_IDLE)};

constexpr Constant kKcmpTypesTable[] = {PROVOST_C(KCMP_FILE),    PROVOST_C(KCMP_VM),
                                        PROVOST_C(KCMP_FILES),   PROVOST_C(KCMP_FS),
                                        PROVOST_C(KCMP_SIGHAND), PROVOST_C(KCMP_IO),
                                        PROVOST_C(KCMP_SYSVSEM), PROVOST_C(KCMP_EPOLL_TFD)};

constexpr Constant kPidfdOpenFlagsTable[] = {PROVOST_B(PIDFD_NONBLOCK), PROVOST_B(PIDFD_THREAD)};

constexpr Constant kPidfdSignalFlagsTable[] = {PROVOST_B(PIDFD_SIGNAL_THREAD),
                                               PROVOST_B(PIDFD_SIGNAL_THREAD_GROUP),
                                               PROVOST_B(PIDFD_SIGNAL_PROCESS_GROUP)};

constexpr Constant kDescriptorSpecialsTable[] = {
    PROVOST_C(PIDFD_SELF_THREAD),  PROVOST_C(PIDFD_SELF_THREAD_GROUP), PROVOST_C(PIDFD_SELF),
    PROVOST_C(PIDFD_SELF_PROCESS), PROVOST_C(FD_PIDFS_ROOT),           PROVOST_C(FD_NSFS_ROOT),
    PROVOST_C(FD_INVALID)};

constexpr Constant kPersonalitiesTable[] = {
    PROVOST_B(PER_LINUX),         PROVOST_B(UNAME26),          PROVOST_B(ADDR_NO_RANDOMIZE),
    PROVOST_B(FDPIC_FUNCPTRS),    PROVOST_B(MMAP_PAGE_ZERO),   PROVOST_B(ADDR_COMPAT_LAYOUT),
    PROVOST_B(READ_IMPLIES_EXEC), PROVOST_B(ADDR_LIMIT_32BIT), PROVOST_B(SHORT_INODE),
    PROVOST_B(WHOLE_SECONDS),     PROVOST_B(STICKY_TIMEOUTS),  PROVOST_B(ADDR_LIMIT_3GB),
    PROVOST_B(PER_LINUX32),       PROVOST_B(PER_MASK)};

constexpr Constant kRseqFlagsTable[] = {PROVOST_B(RSEQ_FLAG_UNREGISTER)};

constexpr Constant kSignalsTable[] = {
    PROVOST_C(SIGHUP),    PROVOST_C(SIGINT),  PROVOST_C(SIGQUIT),   PROVOST_C(SIGILL),
    PROVOST_C(SIGTRAP),   PROVOST_C(SIGABRT), PROVOST_C(SIGIOT),    PROVOST_C(SIGBUS),
    PROVOST_C(SIGFPE),    PROVOST_C(SIGKILL), PROVOST_C(SIGUSR1),   PROVOST_C(SIGSEGV),
    PROVOST_C(SIGUSR2),   PROVOST_C(SIGPIPE), PROVOST_C(SIGALRM),   PROVOST_C(SIGTERM),
    PROVOST_C(SIGSTKFLT), PROVOST_C(SIGCHLD), PROVOST_C(SIGCONT),   PROVOST_C(SIGSTOP),
    PROVOST_C(SIGTSTP),   PROVOST_C(SIGTTIN), PROVOST_C(SIGTTOU),   PROVOST_C(SIGURG),
    PROVOST_C(SIGXCPU),   PROVOST_C(SIGXFSZ), PROVOST_C(SIGVTALRM), PROVOST_C(SIGPROF),
    PROVOST_C(SIGWINCH),  PROVOST_C(SIGIO),   PROVOST_C(SIGPOLL),   PROVOST_C(SIGPWR),
    PROVOST_C(SIGSYS)};

constexpr Constant kSignalActionsTable[] = {{"SIG_DFL", 0}, {"SIG_IGN", 1}};

constexpr Constant kSigactionFlagsTable[] = {
    PROVOST_B(SA_NOCLDSTOP),   PROVOST_B(SA_NOCLDWAIT),      PROVOST_B(SA_SIGINFO),
    PROVOST_B(SA_UNSUPPORTED), PROVOST_B(SA_EXPOSE_TAGBITS), PROVOST_B(SA_RESTORER),
    PROVOST_B(SA_ONSTACK),     PROVOST_B(SA_RESTART),        PROVOST_B(SA_NODEFER),
    PROVOST_B(SA_RESETHAND)};

constexpr Constant kSigprocmaskHowTable[] = {PROVOST_C(SIG_BLOCK), PROVOST_C(SIG_UNBLOCK),
                                             PROVOST_C(SIG_SETMASK)};

constexpr Constant kSignalStackFlagsTable[] = {PROVOST_B(SS_ONSTACK), PROVOST_B(SS_DISABLE),
                                               PROVOST_B(SS_AUTODISARM)};

constexpr Constant kSignalfdFlagsTable[] = {PROVOST_B(SFD_CLOEXEC), PROVOST_B(SFD_NONBLOCK)};

}  // namespace

PROVOST_MASK(kCloneFlags, "clone-flags", kCloneFlagsTable);
PROVOST_MASK(kClone3Flags, "clone3-flags", kClone3FlagsTable);
PROVOST_MASK(kWaitOptions, "wait-options", kWaitOptionsTable);
PROVOST_ENUMERATION(kWaitIdTypes, "wait-id-types", kWaitIdTypesTable);
PROVOST_ENUMERATION(kPrctlOptions, "prctl-options", kPrctlOptionsTable);
PROVOST_ENUMERATION(kPrctlMmOptions, "prctl-mm-options", kPrctlMmOptionsTable);
PROVOST_ENUMERATION(kPrctlAmbientOptions, "prctl-ambient-options", kPrctlAmbientOptionsTable);
PROVOST_ENUMERATION(kPrctlTsc, "prctl-tsc", kPrctlTscTable);
PROVOST_ENUMERATION(kPrctlVma, "prctl-vma", kPrctlVmaTable);
PROVOST_ENUMERATION(kPrctlSpeculation, "prctl-speculation", kPrctlSpeculationTable);
PROVOST_MASK(kPrctlSpeculationControl, "prctl-speculation-control", kPrctlSpeculationControlTable);
PROVOST_ENUMERATION(kPrctlDispatch, "prctl-syscall-user-dispatch", kPrctlDispatchTable);
PROVOST_MASK(kPrctlMdwe, "prctl-mdwe", kPrctlMdweTable);
PROVOST_ENUMERATION(kPrctlPtracer, "prctl-ptracer", kPrctlPtracerTable);
PROVOST_ENUMERATION(kArchPrctlCodes, "arch-prctl-codes", kArchPrctlCodesTable);
PROVOST_ENUMERATION(kPtraceRequests, "ptrace-requests", kPtraceRequestsTable);
PROVOST_MASK(kPtraceOptions, "ptrace-options", kPtraceOptionsTable);
PROVOST_ENUMERATION(kPtraceEvents, "ptrace-events", kPtraceEventsTable);
PROVOST_MASK(kSchedulers, "schedulers", kSchedulersTable);
PROVOST_MASK(kSchedFlags, "sched-flags", kSchedFlagsTable);
PROVOST_ENUMERATION(kResources, "resources", kResourcesTable);
PROVOST_ENUMERATION(kLimits, "limits", kLimitsTable);
PROVOST_ENUMERATION(kRusageWho, "rusage-who", kRusageWhoTable);
PROVOST_ENUMERATION(kPriorityWhich, "priority-which", kPriorityWhichTable);
PROVOST_ENUMERATION(kIoprioWhich, "ioprio-which", kIoprioWhichTable);
PROVOST_ENUMERATION(kIoprioClasses, "ioprio-classes", kIoprioClassesTable);
PROVOST_ENUMERATION(kKcmpTypes, "kcmp-types", kKcmpTypesTable);
PROVOST_MASK(kPidfdOpenFlags, "pidfd-open-flags", kPidfdOpenFlagsTable);
PROVOST_MASK(kPidfdSignalFlags, "pidfd-signal-flags", kPidfdSignalFlagsTable);
PROVOST_ENUMERATION(kDescriptorSpecials, "descriptor-specials", kDescriptorSpecialsTable);
PROVOST_MASK(kPersonalities, "personalities", kPersonalitiesTable);
PROVOST_MASK(kRseqFlags, "rseq-flags", kRseqFlagsTable);
PROVOST_ENUMERATION(kSignals, "signals", kSignalsTable);
PROVOST_ENUMERATION(kSignalActions, "signal-actions", kSignalActionsTable);
PROVOST_MASK(kSigactionFlags, "sigaction-flags", kSigactionFlagsTable);
PROVOST_ENUMERATION(kSigprocmaskHow, "sigprocmask-how", kSigprocmaskHowTable);
PROVOST_MASK(kSignalStackFlags, "signal-stack-flags", kSignalStackFlagsTable);
PROVOST_MASK(kSignalfdFlags, "signalfd-flags", kSignalfdFlagsTable);

}  // namespace provost
