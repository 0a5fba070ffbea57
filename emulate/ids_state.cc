#include "emulate/ids_state.h"

#include <unistd.h>

#include <cerrno>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "base/status_macros.h"
#include "tracee/paths.h"

namespace provost {

absl::StatusOr<SeenFile> LookAt(const IdsState& state, const EmulatedCall& call,
                                const FileLocation& location) {
  absl::StatusOr<UniqueFd> file = location.path.empty()
                                      ? OpenTaskDescriptor(call.tid(), location.descriptor)
                                      : OpenTaskPath(call.tid(), {.descriptor = location.descriptor,
                                                                  .path = location.path,
                                                                  .follow_last = location.follow});
  // Whose server may be one of the tree, which waits for us.
  if (absl::IsUnavailable(file.status()) && state.complain != nullptr) {
    state.complain("`emulate ids` leaves files on FUSE to the kernel");
  }
  if (!file.ok()) return file.status();
  PROVOST_ASSIGN_OR_RETURN(const FileStatus status, ReadFileStatus(call.tid(), *file));
  return SeenFile{std::make_shared<const UniqueFd>(*std::move(file)), status};
}

absl::StatusOr<FileLocation> LocationOf(const EmulatedCall& call, int directory, size_t path,
                                        bool follow) {
  PROVOST_ASSIGN_OR_RETURN(const absl::string_view text, call.ReadString(call.argument(path)));
  if (text.empty()) return absl::NotFoundError("an empty path");
  return FileLocation{.descriptor = directory < 0 ? AT_FDCWD : call.number(directory),
                      .path = std::string(text),
                      .follow = follow};
}

absl::StatusOr<FileLocation> LocationWithFlags(const EmulatedCall& call, size_t path,
                                               uint64_t flags) {
  const bool follow = (flags & AT_SYMLINK_NOFOLLOW) == 0;
  if ((flags & AT_EMPTY_PATH) != 0) {
    // Since Linux 6.11 no path at all is an empty one.
    absl::string_view text;
    if (call.argument(path) != 0) {
      PROVOST_ASSIGN_OR_RETURN(text, call.ReadString(call.argument(path)));
    }
    if (text.empty()) return FileLocation{.descriptor = call.number(0), .path = ""};
  }
  return LocationOf(call, 0, path, follow);
}

Reaction AskWhetherThere(const EmulatedCall& call, uint64_t directory, uint64_t path,
                         uint64_t flags, std::function<Answer(const EmulatedCall& call)> then) {
  const absl::StatusOr<SyscallRequest> asks =
      OtherCall(call.request(), "faccessat2", {directory, path, F_OK, flags, 0, 0});
  if (!asks.ok()) return Answer{-ENOSYS};
  return RunCall{
      *asks, {}, [then = std::move(then)](const EmulatedCall& made, int64_t result) -> Answer {
        if (result != 0) return {result};
        return then(made);
      }};
}

bool HasShortIds(const EmulatedCall& call) {
  return call.is_i386() && !absl::EndsWith(call.name(), "32") && !absl::EndsWith(call.name(), "at");
}

uint32_t ShortId(uint32_t id) {
  constexpr uint32_t kOverflowId = 65534;
  return id > UINT16_MAX ? kOverflowId : id;
}

uint32_t IdArgument(const EmulatedCall& call, size_t argument) {
  const auto id = static_cast<uint32_t>(call.argument(argument));
  if (!HasShortIds(call)) return id;
  return (id & UINT16_MAX) == UINT16_MAX ? kNoId : id & UINT16_MAX;
}

}  // namespace provost
