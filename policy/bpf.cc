#include "policy/bpf.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/status_macros.h"
#include "syscalls/constants.h"

namespace provost {
namespace {

constexpr uint32_t kScratchWords = BPF_MEMWORDS;

enum class InstructionClass : uint8_t {
  kRefused,
  kLoadAbsolute,   // A = seccomp_data[k]
  kLoadImmediate,  // A or X = k
  kLoadLength,     // A or X = sizeof(seccomp_data): the kernel rewrites it so
  kLoadScratch,    // A or X = M[k]
  kStoreScratch,   // M[k] = A or X
  kArithmetic,
  kJump,
  kBranch,
  kReturn,
  kCopy,  // TAX, TXA
};

// The instructions a seccomp filter may have: kernel/seccomp.c, seccomp_check_filter. MOD and the
// loads of halfwords and bytes are classic BPF but not among them.
InstructionClass Classify(uint16_t code) {
  switch (code) {
    case BPF_LD | BPF_W | BPF_ABS:
      return InstructionClass::kLoadAbsolute;
    case BPF_LD | BPF_IMM:
    case BPF_LDX | BPF_IMM:
      return InstructionClass::kLoadImmediate;
    case BPF_LD | BPF_W | BPF_LEN:
    case BPF_LDX | BPF_W | BPF_LEN:
      return InstructionClass::kLoadLength;
    case BPF_LD | BPF_MEM:
    case BPF_LDX | BPF_MEM:
      return InstructionClass::kLoadScratch;
    case BPF_ST:
    case BPF_STX:
      return InstructionClass::kStoreScratch;
    // NOLINTNEXTLINE(misc-redundant-expression): BPF_ADD and BPF_K are both 0.
    case BPF_ALU | BPF_ADD | BPF_K:
    case BPF_ALU | BPF_ADD | BPF_X:
    case BPF_ALU | BPF_SUB | BPF_K:
    case BPF_ALU | BPF_SUB | BPF_X:
    case BPF_ALU | BPF_MUL | BPF_K:
    case BPF_ALU | BPF_MUL | BPF_X:
    case BPF_ALU | BPF_DIV | BPF_K:
    case BPF_ALU | BPF_DIV | BPF_X:
    case BPF_ALU | BPF_AND | BPF_K:
    case BPF_ALU | BPF_AND | BPF_X:
    case BPF_ALU | BPF_OR | BPF_K:
    case BPF_ALU | BPF_OR | BPF_X:
    case BPF_ALU | BPF_XOR | BPF_K:
    case BPF_ALU | BPF_XOR | BPF_X:
    case BPF_ALU | BPF_LSH | BPF_K:
    case BPF_ALU | BPF_LSH | BPF_X:
    case BPF_ALU | BPF_RSH | BPF_K:
    case BPF_ALU | BPF_RSH | BPF_X:
    case BPF_ALU | BPF_NEG:
      return InstructionClass::kArithmetic;
    case BPF_JMP | BPF_JA:
      return InstructionClass::kJump;
    case BPF_JMP | BPF_JEQ | BPF_K:
    case BPF_JMP | BPF_JEQ | BPF_X:
    case BPF_JMP | BPF_JGE | BPF_K:
    case BPF_JMP | BPF_JGE | BPF_X:
    case BPF_JMP | BPF_JGT | BPF_K:
    case BPF_JMP | BPF_JGT | BPF_X:
    case BPF_JMP | BPF_JSET | BPF_K:
    case BPF_JMP | BPF_JSET | BPF_X:
      return InstructionClass::kBranch;
    case BPF_RET | BPF_K:
    case BPF_RET | BPF_A:
      return InstructionClass::kReturn;
    case BPF_MISC | BPF_TAX:
    case BPF_MISC | BPF_TXA:
      return InstructionClass::kCopy;
    default:
      return InstructionClass::kRefused;
  }
}

absl::Status Bad(size_t pc, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("instruction ", pc, ": ", what));
}

absl::Status CheckArithmetic(size_t pc, const sock_filter& instruction) {
  if (BPF_SRC(instruction.code) != BPF_K) return absl::OkStatus();
  switch (BPF_OP(instruction.code)) {
    case BPF_DIV:
      return instruction.k == 0 ? Bad(pc, "division by zero") : absl::OkStatus();
    case BPF_LSH:
    case BPF_RSH:
      return instruction.k >= 32 ? Bad(pc, "shift by more than 31") : absl::OkStatus();
    default:
      return absl::OkStatus();
  }
}

// All that the kernel checks of one instruction by itself.
absl::Status CheckInstruction(absl::Span<const sock_filter> program, size_t pc) {
  const sock_filter& instruction = program[pc];
  const size_t after = program.size() - pc - 1;
  switch (Classify(instruction.code)) {
    case InstructionClass::kRefused:
      return Bad(pc,
                 absl::StrFormat("0x%x is no instruction of a seccomp filter", instruction.code));
    case InstructionClass::kLoadAbsolute:
      if (instruction.k >= sizeof(seccomp_data)) return Bad(pc, "load outside seccomp_data");
      if (instruction.k % sizeof(uint32_t) != 0) return Bad(pc, "load that is not aligned");
      return absl::OkStatus();
    case InstructionClass::kLoadScratch:
    case InstructionClass::kStoreScratch:
      if (instruction.k >= kScratchWords) return Bad(pc, "scratch word outside 0…15");
      return absl::OkStatus();
    case InstructionClass::kArithmetic:
      return CheckArithmetic(pc, instruction);
    case InstructionClass::kJump:
      return instruction.k >= after ? Bad(pc, "jump outside the program") : absl::OkStatus();
    case InstructionClass::kBranch:
      return std::max(instruction.jt, instruction.jf) >= after ? Bad(pc, "jump outside the program")
                                                               : absl::OkStatus();
    case InstructionClass::kLoadImmediate:
    case InstructionClass::kLoadLength:
    case InstructionClass::kReturn:
    case InstructionClass::kCopy:
      return absl::OkStatus();
  }
  return absl::OkStatus();
}

// Refuses loads of scratch words that some path has not stored, as check_load_and_stores does
// (net/core/filter.c): jumps only go forward, so one pass sees every path. The kernel takes what
// follows a RET as if it were reached from there, and so do we.
absl::Status CheckScratchUse(absl::Span<const sock_filter> program) {
  constexpr uint16_t kAll = 0xffff;
  std::vector<uint16_t> stored_at(program.size(), kAll);
  uint16_t stored = 0;
  for (size_t pc = 0; pc < program.size(); ++pc) {
    const sock_filter& instruction = program[pc];
    stored &= stored_at[pc];
    switch (Classify(instruction.code)) {
      case InstructionClass::kStoreScratch:
        stored |= static_cast<uint16_t>(1u << instruction.k);
        break;
      case InstructionClass::kLoadScratch:
        if ((stored & (1u << instruction.k)) == 0) return Bad(pc, "scratch word never stored");
        break;
      case InstructionClass::kJump:
        stored_at[pc + 1 + instruction.k] &= stored;
        stored = kAll;
        break;
      case InstructionClass::kBranch:
        stored_at[pc + 1 + instruction.jt] &= stored;
        stored_at[pc + 1 + instruction.jf] &= stored;
        stored = kAll;
        break;
      default:
        break;
    }
  }
  return absl::OkStatus();
}

// The virtual machine. A and X are 0 at the start: the kernel clears them (bpf_convert_filter).
class Machine {
 public:
  Machine(absl::Span<const sock_filter> program, const seccomp_data& data) : program_(program) {
    static_assert(sizeof(seccomp_data) == sizeof(words_));
    std::memcpy(words_.data(), &data, sizeof(data));
  }

