#ifndef PROVOST_EMULATE_IDS_STATE_H_
#define PROVOST_EMULATE_IDS_STATE_H_

// What the files of `emulate ids` share.

#include <fcntl.h>
#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "base/unique_fd.h"
#include "emulate/handler.h"
#include "emulate/ids_credentials.h"
#include "emulate/ids_memory.h"
#include "emulate/process_states.h"
#include "tracee/task_file.h"

namespace provost {

// What one `emulate ids` rule knows.
struct IdsState {
  // Credentials of processes. Threads of a process share them: the C library sets those of all its
  // threads at once (nptl(7)).
  ProcessStates<Credentials> processes;
  FileMemory files;
  // As Handler::Complain.
  std::function<void(const std::string& what)> complain = {};

  Credentials& Of(const EmulatedCall& call) { return processes.Of(call.process()); }
};

using IdsCallHandler = Reaction (*)(IdsState& state, const EmulatedCall& call);
struct IdsCall {
  const char* name;
  IdsCallHandler handle;
};
// ids_credential_calls.cc, ids_stat_calls.cc, ids_file_calls.cc, ids_attribute_calls.cc
absl::Span<const IdsCall> IdsCredentialCalls();
absl::Span<const IdsCall> IdsStatCalls();
absl::Span<const IdsCall> IdsFileCalls();
absl::Span<const IdsCall> IdsAttributeCalls();

// Where a call names a file: a path from a directory, or the descriptor itself if `path` is empty.
struct FileLocation {
  int32_t descriptor = AT_FDCWD;
  std::string path;
  bool follow = true;
};

// A file that a call names, held so that its inode's number is not given away meanwhile.
struct SeenFile {
  std::shared_ptr<const UniqueFd> file;
  FileStatus status;
};

// What the location leads the call's task to. An error where the kernel has one to give, or where
// nobody can be asked (FUSE), which is complained of.
absl::StatusOr<SeenFile> LookAt(const IdsState& state, const EmulatedCall& call,
                                const FileLocation& location);
// The path at that argument, from the directory at `directory` (-1: the working directory).
absl::StatusOr<FileLocation> LocationOf(const EmulatedCall& call, int directory, size_t path,
                                        bool follow);
// The same for calls with the flags AT_SYMLINK_NOFOLLOW and AT_EMPTY_PATH.
absl::StatusOr<FileLocation> LocationWithFlags(const EmulatedCall& call, size_t path,
                                               uint64_t flags);

// In place of `call`, the kernel says whether its task gets to the file (faccessat2(2)): 0 or
// -errno. Then `then` gives the answer, if it does.
Reaction AskWhetherThere(const EmulatedCall& call, uint64_t directory, uint64_t path,
                         uint64_t flags, std::function<Answer(const EmulatedCall& call)> then);

// True if the 16-bit ids of the first Linux are meant: of i386 the calls without "32" behind.
bool HasShortIds(const EmulatedCall& call);
// What such a call tells of an id that has more (high2lowuid in linux/highuid.h of the kernel).
uint32_t ShortId(uint32_t id);
// An id that a call is given; kNoId is "none".
uint32_t IdArgument(const EmulatedCall& call, size_t argument);

}  // namespace provost

#endif  // PROVOST_EMULATE_IDS_STATE_H_
