#include "syscalls/groups.h"

#include <stdio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <iostream>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "syscalls/request.h"
#include "syscalls/signature.h"
#include "syscalls/syscall_table.h"

namespace provost {
namespace {

using ::testing::IsEmpty;

using Names = std::set<std::string>;

bool Holds(absl::string_view group, absl::string_view call) {
  const SyscallGroup* found = FindGroup(group);
  return found != nullptr && std::binary_search(found->members.begin(), found->members.end(), call);
}

TEST(Groups, AreSortedAndNamedOnce) {
  std::set<std::string> names;
  for (const SyscallGroup& group : AllGroups()) {
    EXPECT_TRUE(names.emplace(group.name).second) << group.name;
    EXPECT_TRUE(group.name[0] == '@' || group.name[0] == '%') << group.name;
    EXPECT_FALSE(group.description.empty()) << group.name;
    EXPECT_FALSE(group.members.empty()) << group.name;
    EXPECT_TRUE(std::is_sorted(group.members.begin(), group.members.end())) << group.name;
    EXPECT_EQ(std::adjacent_find(group.members.begin(), group.members.end()), group.members.end())
        << group.name;
    for (absl::string_view member : group.members) {
      EXPECT_TRUE(!member.empty() && member[0] != '@') << group.name << " is not expanded";
    }
  }
}

TEST(Groups, AreFoundByName) {
  ASSERT_NE(FindGroup("@basic-io"), nullptr);
  EXPECT_TRUE(Holds("@basic-io", "pread64"));
  EXPECT_FALSE(Holds("@basic-io", "open"));
  EXPECT_TRUE(Holds("@system-service", "pread64")) << "groups within groups";
  EXPECT_TRUE(Holds("@file-system", "openat2"));
  EXPECT_EQ(FindGroup("basic-io"), nullptr);
  EXPECT_EQ(FindGroup("@nothing"), nullptr);
  EXPECT_EQ(SuggestGroup("@basicio").front(), "@basic-io");
  EXPECT_EQ(SuggestGroup("%flie").front(), "%file");
  EXPECT_THAT(SuggestGroup("@quite-another-word"), IsEmpty());
}

TEST(StraceClasses, HoldCallsThatWeKnow) {
  for (const SyscallGroup& group : AllGroups()) {
    if (group.name[0] != '%') continue;
    for (absl::string_view member : group.members) {
      EXPECT_TRUE(SyscallTable::Get().IsKnownName(member)) << group.name << " " << member;
    }
  }
}

// The classes come from strace, the rows from the kernel: each must bear the other out.
TEST(StraceClasses, AgreeWithTheRows) {
  for (Arch arch : kAllArches) {
    for (const Syscall& call : SyscallTable::Get().All(arch)) {
      const absl::string_view name = call.signature->name;
      for (const Argument& argument : call.signature->args) {
        if (argument.kind == ArgKind::kPath) {
          EXPECT_TRUE(Holds("%file", name)) << name;
        }
        if (argument.kind == ArgKind::kDirFd) {
          EXPECT_TRUE(Holds("%desc", name)) << name;
        }
        if (argument.kind == ArgKind::kSockaddr) {
          EXPECT_TRUE(Holds("%network", name)) << name;
        }
      }
      if (Holds("%pure", name)) {
        EXPECT_THAT(call.signature->args, IsEmpty()) << name;
      }
    }
  }
}

TEST(StraceClasses, LeaveNoDoorOpenOnI386) {
  EXPECT_TRUE(Holds("%network", "socketcall"));
  EXPECT_TRUE(Holds("%net", "socketcall"));
  EXPECT_TRUE(Holds("%ipc", "ipc"));
}

std::string Output(const char* command) {
  std::string text;
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command, "re"), pclose);
  if (pipe == nullptr) return text;
  std::array<char, 4096> buffer = {};
  while (const size_t count = fread(buffer.data(), 1, buffer.size(), pipe.get())) {
    text.append(buffer.data(), count);
  }
  return text;
}

// The groups as systemd-analyze prints them: a name at the start of a line, members below it.
std::map<std::string, Names> ParseGroups(const std::string& text) {
  std::map<std::string, Names> groups;
  std::string current;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    const absl::string_view word = absl::StripAsciiWhitespace(line);
    if (absl::StartsWith(line, "@")) {
      current = std::string(word);
    } else if (!current.empty() && !word.empty() && !absl::StartsWith(word, "#")) {
      groups[current].emplace(word);
    }
  }
  return groups;
}

void Expand(const std::map<std::string, Names>& groups, const std::string& name, Names* members) {
  for (const std::string& member : groups.at(name)) {
    if (absl::StartsWith(member, "@")) {
      Expand(groups, member, members);
    } else if (SyscallTable::Get().IsKnownName(member)) {
      members->insert(member);
    }
  }
}

TEST(SystemdGroups, AreThoseOfSystemdAnalyze) {
  const std::string version = Output("systemd-analyze --version 2>/dev/null");
  if (!absl::StartsWith(version, "systemd 252")) {
    std::cout << "systemd-analyze 252 is not installed: its groups are not compared\n";
    return;
  }
  const auto groups = ParseGroups(Output("systemd-analyze --no-pager syscall-filter 2>/dev/null"));
  ASSERT_GT(groups.size(), 20U);
  for (const auto& [name, unexpanded] : groups) {
    const SyscallGroup* ours = FindGroup(name);
    ASSERT_NE(ours, nullptr) << name;
    Names theirs;
    Expand(groups, name, &theirs);
    Names known;
    for (absl::string_view member : ours->members) {
      if (SyscallTable::Get().IsKnownName(member)) known.emplace(member);
    }
    EXPECT_EQ(known, theirs) << name;
  }
}

}  // namespace
}  // namespace provost
