#ifndef PROVOST_AUDIT_ROTATION_H_
#define PROVOST_AUDIT_ROTATION_H_

#include <string>

#include "absl/status/status.h"

namespace provost {

// Makes `path` free by renaming, as auditd(8) rotates: `path` becomes PATH.1, PATH.1 becomes PATH.2
// and so on; of the rotated files `keep` (1 or more) stay, the oldest goes. Numbers are moved up no
// further than the first that is free, so that a rotation cut off halfway costs no file when it is
// done again. One caller at a time for one path. An error names the file; nothing is lost by it.
absl::Status RotateByRename(const std::string& path, int keep);

}  // namespace provost

#endif  // PROVOST_AUDIT_ROTATION_H_
