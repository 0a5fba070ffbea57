#ifndef PROVOST_POLICY_VERDICT_H_
#define PROVOST_POLICY_VERDICT_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/string_view.h"

namespace provost {

// What happens to one call. A closed variant; each alternative carries what applying it needs.
// Order here is not precedence.

// The kernel runs the call.
struct Allow {
  bool operator==(const Allow&) const = default;
};
// The kernel runs the call and a record says so (SECCOMP_RET_LOG).
struct Log {
  bool operator==(const Log&) const = default;
};
// The call does not run; the task sees -error (SECCOMP_RET_ERRNO). 1 <= error <= 4095.
struct Deny {
  int error;
  bool operator==(const Deny&) const = default;
};
// The call does not run; the task sees `value`. Values the kernel would turn into an errno
// (-4095…-1) are written as Deny.
struct Return {
  int64_t value;
  bool operator==(const Return&) const = default;
};
// The call does not run; the task gets SIGSYS with its registers as they were (SECCOMP_RET_TRAP).
struct Trap {
  bool operator==(const Trap&) const = default;
};
// The call does not run; the thread or the whole process dies by SIGSYS (SECCOMP_RET_KILL_*).
struct Kill {
  enum class Scope : uint8_t { kThread, kProcess };
  Scope scope = Scope::kProcess;
  bool operator==(const Kill&) const = default;
};

// What an emulator is told, and by whom.
using EmulatorMap = std::vector<std::pair<std::string, std::string>>;
// A file as it was when the policy was read.
struct EmulatorFile {
  std::string path;
  std::string text;
  bool operator==(const EmulatorFile&) const = default;
};
using EmulatorValue = std::variant<int64_t, std::string, EmulatorMap, EmulatorFile>;
struct Emulation {
  std::string emulator;
  std::vector<std::pair<std::string, EmulatorValue>> settings;

  // What is said of `key`; null: nothing.
  const EmulatorValue* Find(absl::string_view key) const {
    for (const auto& [name, value] : settings) {
      if (name == key) return &value;
    }
    return nullptr;
  }
  bool operator==(const Emulation&) const = default;
};
// The call does not run; an emulator answers in the kernel's place. `emulation` is never null.
struct Emulate {
  std::shared_ptr<const Emulation> emulation;
  bool operator==(const Emulate& other) const { return *emulation == *other.emulation; }
};
// One argument and the number it gets, extended to 64 bits.
struct Setting {
  std::string argument;
  uint64_t value;
  bool operator==(const Setting&) const = default;
};
// The kernel runs the call with other arguments. `settings` is never null.
struct Rewrite {
  std::shared_ptr<const std::vector<Setting>> settings;
  bool operator==(const Rewrite& other) const { return *settings == *other.settings; }
};
// Somebody is to be asked; where there is nobody, the policy's default stands in.
struct Ask {
  bool operator==(const Ask&) const = default;
};

using Verdict = std::variant<Allow, Log, Deny, Return, Trap, Kill, Emulate, Rewrite, Ask>;

// "allow", "log", "deny EACCES", "return 0", "trap", "kill process", "kill thread", "ask", "rewrite
// set flags = 0", "emulate uname with release = \"2.6.32\"": as the policy language writes it.
std::string VerdictToString(const Verdict& verdict);

// True for the verdicts under which the call does not run as the task made it.
bool Refuses(const Verdict& verdict);

// What a rule says about being recorded, beside its action.
enum class RecordWish : uint8_t {
  kUnsaid,
  kLog,        // `log`
  kLogResult,  // `log result`: wait for the kernel's answer and record it too
  kQuiet,      // `quiet`
  kAudited,    // `audited`: whatever list of actions there is
};

// True for the wishes that a refusal be recorded.
inline bool AsksForRecord(RecordWish wish) {
  return wish == RecordWish::kLog || wish == RecordWish::kLogResult || wish == RecordWish::kAudited;
}

// A verdict with what a record needs to say about it. `rule` is the name of the rule that decided
// and belongs to the Policy or to static storage; it outlives the run.
struct Decision {
  Verdict verdict;
  RecordWish wish = RecordWish::kUnsaid;
  absl::string_view rule;

  bool operator==(const Decision&) const = default;
};

}  // namespace provost

#endif  // PROVOST_POLICY_VERDICT_H_
