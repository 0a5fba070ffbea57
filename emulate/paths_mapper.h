#ifndef PROVOST_EMULATE_PATHS_MAPPER_H_
#define PROVOST_EMULATE_PATHS_MAPPER_H_

#include <sys/types.h>

#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "emulate/call.h"
#include "emulate/paths_layout.h"
#include "emulate/paths_walk.h"
#include "emulate/process_states.h"

namespace provost {

// What is known of a process that the kernel does not know.
struct PathProcess {
  std::string root;  // virtual: where chroot(2) has led
  // Which of the virtual names of its working directory it has gone to, as long as the kernel says
  // that the directory is the one of that real name.
  std::string directory;
  std::optional<std::string> real_directory;
  // The virtual path of the program that /proc/self/exe names, where the kernel runs a loader
  // instead; and what that is once the execve under way has succeeded.
  std::optional<std::string> program;
  std::optional<std::string> next_program;
};

// Looks up what tasks ask for. On the tracing thread.
class PathMapper {
 public:
  explicit PathMapper(PathLayout layout) : layout_(std::move(layout)) {}

  const PathLayout& layout() const { return layout_; }
  PathProcess& Of(pid_t process) { return processes_.Of(process); }

  // Where the task looks that path up; nullopt: where only the kernel can say, which sees that a
  // descriptor is not open, or a directory gone.
  std::optional<PathStart> StartOf(const EmulatedCall& call, int32_t directory,
                                   absl::string_view path);
  // nullopt: as above.
  std::optional<PathFound> Find(const EmulatedCall& call, int32_t directory,
                                const PathAsked& asked);
  // What a descriptor is open on, as the tree sees it; nullopt: it has no such path.
  std::optional<std::string> DescriptorPath(const EmulatedCall& call, int32_t descriptor) const;

  // As the methods of Handler.
  void OnTaskMade(pid_t creator, pid_t child);
  void OnExec(pid_t process);
  void OnTaskEnded(pid_t tid) { processes_.Ended(tid); }
  std::string Save() const;
  absl::Status Restore(absl::string_view saved);

 private:
  bool StartAtDirectory(const EmulatedCall& call, int32_t directory, PathStart& start);

  const PathLayout layout_;
  ProcessStates<PathProcess> processes_;
};

}  // namespace provost

#endif  // PROVOST_EMULATE_PATHS_MAPPER_H_
