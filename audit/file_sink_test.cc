#include "audit/file_sink.h"

#include <fcntl.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "audit/event.h"
#include "audit/testing.h"
#include "base/status_matchers.h"
#include "base/unique_fd.h"
#include "gtest/gtest.h"

namespace provost {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using What = SupervisorEvent::What;

std::vector<uint64_t> Serials(const std::vector<std::string>& records) {
  std::vector<uint64_t> serials;
  for (const std::string& record : records) {
    const uint64_t serial = SerialOf(record);
    if (serials.empty() || serials.back() != serial) serials.push_back(serial);
  }
  return serials;
}

std::unique_ptr<FileSink> OpenSink(const std::string& path) {
  absl::StatusOr<std::unique_ptr<FileSink>> sink = FileSink::Open(path);
  EXPECT_THAT(sink, IsOk());
  return sink.ok() ? *std::move(sink) : nullptr;
}

TEST(FileSink, WritesEachEventAtOnce) {
  const std::string path = FreshPath("sink.log");
  const std::unique_ptr<FileSink> sink = OpenSink(path);
  const Identity who = SomeTask();
  PROVOST_ASSERT_OK(sink->Write(SupervisorEvent{What::kStart, &who}));
  EXPECT_EQ(Records(ReadFile(path)).size(), 1u);
  PROVOST_ASSERT_OK(sink->Write(SomeDecision(who)));
  EXPECT_EQ(Records(ReadFile(path)).size(), 4u);
  PROVOST_ASSERT_OK(sink->Write(SupervisorEvent{What::kEnd, &who, 1, 0}));
  PROVOST_ASSERT_OK(sink->Flush());

  const std::vector<std::string> records = Records(ReadFile(path));
  ASSERT_EQ(records.size(), 5u);
  EXPECT_THAT(records[0], HasSubstr("op=supervisor-start"));
  EXPECT_THAT(records[4], HasSubstr("op=supervisor-end events=1 lost=0"));
  const std::vector<uint64_t> serials = Serials(records);
  ASSERT_EQ(serials.size(), 3u);
  EXPECT_GE(serials[0], 1u << 30);
  EXPECT_EQ(serials[1], serials[0] + 1);
  EXPECT_EQ(serials[2], serials[0] + 2);
}

TEST(FileSink, ErrorsNameThePathAndTheReason) {
  EXPECT_THAT(FileSink::Open("/nowhere/audit.log").status().ToString(),
              AllOf(HasSubstr("/nowhere/audit.log"), HasSubstr("No such file or directory")));
  const Identity who = SomeTask();
  EXPECT_THAT(OpenSink("/dev/full")->Write(SomeDecision(who)).ToString(),
              AllOf(HasSubstr("/dev/full"), HasSubstr("No space left on device")));
  EXPECT_THAT(FileSink::ForDescriptor(999, "standard error").status().ToString(),
              AllOf(HasSubstr("standard error"), HasSubstr("Bad file descriptor")));
}

TEST(FileSink, TakesADescriptor) {
  const std::string path = FreshPath("descriptor.log");
  UniqueFd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  const Identity who = SomeTask();
  {
    PROVOST_ASSERT_OK_AND_ASSIGN(const std::unique_ptr<FileSink> sink,
                                 FileSink::ForDescriptor(fd.get(), "it"));
    PROVOST_ASSERT_OK(sink->Write(SomeDecision(who)));
  }
  EXPECT_EQ(Records(ReadFile(path)).size(), 3u);
  EXPECT_NE(fcntl(fd.get(), F_GETFD), -1) << "not closed: it was not the sink's";
}

// Writes two events, `refused` in vain, of which `lost` are given up, then two more. One letter an
// answer: taken or not.
std::string WriteAcrossAFullDisk(const std::string& path, int refused, int lost) {
  return InChild([&]() -> std::string {
    Identity self = SomeTask();
    self.pid = 77;
    const Identity who = SomeTask();
    const std::unique_ptr<FileSink> sink = OpenSink(path);
    std::string told;
    const auto tell = [&told](const absl::Status& status) { told += status.ok() ? 'y' : 'n'; };
    tell(sink->Write(SupervisorEvent{What::kStart, &self}));
    tell(sink->Write(SomeDecision(who)));
    LimitFileSize(ReadFile(path).size() + 100);
    for (int i = 0; i < refused; ++i) {
      tell(sink->Write(SomeDecision(who)));
      if (i < lost) sink->CountLost(1);
    }
    LiftFileSizeLimit();
    for (int i = 0; i < 2; ++i) tell(sink->Write(SomeDecision(who)));
    return told;
  });
}

TEST(FileSink, LostEventsLeaveAGapAndARecord) {
  const std::string path = FreshPath("lost.log");
  EXPECT_EQ(WriteAcrossAFullDisk(path, 3, /*lost=*/3), "yynnnyy");
  const std::vector<std::string> records = Records(ReadFile(path));
  ASSERT_EQ(records.size(), 1u + 3 + 1 + 3 + 3);
  EXPECT_THAT(records[4],
              AllOf(HasSubstr("type=TRUSTED_APP"), HasSubstr(": pid=77 "),
                    HasSubstr("msg='op=events-lost lost=3 "), HasSubstr(" res=failed'")));
  const std::vector<uint64_t> serials = Serials(records);
  ASSERT_EQ(serials.size(), 5u);
  EXPECT_EQ(serials[1], serials[0] + 1);
  EXPECT_EQ(serials[2], serials[1] + 3) << "in the place of the last of three";
  EXPECT_EQ(serials[3], serials[2] + 1);
  EXPECT_EQ(serials[4], serials[3] + 1);
}

TEST(FileSink, WhatIsOfferedAgainIsNotLost) {
  std::string path = FreshPath("again.log");
  EXPECT_EQ(WriteAcrossAFullDisk(path, 5, /*lost=*/0), "yynnnnnyy");
  std::vector<std::string> records = Records(ReadFile(path));
  EXPECT_EQ(records.size(), 1u + 3 + 3 + 3);
  const std::vector<uint64_t> serials = Serials(records);
  EXPECT_EQ(serials.back() - serials.front() + 1, serials.size()) << "no gap";

  path = FreshPath("again-after-loss.log");
  EXPECT_EQ(WriteAcrossAFullDisk(path, 5, /*lost=*/2), "yynnnnnyy");
  records = Records(ReadFile(path));
  ASSERT_EQ(records.size(), 1u + 3 + 1 + 3 + 3);
  EXPECT_THAT(records[4], HasSubstr("op=events-lost lost=2 "));
}

}  // namespace
}  // namespace provost