  absl::StatusOr<uint32_t> Run() {
    while (!answer_.has_value()) {
      if (pc_ >= program_.size()) return Bad(pc_, "ran past the end");
      PROVOST_RETURN_IF_ERROR(CheckInstruction(program_, pc_));
      ++executed_;
      PROVOST_RETURN_IF_ERROR(Step(program_[pc_]));
      ++pc_;
    }
    return *answer_;
  }

  int executed() const { return executed_; }

 private:
  absl::Status Step(const sock_filter& instruction) {
    const uint16_t code = instruction.code;
    uint32_t& loaded = BPF_CLASS(code) == BPF_LDX ? x_ : a_;
    switch (Classify(code)) {
      case InstructionClass::kLoadAbsolute:
        a_ = words_[instruction.k / sizeof(uint32_t)];
        break;
      case InstructionClass::kLoadImmediate:
        loaded = instruction.k;
        break;
      case InstructionClass::kLoadLength:
        loaded = sizeof(seccomp_data);
        break;
      case InstructionClass::kLoadScratch:
        if ((stored_ & (1u << instruction.k)) == 0) return Bad(pc_, "scratch word never stored");
        loaded = scratch_[instruction.k];
        break;
      case InstructionClass::kStoreScratch:
        scratch_[instruction.k] = BPF_CLASS(code) == BPF_STX ? x_ : a_;
        stored_ |= 1u << instruction.k;
        break;
      case InstructionClass::kArithmetic:
        Compute(code, Operand(instruction));
        break;
      case InstructionClass::kJump:
        pc_ += instruction.k;
        break;
      case InstructionClass::kBranch:
        pc_ += Taken(code, Operand(instruction)) ? instruction.jt : instruction.jf;
        break;
      case InstructionClass::kReturn:
        answer_ = BPF_RVAL(code) == BPF_A ? a_ : instruction.k;
        break;
      case InstructionClass::kCopy:
        (BPF_MISCOP(code) == BPF_TAX ? x_ : a_) = BPF_MISCOP(code) == BPF_TAX ? a_ : x_;
        break;
      case InstructionClass::kRefused:
        break;  // CheckInstruction let none through.
    }
    return absl::OkStatus();
  }

