#include "tools/report/log_files.h"

#include <dirent.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <iterator>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/status_macros.h"

namespace provost {
namespace {

// So many malformed lines of a file are named; the rest is counted.
constexpr uint64_t kMaxNamed = 5;
// How often events that nobody ends are looked at while nothing comes.
constexpr int kIdleMilliseconds = 500;

std::string DirectoryOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string BaseOf(const std::string& path) { return path.substr(path.rfind('/') + 1); }

// The numbers N of the files PATH.N, highest first.
std::vector<uint32_t> RotatedNumbers(const std::string& path) {
  std::vector<uint32_t> numbers;
  const std::string start = BaseOf(path) + ".";
  struct Close {
    void operator()(DIR* directory) const { closedir(directory); }
  };
  const std::unique_ptr<DIR, Close> directory(opendir(DirectoryOf(path).c_str()));
  if (directory == nullptr) return numbers;
  while (const dirent* entry = readdir(directory.get())) {
    absl::string_view name = entry->d_name;
    uint32_t number = 0;
    if (!absl::ConsumePrefix(&name, start) || name.empty() || name.front() == '0') continue;
    if (name.find_first_not_of("0123456789") != absl::string_view::npos) continue;
    if (absl::SimpleAtoi(name, &number)) numbers.push_back(number);
  }
  std::sort(numbers.rbegin(), numbers.rend());
  return numbers;
}

bool IsBlank(absl::string_view line) {
  return line.find_first_not_of(' ') == absl::string_view::npos;
}

// The path of the log that grows: `path`, or what stands for a directory.
std::string LivePath(const std::string& path) {
  struct stat status = {};
  const bool directory = stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
  if (!directory) return path;
  return absl::StrCat(absl::StripSuffix(path, "/"), "/audit.log");
}

}  // namespace

absl::StatusOr<std::vector<std::string>> FilesOfLog(const std::string& path) {
  const std::string live = LivePath(path);
  std::vector<std::string> files;
  for (const uint32_t number : RotatedNumbers(live)) {
    files.push_back(absl::StrCat(live, ".", number));
  }
  if (access(live.c_str(), F_OK) == 0) {
    files.push_back(live);
  } else if (files.empty() && live != path) {
    return absl::NotFoundError(
        absl::StrCat(path, ": is a directory without an audit.log: name the log in it"));
  } else if (files.empty()) {
    return absl::NotFoundError(absl::StrCat(path, ": ", strerror(errno)));
  }
  return files;
}

absl::StatusOr<LogFiles::File> LogFiles::OpenFile(const std::string& path) {
  PROVOST_ASSIGN_OR_RETURN(const int fd, OpenAuditLog(path));
  File file;
  file.fd.reset(fd);
  struct stat status = {};
  if (fstat(fd, &status) != 0) {
    return absl::UnavailableError(absl::StrCat(path, ": ", strerror(errno)));
  }
  file.device = status.st_dev;
  file.inode = status.st_ino;
  file.regular = S_ISREG(status.st_mode);
  file.lines =
      std::make_unique<LogLines>(fd, path == "-" ? "standard input" : path,
                                 file.regular ? LogLines::Wait::kForMore : LogLines::Wait::kNever);
  return file;
}

absl::Status LogFiles::Open(const std::string& path, bool rotated) {
  Log log;
  log.path = path == "-" ? path : LivePath(path);
  if (path != "-" && rotated) {
    PROVOST_RETURN_IF_ERROR(FilesOfLog(path).status());
    PROVOST_RETURN_IF_ERROR(OpenRotated(log));
  } else {
    PROVOST_ASSIGN_OR_RETURN(File file, OpenFile(log.path));
    log.files.push_back(std::move(file));
  }
  // Named twice, as by audit.log audit.log.1: read once.
  for (const Log& other : logs_) {
    for (const File& read : other.files) {
      const auto same = [&](const File& file) { return file.Is(read); };
      log.files.erase(std::remove_if(log.files.begin(), log.files.end(), same), log.files.end());
    }
  }
  if (!log.files.empty()) logs_.push_back(std::move(log));
  return absl::OkStatus();
}

absl::Status LogFiles::OpenRotated(Log& log) {
  PROVOST_ASSIGN_OR_RETURN(const std::vector<std::string> paths, FilesOfLog(log.path));
  for (const std::string& path : paths) {
    absl::StatusOr<File> file = OpenFile(path);
    // Rotation may rename them under our hands.
    if (!file.ok() && absl::IsNotFound(file.status()) && paths.size() > 1) continue;
    if (!file.ok()) return file.status();
    const bool known = std::any_of(log.files.begin(), log.files.end(),
                                   [&](const File& other) { return other.Is(*file); });
    if (!known) log.files.push_back(*std::move(file));
  }
  if (log.files.empty()) return absl::NotFoundError(absl::StrCat(log.path, ": is gone"));
  return absl::OkStatus();
}

void LogFiles::TakeLine(File& file, absl::string_view line) {
  // A write that fell short is overwritten with blanks (docs/AUDIT_LOG.md).
  if (IsBlank(line)) return;
  const absl::StatusOr<RecordHeader> header = ParseRecordHeader(line);
  if (header.ok()) {
    assembler_.Add(*header, line);
    return;
  }
  ++malformed_;
  ++file.malformed;
  if (file.malformed > kMaxNamed) return;
  complain_(
      absl::StrCat(file.lines->name(), ":", file.lines->number(), ": ", header.status().message(),
                   file.malformed == kMaxNamed ? "; more of this file are only counted" : ""));
}

absl::Status LogFiles::ReadFile(File& file, bool last) {
  while (true) {
    PROVOST_ASSIGN_OR_RETURN(const std::optional<absl::string_view> line, file.lines->Next());
    if (!line) break;
    TakeLine(file, *line);
  }
  if (!last) return absl::OkStatus();
  if (const std::optional<absl::string_view> rest = file.lines->Rest()) TakeLine(file, *rest);
  return absl::OkStatus();
}

absl::Status LogFiles::Read() {
  for (Log& log : logs_) {
    for (File& file : log.files) {
      do {
        PROVOST_RETURN_IF_ERROR(ReadFile(file, false));
        if (file.lines->at_end()) break;
        pollfd more = {.fd = file.fd.get(), .events = POLLIN, .revents = 0};
        poll(&more, 1, -1);
      } while (true);
      PROVOST_RETURN_IF_ERROR(ReadFile(file, true));
    }
    assembler_.Finish();
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> LogFiles::GoOn(Log& log) {
  struct stat status = {};
  const File& read = log.files.back();
  // Not there for a moment, while it is rotated.
  if (stat(log.path.c_str(), &status) != 0) return false;
  if (status.st_dev == read.device && status.st_ino == read.inode) return false;
  Log now;
  now.path = log.path;
  PROVOST_RETURN_IF_ERROR(OpenRotated(now));
  // Its writer may have appended until it was renamed.
  PROVOST_RETURN_IF_ERROR(ReadFile(log.files.back(), true));
  const auto found = std::find_if(now.files.begin(), now.files.end(),
                                  [&](const File& file) { return file.Is(read); });
  std::vector<File> newer;
  if (found != now.files.end()) {
    std::move(std::next(found), now.files.end(), std::back_inserter(newer));
  } else {
    newer.push_back(std::move(now.files.back()));
  }
  if (newer.empty()) return false;
  log.files = std::move(newer);
  return true;
}

absl::Status LogFiles::ReadAgainIfTruncated(Log& log) {
  File& file = log.files.back();
  struct stat status = {};
  if (fstat(file.fd.get(), &status) != 0) return absl::OkStatus();
  if (status.st_size >= lseek(file.fd.get(), 0, SEEK_CUR)) return absl::OkStatus();
  complain_(absl::StrCat(log.path, ": was truncated: reading it from its beginning"));
  lseek(file.fd.get(), 0, SEEK_SET);
  file.lines = std::make_unique<LogLines>(file.fd.get(), log.path);
  return ReadFile(file, false);
}

absl::Status LogFiles::CatchUp(Log& log) {
  if (log.over) return absl::OkStatus();
  while (true) {
    for (size_t i = 0; i < log.files.size(); ++i) {
      PROVOST_RETURN_IF_ERROR(ReadFile(log.files[i], i + 1 < log.files.size()));
    }
    File& last = log.files.back();
    if (!last.regular) {
      log.over = last.lines->at_end();
      return log.over ? ReadFile(last, true) : absl::OkStatus();
    }
    PROVOST_RETURN_IF_ERROR(ReadAgainIfTruncated(log));
    PROVOST_ASSIGN_OR_RETURN(const bool more, GoOn(log));
    if (!more) return absl::OkStatus();
  }
}

absl::Status LogFiles::Follow(const std::function<void()>& caught_up) {
  const UniqueFd notify(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!notify.valid()) {
    return absl::UnavailableError(absl::StrCat("inotify_init1: ", strerror(errno)));
  }
  for (const Log& log : logs_) {
    if (!log.files.back().regular) continue;
    // The directory tells of a file's growth as of its renaming.
    const std::string directory = DirectoryOf(log.path);
    if (inotify_add_watch(notify.get(), directory.c_str(),
                          IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_ONLYDIR) < 0) {
      return absl::UnavailableError(
          absl::StrCat(directory, ": cannot be watched: ", strerror(errno)));
    }
  }
  while (true) {
    std::vector<pollfd> sources = {{.fd = notify.get(), .events = POLLIN, .revents = 0}};
    bool over = true;
    for (Log& log : logs_) {
      PROVOST_RETURN_IF_ERROR(CatchUp(log));
      over &= log.over;
      if (log.over || log.files.back().regular) continue;
      sources.push_back({.fd = log.files.back().fd.get(), .events = POLLIN, .revents = 0});
    }
    if (over) assembler_.Finish();
    assembler_.Idle(std::chrono::steady_clock::now());
    caught_up();
    if (over) return absl::OkStatus();
    poll(sources.data(), sources.size(), assembler_.has_open() ? kIdleMilliseconds : -1);
    std::array<char, 4096> events = {};
    while (read(notify.get(), events.data(), events.size()) > 0) {
    }
  }
}

}  // namespace provost
