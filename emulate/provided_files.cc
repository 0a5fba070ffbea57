#include "emulate/provided_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tracee/paths.h"

namespace provost {
namespace {

// What the last component of a path is.
absl::string_view NameIn(absl::string_view path) { return path.substr(path.rfind('/') + 1); }

// The flags of a call that opens a file, or an error: they cannot be read.
absl::StatusOr<uint64_t> FlagsOf(const EmulatedCall& call) {
  if (call.name() == "creat") return O_CREAT | O_WRONLY | O_TRUNC;
  if (call.name() == "openat2") return call.Read<uint64_t>(call.argument(2));
  return call.argument(call.name() == "open" ? 1 : 2);
}

}  // namespace

ProvidedFiles::~ProvidedFiles() {
  if (directory_.empty()) return;
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

void ProvidedFiles::Add(std::string path, std::string contents) {
  files_[std::move(path)] = {std::move(contents), ""};
}

const std::vector<std::string>& ProvidedFiles::Calls() {
  static const auto* const calls =
      new std::vector<std::string>{"open", "openat", "openat2", "creat"};
  return *calls;
}

Reaction ProvidedFiles::OnCall(const EmulatedCall& call) {
  const bool has_directory = call.name() == "openat" || call.name() == "openat2";
  const size_t path_argument = has_directory ? 1 : 0;
  File* file = FileOf(call, path_argument);
  if (file == nullptr) return RunAsItIs(call);
  const absl::StatusOr<uint64_t> flags = FlagsOf(call);
  if (!flags.ok()) return Answer{-ErrnoOf(flags.status())};
  if ((*flags & O_ACCMODE) != O_RDONLY || (*flags & O_TRUNC) != 0) return Answer{-EACCES};
  const absl::StatusOr<std::string> copy = CopyOf(*file);
  if (!copy.ok()) return Answer{-EIO};
  return RunCall{call.request(), {{path_argument, *copy + '\0'}}};
}

ProvidedFiles::File* ProvidedFiles::FileOf(const EmulatedCall& call, size_t path_argument) {
  const auto path = call.ReadString(call.argument(path_argument));
  if (!path.ok() || path->empty()) return nullptr;
  // Looking the path up costs more than anything else here.
  const bool may_be = std::any_of(files_.begin(), files_.end(), [&](const auto& file) {
    return NameIn(file.first) == NameIn(*path);
  });
  if (!may_be) return nullptr;
  if (const auto exact = files_.find(*path); exact != files_.end()) return &exact->second;
  const int32_t descriptor = path_argument == 1 ? call.number(0) : AT_FDCWD;
  const auto resolved =
      ResolveTaskPath(call.tid(), {.descriptor = descriptor, .path = std::string(*path)});
  if (!resolved.ok()) return nullptr;
  const auto found = files_.find(*resolved);
  return found == files_.end() ? nullptr : &found->second;
}

absl::StatusOr<std::string> ProvidedFiles::CopyOf(File& file) {
  if (!file.copy.empty()) return file.copy;
  if (directory_.empty()) {
    std::error_code error;
    const std::filesystem::path temporary = std::filesystem::temp_directory_path(error);
    std::string pattern = absl::StrCat(error ? "/tmp" : temporary.string(), "/provost-XXXXXX");
    if (mkdtemp(pattern.data()) == nullptr) return absl::ErrnoToStatus(errno, pattern);
    directory_ = pattern;
    if (chmod(directory_.c_str(), 0755) != 0) return absl::ErrnoToStatus(errno, directory_);
  }
  const auto index = std::count_if(files_.begin(), files_.end(),
                                   [](const auto& each) { return !each.second.copy.empty(); });
  const std::string path = absl::StrCat(directory_, "/", index);
  std::ofstream copy(path, std::ios::binary);
  copy << file.contents;
  copy.close();
  if (!copy || chmod(path.c_str(), 0444) != 0) return absl::ErrnoToStatus(errno, path);
  file.copy = path;
  return path;
}

}  // namespace provost
