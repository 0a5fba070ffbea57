// Another file layout for the tree: directories and files elsewhere, another root. docs/
// EMULATE_PATHS.md says what that means for each call.

#include "tracee/paths.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "base/identity.h"
#include "base/status_macros.h"
#include "emulate/builtin.h"
#include "emulate/paths_calls.h"
#include "emulate/paths_exec.h"
#include "emulate/paths_layout.h"
#include "emulate/paths_mapper.h"
#include "emulate/paths_sockets.h"
#include "emulate/paths_walk.h"
#include "emulate/settings.h"
#include "tracee/identity.h"

namespace provost {
namespace {

// What open(2) and its kin are asked for.
uint64_t OpenFlags(const EmulatedCall& call) {
  if (call.name() == "creat") return O_CREAT | O_WRONLY | O_TRUNC;
  if (call.name() == "open") return call.argument(1);
  if (call.name() == "openat") return call.argument(2);
  const absl::StatusOr<open_how> how = call.Read<open_how>(call.argument(2));
  return how.ok() ? how->flags : 0;
}

// What a read-only file system says to an open; 0: nothing.
int RefusalOfOpen(uint64_t flags, const struct stat* file) {
  if ((flags & O_PATH) != 0) return 0;
  if ((flags & O_TMPFILE) == O_TMPFILE) return EROFS;
  if (file == nullptr) return (flags & O_CREAT) != 0 ? EROFS : 0;
  if ((flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL)) return EEXIST;
  const bool writes = (flags & O_ACCMODE) != O_RDONLY || (flags & O_TRUNC) != 0;
  return writes && S_ISREG(file->st_mode) ? EROFS : 0;
}

// The same to any call, of a path in which no link is left to follow. What is wrong beside that the
// kernel says.
int RefusalOf(const EmulatedCall& call, const PathArgument& argument, const std::string& real) {
  struct stat parent = {};
  if (stat(ShownPath(ParentOf(real)).c_str(), &parent) != 0) return 0;
  struct stat status = {};
  const bool is_there = lstat(ShownPath(real).c_str(), &status) == 0;
  const mode_t mode = status.st_mode;
  switch (argument.effect) {
    case PathEffect::kNone:
      return 0;
    case PathEffect::kOpens:
      return RefusalOfOpen(OpenFlags(call), is_there ? &status : nullptr);
    case PathEffect::kAsks: {
      // Special files can be written to.
      const bool asks = (call.argument(argument.index + 1) & W_OK) != 0;
      return asks && is_there && (S_ISREG(mode) || S_ISDIR(mode)) ? EROFS : 0;
    }
    case PathEffect::kCreates:
      return is_there ? EEXIST : EROFS;
    case PathEffect::kLinks:
      return is_there ? EXDEV : 0;
    case PathEffect::kReplaces:
      return EROFS;
    case PathEffect::kRemoves:
    case PathEffect::kChanges:
      return is_there ? EROFS : 0;
  }
  return 0;
}

// openat2(2) that keeps within a directory looks up from there, which is no path of ours.
bool StaysInDirectory(const EmulatedCall& call) {
  if (call.name() != "openat2") return false;
  const absl::StatusOr<open_how> how = call.Read<open_how>(call.argument(2));
  return how.ok() && (how->resolve & (RESOLVE_BENEATH | RESOLVE_IN_ROOT)) != 0;
}

class Paths final : public Handler {
 public:
  explicit Paths(PathLayout layout) : mapper_(std::move(layout)) {}

  Reaction OnCall(const EmulatedCall& call) override {
    const PathCall& known = PathCalls::Get().Of(call);
    switch (known.kind) {
      case PathCallKind::kUnknown:
        break;
      case PathCallKind::kPaths:
        return MapPaths(call, known);
      case PathCallKind::kDescriptor:
        return CheckDescriptor(call, call.number(0));
      case PathCallKind::kExecve:
      case PathCallKind::kExecveat:
        return MapExec(mapper_, call);
      case PathCallKind::kGetcwd:
        return Getcwd(call);
      case PathCallKind::kReadlink:
        return Readlink(call, known.paths.front());
      case PathCallKind::kChdir:
        return Chdir(call, known.paths.front());
      case PathCallKind::kChroot:
        return Chroot(call, known.paths.front());
      case PathCallKind::kSendsName:
        return MapSentName(mapper_, call);
      case PathCallKind::kReceivesName:
        return MapReceivedName(mapper_, call);
      case PathCallKind::kSocketcall:
        return MapSocketcall(mapper_, call);
    }
    return RunAsItIs(call);
  }

