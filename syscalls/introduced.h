#ifndef PROVOST_SYSCALLS_INTRODUCED_H_
#define PROVOST_SYSCALLS_INTRODUCED_H_

#include <compare>
#include <optional>

#include "absl/strings/string_view.h"

namespace provost {

// A version of Linux: "2.6.32" or "5.10".
struct KernelVersion {
  int major = 0;
  int minor = 0;
  int patch = 0;

  // clang-tidy takes the 0 of what the compiler makes of it for a pointer.
  auto operator<=>(const KernelVersion&) const = default;  // NOLINT(modernize-use-nullptr)
};

// What a release begins with: "5.10.0-28-amd64" is 5.10.0. nullopt: no version.
std::optional<KernelVersion> ParseRelease(absl::string_view release);

// The first Linux that has the call of that name, on x86 (syscalls(2)); nullopt: 2.4 had it, or it
// is not known.
std::optional<KernelVersion> IntroducedIn(absl::string_view call);

}  // namespace provost

#endif  // PROVOST_SYSCALLS_INTRODUCED_H_
