#ifndef PROVOST_POLICY_EMULATOR_TABLE_H_
#define PROVOST_POLICY_EMULATOR_TABLE_H_

#include <string>
#include <vector>

namespace provost {

// What `with` may say to an emulator.
struct EmulatorKey {
  enum class Kind { kInteger, kString };
  std::string name;
  Kind kind = Kind::kInteger;
};

// What the language must know of an emulator: which calls it answers and what it can be told.
struct EmulatorSpec {
  std::string name;
  std::vector<EmulatorKey> keys;
  std::vector<std::string> calls;  // those that an architecture lacks are left out there
};

using EmulatorTable = std::vector<EmulatorSpec>;

}  // namespace provost

#endif  // PROVOST_POLICY_EMULATOR_TABLE_H_
