#include "policy/findings.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "policy/parser.h"

namespace provost {
namespace {

// "LINE KIND", in order of place.
std::vector<std::string> Kinds(const std::string& text) {
  const auto parsed = ParsePolicyText(text, "t");
  EXPECT_THAT(parsed, IsOk()) << text;
  std::vector<std::string> kinds;
  if (!parsed.ok()) return kinds;
  for (const Finding& finding : AllFindings(*parsed)) {
    EXPECT_FALSE(finding.message.empty());
    kinds.push_back(absl::StrCat(finding.where.line, " ", finding.kind));
  }
  return kinds;
}

// The messages of one kind.
std::string Messages(const std::string& text, const std::string& kind) {
  const auto parsed = ParsePolicyText(text, "t");
  EXPECT_THAT(parsed, IsOk()) << text;
  std::string messages;
  if (!parsed.ok()) return messages;
  for (const Finding& finding : AllFindings(*parsed)) {
    if (finding.kind == kind) absl::StrAppend(&messages, finding.message, "\n");
  }
  return messages;
}

using List = std::vector<std::string>;

TEST(FindingsTest, APolicyWithoutOpeningsHasNone) {
  EXPECT_EQ(Kinds("default deny EPERM\nallow @basic-io, exit_group\n"), List());
  EXPECT_EQ(Kinds("default allow\n"), List());
  EXPECT_EQ(Kinds("default deny EPERM\nallow clone if flags only SIGCHLD\nallow fork, vfork\n"
                  "deny ENOSYS clone3\n"),
            List());
  // Told to use the other one.
  EXPECT_EQ(Kinds("default log\n"
                  "deny ENOSYS clone3, openat2, open, creat, io_uring_setup\n"
                  "deny EPERM openat if dfd > 2\n"),
            List({"2 denylist"}));
}

TEST(FindingsTest, TwinsAreJudgedByWhatThePolicyDecides) {
  struct Case {
    const char* rules;
    const char* messages;
  };
  const std::vector<Case> cases = {
      {"default deny EPERM\ndeny EACCES openat if dfd > 2\nallow openat\n", ""},
      {"default deny EPERM\ndeny EACCES openat if dfd > 2\nallow openat, open\n",
       "`openat` is refused here, but open (opening files) is never refused\n"},
      {"default deny EPERM\nallow openat if flags only O_CLOEXEC\nallow creat\n",
       "`openat` runs under a condition only, but creat (opening files) is never refused\n"},
      {"default allow\ndeny EPERM rename, renameat\n",
       "`rename` is refused here, but renameat2 (renaming) is never refused\n"},
      {"default allow\ndeny EPERM rename\ndeny EPERM renameat, renameat2\n", ""},
      {"default allow\nlog execve\n",
       "`execve` is recorded here, but execveat (running programs) is neither refused nor "
       "recorded\n"},
      // Hardening refuses what stands in no rule.
      {"default allow\ndeny EPERM execve\n", ""},
      {"harden off\ndefault allow\ndeny EPERM execve\n",
       "`execve` is refused here, but execveat (running programs) is never refused\n"},
      {"default allow\nlog execve\ndeny EPERM execveat\n",
       "`execveat` is refused here, but execve (running programs) is never refused\n"},
      {"default allow\nlog execve, execveat\n", ""},
      {"default log\nlog execve\n", ""},
      // What a condition is about, pipe cannot do.
      {"default allow\ndeny EPERM pipe2 if flags has O_DIRECT\n", ""},
      {"default allow\ndeny EPERM pipe2\n",
       "`pipe2` is refused here, but pipe (pipes) is never refused\n"},
      {"default allow\ndeny EPERM pipe\n",
       "`pipe` is refused here, but pipe2 (pipes) is never refused\n"},
      {"harden off\ndefault allow\ndeny EPERM clone if flags has CLONE_NEWUSER\n",
       "`clone` is refused here, but clone3 (making processes) is never refused\n"},
      {"default allow\ndeny EPERM clone if flags has CLONE_NEWUSER\n", ""},
  };
  for (const Case& one : cases) {
    EXPECT_EQ(Messages(absl::StrCat("arch x86_64\n", one.rules), "twins"), one.messages)
        << one.rules;
  }
}

TEST(FindingsTest, TwinsOfAnotherAbiAreNamedWithIt) {
  EXPECT_EQ(Messages("default allow\ndeny EPERM setgroups\n", "twins"),
            "`setgroups` is refused here, but setgroups32 (i386) (supplementary groups) is never "
            "refused\n");
  EXPECT_EQ(Messages("arch i386\ndefault allow\ndeny EPERM setgroups\n", "twins"),
            "`setgroups` is refused here, but setgroups32 (supplementary groups) is never "
            "refused\n");
  EXPECT_EQ(Messages("arch x86_64\ndefault allow\ndeny EPERM setgroups\n", "twins"), "");
  // newfstatat is x86_64's alone.
  const std::string only = "default allow\ndeny EPERM stat, lstat, newfstatat, statx, fstat\n";
  EXPECT_THAT(Messages(only, "twins"), testing::HasSubstr("stat64 (i386)"));
  EXPECT_THAT(Messages("default allow\ndeny EPERM newfstatat if dfd > 2\n"
                       "deny EPERM stat, lstat, statx, fstat if arg1 == 3\n",
                       "abi"),
              testing::HasSubstr("stat64 (i386)"));
}

TEST(FindingsTest, RacyIsWhatNoCopyOfTheArgumentsCanKeep) {
  const auto racy = [](const std::string& rule) {
    return Messages(absl::StrCat("arch x86_64, i386\ndefault allow\n", rule, "\n"), "racy");
  };
  const std::string end = "between this decision and the call\n";
  for (const char* kept :
       {"deny EPERM openat if path ~ \"/x\"", "deny EPERM openat2 if how.flags has O_CREAT",
        "deny EPERM connect if addr.port == 9", "deny EPERM sendmsg if msg.name.port == 9",
        "deny EPERM openat if flags has O_CREAT"}) {
    EXPECT_EQ(racy(kept), "") << kept;
  }
  EXPECT_EQ(
      racy("deny EPERM openat if path ~ \"/x\" || realpath(path) ~ \"/x\""),
      "what `realpath(path)` leads to can be changed, by renaming or by another link, " + end);
  EXPECT_EQ(racy("deny EPERM write if fd.path == \"/dev/null\""),
            "what `fd` is can be changed by another thread of the task, by dup2, " + end);
  EXPECT_EQ(racy("deny EPERM sendmmsg if !(mmsg.name.port == 9)"),
            "what `mmsg` points at, which the kernel writes to as well, can be changed by another "
            "thread of the task " +
                end);
}

TEST(FindingsTest, OthersAreSaidOnce) {
  EXPECT_EQ(Kinds("arch x86_64\ndefault allow\n"
                  "deny EPERM chdir if path under \"/etc\"\n"
                  "deny EPERM mount if flags has MS_BIND || dev_name == \"/dev/sda\"\n"),
            List({"3 denylist", "4 twins"}));
  EXPECT_EQ(Kinds("arch x86_64\ndefault deny EPERM\nallow io_uring_setup\n"
                  "allow connect if addrlen == 16\nharden off\n"),
            List({"3 io_uring", "5 hardening"}));
  EXPECT_EQ(Kinds("default deny EPERM\nallow read\nallow read if fd == 0\n"),
            List({"3 unreachable"}));
  EXPECT_EQ(Kinds("default deny EPERM\nallow ?nosuchcall\n"), List({"2 language"}));
}

TEST(FindingsTest, WhatHardeningClosesIsNamedWhereItIsOpened) {
  EXPECT_EQ(Messages("default allow\nharden off\n", "hardening"),
            "`harden off` opens what hardening closes: io_uring, userfaultfd, listener, clone3, "
            "exit-signal, clone-untraced, ptrace, memory, signal, pidfd, limits, proc-mem\n");
  EXPECT_EQ(
      Messages("default allow\ndeny EPERM execve\nharden off\n", "hardening"),
      "`harden off` opens what hardening closes: io_uring, userfaultfd, listener, clone3, "
      "exit-signal, clone-untraced, ptrace, memory, signal, pidfd, limits, proc-mem, execveat\n");
  EXPECT_EQ(Messages("default deny EPERM\nallow read, io_uring_setup\nallow clone3\n", "hardening"),
            "`io_uring_setup` is let run here, but hardening refuses it (deny ENOSYS, rule "
            "\"harden:io_uring\")\n"
            "`clone3` is let run here, but hardening refuses it (deny ENOSYS, rule "
            "\"harden:clone3\")\n");
  // Whoever allows a group means its others.
  EXPECT_EQ(Messages("default deny EPERM\nallow @process\n", "hardening"), "");
  EXPECT_EQ(Messages("default allow\nharden on\n", "hardening"), "");
}

}  // namespace
}  // namespace provost