  void OnTaskMade(pid_t creator, pid_t child) override { mapper_.OnTaskMade(creator, child); }
  void OnExec(pid_t process) override { mapper_.OnExec(process); }
  void OnTaskEnded(pid_t tid) override { mapper_.OnTaskEnded(tid); }
  std::string Save() const override { return mapper_.Save(); }
  absl::Status Restore(absl::string_view saved) override { return mapper_.Restore(saved); }

 private:
  static int32_t DirectoryOf(const EmulatedCall& call, const PathArgument& argument) {
    return argument.directory < 0 ? AT_FDCWD : call.number(argument.directory);
  }

  // What one path argument names; nullopt: the kernel says.
  std::optional<PathFound> Find(const EmulatedCall& call, const PathArgument& argument) {
    const uint64_t address = call.argument(argument.index);
    if (address == 0) return std::nullopt;
    const absl::StatusOr<absl::string_view> text = call.ReadString(address);
    if (!text.ok() || text->empty()) return std::nullopt;
    return mapper_.Find(call, DirectoryOf(call, argument),
                        {.path = *text,
                         .follow_last = FollowsLast(call, argument.lookup),
                         .is_entry = argument.is_entry()});
  }

  // Has the call read `found` in place of its own path; or what is wrong with that.
  static std::optional<Answer> Put(const PathArgument& argument, const PathFound& found,
                                   RunCall& run) {
    if (found.error != 0) return Answer{-found.error};
    if (!found.changed) return std::nullopt;
    if (found.real.size() >= PATH_MAX) return Answer{-ENAMETOOLONG};
    run.inputs.push_back({argument.index, found.real + '\0'});
    return std::nullopt;
  }

  Reaction MapPaths(const EmulatedCall& call, const PathCall& known) {
    if (StaysInDirectory(call)) {
      const bool writes = (OpenFlags(call) & (O_ACCMODE | O_CREAT | O_TRUNC)) != O_RDONLY;
      if (writes && IsOnReadonly(call, call.number(0))) return Answer{-EROFS};
      return RunAsItIs(call);
    }
    RunCall run = {call.request()};
    // The name that is made comes before what it is made from.
    for (auto argument = known.paths.rbegin(); argument != known.paths.rend(); ++argument) {
      const std::optional<PathFound> found = Find(call, *argument);
      if (!found.has_value()) {
        if (argument->directory >= 0 && IsOnReadonly(call, DirectoryOf(call, *argument))) {
          if (argument->effect == PathEffect::kChanges) return Answer{-EROFS};
          if (argument->effect == PathEffect::kLinks) return Answer{-EXDEV};
        }
        continue;
      }
      if (const int error = Refusal(call, *argument, *found); error != 0) return Answer{-error};
      if (std::optional<Answer> answer = Put(*argument, *found, run)) return *std::move(answer);
    }
    return run;
  }

  int Refusal(const EmulatedCall& call, const PathArgument& argument, const PathFound& found) {
    if (found.error != 0) return 0;
    const bool is_moved =
        argument.effect == PathEffect::kRemoves || argument.effect == PathEffect::kReplaces;
    // As of a mount.
    if (is_moved && mapper_.layout().IsMap(found.path)) return EBUSY;
    if (!mapper_.layout().has_readonly()) return 0;
    const std::string path = FollowedPath(call, argument, found);
    const PathMap* map = mapper_.layout().MapOf(path);
    if (map == nullptr || !map->is_readonly) return 0;
    return RefusalOf(call, argument, PathLayout::Real(map, path));
  }

  // Where the kernel goes on by a link of procfs (/proc/7/fd/3).
  std::string FollowedPath(const EmulatedCall& call, const PathArgument& argument,
                           const PathFound& found) {
    if (argument.is_entry() || !FollowsLast(call, argument.lookup)) return found.path;
    const std::optional<PathStart> start = mapper_.StartOf(call, AT_FDCWD, "/");
    const std::optional<std::string> seen =
        MagicLinkSeen(mapper_.layout(), *start, mapper_.layout().Real(found.path));
    if (!seen.has_value()) return found.path;
    return start->root + NormalPath(*seen).value_or("");
  }

  bool IsOnReadonly(const EmulatedCall& call, int32_t descriptor) {
    if (!mapper_.layout().has_readonly()) return false;
    const std::optional<std::string> path = mapper_.DescriptorPath(call, descriptor);
    const PathMap* map = path.has_value() ? mapper_.layout().MapOf(*path) : nullptr;
    return map != nullptr && map->is_readonly;
  }

