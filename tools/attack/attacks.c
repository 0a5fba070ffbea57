// What `provost doctor --attack` runs under a policy: ways around a filter, and against a
// supervisor. One a run: `attacks NAME OUTSIDER`, where OUTSIDER is the pid of a process outside of
// the tree. It makes no call but the attack's own (no libc, no start code), so that it runs under
// any policy. The exit status says how it went.

#include "tools/attack/attacks.h"

#include <linux/bpf_common.h>
#include <linux/fcntl.h>
#include <linux/filter.h>
#include <linux/ioctl.h>
#include <linux/ptrace.h>
#include <linux/resource.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <linux/userfaultfd.h>
#include <stddef.h>

#define SIGURG 23
#define SIGCHLD 17
#define X32_BIT 0x40000000
#define EFAULT 14
#define EINVAL 22

// asm/unistd_64.h, and of i386 asm/unistd_32.h.
enum {
  kOpen = 2,
  kIoctl = 16,
  kPause = 34,
  kGetpid = 39,
  kClone = 56,
  kExecve = 59,
  kExit = 60,
  kWait4 = 61,
  kKill = 62,
  kFcntl = 72,
  kPtrace = 101,
  kGetppid = 110,
  kGetpgid = 121,
  kRtSigqueueinfo = 129,
  kGetpriority = 140,
  kSetpriority = 141,
  kPrctl = 157,
  kTkill = 200,
  kTgkill = 234,
  kOpenat = 257,
  kRtTgsigqueueinfo = 297,
  kPrlimit64 = 302,
  kProcessVmReadv = 310,
  kProcessVmWritev = 311,
  kSeccomp = 317,
  kMemfdCreate = 319,
  kExecveat = 322,
  kUserfaultfd = 323,
  kPidfdSendSignal = 424,
  kIoUringSetup = 425,
  kPidfdOpen = 434,
  kClone3 = 435,
  kOpenat2 = 437,
  kPidfdGetfd = 438,
};
enum { kKill32 = 37, kClone32 = 120, kPtrace32 = 26 };

static long Call(long nr, long a, long b, long c, long d, long e, long f) {
  long result;
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}

// The i386 ABI from 64-bit code; addresses must lie in the lower 4 GiB, as this program does.
static long Call32(long nr, long a, long b, long c, long d) {
  long result;
  __asm__ volatile("int $0x80"
                   : "=a"(result)
                   : "a"(nr), "b"(a), "c"(b), "d"(c), "S"(d), "D"(0)
                   : "r8", "r9", "r10", "r11", "memory");
  return (int)result;
}

__attribute__((noreturn)) static void End(int status) {
  for (;;) Call(kExit, status, 0, 0, 0, 0, 0);
}

static int Through(long result) { return result >= 0 ? kGotThrough : kRefused; }

static long Supervisor(void) { return Call(kGetppid, 0, 0, 0, 0, 0, 0); }

static long g_outsider;
static char** g_argv;
static char** g_envp;
static char g_buffer[1 << 16];

// ---- Calls that do others' work unseen ----

static int IoUring(void) { return Through(Call(kIoUringSetup, 8, (long)g_buffer, 0, 0, 0, 0)); }
static int IoUring32(void) { return Through(Call32(kIoUringSetup, 8, (long)g_buffer, 0, 0)); }

static int Userfaultfd(void) { return Through(Call(kUserfaultfd, O_CLOEXEC, 0, 0, 0, 0, 0)); }
static int Userfaultfd32(void) { return Through(Call32(374, O_CLOEXEC, 0, 0, 0)); }
static int UserfaultfdDevice(void) {
  const long fd = Call(kOpen, (long)"/dev/userfaultfd", O_RDONLY, 0, 0, 0, 0);
  if (fd < 0) return kNotHere;
  return Through(Call(kIoctl, fd, USERFAULTFD_IOC_NEW, O_CLOEXEC, 0, 0, 0));
}

