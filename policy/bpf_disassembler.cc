#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "policy/bpf.h"
#include "syscalls/syscall_table.h"

namespace provost {
namespace {

constexpr uint32_t kWholeWord = 0xffffffff;

// What is known ahead of an instruction on every path to it.
struct Known {
  bool reached = false;
  std::optional<Arch> arch;       // the call's
  std::optional<uint32_t> field;  // A is this offset of seccomp_data …
  uint32_t mask = kWholeWord;     // … and'ed with this

  void Merge(const Known& other) {
    if (!reached) {
      *this = other;
      return;
    }
    if (arch != other.arch) arch.reset();
    if (field != other.field || mask != other.mask) field.reset();
  }
};

std::string FieldName(uint32_t offset) {
  switch (offset) {
    case offsetof(seccomp_data, nr):
      return "nr";
    case offsetof(seccomp_data, arch):
      return "arch";
    default:
      break;
  }
  constexpr uint32_t kIp = offsetof(seccomp_data, instruction_pointer);
  constexpr uint32_t kArgs = offsetof(seccomp_data, args);
  const char* half = offset % sizeof(uint64_t) == 0 ? "lo" : "hi";
  if (offset >= kIp && offset < kArgs) return absl::StrCat("ip.", half);
  if (offset >= kArgs && offset < sizeof(seccomp_data)) {
    return absl::StrCat("args[", (offset - kArgs) / sizeof(uint64_t), "].", half);
  }
  return absl::StrCat("data[", offset, "]");
}

std::optional<Arch> ArchOf(uint32_t value) {
  for (const Arch arch : kAllArches) {
    if (static_cast<uint32_t>(arch) == value) return arch;
  }
  return std::nullopt;
}

class Disassembler {
 public:
  explicit Disassembler(absl::Span<const sock_filter> program)
      : program_(program), known_(program.size()) {
    if (!known_.empty()) known_[0].reached = true;
  }

  std::string Run() {
    std::string text;
    for (pc_ = 0; pc_ < program_.size(); ++pc_) {
      absl::StrAppendFormat(&text, "%4d: %s\n", pc_, Line(program_[pc_]));
    }
    return text;
  }

 private:
  Known& here() { return known_[pc_]; }

  // `known` holds where the program goes `offset` instructions behind the next.
  void Flow(size_t offset, const Known& known) {
    const size_t target = pc_ + 1 + offset;
    if (target < known_.size()) known_[target].Merge(known);
  }

  void FlowUnknownA() {
    Known next = here();
    next.field.reset();
    Flow(0, next);
  }

  std::string Line(const sock_filter& instruction) {
    switch (BPF_CLASS(instruction.code)) {
      case BPF_LD:
      case BPF_LDX:
        return Load(instruction);
      case BPF_ST:
      case BPF_STX:
        Flow(0, here());
        return absl::StrFormat("M[%u] = %s", instruction.k,
                               BPF_CLASS(instruction.code) == BPF_ST ? "A" : "X");
      case BPF_ALU:
        return Arithmetic(instruction);
      case BPF_JMP:
        return BPF_OP(instruction.code) == BPF_JA ? Jump(instruction) : Branch(instruction);
      case BPF_RET:
        return BPF_RVAL(instruction.code) == BPF_A
                   ? "return A"
                   : absl::StrCat("return ", SeccompActionToString(instruction.k));
      default:
        if (BPF_MISCOP(instruction.code) == BPF_TAX) {
          Flow(0, here());
          return "X = A";
        }
        FlowUnknownA();
        return "A = X";
    }
  }

  std::string Load(const sock_filter& instruction) {
    const bool into_a = BPF_CLASS(instruction.code) == BPF_LD;
    Known next = here();
    if (into_a) next.field.reset();
    std::string source;
    switch (BPF_MODE(instruction.code)) {
      case BPF_ABS:
        next.field = instruction.k;
        next.mask = kWholeWord;
        source = FieldName(instruction.k);
        break;
      case BPF_IMM:
        source = absl::StrFormat("0x%x", instruction.k);
        break;
      case BPF_MEM:
        source = absl::StrFormat("M[%u]", instruction.k);
        break;
      case BPF_LEN:
        source = absl::StrCat(sizeof(seccomp_data));
        break;
      default:
        source = absl::StrFormat("? (0x%x, 0x%x)", instruction.code, instruction.k);
        break;
    }
    Flow(0, next);
    return absl::StrCat(into_a ? "A = " : "X = ", source);
  }

  static std::string Operand(const sock_filter& instruction) {
    return BPF_SRC(instruction.code) == BPF_X ? "X" : absl::StrFormat("0x%x", instruction.k);
  }

