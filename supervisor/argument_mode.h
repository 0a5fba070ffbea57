#ifndef PROVOST_SUPERVISOR_ARGUMENT_MODE_H_
#define PROVOST_SUPERVISOR_ARGUMENT_MODE_H_

#include <cstdint>

namespace provost {

// What stands between the memory that a decision read and the memory that the kernel then reads.
enum class ArgumentMode : uint8_t {
  kProtectWherePossible,  // kProtect, or on a kernel that cannot kTrust, of which the user is told
  kProtect,               // the kernel reads a copy of what the decision read
  kTrust,  // nothing: another thread, or a process that can write the memory, may change it
};

}  // namespace provost

#endif  // PROVOST_SUPERVISOR_ARGUMENT_MODE_H_
