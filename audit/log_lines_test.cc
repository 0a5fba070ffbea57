#include "audit/log_lines.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "audit/testing.h"
#include "base/status_matchers.h"
#include "base/unique_fd.h"
#include "gtest/gtest.h"

namespace provost {
namespace {

using testing::HasSubstr;

TEST(RecordHeaderTest, TakesWhatReadersTake) {
  PROVOST_ASSERT_OK_AND_ASSIGN(
      const RecordHeader header,
      ParseRecordHeader(
          "node=web-1 type=SECCOMP msg=audit(1795311668.042:18446744073709551615): a=1"));
  EXPECT_EQ(header.node, "web-1");
  EXPECT_EQ(header.type, "SECCOMP");
  EXPECT_EQ(header.seconds, 1795311668);
  EXPECT_EQ(header.milliseconds, 42U);
  EXPECT_EQ(header.serial, UINT64_MAX);
  PROVOST_ASSERT_OK_AND_ASSIGN(const RecordHeader bare,
                               ParseRecordHeader("type=UNKNOWN[1420] msg=audit(1.000:0):"));
  EXPECT_EQ(bare.node, "");
  EXPECT_EQ(bare.type, "UNKNOWN[1420]");
}

TEST(RecordHeaderTest, SaysWhatIsWrong) {
  const std::string good = "type=SYSCALL msg=audit(1.000:1): ";
  const struct {
    std::string line;
    const char* complaint;
  } kTable[] = {
      {"Nov 22 02:40:09 host kernel: audit: type=1326", "no type="},
      {"{\"type\":\"SECCOMP\"}", "JSON, where audit records are read"},
      {"node= type=A msg=audit(1.000:1):", "no type="},
      {"type=SYSCALL", "no type="},
      {"type=SYSCALL audit(1.000:1):", "no msg=audit("},
      {"type=SYSCALL msg=audit(1.1000:1):", "no time and serial"},
      {"type=SYSCALL msg=audit(-1.000:1):", "no time and serial"},
      {"type=SYSCALL msg=audit(1.000: 1):", "no time and serial"},
      {"type=SYSCALL msg=audit(1.000:18446744073709551616):", "no time and serial"},
      {"type=SYSCALL msg=audit(1.000:1)", "no time and serial"},
      {std::string("type=SYSCALL msg=audit(1.000:1): \0", 34), "a NUL byte"},
      {good + std::string(kMaxRecordLength + 1 - good.size(), 'x'),
       "a line of more than the 8969 bytes"},
  };
  for (const auto& row : kTable) {
    EXPECT_THAT(ParseRecordHeader(row.line),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(row.complaint)))
        << row.line.substr(0, 60);
  }
  PROVOST_EXPECT_OK(ParseRecordHeader(good + std::string(kMaxRecordLength - good.size(), 'x')));
}

TEST(LogLinesTest, GivesLinesAndWhatFollowsTheLast) {
  const std::string path = FreshPath("lines.log");
  const std::string longer(200'000, 'y');
  WriteFile(path, absl::StrCat("one\n\n", longer, "\nrest"));
  PROVOST_ASSERT_OK_AND_ASSIGN(const int descriptor, OpenAuditLog(path));
  const UniqueFd fd(descriptor);
  LogLines lines(fd.get(), path);
  std::vector<std::string> read;
  while (true) {
    PROVOST_ASSERT_OK_AND_ASSIGN(const auto line, lines.Next());
    if (!line) break;
    read.emplace_back(*line);
  }
  EXPECT_EQ(read, (std::vector<std::string>{"one", "", longer}));
  EXPECT_EQ(lines.number(), 3U);

  // The file grows: what was no line becomes one.
  const UniqueFd append(open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
  ASSERT_EQ(write(append.get(), " of it\ntorn", 11), 11);
  PROVOST_ASSERT_OK_AND_ASSIGN(const auto grown, lines.Next());
  EXPECT_EQ(grown, "rest of it");
  PROVOST_ASSERT_OK_AND_ASSIGN(const auto end, lines.Next());
  EXPECT_FALSE(end.has_value());
  EXPECT_EQ(lines.Rest(), "torn");
  EXPECT_EQ(lines.number(), 5U);
  EXPECT_FALSE(lines.Rest().has_value());
}

TEST(LogLinesTest, LinesMayEndInCrLf) {
  const std::string path = FreshPath("crlf.log");
  WriteFile(path, "one\r\n\r\nt\rw\r\r\nrest\r");
  PROVOST_ASSERT_OK_AND_ASSIGN(const int descriptor, OpenAuditLog(path));
  const UniqueFd fd(descriptor);
  LogLines lines(fd.get(), path);
  for (const char* expected : {"one", "", "t\rw\r"}) {
    PROVOST_ASSERT_OK_AND_ASSIGN(const auto line, lines.Next());
    EXPECT_EQ(line, expected);
  }
  PROVOST_ASSERT_OK_AND_ASSIGN(const auto end, lines.Next());
  EXPECT_FALSE(end.has_value());
  EXPECT_EQ(lines.Rest(), "rest");
}

TEST(LogLinesTest, NoLineIsTooLongToBePassedOver) {
  const std::string path = FreshPath("endless.log");
  WriteFile(path, absl::StrCat("one\n", std::string(3 * kMaxLineLength, 'x')));
  PROVOST_ASSERT_OK_AND_ASSIGN(const int descriptor, OpenAuditLog(path));
  const UniqueFd fd(descriptor);
  LogLines lines(fd.get(), path);
  PROVOST_ASSERT_OK_AND_ASSIGN(const auto one, lines.Next());
  EXPECT_EQ(one, "one");
  PROVOST_ASSERT_OK_AND_ASSIGN(const auto not_yet, lines.Next());
  EXPECT_FALSE(not_yet.has_value());
  const UniqueFd append(open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
  ASSERT_EQ(write(append.get(), "xx\ntwo\n", 7), 7);
  PROVOST_ASSERT_OK_AND_ASSIGN(const auto endless, lines.Next());
  ASSERT_TRUE(endless.has_value());
  EXPECT_GE(endless->size(), kMaxLineLength);
  EXPECT_LT(endless->size(), kMaxLineLength + (1 << 17)) << "in bounded memory";
  EXPECT_EQ(endless->find_first_not_of('x'), std::string::npos);
  PROVOST_ASSERT_OK_AND_ASSIGN(const auto two, lines.Next());
  EXPECT_EQ(two, "two");
  EXPECT_EQ(lines.number(), 3U);
}

TEST(LogLinesTest, WhatIsNoLogIsAnErrorAndNoWait) {
  EXPECT_THAT(OpenAuditLog("/tmp"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("/tmp: is a directory")));
  EXPECT_THAT(OpenAuditLog("/dev/zero"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("is a device")));
  EXPECT_THAT(OpenAuditLog("/nonexistent/log"),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("No such file")));
  const UniqueFd directory(open("/", O_RDONLY | O_CLOEXEC));
  LogLines none(directory.get(), "/");
  EXPECT_THAT(none.Next(), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("Is a directory")));
}

}  // namespace
}  // namespace provost
