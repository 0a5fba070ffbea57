#include "tools/report/log_files.h"

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

#include "absl/strings/str_cat.h"
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

bool IsBlank(absl::string_view line) {
  return line.find_first_not_of(' ') == absl::string_view::npos;
}

// A log that grows faster than it is read is looked at for newer files after so many lines.
constexpr uint64_t kLinesBetweenLooks = 256;
// So many files wait to be read, at most: they take room on the disk until then, also when deleted.
constexpr size_t kMostWaiting = 64;

}  // namespace

LogFiles::File LogFiles::MakeFile(OpenedLog opened) {
  File file;
  file.opened = std::move(opened);
  const std::string& path = file.opened.path;
  file.lines = std::make_unique<LogLines>(
      file.opened.fd.get(), path == "-" ? "standard input" : path,
      file.opened.is_regular ? LogLines::Wait::kForMore : LogLines::Wait::kNever);
  return file;
}

bool LogFiles::Knows(const OpenedLog& file, bool to_be_read) const {
  return std::any_of(logs_.begin(), logs_.end(), [&](const Log& log) {
    return std::any_of(log.files.begin(), log.files.end(), [&](const File& known) {
      return known.opened.Is(file) && !(to_be_read && known.is_done);
    });
  });
}

absl::Status LogFiles::Open(const std::string& path, bool rotated) {
  Log log;
  log.path = path == "-" ? path : LivePathOfLog(path);
  std::vector<OpenedLog> set;
  if (path == "-") {
    set.emplace_back();
    PROVOST_ASSIGN_OR_RETURN(set.back(), OpenOneLog(path));
  } else {
    PROVOST_ASSIGN_OR_RETURN(set, OpenLogSet(path));
  }
  bool has_any = false;
  for (OpenedLog& opened : set) {
    // Named twice, as by audit.log audit.log.1: read once.
    const bool is_known = Knows(opened, true);
    File& file = log.files.emplace_back(MakeFile(std::move(opened)));
    file.is_done = is_known || (!rotated && file.opened.path != log.path);
    has_any |= !file.is_done;
  }
  if (has_any) logs_.push_back(std::move(log));
  return absl::OkStatus();
}