  uint32_t Operand(const sock_filter& instruction) const {
    return BPF_SRC(instruction.code) == BPF_X ? x_ : instruction.k;
  }

  void Compute(uint16_t code, uint32_t operand) {
    switch (BPF_OP(code)) {
      case BPF_ADD:
        a_ += operand;
        break;
      case BPF_SUB:
        a_ -= operand;
        break;
      case BPF_MUL:
        a_ *= operand;
        break;
      case BPF_DIV:
        // bpf_convert_filter puts "return 0" ahead of a division by X that is 0.
        if (operand == 0) {
          answer_ = 0;
        } else {
          a_ /= operand;
        }
        break;
      case BPF_AND:
        a_ &= operand;
        break;
      case BPF_OR:
        a_ |= operand;
        break;
      case BPF_XOR:
        a_ ^= operand;
        break;
      // eBPF masks the amount of a shift by a register.
      case BPF_LSH:
        a_ <<= operand & 31;
        break;
      case BPF_RSH:
        a_ >>= operand & 31;
        break;
      case BPF_NEG:
        a_ = -a_;
        break;
      default:
        break;
    }
  }

  bool Taken(uint16_t code, uint32_t operand) const {
    switch (BPF_OP(code)) {
      case BPF_JEQ:
        return a_ == operand;
      case BPF_JGE:
        return a_ >= operand;
      case BPF_JGT:
        return a_ > operand;
      default:
        return (a_ & operand) != 0;
    }
  }

  absl::Span<const sock_filter> program_;
  std::array<uint32_t, sizeof(seccomp_data) / sizeof(uint32_t)> words_;
  std::array<uint32_t, kScratchWords> scratch_ = {};
  uint32_t stored_ = 0;
  uint32_t a_ = 0;
  uint32_t x_ = 0;
  size_t pc_ = 0;
  int executed_ = 0;
  std::optional<uint32_t> answer_;
};

std::string ErrnoText(uint32_t error) {
  const std::optional<absl::string_view> name = ErrnoName(static_cast<int>(error));
  return name.has_value() ? std::string(*name) : absl::StrCat(error);
}

}  // namespace

seccomp_data ToSeccompData(const SyscallRequest& request) {
  seccomp_data data = {};
  data.nr = request.nr;
  data.arch = request.arch;
  data.instruction_pointer = request.ip;
  for (size_t i = 0; i < request.args.size(); ++i) data.args[i] = request.args[i];
  return data;
}

absl::Status VerifyBpf(absl::Span<const sock_filter> program) {
  if (program.empty()) return absl::InvalidArgumentError("the program is empty");
  if (program.size() > BPF_MAXINSNS) {
    return absl::InvalidArgumentError(absl::StrCat("the program has ", program.size(),
                                                   " instructions, more than ", BPF_MAXINSNS));
  }
  for (size_t pc = 0; pc < program.size(); ++pc) {
    PROVOST_RETURN_IF_ERROR(CheckInstruction(program, pc));
  }
  if (BPF_CLASS(program.back().code) != BPF_RET) {
    return Bad(program.size() - 1, "the last instruction does not return");
  }
  return CheckScratchUse(program);
}

absl::StatusOr<uint32_t> RunBpf(absl::Span<const sock_filter> program, const seccomp_data& data,
                                int* executed) {
  Machine machine(program, data);
  absl::StatusOr<uint32_t> answer = machine.Run();
  if (executed != nullptr) *executed = machine.executed();
  return answer;
}

std::string SeccompActionToString(uint32_t action) {
  const uint32_t data = action & SECCOMP_RET_DATA;
  const auto named = [data](const char* name) {
    return data == 0 ? std::string(name) : absl::StrFormat("%s(0x%x)", name, data);
  };
  switch (action & SECCOMP_RET_ACTION_FULL) {
    case SECCOMP_RET_KILL_PROCESS:
      return named("KILL_PROCESS");
    case SECCOMP_RET_KILL_THREAD:
      return named("KILL_THREAD");
    case SECCOMP_RET_TRAP:
      return named("TRAP");
    case SECCOMP_RET_ERRNO:
      return absl::StrCat("ERRNO(", ErrnoText(data), ")");
    case SECCOMP_RET_USER_NOTIF:
      return named("USER_NOTIF");
    case SECCOMP_RET_TRACE:
      return absl::StrFormat("TRACE(0x%x)", data);
    case SECCOMP_RET_LOG:
      return named("LOG");
    case SECCOMP_RET_ALLOW:
      return named("ALLOW");
    default:
      return absl::StrFormat("0x%x", action);
  }
}

}  // namespace provost
