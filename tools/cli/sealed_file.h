#ifndef PROVOST_TOOLS_CLI_SEALED_FILE_H_
#define PROVOST_TOOLS_CLI_SEALED_FILE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/unique_fd.h"

namespace provost {

// Files in memory that nobody can change any more (memfd_create(2), F_ADD_SEALS): what one program
// leaves to another.

// Programs that are executed inherit it.
absl::StatusOr<UniqueFd> ToSealedFile(const std::string& bytes);
// kInvalidArgument: it is no such file.
absl::StatusOr<std::string> ReadSealedFile(int fd);

}  // namespace provost

#endif  // PROVOST_TOOLS_CLI_SEALED_FILE_H_
