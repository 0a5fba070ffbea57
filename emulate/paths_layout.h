#ifndef PROVOST_EMULATE_PATHS_LAYOUT_H_
#define PROVOST_EMULATE_PATHS_LAYOUT_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "policy/verdict.h"

namespace provost {

// Paths here are absolute, without empty components, dots and a slash at the end: the root is "".
// A virtual path is one as the supervised tree sees it, a real one is the kernel's.

// "/a/b" of "//a/./b/"; nullopt: it is not absolute, or has a "..".
std::optional<std::string> NormalPath(absl::string_view path);
// As people and system calls write it: "/" of "".
inline std::string ShownPath(absl::string_view path) {
  return path.empty() ? "/" : std::string(path);
}
// True if `path` is `directory` or lies below it.
inline bool IsWithin(absl::string_view directory, absl::string_view path) {
  return path.size() >= directory.size() && path.substr(0, directory.size()) == directory &&
         (path.size() == directory.size() || path[directory.size()] == '/');
}
inline absl::string_view ParentOf(absl::string_view path) {
  return path.substr(0, path.empty() ? 0 : path.rfind('/'));
}

// One directory or file that stands where another is.
struct PathMap {
  std::string from;  // virtual
  std::string to;    // real, without symbolic links in it
  bool is_readonly = false;
};

// Where everything is. Immutable.
class PathLayout {
 public:
  // Of what `emulate paths` is told. Links in the paths are followed now, as mount(8) would: those
  // of `from` in the layout of the maps above it. kInvalidArgument says what is wrong.
  static absl::StatusOr<PathLayout> Create(const Emulation& told);

  // The map that a virtual path lies in, the longest; null: it is what it is without any.
  const PathMap* MapOf(absl::string_view path) const {
    for (const PathMap& map : maps_) {
      if (IsWithin(map.from, path)) return &map;
    }
    return nullptr;
  }
  static std::string Real(const PathMap* map, absl::string_view path) {
    return map == nullptr ? std::string(path)
                          : map->to + std::string(path.substr(map->from.size()));
  }
  std::string Real(absl::string_view path) const { return Real(MapOf(path), path); }

  // Where the tree sees a real path, the shortest way from a map; nullopt: nowhere.
  std::optional<std::string> Virtual(absl::string_view real) const;

  // True of what a map stands on, and of a directory that leads to one.
  bool IsMap(absl::string_view path) const;
  bool LeadsToMap(absl::string_view path) const;

  bool has_readonly() const { return has_readonly_; }

 private:
  absl::Status Add(PathMap map);

  std::vector<PathMap> maps_;  // the longest first, the root's last
  bool has_readonly_ = false;
};

}  // namespace provost

#endif  // PROVOST_EMULATE_PATHS_LAYOUT_H_
