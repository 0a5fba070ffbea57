#include "tracee/died.h"

#include <cerrno>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"

namespace provost {
namespace {

constexpr char kDiedPayload[] = "provost/died";

}  // namespace

bool IsDied(const absl::Status& status) { return status.GetPayload(kDiedPayload).has_value(); }

absl::Status TraceeError(absl::string_view request, pid_t tid, int error) {
  absl::Status status = absl::ErrnoToStatus(error, absl::StrCat(request, " of task ", tid));
  if (error == ESRCH) status.SetPayload(kDiedPayload, absl::Cord());
  return status;
}

}  // namespace provost