static int Listener(void) {
  static struct sock_filter filter[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  static struct sock_fprog program = {1, filter};
  return Through(Call(kSeccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
                      (long)&program, 0, 0, 0));
}

static int X32(void) {
  return Call(X32_BIT | kGetppid, 0, 0, 0, 0, 0, 0) > 0 ? kGotThrough : kRefused;
}

// Runs this program once more, from a file without a name, where `execve` is not allowed to.
static int ExecveatMemfd(void) {
  static char* const argv[] = {"attacks", "succeed", "0", 0};
  const long self = Call(kOpen, (long)"/proc/self/exe", O_RDONLY, 0, 0, 0, 0);
  const long copy = Call(kMemfdCreate, (long)"attack", 0, 0, 0, 0, 0);
  if (self < 0 || copy < 0) return kRefused;
  for (;;) {
    const long got = Call(0, self, (long)g_buffer, sizeof(g_buffer), 0, 0, 0);
    if (got <= 0) break;
    if (Call(1, copy, (long)g_buffer, got, 0, 0, 0) != got) return kRefused;
  }
  // Where this is allowed, the other is no way around anything.
  static char* const allowed[] = {"attacks", "pointless", "0", 0};
  Call(kExecve, (long)"/proc/self/exe", (long)allowed, (long)g_envp, 0, 0, 0);
  Call(kExecveat, copy, (long)"", (long)argv, (long)g_envp, 0x1000 /* AT_EMPTY_PATH */, 0);
  return kRefused;
}
static int Succeed(void) { return kGotThrough; }
static int Pointless(void) { return kNotHere; }

// ---- Tasks without a tracer ----

// In the child: a task that is traced cannot ask to be.
__attribute__((noreturn)) static void EndChild(void) {
  End(Call(kPtrace, PTRACE_TRACEME, 0, 0, 0, 0, 0) == 0 ? kGotThrough : kRefused);
}

static int AwaitChild(long pid) {
  int status = 0;
  if (pid < 0) return kRefused;
  if (Call(kWait4, pid, (long)&status, 0x40000000 /* __WALL */, 0, 0, 0) != pid) return kRefused;
  return (status & 0x7f) == 0 ? status >> 8 & 0xff : kRefused;
}

static int CloneUntraced(void) {
  const long pid = Call(kClone, CLONE_UNTRACED | SIGCHLD, 0, 0, 0, 0, 0);
  if (pid == 0) EndChild();
  return AwaitChild(pid);
}
static int CloneUntraced32(void) {
  const long pid = Call32(kClone32, CLONE_UNTRACED | SIGCHLD, 0, 0, 0);
  if (pid == 0) EndChild();
  return AwaitChild(pid);
}
static int Clone3Untraced(void) {
  static struct clone_args args = {.flags = CLONE_UNTRACED, .exit_signal = SIGCHLD};
  const long pid = Call(kClone3, (long)&args, sizeof(args), 0, 0, 0, 0);
  if (pid == 0) EndChild();
  return AwaitChild(pid);
}

static int ExitSignal(void) {
  const long pid = Call(kClone, SIGURG, 0, 0, 0, 0, 0);
  if (pid == 0) End(kGotThrough);
  return AwaitChild(pid);
}
static int ExitSignal32(void) {
  const long pid = Call32(kClone32, SIGURG, 0, 0, 0);
  if (pid == 0) End(kGotThrough);
  return AwaitChild(pid);
}

// ---- Signals; SIGURG is nothing to who does not ask for it ----

static int SignalKill(void) { return Through(Call(kKill, Supervisor(), SIGURG, 0, 0, 0, 0)); }
static int SignalKill32(void) { return Through(Call32(kKill32, Supervisor(), SIGURG, 0, 0)); }
static int SignalTkill(void) { return Through(Call(kTkill, Supervisor(), SIGURG, 0, 0, 0, 0)); }
static int SignalTgkill(void) {
  return Through(Call(kTgkill, Supervisor(), Supervisor(), SIGURG, 0, 0, 0));
}
static int SignalHidden(void) {
  // Hidden from a supervisor without privilege: PR_SET_DUMPABLE.
  Call(kPrctl, 4, 0, 0, 0, 0, 0);
  return SignalKill();
}

struct Info {
  int signal, error, code, padding;
  char rest[112];
};
static struct Info g_info = {SIGURG, 0, -1 /* SI_QUEUE */, 0, {0}};
static int SignalQueue(void) {
  return Through(Call(kRtSigqueueinfo, Supervisor(), SIGURG, (long)&g_info, 0, 0, 0));
}
static int SignalQueueThread(void) {
  return Through(Call(kRtTgsigqueueinfo, Supervisor(), Supervisor(), SIGURG, (long)&g_info, 0, 0));
}
static int SignalPidfd(void) {
  const long fd = Call(kPidfdOpen, Supervisor(), 0, 0, 0, 0, 0);
  return fd < 0 ? kRefused : Through(Call(kPidfdSendSignal, fd, SIGURG, 0, 0, 0, 0));
}
// By a signal that does not exist, so that nobody gets one: EINVAL says that it would have been sent.
static int SignalAll(void) {
  const long result = Call(kKill, -1, 65, 0, 0, 0, 0);
  return result >= 0 || result == -EINVAL ? kGotThrough : kRefused;
}
// That these give no error says nothing: the supervisor says whether it was hit.
static int SignalGroup(void) {
  return Call(kKill, 0, SIGURG, 0, 0, 0, 0) == 0 ? kAskSupervisor : kRefused;
}
static int SignalGroupNamed(void) {
  const long group = Call(kGetpgid, Supervisor(), 0, 0, 0, 0, 0);
  return Call(kKill, -group, SIGURG, 0, 0, 0, 0) == 0 ? kAskSupervisor : kRefused;
}
static int SignalOwner(void) {
  const long fd = Call(kMemfdCreate, (long)"owned", 0, 0, 0, 0, 0);
  if (fd < 0) return kRefused;
  return Through(Call(kFcntl, fd, F_SETOWN, Supervisor(), 0, 0, 0));
}
static int SignalOwnerEx(void) {
  static struct { int type, pid; } owner = {1 /* F_OWNER_PID */, 0};
  owner.pid = Supervisor();
  const long fd = Call(kMemfdCreate, (long)"owned", 0, 0, 0, 0, 0);
  if (fd < 0) return kRefused;
  return Through(Call(kFcntl, fd, F_SETOWN_EX, (long)&owner, 0, 0, 0));
}

// ---- ptrace and its like ----

static int Trace(long pid) { return Through(Call(kPtrace, PTRACE_SEIZE, pid, 0, 0, 0, 0)); }
static int PtraceSupervisor(void) { return Trace(Supervisor()); }
static int PtraceOutsider(void) { return Trace(g_outsider); }
static int PtraceOutsider32(void) {
  return Through(Call32(kPtrace32, PTRACE_SEIZE, g_outsider, 0, 0));
}

struct Vector {
  void* base;
  size_t length;
};
// Nothing is mapped there: EFAULT says that the task's memory was looked into.
static int Memory(long nr, long pid) {
  static struct Vector local = {g_buffer, 1};
  static struct Vector remote = {(void*)8, 1};
  const long result = Call(nr, pid, (long)&local, 1, (long)&remote, 1, 0);
  return result >= 0 || result == -EFAULT ? kGotThrough : kRefused;
}
static int WritevSupervisor(void) { return Memory(kProcessVmWritev, Supervisor()); }
static int WritevOutsider(void) { return Memory(kProcessVmWritev, g_outsider); }
static int ReadvSupervisor(void) { return Memory(kProcessVmReadv, Supervisor()); }
static int ReadvOutsider(void) { return Memory(kProcessVmReadv, g_outsider); }

static int PidfdGetfd(void) {
  const long fd = Call(kPidfdOpen, Supervisor(), 0, 0, 0, 0, 0);
  return fd < 0 ? kRefused : Through(Call(kPidfdGetfd, fd, 2, 0, 0, 0, 0));
}

// "/proc/PID/mem".
static const char* MemoryFile(long pid) {
  static char path[32] = "/proc/";
  char digits[24];
  int count = 0, at = 6;
  for (; pid > 0; pid /= 10) digits[count++] = '0' + pid % 10;
  while (count > 0) path[at++] = digits[--count];
  for (const char* rest = "/mem"; *rest != 0; ++rest) path[at++] = *rest;
  return path;
}
static int ProcMem(void) {
  return Through(Call(kOpenat, AT_FDCWD, (long)MemoryFile(Supervisor()), O_RDWR, 0, 0, 0));
}
static int ProcMemOutsider(void) {
  return Through(Call(kOpen, (long)MemoryFile(g_outsider), O_WRONLY | O_CREAT, 0600, 0, 0, 0));
}
static int ProcMemHow(void) {
  static struct { unsigned long flags, mode, resolve; } how = {O_RDWR, 0, 0};
  return Through(
      Call(kOpenat2, AT_FDCWD, (long)MemoryFile(g_outsider), (long)&how, sizeof(how), 0, 0));
}

// ---- Limits: what is set is what is there ----

static int PrlimitSupervisor(void) {
  static struct { unsigned long current, most; } limit;
  const long core = 4;
  if (Call(kPrlimit64, Supervisor(), core, 0, (long)&limit, 0, 0) != 0) return kRefused;
  return Through(Call(kPrlimit64, Supervisor(), core, (long)&limit, 0, 0, 0));
}
static int PrioritySupervisor(void) {
  const long nice = 20 - Call(kGetpriority, 0, Supervisor(), 0, 0, 0, 0);
  return Through(Call(kSetpriority, 0, Supervisor(), nice, 0, 0, 0));
}

static const struct {
  const char* name;
  int (*run)(void);
} kAttacks[] = {
#define ATTACK(name, function, what) {name, function},
#include "tools/attack/attack_list.inc"
#undef ATTACK
    {"succeed", Succeed},
    {"pointless", Pointless},
};

static int IsSame(const char* a, const char* b) {
  while (*a != 0 && *a == *b) ++a, ++b;
  return *a == *b;
}

__attribute__((noreturn, used)) void Main(long* stack) {
  g_argv = (char**)(stack + 1);
  g_envp = g_argv + stack[0] + 1;
  if (stack[0] != 3) End(kBroken);
  for (const char* digit = g_argv[2]; *digit != 0; ++digit) {
    g_outsider = g_outsider * 10 + (*digit - '0');
  }
  for (size_t i = 0; i < sizeof(kAttacks) / sizeof(kAttacks[0]); ++i) {
    if (IsSame(g_argv[1], kAttacks[i].name)) End(kAttacks[i].run());
  }
  End(kBroken);
}

__asm__(
    ".globl _start\n"
    "_start:\n"
    "  mov %rsp, %rdi\n"
    "  and $-16, %rsp\n"
    "  call Main\n");