void LogFiles::TakeLine(Log& log, File& file, absl::string_view line) {
  // A write that fell short is overwritten with blanks (docs/AUDIT_LOG.md).
  if (IsBlank(line)) return;
  const absl::StatusOr<RecordHeader> header = ParseRecordHeader(line);
  if (header.ok()) {
    if (follows_) {
      if (const auto gap = log.gaps.Note(*header, line)) {
        complain_(absl::StrCat(log.path, ": ", *gap));
      }
    }
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

absl::Status LogFiles::ReadFile(Log& log, File& file, bool last) {
  while (true) {
    PROVOST_ASSIGN_OR_RETURN(const std::optional<absl::string_view> line, file.lines->Next());
    if (!line) break;
    TakeLine(log, file, *line);
    const bool look = follows_ && file.opened.is_regular;
    if (look && file.lines->number() % kLinesBetweenLooks == 0) {
      PROVOST_RETURN_IF_ERROR(OpenNewer(log));
    }
  }
  if (!last) return absl::OkStatus();
  if (const auto rest = file.lines->Rest()) TakeLine(log, file, *rest);
  return absl::OkStatus();
}

absl::Status LogFiles::Read() {
  for (Log& log : logs_) {
    for (File& file : log.files) {
      if (file.is_done) continue;
      do {
        PROVOST_RETURN_IF_ERROR(ReadFile(log, file, false));
        if (file.lines->at_end()) break;
        pollfd more = {.fd = file.opened.fd.get(), .events = POLLIN, .revents = 0};
        poll(&more, 1, -1);
      } while (true);
      PROVOST_RETURN_IF_ERROR(ReadFile(log, file, true));
    }
    assembler_.Finish();
  }
  return absl::OkStatus();
}

absl::Status LogFiles::OpenNewer(Log& log) {
  struct stat status = {};
  const OpenedLog& newest = log.files.back().opened;
  // Not there for a moment, while it is rotated.
  if (stat(log.path.c_str(), &status) != 0) return absl::OkStatus();
  if (status.st_dev == newest.device && status.st_ino == newest.inode) return absl::OkStatus();
  const auto is_waiting = [](const File& file) { return !file.is_done; };
  if (std::count_if(log.files.begin(), log.files.end(), is_waiting) >
      static_cast<ptrdiff_t>(kMostWaiting)) {
    return absl::OkStatus();
  }
  absl::StatusOr<std::vector<OpenedLog>> set = OpenLogSet(log.path);
  if (absl::IsNotFound(set.status())) return absl::OkStatus();
  PROVOST_RETURN_IF_ERROR(set.status());
  const auto in_set = [&](const OpenedLog& opened) {
    return std::find_if(set->begin(), set->end(),
                        [&](const OpenedLog& other) { return other.Is(opened); });
  };
  // What came after the last that is known is contiguous with it if that is still there.
  const auto last = in_set(newest);
  const bool has_last = last != set->end();
  log.files.remove_if(
      [&](const File& file) { return file.is_done && in_set(file.opened) == set->end(); });
  bool after_gap = !has_last;
  for (auto opened = has_last ? std::next(last) : set->begin(); opened != set->end(); ++opened) {
    if (Knows(*opened, false)) continue;
    log.files.push_back(MakeFile(std::move(*opened)));
    log.files.back().after_gap = std::exchange(after_gap, false);
  }
  return absl::OkStatus();
}

absl::Status LogFiles::ReadAgainIfTruncated(Log& log) {
  File& file = log.files.back();
  const int fd = file.opened.fd.get();
  struct stat status = {};
  if (fstat(fd, &status) != 0) return absl::OkStatus();
  if (status.st_size >= lseek(fd, 0, SEEK_CUR)) return absl::OkStatus();
  complain_(absl::StrCat(log.path, ": was truncated: reading it from its beginning"));
  lseek(fd, 0, SEEK_SET);
  file.lines = std::make_unique<LogLines>(fd, log.path);
  return ReadFile(log, file, false);
}

absl::Status LogFiles::CatchUp(Log& log) {
  if (log.is_over) return absl::OkStatus();
  while (true) {
    const auto file = std::find_if(log.files.begin(), log.files.end(),
                                   [](const File& one) { return !one.is_done; });
    if (file == log.files.end()) return absl::OkStatus();
    if (std::exchange(file->after_gap, false)) log.gaps.Suspect();
    PROVOST_RETURN_IF_ERROR(ReadFile(log, *file, false));
    if (!file->opened.is_regular) {
      log.is_over = file->lines->at_end();
      return log.is_over ? ReadFile(log, *file, true) : absl::OkStatus();
    }
    if (std::next(file) == log.files.end()) {
      PROVOST_RETURN_IF_ERROR(ReadAgainIfTruncated(log));
      PROVOST_RETURN_IF_ERROR(OpenNewer(log));
      if (std::next(file) == log.files.end()) return absl::OkStatus();
    }
    // Its writer may have appended until it was renamed.
    PROVOST_RETURN_IF_ERROR(ReadFile(log, *file, true));
    file->is_done = true;
  }
}

absl::Status LogFiles::Follow(const std::function<void()>& caught_up) {
  follows_ = true;
  const UniqueFd notify(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!notify.valid()) {
    return absl::UnavailableError(absl::StrCat("inotify_init1: ", strerror(errno)));
  }
  for (const Log& log : logs_) {
    if (!log.files.back().opened.is_regular) continue;
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
      over &= log.is_over;
      if (log.is_over || log.files.back().opened.is_regular) continue;
      sources.push_back({.fd = log.files.back().opened.fd.get(), .events = POLLIN, .revents = 0});
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
