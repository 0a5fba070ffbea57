#ifndef PROVOST_SUPERVISOR_KERNEL_FEATURES_H_
#define PROVOST_SUPERVISOR_KERNEL_FEATURES_H_

// What the running kernel has of what provost can use. Asking is one thing (Probe…), saying what
// the answers mean another, so that the meaning can be tested for kernels that are not at hand.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace provost {

enum class Presence : uint8_t { kMissing, kUnknown, kPresent };

// Answers of a kernel. A plain value.
struct KernelFacts {
  // By the names of kernel.seccomp.actions_avail: "trace", "errno" … (SECCOMP_GET_ACTION_AVAIL,
  // seccomp(2)).
  std::map<std::string, Presence> actions;
  // By the names of SECCOMP_FILTER_FLAG_*: "tsync", "log" ….
  std::map<std::string, Presence> filter_flags;
  // By name, those that exist: "kernel.yama.ptrace_scope".
  std::map<std::string, std::string> sysctls;
  Presence ptrace_seize = Presence::kUnknown;      // of a child
  Presence get_syscall_info = Presence::kUnknown;  // PTRACE_GET_SYSCALL_INFO, Linux 5.3
  Presence set_syscall_info = Presence::kUnknown;  // PTRACE_SET_SYSCALL_INFO, Linux 6.16
  Presence mseal = Presence::kUnknown;             // mseal(2), Linux 6.10
  Presence cgroup_freezer = Presence::kUnknown;    // a cgroup v2 of our own can be made
  Presence audit = Presence::kUnknown;             // the kernel's audit is on
  Presence i386 = Presence::kUnknown;              // int 0x80 is answered
  Presence x32 = Presence::kUnknown;
};

// Asks for the actions alone: some ten system calls, no process.
KernelFacts ProbeActions();

// mseal(2) alone: one system call.
Presence ProbeMseal();

// Asks for everything; makes and kills children of its own.
KernelFacts ProbeKernel();

// One line of `provost doctor`.
struct KernelFeature {
  std::string name;
  Presence presence;
  std::string value;    // of a sysctl
  std::string cost;     // what it means that it is missing (or has this value)
  bool needed = false;  // provost cannot run without it
};

std::vector<KernelFeature> DescribeKernel(const KernelFacts& facts);

// kUnimplemented, naming what is missing and the mend, if a filter of ours would not be understood.
// What is not known is not missing.
absl::Status CheckActions(const KernelFacts& facts);

}  // namespace provost

#endif  // PROVOST_SUPERVISOR_KERNEL_FEATURES_H_
