#include "emulate/paths_walk.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/unique_fd.h"

namespace provost {
namespace {

// MAXSYMLINKS in the kernel's linux/namei.h.
constexpr int kMaxLinks = 40;

// The next component of `rest`, which loses it; empty: there is none.
absl::string_view TakeComponent(absl::string_view& rest) {
  while (absl::StartsWith(rest, "/")) rest.remove_prefix(1);
  const absl::string_view component = rest.substr(0, rest.find('/'));
  rest.remove_prefix(component.size());
  return component;
}

bool IsLast(absl::string_view rest) { return rest.find_first_not_of('/') == rest.npos; }

// True if the kernel meets no symbolic link on that real path before it finds its end, or that
// there is none.
bool HasNoLinks(const std::string& path, bool follow_last) {
  open_how how = {};
  // Of a file that is no directory it is enough to hear so: there is nothing to close then.
  how.flags = O_PATH | O_CLOEXEC | O_DIRECTORY | (follow_last ? 0 : O_NOFOLLOW);
  how.resolve = RESOLVE_NO_SYMLINKS;
  const UniqueFd file(
      static_cast<int>(syscall(SYS_openat2, AT_FDCWD, path.c_str(), &how, sizeof(how))));
  return file.valid() || errno == ENOENT || errno == ENOTDIR || errno == EACCES;
}

bool IsDirectory(const std::string& path) {
  struct stat status = {};
  return stat(ShownPath(path).c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

// The text of a link, or -errno.
int ReadLink(const std::string& path, std::string& text) {
  std::array<char, PATH_MAX> bytes;
  const ssize_t length = readlink(path.c_str(), bytes.data(), bytes.size());
  if (length < 0) return -errno;
  text.assign(bytes.data(), length);
  return 0;
}

enum class Magic : uint8_t { kNone, kRoot, kProgram, kDirectory, kOther };

// Of the links of procfs that lead to files themselves. procfs is where it belongs, at /proc.
Magic MagicOf(absl::string_view path) {
  if (!absl::ConsumePrefix(&path, "/proc/")) return Magic::kNone;
  absl::string_view rest = path;
  const absl::string_view process = TakeComponent(rest);
  if (process.empty() || !absl::ascii_isdigit(process.front())) return Magic::kNone;
  absl::string_view file = TakeComponent(rest);
  if (file == "task") {
    TakeComponent(rest);
    file = TakeComponent(rest);
  }
  const absl::string_view name = TakeComponent(rest);
  if (!IsLast(rest)) return Magic::kNone;
  if (file == "fd" || file == "map_files" || file == "ns") {
    return name.empty() ? Magic::kNone : Magic::kOther;
  }
  if (!name.empty()) return Magic::kNone;
  if (file == "root") return Magic::kRoot;
  if (file == "exe") return Magic::kProgram;
  return file == "cwd" ? Magic::kDirectory : Magic::kNone;
}

// True if `path` lies in the directory of that process in procfs.
bool IsOf(pid_t process, absl::string_view path) {
  return IsWithin(absl::StrCat("/proc/", process), path);
}

// Where the tree sees the real path that such a link says.
std::optional<std::string> TargetSeen(const PathLayout& layout, const PathStart& start, Magic magic,
                                      bool is_own, absl::string_view target) {
  const std::optional<std::string> real = NormalPath(target);
  if (!real.has_value()) return std::nullopt;
  if (magic != Magic::kDirectory || !is_own) return layout.Virtual(*real);
  if (real == start.real_directory) return start.directory;
  std::optional<std::string> seen = layout.Virtual(*real);
  return seen.has_value() ? seen : DirectoryFromOutside(layout, start, *real);
}

// The quick way: the path as it is written, if the kernel says that no link is on it. False: it
// has to be walked.
class Glance {
 public:
  Glance(const PathLayout& layout, const PathStart& start, const PathAsked& asked)
      : layout_(layout), start_(start), asked_(asked) {}

  bool Run(PathFound& found) {
    Begin(found);
    absl::string_view rest = asked_.path;
    while (true) {
      const absl::string_view component = TakeComponent(rest);
      if (component.empty()) break;
      if (!Step(component, found)) return false;
    }
    if (absl::StartsWith(found.real, "/proc/")) return false;
    const bool ends_in_slash = absl::EndsWith(asked_.path, "/");
    if (ends_in_slash || found.real.empty()) absl::StrAppend(&found.real, "/");
    const bool follows = asked_.follow_last || (ends_in_slash && !asked_.is_entry);
    // What the last step began at has no links in it, and a last component is not followed.
    if (steps_ == 0 || (steps_ == 1 && !follows)) return true;
    return HasNoLinks(found.real, follows);
  }

 private:
  void Begin(PathFound& found) const {
    const bool absolute = absl::StartsWith(asked_.path, "/");
    found.path = absolute ? start_.root : start_.base;
    found.map = layout_.MapOf(found.path);
    found.real = PathLayout::Real(found.map, found.path);
    found.changed = absolute ? !found.real.empty() : !start_.base_is_kernels;
  }

  bool Step(absl::string_view component, PathFound& found) {
    if (component == ".") {
      absl::StrAppend(&found.real, "/.");
      steps_ += 2;  // what stands before it is followed
      return true;
    }
    if (component == "..") {
      went_up_ = true;
      if (found.path == start_.root) {
        // There the kernel, which knows of no root here, would go on.
        found.changed |= !PathLayout::Real(found.map, found.path).empty();
        return true;
      }
      found.path.resize(ParentOf(found.path).size());
      if (layout_.MapOf(found.path) != found.map) return false;
      absl::StrAppend(&found.real, "/..");
      steps_ += 2;
      return true;
    }
    absl::StrAppend(&found.path, "/", component);
    const PathMap* map = layout_.MapOf(found.path);
    ++steps_;
    if (map == found.map) {
      absl::StrAppend(&found.real, "/", component);
      return true;
    }
    // Where a map stands there are no links in front of it.
    if (went_up_) return false;
    found.map = map;
    found.real = PathLayout::Real(map, found.path);
    found.changed = true;
    steps_ = 0;
    return true;
  }

  const PathLayout& layout_;
  const PathStart& start_;
  const PathAsked& asked_;
  bool went_up_ = false;
  int steps_ = 0;  // on the real path, since where it cannot have a link
};

// Component by component.
class LayoutWalk {
 public:
  LayoutWalk(const PathLayout& layout, const PathStart& start, const PathAsked& asked)
      : layout_(layout), start_(start), asked_(asked), rest_(asked.path) {}

  PathFound Run() {
    const bool absolute = absl::StartsWith(rest_, "/");
    GoTo(absolute ? start_.root : start_.base);
    map_ = layout_.MapOf(found_.path);
    found_.changed = absolute ? !layout_.Real(start_.root).empty() : !start_.base_is_kernels;
    while (!done_ && found_.error == 0) {
      absl::string_view rest = rest_;
      const std::string component(TakeComponent(rest));
      rest_ = std::string(rest);
      if (component.empty()) break;
      Step(component);
      found_.changed |= layout_.MapOf(found_.path) != map_;
    }
    if (!handed_over_) Finish();
    found_.map = layout_.MapOf(found_.path);
    return std::move(found_);
  }

 private:
  void GoTo(std::string path) { found_.path = std::move(path); }

  void Finish() {
    found_.real = absl::StrCat(layout_.Real(found_.path), behind_);
    if (absl::EndsWith(asked_.path, "/") || found_.real.empty()) absl::StrAppend(&found_.real, "/");
  }

  // The kernel looks up what is left, from a real path, and says what is wrong with it.
  void HandOver(std::string real) {
    found_.real = std::move(real);
    if (!rest_.empty()) {
      absl::StrAppend(&found_.real, "/", rest_);
      absl::StrAppend(&found_.path, NormalPath(absl::StrCat("/", rest_)).value_or(""));
    }
    done_ = true;
    handed_over_ = true;
  }

  void Step(const std::string& component) {
    if (component == ".") {
      if (IsLast(rest_)) behind_ = "/.";
      return;
    }
    const std::string here = layout_.Real(found_.path);
    if (component == "..") {
      if (!IsDirectory(here) && !layout_.LeadsToMap(found_.path)) {
        return HandOver(absl::StrCat(here, "/.."));
      }
      if (found_.path == start_.root) {
        found_.changed |= !here.empty();
      } else {
        GoTo(std::string(ParentOf(found_.path)));
      }
      return;
    }
    if (here == "/proc" && component == "self") {
      return GoTo(absl::StrCat(found_.path, "/", start_.process));
    }
    if (here == "/proc" && component == "thread-self") {
      return GoTo(absl::StrCat(found_.path, "/", start_.process, "/task/", start_.tid));
    }
    StepTo(absl::StrCat(found_.path, "/", component));
  }

  void StepTo(std::string next) {
    const bool is_last = IsLast(rest_);
    const bool follows =
        !is_last || asked_.follow_last || (!asked_.is_entry && absl::EndsWith(asked_.path, "/"));
    if (!follows || layout_.IsMap(next)) return GoTo(std::move(next));
    const std::string real = layout_.Real(next);
    std::string target;
    const int error = ReadLink(real, target);
    if (error == -EINVAL || (error == -ENOENT && (is_last || layout_.LeadsToMap(next)))) {
      return GoTo(std::move(next));
    }
    if (error != 0) {
      GoTo(std::move(next));
      return HandOver(real);
    }
    if (++links_ > kMaxLinks) {
      found_.error = ELOOP;
      return;
    }
    const Magic magic = MagicOf(real);
    if (magic != Magic::kNone) return StepThrough(magic, std::move(next), real, target);
    if (absl::StartsWith(target, "/")) GoTo(start_.root);
    rest_ = IsLast(rest_) ? absl::StrCat(target, rest_) : absl::StrCat(target, "/", rest_);
  }

  void StepThrough(Magic magic, std::string next, const std::string& real,
                   const std::string& target) {
    const bool is_own = IsOf(start_.process, real);
    if (magic == Magic::kRoot && is_own) return GoTo(start_.root);
    if (magic == Magic::kProgram && is_own && start_.program.has_value()) {
      found_.changed = true;
      return GoTo(*start_.program);
    }
    if (IsLast(rest_) && (magic != Magic::kDirectory || !is_own)) {
      done_ = true;
      return GoTo(std::move(next));
    }
    std::optional<std::string> seen = TargetSeen(layout_, start_, magic, is_own, target);
    if (seen.has_value() && IsDirectory(layout_.Real(*seen))) return GoTo(*std::move(seen));
    GoTo(std::move(next));
    HandOver(real);
  }

  const PathLayout& layout_;
  const PathStart& start_;
  const PathAsked& asked_;
  std::string rest_;
  std::string behind_;
  const PathMap* map_ = nullptr;  // that the walk began in
  PathFound found_;
  bool done_ = false;
  bool handed_over_ = false;
  int links_ = 0;
};

}  // namespace

PathFound FindPath(const PathLayout& layout, const PathStart& start, const PathAsked& asked) {
  PathFound found;
  if (!asked.must_walk && Glance(layout, start, asked).Run(found)) return found;
  return LayoutWalk(layout, start, asked).Run();
}

std::string DirectoryFromOutside(const PathLayout& layout, const PathStart& start,
                                 const std::string& real) {
  return start.root.empty() && IsDirectory(layout.Real(real)) ? real : start.root;
}

std::optional<std::string> MagicLinkSeen(const PathLayout& layout, const PathStart& start,
                                         const std::string& real) {
  const Magic magic = MagicOf(real);
  if (magic == Magic::kNone) return std::nullopt;
  const bool is_own = IsOf(start.process, real);
  std::optional<std::string> seen;
  if (magic == Magic::kRoot && is_own) return "/";
  if (magic == Magic::kProgram && is_own && start.program.has_value()) {
    seen = start.program;
  } else {
    std::string text;
    if (ReadLink(real, text) != 0) return std::nullopt;
    seen = TargetSeen(layout, start, magic, is_own, text);
  }
  if (!seen.has_value()) return std::nullopt;
  if (!start.root.empty() && IsWithin(start.root, *seen)) seen->erase(0, start.root.size());
  return ShownPath(*seen);
}

}  // namespace provost
