#ifndef PROVOST_POLICY_BPF_H_
#define PROVOST_POLICY_BPF_H_

#include <linux/filter.h>
#include <linux/seccomp.h>

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "syscalls/request.h"

namespace provost {

// The kernel's view of a request.
seccomp_data ToSeccompData(const SyscallRequest& request);

// Checks what the kernel checks of a seccomp filter (net/core/filter.c bpf_check_classic,
// kernel/seccomp.c seccomp_check_filter): size, known instructions, jumps inside and forward,
// aligned loads inside seccomp_data, every path ends in RET.
absl::Status VerifyBpf(absl::Span<const sock_filter> program);

// What a filter answers for one call: SECCOMP_RET_ACTION_FULL | SECCOMP_RET_DATA bits. `executed`,
// if given, gets the number of instructions run. Fails on what VerifyBpf refuses when it is
// reached.
absl::StatusOr<uint32_t> RunBpf(absl::Span<const sock_filter> program, const seccomp_data& data,
                                int* executed = nullptr);

// One line an instruction, with symbolic fields (arch, nr, args[0].lo), jump targets as line
// numbers, architectures, calls and actions by name: what `provost check --bpf` prints.
std::string DisassembleBpf(absl::Span<const sock_filter> program);

// "ALLOW", "ERRNO(EACCES)", "TRACE(0x5076)", "KILL_PROCESS" …
std::string SeccompActionToString(uint32_t action);

}  // namespace provost

#endif  // PROVOST_POLICY_BPF_H_