  Reaction CheckDescriptor(const EmulatedCall& call, int32_t descriptor) {
    if (IsOnReadonly(call, descriptor)) return Answer{-EROFS};
    return RunAsItIs(call);
  }

  Reaction Getcwd(const EmulatedCall& call) {
    const std::optional<PathStart> start = mapper_.StartOf(call, AT_FDCWD, ".");
    if (!start.has_value() || call.argument(0) == 0) return RunAsItIs(call);
    if (start->root.empty() && start->base_is_kernels &&
        mapper_.layout().MapOf(start->base) == nullptr) {
      return RunAsItIs(call);
    }
    absl::string_view seen = start->base;
    if (IsWithin(start->root, seen)) seen.remove_prefix(start->root.size());
    std::string text = ShownPath(seen);
    text.push_back('\0');
    if (text.size() > call.argument(1)) return Answer{-ERANGE};
    const auto length = static_cast<int64_t>(text.size());
    return Answer{length, {{call.argument(0), std::move(text)}}};
  }

  Reaction Readlink(const EmulatedCall& call, const PathArgument& argument) {
    RunCall run = {call.request()};
    const std::optional<PathFound> found = Find(call, argument);
    if (!found.has_value()) return run;
    if (std::optional<Answer> answer = Put(argument, *found, run)) return *std::move(answer);
    const int32_t size = call.number(argument.index + 2);
    if (size <= 0 || absl::EndsWith(found->real, "/")) return run;
    const std::optional<PathStart> start = mapper_.StartOf(call, AT_FDCWD, "/");
    std::optional<std::string> text = MagicLinkSeen(mapper_.layout(), *start, found->real);
    if (!text.has_value()) return run;
    text->resize(std::min<size_t>(text->size(), size));
    const auto length = static_cast<int64_t>(text->size());
    return Answer{length, {{call.argument(argument.index + 1), *std::move(text)}}};
  }

  Reaction Chdir(const EmulatedCall& call, const PathArgument& argument) {
    RunCall run = {call.request()};
    const std::optional<PathFound> found = Find(call, argument);
    if (!found.has_value()) return run;
    if (std::optional<Answer> answer = Put(argument, *found, run)) return *std::move(answer);
    std::string real = mapper_.layout().Real(found->path);
    const bool is_plain = mapper_.layout().Virtual(real) == found->path;
    if (is_plain && !mapper_.Of(call.process()).real_directory.has_value()) return run;
    run.then = [this, is_plain, path = found->path, real = std::move(real)](
                   const EmulatedCall& made, int64_t result) {
      if (result != 0) return Answer{result};
      PathProcess& process = mapper_.Of(made.process());
      process.directory = path;
      process.real_directory = is_plain ? std::nullopt : std::optional<std::string>(real);
      return Answer{result};
    };
    return run;
  }

  // Its paths go on being looked up from the kernel's root, so that this must not change.
  Reaction Chroot(const EmulatedCall& call, const PathArgument& argument) {
    RunCall run = {call.request()};
    const std::optional<PathFound> found = Find(call, argument);
    if (!found.has_value()) return run;
    if (std::optional<Answer> answer = Put(argument, *found, run)) return *std::move(answer);
    Identity identity;
    identity.euid = UINT32_MAX;
    if (!ReadTaskIdentity(call.tid(), identity).ok() || identity.euid != 0) return run;
    struct stat status = {};
    if (stat(found->real.c_str(), &status) != 0) return Answer{-errno};
    if (!S_ISDIR(status.st_mode)) return Answer{-ENOTDIR};
    mapper_.Of(call.process()).root = found->path;
    return Answer{0};
  }

  PathMapper mapper_;
};

}  // namespace

EmulatorSpec PathsSpec() {
  return {.name = "paths",
          .keys = {{"map", EmulatorKey::Kind::kMap,
                    "{\"/seen\" => \"/real\"}: directories and files that are elsewhere"},
                   {"readonly", EmulatorKey::Kind::kMap,
                    "the same, of what can only be read: EROFS otherwise"},
                   {"root", EmulatorKey::Kind::kString, "the directory that is \"/\""}},
          .calls = PathCalls::Get().Names(/*with_descriptors=*/true),
          .what = "another file layout: directories elsewhere, another root",
          .calls_when =
              [](const Emulation& told) {
                return PathCalls::Get().Names(!MapTold(told, "readonly").empty());
              },
          .check = nullptr};
}

absl::StatusOr<std::unique_ptr<Handler>> MakePaths(const Emulation& told) {
  PROVOST_ASSIGN_OR_RETURN(PathLayout layout, PathLayout::Create(told));
  return std::make_unique<Paths>(std::move(layout));
}

}  // namespace provost
