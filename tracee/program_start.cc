#include "tracee/program_start.h"

#include <elf.h>
#include <sys/user.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "base/status_macros.h"
#include "tracee/memory.h"
#include "tracee/registers.h"

namespace provost {
namespace {

// The code segment of 64-bit programs (__USER_CS, asm/segment.h in the kernel).
constexpr uint64_t kCode64 = 0x33;

// More words of arguments and environment than a stack of the kernel's making has
// (bprm_stack_limits in fs/exec.c: 6 MiB with their strings).
constexpr size_t kMostWords = size_t{4} << 20;

// The words of a new program's stack: argc, the arguments and a null, the environment and a null,
// and pairs of a type and a value, of which the last is AT_NULL.
template <typename Word>
class StartStack {
 public:
  StartStack(const Stopped& stopped, uint64_t stack) : memory_(stopped.tid()), stack_(stack) {}

  // Calls `visit` with each pair and where its type stands.
  using Visit = std::function<absl::Status(uint64_t type, uint64_t value, uint64_t address)>;
  absl::Status VisitAuxiliary(const Visit& visit) {
    size_t at = 1;
    for (int nulls = 0; nulls < 2; ++at) {
      PROVOST_ASSIGN_OR_RETURN(const uint64_t word, At(at));
      if (word == 0) ++nulls;
    }
    for (;; at += 2) {
      PROVOST_ASSIGN_OR_RETURN(const uint64_t type, At(at));
      PROVOST_ASSIGN_OR_RETURN(const uint64_t value, At(at + 1));
      if (type == AT_NULL) return absl::OkStatus();
      PROVOST_RETURN_IF_ERROR(visit(type, value, stack_ + at * sizeof(Word)));
    }
  }

  absl::Status Ignore(uint64_t address) const {
    const Word type = AT_IGNORE;
    return memory_.Write(RemotePtr<void>(address),
                         absl::MakeConstSpan(reinterpret_cast<const char*>(&type), sizeof(type)));
  }

 private:
  static constexpr size_t kChunk = 512;  // words

  absl::StatusOr<uint64_t> At(size_t index) {
    while (index >= words_.size()) PROVOST_RETURN_IF_ERROR(ReadOn());
    return words_[index];
  }

  // A chunk, or as much as there is up to the stack's end.
  absl::Status ReadOn() {
    const size_t known = words_.size();
    if (known > kMostWords) return absl::InternalError("the stack of a new program has no end");
    for (size_t count = kChunk; count > 0; count /= 2) {
      words_.resize(known + count);
      const absl::Span<char> bytes(reinterpret_cast<char*>(&words_[known]), count * sizeof(Word));
      absl::Status status = memory_.Read(RemotePtr<void>(stack_ + known * sizeof(Word)), bytes);
      if (status.ok() || count == 1) return status;
    }
    return absl::OkStatus();
  }

  TraceeMemory memory_;
  uint64_t stack_;
  std::vector<Word> words_;
};

template <typename Word>
absl::Status HideVdsoOn(const Stopped& stopped, uint64_t stack) {
  StartStack<Word> start(stopped, stack);
  return start.VisitAuxiliary([&](uint64_t type, uint64_t, uint64_t address) -> absl::Status {
    if (type != AT_SYSINFO_EHDR && type != AT_SYSINFO) return absl::OkStatus();
    return start.Ignore(address);
  });
}

template <typename Word>
absl::Status SetRandomOn(const Stopped& stopped, uint64_t stack,
                         const std::array<char, 16>& bytes) {
  return StartStack<Word>(stopped, stack)
      .VisitAuxiliary([&](uint64_t type, uint64_t value, uint64_t) -> absl::Status {
        if (type != AT_RANDOM) return absl::OkStatus();
        return TraceeMemory(stopped.tid()).Write(RemotePtr<void>(value), bytes);
      });
}

}  // namespace

absl::Status HideVdso(const Stopped& stopped) {
  PROVOST_ASSIGN_OR_RETURN(const user_regs_struct registers, ReadRegisters(stopped));
  return registers.cs == kCode64 ? HideVdsoOn<uint64_t>(stopped, registers.rsp)
                                 : HideVdsoOn<uint32_t>(stopped, registers.rsp);
}

absl::Status SetStartingRandom(const Stopped& stopped, const std::array<char, 16>& bytes) {
  PROVOST_ASSIGN_OR_RETURN(const user_regs_struct registers, ReadRegisters(stopped));
  return registers.cs == kCode64 ? SetRandomOn<uint64_t>(stopped, registers.rsp, bytes)
                                 : SetRandomOn<uint32_t>(stopped, registers.rsp, bytes);
}

}  // namespace provost