  std::string Arithmetic(const sock_filter& instruction) {
    const bool masks = BPF_OP(instruction.code) == BPF_AND && BPF_SRC(instruction.code) == BPF_K;
    if (masks) {
      Known next = here();
      next.mask &= instruction.k;
      Flow(0, next);
    } else {
      FlowUnknownA();
    }
    switch (BPF_OP(instruction.code)) {
      case BPF_ADD:
        return absl::StrCat("A += ", Operand(instruction));
      case BPF_SUB:
        return absl::StrCat("A -= ", Operand(instruction));
      case BPF_MUL:
        return absl::StrCat("A *= ", Operand(instruction));
      case BPF_DIV:
        return absl::StrCat("A /= ", Operand(instruction));
      case BPF_AND:
        return absl::StrCat("A &= ", Operand(instruction));
      case BPF_OR:
        return absl::StrCat("A |= ", Operand(instruction));
      case BPF_XOR:
        return absl::StrCat("A ^= ", Operand(instruction));
      case BPF_LSH:
        return absl::StrCat("A <<= ", Operand(instruction));
      case BPF_RSH:
        return absl::StrCat("A >>= ", Operand(instruction));
      case BPF_NEG:
        return "A = -A";
      default:
        return absl::StrFormat("? (0x%x, 0x%x)", instruction.code, instruction.k);
    }
  }

  std::string Jump(const sock_filter& instruction) {
    Flow(instruction.k, here());
    return absl::StrCat("goto ", pc_ + 1 + instruction.k);
  }

  std::string Branch(const sock_filter& instruction) {
    const Known known = here();
    Known taken = known;
    const bool tests_arch = known.field == offsetof(seccomp_data, arch) &&
                            known.mask == kWholeWord &&
                            instruction.code == (BPF_JMP | BPF_JEQ | BPF_K);
    if (tests_arch) taken.arch = ArchOf(instruction.k);
    Flow(instruction.jt, taken);
    Flow(instruction.jf, known);

    const std::string condition = Condition(instruction, known);
    const size_t yes = pc_ + 1 + instruction.jt;
    const size_t no = pc_ + 1 + instruction.jf;
    if (instruction.jf == 0) return absl::StrCat("if ", condition, " goto ", yes);
    if (instruction.jt == 0) return absl::StrCat("unless ", condition, " goto ", no);
    return absl::StrCat("if ", condition, " goto ", yes, " else ", no);
  }

  static std::string Condition(const sock_filter& instruction, const Known& known) {
    std::string left = known.field.has_value() ? FieldName(*known.field) : "A";
    if (known.field.has_value() && known.mask != kWholeWord) {
      left = absl::StrFormat("(%s & 0x%x)", left, known.mask);
    }
    const std::string right = Comparand(instruction, known);
    switch (BPF_OP(instruction.code)) {
      case BPF_JEQ:
        return absl::StrCat(left, " == ", right);
      case BPF_JGE:
        return absl::StrCat(left, " >= ", right);
      case BPF_JGT:
        return absl::StrCat(left, " > ", right);
      case BPF_JSET:
        return absl::StrCat("(", left, " & ", right, ") != 0");
      default:
        return absl::StrFormat("? (0x%x, 0x%x)", instruction.code, instruction.k);
    }
  }

  static std::string Comparand(const sock_filter& instruction, const Known& known) {
    if (BPF_SRC(instruction.code) == BPF_K && known.mask == kWholeWord) {
      if (known.field == offsetof(seccomp_data, arch)) {
        const std::optional<Arch> arch = ArchOf(instruction.k);
        if (arch.has_value()) return std::string(ArchName(*arch));
      }
      if (known.field == offsetof(seccomp_data, nr)) return Number(instruction.k, known.arch);
    }
    return Operand(instruction);
  }

  static std::string Number(uint32_t nr, const std::optional<Arch>& arch) {
    if (nr >= kX32Bit / 2) return absl::StrFormat("0x%x", nr);
    const Syscall* syscall =
        arch.has_value() ? SyscallTable::Get().Find(*arch, static_cast<int32_t>(nr)) : nullptr;
    if (syscall == nullptr) return absl::StrCat(nr);
    return absl::StrCat(nr, " (", syscall->signature->name, ")");
  }

  absl::Span<const sock_filter> program_;
  std::vector<Known> known_;
  size_t pc_ = 0;
};

}  // namespace

std::string DisassembleBpf(absl::Span<const sock_filter> program) {
  return Disassembler(program).Run();
}

}  // namespace provost
