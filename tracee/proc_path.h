#ifndef PROVOST_TRACEE_PROC_PATH_H_
#define PROVOST_TRACEE_PROC_PATH_H_

#include <sys/types.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace provost {

// "/proc/TID/FILE" (proc(5)).
inline std::string ProcPath(pid_t tid, absl::string_view file) {
  return absl::StrCat("/proc/", tid, "/", file);
}

}  // namespace provost

#endif  // PROVOST_TRACEE_PROC_PATH_H_
