#include "audit/log_lines.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/unique_fd.h"

namespace provost {
namespace {

absl::Status Malformed(absl::string_view what) { return absl::InvalidArgumentError(what); }

// Takes `prefix` and what follows it up to the next blank.
bool TakeWord(absl::string_view& text, absl::string_view prefix, absl::string_view& word) {
  absl::string_view rest = text;
  if (!absl::ConsumePrefix(&rest, prefix)) return false;
  const size_t blank = rest.find(' ');
  if (blank == absl::string_view::npos || blank == 0) return false;
  word = rest.substr(0, blank);
  text = rest.substr(blank + 1);
  return true;
}

// Takes decimal digits and the `end` behind them. absl::SimpleAtoi would take signs and blanks.
template <typename T>
bool TakeNumber(absl::string_view& text, char end, T& number) {
  const size_t digits = text.find_first_not_of("0123456789");
  if (digits == 0 || digits == absl::string_view::npos || text[digits] != end) return false;
  if (!absl::SimpleAtoi(text.substr(0, digits), &number)) return false;
  text.remove_prefix(digits + 1);
  return true;
}

}  // namespace

absl::StatusOr<RecordHeader> ParseRecordHeader(absl::string_view line) {
  if (line.size() > kMaxRecordLength) {
    return Malformed(absl::StrCat("a line of more than the ", kMaxRecordLength,
                                  " bytes that an audit record can have"));
  }
  if (absl::StrContains(line, '\0')) return Malformed("a NUL byte in a record");
  if (absl::StartsWith(line, "{")) {
    return Malformed("JSON, where audit records are read (--audit-format raw or enriched)");
  }
  RecordHeader header;
  absl::string_view rest = line;
  TakeWord(rest, "node=", header.node);
  if (!TakeWord(rest, "type=", header.type)) return Malformed("no type= where a record starts");
  if (!absl::ConsumePrefix(&rest, "msg=audit(")) return Malformed("no msg=audit( behind type=");
  if (!TakeNumber(rest, '.', header.seconds) || !TakeNumber(rest, ':', header.milliseconds) ||
      !TakeNumber(rest, ')', header.serial) || header.milliseconds > 999 ||
      !absl::StartsWith(rest, ":")) {
    return Malformed("no time and serial, SECONDS.mmm:SERIAL, in msg=audit()");
  }
  return header;
}

absl::StatusOr<int> OpenAuditLog(const std::string& path) {
  if (path == "-") {
    const int copy = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
    if (copy < 0) return absl::NotFoundError(absl::StrCat("standard input: ", strerror(errno)));
    return copy;
  }
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return absl::NotFoundError(absl::StrCat(path, ": ", strerror(errno)));
  struct stat status = {};
  if (fstat(fd.get(), &status) != 0) {
    return absl::NotFoundError(absl::StrCat(path, ": ", strerror(errno)));
  }
  if (S_ISDIR(status.st_mode)) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": is a directory: name the audit log in it"));
  }
  if (!S_ISREG(status.st_mode) && !S_ISFIFO(status.st_mode)) {
    return absl::InvalidArgumentError(absl::StrCat(
        path, ": is a device, not an audit log: name a file, or - for standard input"));
  }
  return fd.release();
}

absl::StatusOr<std::optional<absl::string_view>> LogLines::Next() {
  constexpr size_t kChunk = size_t{1} << 16;
  while (true) {
    const size_t end = buffer_.find('\n', scanned_);
    if (end != std::string::npos) {
      absl::string_view line = absl::string_view(buffer_).substr(begin_, end - begin_);
      begin_ = scanned_ = end + 1;
      ++number_;
      // Copied through a system that ends lines so. No record has one of its own: it would be hex.
      absl::ConsumeSuffix(&line, "\r");
      return line;
    }
    buffer_.erase(0, begin_);
    begin_ = 0;
    // Whoever can append to a log must not keep what others append from being read.
    if (buffer_.size() > kMaxLineLength) buffer_.resize(kMaxLineLength);
    scanned_ = buffer_.size();
    if (wait_ == Wait::kNever) {
      pollfd ready = {.fd = fd_, .events = POLLIN, .revents = 0};
      if (poll(&ready, 1, 0) == 0) return std::nullopt;
    }
    buffer_.resize(scanned_ + kChunk);
    const ssize_t got = read(fd_, buffer_.data() + scanned_, kChunk);
    const int error = errno;
    at_end_ = got == 0;
    buffer_.resize(scanned_ + (got > 0 ? static_cast<size_t>(got) : 0));
    if (got > 0 || (got < 0 && error == EINTR)) continue;
    if (got == 0 || error == EAGAIN) return std::nullopt;
    return absl::UnavailableError(absl::StrCat(name_, ": ", strerror(error)));
  }
}

std::optional<absl::string_view> LogLines::Rest() {
  if (begin_ == buffer_.size()) return std::nullopt;
  absl::string_view line = absl::string_view(buffer_).substr(begin_);
  absl::ConsumeSuffix(&line, "\r");
  begin_ = scanned_ = buffer_.size();
  ++number_;
  return line;
}

}  // namespace provost
