#ifndef PROVOST_TESTS_SUPPORT_VICTIMS_H_
#define PROVOST_TESTS_SUPPORT_VICTIMS_H_

#include <string>

#include "absl/strings/string_view.h"

namespace provost {

// The last line of a victim that saw what it should, and all it prints unless its source says
// otherwise.
inline constexpr char kExitSuccess[] = "EXIT-SUCCESS\n";

// A file of this test's runfiles, by its path in the tree; absolute.
std::string Runfile(absl::string_view path);

// The program of a victim (tests/victims).
std::string Victim(absl::string_view name);

// A name in this test's own directory for temporary files; nothing is made.
std::string TemporaryPath(absl::string_view name);

// The whole of a file; empty if there is none.
std::string ReadFile(const std::string& path);

}  // namespace provost

#endif  // PROVOST_TESTS_SUPPORT_VICTIMS_H_
