#ifndef PROVOST_POLICY_EMULATOR_TABLE_H_
#define PROVOST_POLICY_EMULATOR_TABLE_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "policy/verdict.h"

namespace provost {

// What `with` may say to an emulator.
struct EmulatorKey {
  enum class Kind : uint8_t {
    kInteger,
    kString,
    kText,  // a string, or a number, which becomes its decimal text
    kMap,   // `{"a" => "b"}`
    kFile,  // a string, the path of a file from the policy's directory, which is read
  };
  std::string name;
  Kind kind = Kind::kInteger;
  std::string what;  // for people: what it says, and what holds without it
};

// What the language must know of an emulator: which calls it answers and what it can be told.
struct EmulatorSpec {
  std::string name;
  std::vector<EmulatorKey> keys;
  std::vector<std::string> calls;  // those that an architecture lacks are left out there
  std::string what;                // for people
  // It is for any calls: a rule names them in place of the emulator, and tells it the first of
  // `keys`.
  bool takes_calls = false;
  // Those of `calls` that it answers when it is told this; null: all.
  std::function<std::vector<std::string>(const Emulation&)> calls_when;
  // kInvalidArgument says what is wrong with what it is told; null: nothing can be.
  std::function<absl::Status(const Emulation&)> check;
};

using EmulatorTable = std::vector<EmulatorSpec>;

}  // namespace provost

#endif  // PROVOST_POLICY_EMULATOR_TABLE_H_
