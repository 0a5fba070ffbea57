#include "emulate/paths_mapper.h"

#include <fcntl.h>

#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "tracee/paths.h"
#include "tracee/task_status.h"

namespace provost {
namespace {

// "-" is none; a text is told from that by what stands before it.
std::string Saved(const std::optional<std::string>& text) {
  return text.has_value() ? absl::StrCat("=", absl::WebSafeBase64Escape(*text)) : "-";
}

bool Restored(absl::string_view saved, std::optional<std::string>& text) {
  if (saved == "-") return true;
  return absl::ConsumePrefix(&saved, "=") && absl::WebSafeBase64Unescape(saved, &text.emplace());
}

}  // namespace

std::optional<PathStart> PathMapper::StartOf(const EmulatedCall& call, int32_t directory,
                                             absl::string_view path) {
  const PathProcess& process = Of(call.process());
  PathStart start;
  start.root = process.root;
  start.tid = call.tid();
  start.process = call.process();
  start.directory = process.directory;
  start.real_directory = process.real_directory;
  start.program = process.program;
  if (absl::StartsWith(path, "/")) return start;
  if (!StartAtDirectory(call, directory, start)) return std::nullopt;
  return start;
}

bool PathMapper::StartAtDirectory(const EmulatedCall& call, int32_t directory, PathStart& start) {
  const absl::StatusOr<std::string> link = ReadDescriptorPath(call.tid(), directory);
  if (!link.ok() || absl::EndsWith(*link, " (deleted)")) return false;
  std::optional<std::string> real = NormalPath(*link);
  if (!real.has_value()) return false;
  const PathProcess& process = Of(call.process());
  if (directory == AT_FDCWD && process.real_directory == real) {
    start.base = process.directory;
    return true;
  }
  std::optional<std::string> seen = layout_.Virtual(*real);
  if (seen.has_value()) {
    start.base = *std::move(seen);
    return true;
  }
  // What lies outside is where the program was started, or what it was given: there is no other way
  // to it than that descriptor, and none to it for a working directory.
  if (directory != AT_FDCWD) return false;
  start.base = DirectoryFromOutside(layout_, start, *real);
  start.base_is_kernels = false;
  return true;
}

std::optional<PathFound> PathMapper::Find(const EmulatedCall& call, int32_t directory,
                                          const PathAsked& asked) {
  const std::optional<PathStart> start = StartOf(call, directory, asked.path);
  if (!start.has_value()) return std::nullopt;
  return FindPath(layout_, *start, asked);
}

std::optional<std::string> PathMapper::DescriptorPath(const EmulatedCall& call,
                                                      int32_t descriptor) const {
  const absl::StatusOr<std::string> link = ReadDescriptorPath(call.tid(), descriptor);
  if (!link.ok()) return std::nullopt;
  const std::optional<std::string> real = NormalPath(*link);
  return real.has_value() ? layout_.Virtual(*real) : std::nullopt;
}

void PathMapper::OnTaskMade(pid_t creator, pid_t child) {
  const absl::StatusOr<TaskStatus> made = ReadTaskStatus(child);
  if (!made.ok() || made->process != child) return;  // a thread has what its process has
  const absl::StatusOr<TaskStatus> maker = ReadTaskStatus(creator);
  if (maker.ok()) processes_.Made(maker->process, child);
}

void PathMapper::OnExec(pid_t process) {
  PathProcess& state = Of(process);
  state.program = std::exchange(state.next_program, std::nullopt);
}

std::string PathMapper::Save() const {
  std::string saved;
  for (const auto& [pid, process] : processes_.all()) {
    absl::StrAppend(&saved, pid, " ", Saved(process.root), " ", Saved(process.directory), " ",
                    Saved(process.real_directory), " ", Saved(process.program), " ",
                    Saved(process.next_program), "\n");
  }
  return saved;
}

absl::Status PathMapper::Restore(absl::string_view saved) {
  for (const absl::string_view line : absl::StrSplit(saved, '\n', absl::SkipEmpty())) {
    const std::vector<absl::string_view> fields = absl::StrSplit(line, ' ');
    pid_t pid = 0;
    PathProcess process;
    std::optional<std::string> root;
    std::optional<std::string> directory;
    if (fields.size() != 6 || !absl::SimpleAtoi(fields[0], &pid) || !Restored(fields[1], root) ||
        !Restored(fields[2], directory) || !Restored(fields[3], process.real_directory) ||
        !Restored(fields[4], process.program) || !Restored(fields[5], process.next_program)) {
      return absl::InvalidArgumentError("no state of `emulate paths`");
    }
    process.root = root.value_or("");
    process.directory = directory.value_or("");
    processes_.Set(pid, std::move(process));
  }
  return absl::OkStatus();
}

}  // namespace provost
