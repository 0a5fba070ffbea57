// Policies that are almost right: whatever the parser makes of them, it comes back with a policy or
// with a message as a person should see it.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"
#include "policy/parser.h"

namespace provost {
namespace {

constexpr absl::string_view kSeeds[] = {
    "arch x86_64, i386\n"
    "default deny EPERM log\n"
    "let libs = {\"/lib/**\", \"/usr/lib/[a-z]?*\"}\n"
    "logging on\n"
    "allow @basic-io, exit_group, ?futex\n"
    "deny EACCES openat if path ~ \"/etc/shadow*\"   as \"no-shadow\" log\n"
    "allow openat if path ~ libs && (flags & O_ACCMODE) == O_RDONLY\n",
    "default allow\n"
    "let low = 1..1023\n"
    "let bits = O_CREAT|O_EXCL\n"
    "deny EIO read, write if fd in {low, 0x10, 0644, -0, 1K} || !(count > 5) # why\n"
    "trap openat if flags has bits && mode only 0o777 && dfd == AT_FDCWD\n"
    "return -5000 getuid\n"
    "kill thread %process if arg0 != 3 || (arg1 & 0xf) in {1, 3..5}\n"
    "log * quiet\n",
    "default kill process\r\n"
    "allow execve if path in {\"/bin/sh\", \"/a\\x41\\\\\"} && path under \"/bin\"\r\n"
    "deny EPERM rename if (oldpath =~ \"^/x(a|b)+$\" ||\r\n"
    "  newpath !~ {\"/y\"} || newpath != \"z\") as \"n\" log result\r\n",
};

constexpr absl::string_view kPieces[] = {
    "(",
    ")",
    "{",
    "}",
    "\"",
    "\\",
    "&&",
    "||",
    "!",
    "~",
    "..",
    "==",
    "=",
    "|",
    "&",
    ",",
    "\n",
    "#",
    "0x",
    "-1",
    "99999999999999999999",
    "openat",
    "deny",
    "EPERM",
    "if",
    "in",
    "let ",
    "log",
    "include \"/proc/self/status\"",
    "@file",
    "%file",
    "path",
    "fd",
    "arg0",
    "*",
    "?",
    "default allow\n",
    "arch ",
    "as",
    absl::string_view("\0", 1),
    "\xff",
    "\xe2\x80\xae",
    "\t",
    "realpath(",
    "fd.x",
    "\"[\"",
    "\"a(\"",
    "O_CREAT",
    "64K",
    "{}",
};

std::string Mutate(std::string text, std::mt19937& random) {
  const auto below = [&](size_t limit) { return limit == 0 ? 0 : random() % limit; };
  for (size_t left = 1 + below(4); left > 0; --left) {
    const size_t at = below(text.size() + 1);
    const size_t length = std::min(text.size() - at, 1 + below(12));
    switch (below(5)) {
      case 0:
        text.erase(at, length);
        break;
      case 1:
        text.insert(at, std::string(kPieces[below(std::size(kPieces))]));
        break;
      case 2:
        if (at < text.size()) text[at] = static_cast<char>(random());
        break;
      case 3:
        text.insert(below(text.size() + 1), text.substr(at, length));
        break;
      default:
        text.resize(at);
        break;
    }
  }
  return text;
}

// "NAME:LINE:COLUMN: error: MESSAGE", then indented lines; nothing that a terminal would obey.
void ExpectWellFormed(absl::string_view message, absl::string_view text) {
  const std::vector<std::string> lines = absl::StrSplit(message, '\n');
  const std::vector<std::string> parts = absl::StrSplit(lines[0], absl::MaxSplits(':', 4));
  ASSERT_EQ(parts.size(), 5U) << message;
  int line = 0;
  int column = 0;
  EXPECT_TRUE(absl::SimpleAtoi(parts[1], &line)) << message;
  EXPECT_TRUE(absl::SimpleAtoi(parts[2], &column)) << message;
  EXPECT_GE(line, 1) << message;
  EXPECT_GE(column, 1) << message;
  EXPECT_LE(line, std::count(text.begin(), text.end(), '\n') + 1) << message;
  EXPECT_EQ(parts[3], " error") << message;
  EXPECT_GT(parts[4].size(), 1U) << message;
  for (size_t i = 1; i < lines.size(); ++i) {
    EXPECT_TRUE(absl::StartsWith(lines[i], "  ")) << message;
  }
  for (const char c : message) {
    const auto byte = static_cast<unsigned char>(c);
    EXPECT_TRUE(c == '\n' || c == '\t' || (byte >= 0x20 && byte != 0x7f)) << message;
  }
}

TEST(ParserMutationTest, ComesBackWithAPolicyOrAMessage) {
  std::mt19937 random(20240608);
  int policies = 0;
  int errors = 0;
  for (int i = 0; i < 12000; ++i) {
    const std::string text = Mutate(std::string(kSeeds[i % std::size(kSeeds)]), random);
    const auto parsed = ParsePolicyText(text, "input", "/nowhere");
    if (parsed.ok()) {
      ++policies;
      continue;
    }
    ++errors;
    ASSERT_EQ(parsed.status().code(), absl::StatusCode::kInvalidArgument);
    ExpectWellFormed(parsed.status().message(), text);
    ASSERT_FALSE(HasFailure()) << text;
  }
  // Both outcomes are common, or the mutations test nothing.
  EXPECT_GT(policies, 200);
  EXPECT_GT(errors, 2000);
}

TEST(ParserMutationTest, EveryPrefixOfAPolicy) {
  for (const absl::string_view seed : kSeeds) {
    for (size_t length = 0; length <= seed.size(); ++length) {
      const absl::string_view text = seed.substr(0, length);
      const auto parsed = ParsePolicyText(text, "input", "/nowhere");
      if (!parsed.ok()) ExpectWellFormed(parsed.status().message(), text);
    }
  }
}

}  // namespace
}  // namespace provost
