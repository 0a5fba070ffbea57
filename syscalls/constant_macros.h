#ifndef PROVOST_SYSCALLS_CONSTANT_MACROS_H_
#define PROVOST_SYSCALLS_CONSTANT_MACROS_H_

#include <cstdint>
#include <type_traits>

#include "syscalls/constants.h"

namespace provost {

// An enumerated value: a negative one is sign-extended.
template <typename T>
constexpr uint64_t EnumeratedValue(T value) {
  return static_cast<uint64_t>(static_cast<int64_t>(value));
}

// A value whose bits count: 1 << 31 is one bit although its C type is signed.
template <typename T>
constexpr uint64_t MaskValue(T value) {
  if constexpr (sizeof(T) <= sizeof(uint32_t)) {
    return static_cast<uint32_t>(value);
  } else {
    return static_cast<uint64_t>(value);
  }
}

}  // namespace provost

// One Constant of an enumeration (C) or of a mask (B, for bits): its name, and the value that the
// headers included by the file give that name.
#define PROVOST_C(name) \
  ::provost::Constant { #name, ::provost::EnumeratedValue(name) }
#define PROVOST_B(name) \
  ::provost::Constant { #name, ::provost::MaskValue(name) }

// Defines `set` from the array `constants`.
#define PROVOST_ENUMERATION(set, name, constants) \
  constinit const ConstantSet set = {name, false, constants}
#define PROVOST_MASK(set, name, constants) constinit const ConstantSet set = {name, true, constants}

#endif  // PROVOST_SYSCALLS_CONSTANT_MACROS_H_
