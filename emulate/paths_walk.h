#ifndef PROVOST_EMULATE_PATHS_WALK_H_
#define PROVOST_EMULATE_PATHS_WALK_H_

#include <sys/types.h>

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "emulate/paths_layout.h"

namespace provost {

// Where a task looks its paths up from; virtual paths as paths_layout.h writes them.
struct PathStart {
  std::string root;  // of the task
  std::string base;  // of relative paths
  // The kernel looks relative paths up from the same directory, and absolute ones from its "/".
  bool base_is_kernels = true;
  pid_t tid = 0;
  pid_t process = 0;
  // Which of its virtual names the task's working directory has, if it is that real one.
  std::string directory;
  std::optional<std::string> real_directory;
  // The program that /proc/self/exe names, if the kernel would name another.
  std::optional<std::string> program;
};

struct PathAsked {
  absl::string_view path;  // not empty
  bool follow_last = true;
  // The call makes or removes the name itself: a slash behind it follows no link.
  bool is_entry = false;
  // The layout has changed what links mean that the quick look would ask the kernel about.
  bool must_walk = false;
};

struct PathFound {
  int error = 0;         // ELOOP: the path leads nowhere
  std::string path;      // virtual; its last component may be missing
  std::string real;      // what the kernel is to look up
  bool changed = false;  // the kernel, asked as the task asks it, would look something else up
  const PathMap* map = nullptr;  // that `path` lies in
};

// Looks a path up in the layout, by component as path_resolution(7) has it. Asks the kernel in this
// process's root and mount namespace: at best once for the whole path, else once a component. Links
// of procfs that lead to files themselves stay the kernel's where the path ends in them.
PathFound FindPath(const PathLayout& layout, const PathStart& start, const PathAsked& asked);

// Where a task is whose working directory is a real one that the layout does not have: in the one
// of that name, if there is one, else in its root.
std::string DirectoryFromOutside(const PathLayout& layout, const PathStart& start,
                                 const std::string& real);

// What a link of procfs says that the kernel made (`/proc/7/cwd`), as the tree sees it. nullopt:
// `real` is no such link, or what it says is no path.
std::optional<std::string> MagicLinkSeen(const PathLayout& layout, const PathStart& start,
                                         const std::string& real);

}  // namespace provost

#endif  // PROVOST_EMULATE_PATHS_WALK_H_
