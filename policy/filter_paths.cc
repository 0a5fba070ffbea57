#include "policy/filter_paths.h"

#include <linux/seccomp.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include "base/status_macros.h"
#include "policy/bpf.h"

namespace provost {
namespace {

// The accumulator, where it is known.
using Known = std::optional<uint32_t>;

class Explorer {
 public:
  Explorer(absl::Span<const sock_filter> program, uint32_t arch, int32_t nr)
      : program_(program), arch_(arch), nr_(static_cast<uint32_t>(nr)) {}

  // From an instruction on; programs only jump forward.
  const FilterPaths& From(size_t at, Known a) {
    const auto key = std::make_pair(at, a);
    if (const auto known = paths_.find(key); known != paths_.end()) return known->second;
    FilterPaths paths = Step(at, a);
    ++paths.least;
    ++paths.most;
    return paths_.emplace(key, std::move(paths)).first->second;
  }

 private:
  FilterPaths Step(size_t at, Known a) {
    const sock_filter& instruction = program_[at];
    switch (BPF_CLASS(instruction.code)) {
      case BPF_RET:
        return Return(instruction, a);
      case BPF_JMP:
        return Jump(at, instruction, a);
      case BPF_LD:
        return Load(at, instruction);
      case BPF_ALU:
        return From(at + 1, Compute(instruction, a));
      case BPF_MISC:
        return From(at + 1, BPF_MISCOP(instruction.code) == BPF_TXA ? Known() : a);
      default:
        return From(at + 1, a);
    }
  }

  static FilterPaths Return(const sock_filter& instruction, Known a) {
    FilterPaths paths;
    if (BPF_RVAL(instruction.code) == BPF_K) paths.answers.insert(instruction.k);
    // Nothing of ours returns what it has computed; it could be anything.
    if (BPF_RVAL(instruction.code) != BPF_K) paths.answers.insert(a.value_or(SECCOMP_RET_TRACE));
    return paths;
  }

  FilterPaths Load(size_t at, const sock_filter& instruction) {
    if (BPF_MODE(instruction.code) == BPF_IMM) return From(at + 1, instruction.k);
    if (BPF_MODE(instruction.code) == BPF_ABS) {
      switch (instruction.k) {
        case offsetof(seccomp_data, nr):
          return From(at + 1, nr_);
        case offsetof(seccomp_data, arch):
          return From(at + 1, arch_);
        case offsetof(seccomp_data, instruction_pointer):
        case offsetof(seccomp_data, instruction_pointer) + 4:
          return From(at + 1, 0);
        default:
          break;
      }
    }
    FilterPaths paths = From(at + 1, Known());
    paths.by_number = false;
    return paths;
  }

  static Known Compute(const sock_filter& instruction, Known a) {
    if (!a.has_value() || BPF_SRC(instruction.code) != BPF_K) return Known();
    switch (BPF_OP(instruction.code)) {
      case BPF_AND:
        return *a & instruction.k;
      case BPF_OR:
        return *a | instruction.k;
      case BPF_ADD:
        return *a + instruction.k;
      case BPF_SUB:
        return *a - instruction.k;
      default:
        return Known();
    }
  }

  FilterPaths Jump(size_t at, const sock_filter& instruction, Known a) {
    if (BPF_OP(instruction.code) == BPF_JA) return From(at + 1 + instruction.k, a);
    const size_t yes = at + 1 + instruction.jt;
    const size_t no = at + 1 + instruction.jf;
    if (a.has_value() && BPF_SRC(instruction.code) == BPF_K) {
      return From(Holds(instruction, *a) ? yes : no, a);
    }
    FilterPaths paths = From(yes, a);
    const FilterPaths& other = From(no, a);
    paths.answers.insert(other.answers.begin(), other.answers.end());
    paths.least = std::min(paths.least, other.least);
    paths.most = std::max(paths.most, other.most);
    paths.by_number = paths.by_number && other.by_number;
    return paths;
  }

  static bool Holds(const sock_filter& instruction, uint32_t a) {
    switch (BPF_OP(instruction.code)) {
      case BPF_JEQ:
        return a == instruction.k;
      case BPF_JGT:
        return a > instruction.k;
      case BPF_JGE:
        return a >= instruction.k;
      default:
        return (a & instruction.k) != 0;
    }
  }

  const absl::Span<const sock_filter> program_;
  const uint32_t arch_;
  const uint32_t nr_;
  std::map<std::pair<size_t, Known>, FilterPaths> paths_;
};

bool IsTrace(uint32_t answer) { return (answer & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_TRACE; }

}  // namespace

bool FilterPaths::MayTrace() const { return std::any_of(answers.begin(), answers.end(), IsTrace); }

bool FilterPaths::MayAnswer() const {
  return !std::all_of(answers.begin(), answers.end(), IsTrace);
}

absl::StatusOr<FilterPaths> ExploreFilter(absl::Span<const sock_filter> program, uint32_t arch,
                                          int32_t nr) {
  PROVOST_RETURN_IF_ERROR(VerifyBpf(program));
  return Explorer(program, arch, nr).From(0, Known());
}

}  // namespace provost
