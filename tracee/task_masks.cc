#include "tracee/task_masks.h"

#include <fstream>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "tracee/proc_path.h"

namespace provost {
namespace {

absl::StatusOr<uint64_t> ReadMask(pid_t tid, absl::string_view field) {
  const std::string path = ProcPath(tid, "status");
  std::ifstream file(path);
  std::string text;
  // The name, which stands before all of them, has its newlines escaped.
  while (std::getline(file, text)) {
    absl::string_view line = text;
    if (!absl::ConsumePrefix(&line, field) || !absl::ConsumePrefix(&line, ":")) continue;
    uint64_t mask = 0;
    if (absl::SimpleHexAtoi(absl::StripAsciiWhitespace(line), &mask)) return mask;
    return absl::InternalError(absl::StrCat(path, ": ", field, " is no number"));
  }
  return absl::NotFoundError(absl::StrCat(path, " has no ", field));
}

}  // namespace

absl::StatusOr<uint64_t> ReadEffectiveCapabilities(pid_t tid) { return ReadMask(tid, "CapEff"); }

bool HasCapability(pid_t tid, int capability) {
  const absl::StatusOr<uint64_t> effective = ReadEffectiveCapabilities(tid);
  return effective.ok() && (*effective >> capability & 1) != 0;
}

absl::StatusOr<uint64_t> ReadBlockedSignals(pid_t tid) { return ReadMask(tid, "SigBlk"); }

}  // namespace provost
