// The kernel's own audit is the judge of our records: the same program makes the same calls, once
// watched by the kernel alone and once by us, and the records are compared field by field. What
// differs on purpose is in kDifferences, with the reason.

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "audit/collecting_sink.h"
#include "base/status_matchers.h"
#include "base/unique_fd.h"
#include "gtest/gtest.h"
#include "tests/support/kernel_audit.h"
#include "tests/support/supervised.h"
#include "tests/support/victims.h"

namespace provost {
namespace {

constexpr uint64_t kMark = 0xcafe0000;  // as in audited_calls.c

// One record: its fields in order.
struct Record {
  std::string type;
  std::vector<std::pair<std::string, std::string>> fields;

  std::string Get(absl::string_view name) const {
    for (const auto& [key, value] : fields) {
      if (key == name) return value;
    }
    return "";
  }
};
using Event = std::vector<Record>;

Record ParseRecord(std::string type, absl::string_view text) {
  Record record{std::move(type), {}};
  for (const absl::string_view word : absl::StrSplit(text, ' ', absl::SkipEmpty())) {
    const std::pair<absl::string_view, absl::string_view> field =
        absl::StrSplit(word, absl::MaxSplits('=', 1));
    record.fields.emplace_back(field.first, field.second);
  }
  return record;
}

// The records that we write, of those that the kernel does.
std::string TypeName(int type) {
  switch (type) {
    case AUDIT_SYSCALL:
      return "SYSCALL";
    case AUDIT_SECCOMP:
      return "SECCOMP";
    case AUDIT_CWD:
      return "CWD";
    case AUDIT_PATH:
      return "PATH";
    case AUDIT_SOCKADDR:
      return "SOCKADDR";
    case AUDIT_OBJ_PID:
      return "OBJ_PID";
    case AUDIT_PROCTITLE:
      return "PROCTITLE";
    case AUDIT_EXECVE:
      return "EXECVE";
    default:
      return "";  // BPRM_FCAPS, MMAP, FD_PAIR, OPENAT2, EOE: not among ours
  }
}

std::vector<Event> EventsOf(const std::vector<KernelRecord>& records) {
  std::vector<Event> events;
  std::map<std::string, size_t> index;
  for (const KernelRecord& record : records) {
    const std::string type = TypeName(record.type);
    if (type.empty()) continue;
    const auto [place, is_new] = index.emplace(record.event, events.size());
    if (is_new) events.emplace_back();
    events[place->second].push_back(ParseRecord(type, record.text));
  }
  return events;
}

std::vector<Event> EventsOf(const std::string& log) {
  std::vector<Event> events;
  std::string last;
  for (absl::string_view line : absl::StrSplit(log, '\n', absl::SkipEmpty())) {
    // type=SYSCALL msg=audit(TIME:SERIAL): …
    const std::vector<absl::string_view> parts = absl::StrSplit(line, absl::MaxSplits(' ', 2));
    if (parts.size() != 3) continue;
    if (parts[1] != last) events.emplace_back();
    last = std::string(parts[1]);
    events.back().push_back(ParseRecord(std::string(parts[0].substr(5)), parts[2]));
  }
  return events;
}

const Record* Find(const Event& event, absl::string_view type) {
  for (const Record& record : event) {
    if (record.type == type) return &record;
  }
  return nullptr;
}

// The events that come after a mark, by its index.
std::map<int, Event> Marked(const std::vector<Event>& events) {
  std::map<int, Event> marked;
  int mark = -1;
  for (const Event& event : events) {
    const Record* call = Find(event, "SYSCALL");
    if (call == nullptr) continue;
    uint64_t first = 0;
    const bool is_number = absl::SimpleHexAtoi(call->Get("a0"), &first);
    if (is_number && call->Get("syscall") == "110" && (first & ~uint64_t{0xffff}) == kMark) {
      mark = static_cast<int>(first - kMark);
    } else if (mark >= 0) {
      marked.emplace(mark, event);
      mark = -1;
    }
  }
  return marked;
}

// ---- What differs, and why ----

struct Difference {
  const char* label;  // of the call; "": of every one
  const char* type;
  const char* field;  // "": whole records of the type, their number too
  const char* why;
};
constexpr Difference kDifferences[] = {
    {"", "SYSCALL", "pid", "the program runs twice"},
    {"", "SYSCALL", "per",
     "a personality other than Linux's; the test turned address randomisation off"},
    {"", "SYSCALL", "subj", "we record no security context"},
    {"", "SYSCALL", "key", "the kernel has its rule's key, we our rule's name"},
    {"kill", "SYSCALL", "a0", "a pid; the program runs twice"},
    {"tkill", "SYSCALL", "a0", "a pid"},
    {"tgkill", "SYSCALL", "a0", "a pid"},
    {"tgkill", "SYSCALL", "a1", "a pid"},
    {"ptrace", "SYSCALL", "a1", "a pid"},
    {"prlimit64", "SYSCALL", "a0", "a pid"},
    {"ptrace", "OBJ_PID", "", "the kernel notes who is attached to, we every request on another"},
    {"prlimit64", "OBJ_PID", "", "the kernel notes only signals and attaching"},
    {"openat O_CREAT", "PATH", "name",
     "of a PARENT beneath a descriptor the kernel says the working directory, we the descriptor's"},
    {"unlinkat", "PATH", "name", "the same"},
    {"linkat", "PATH", "name", "the same"},
    {"open dangling O_CREAT", "PATH", "",
     "the kernel notes PARENT and CREATE twice each, mostly without a name; we once"},
    {"open dangling O_CREAT", "SYSCALL", "items", "the same"},
    {"newfstatat empty", "PATH", "",
     "fstatat with an empty path is fstat, which the kernel leaves"},
    {"newfstatat empty", "CWD", "", "the same"},
    {"newfstatat empty", "SYSCALL", "items", "the same"},
    {"fchownat empty", "PATH", "name", "the kernel has an empty name, we the descriptor's"},
    {"utimensat NULL", "PATH", "", "the kernel notes no file of utimensat without a path"},
    {"utimensat NULL", "CWD", "", "the same"},
    {"utimensat NULL", "SYSCALL", "items", "the same"},
    {"connect bad descriptor", "SOCKADDR", "", "the kernel looks at the descriptor first"},
    {"execve 1", "EXECVE", "a3", "we write what holds a = in hexadecimal"},
    {"umount", "PATH", "dev", "a tmpfs is mounted for each run, and gets the next free number"},
    {"umount", "PATH", "cap_fp", "the kernel does not look at capabilities there and says ?"},
    {"umount", "PATH", "cap_fi", "the same"},
    {"umount", "PATH", "cap_fe", "the same"},
    {"umount", "PATH", "cap_fver", "the same"},
    {"umount", "PATH", "cap_frootid", "the same, and leaves that out"},
};

bool IsExplained(const std::string& label, const std::string& type, const std::string& field) {
  for (const Difference& difference : kDifferences) {
    if (absl::StartsWith(label, difference.label) && type == difference.type &&
        field == difference.field) {
      return true;
    }
  }
  return false;
}

// Which of the kernel's inodes (or tasks) is which of ours: they are other ones in each run.
class Pairing {
 public:
  void Make(const std::string& theirs, const std::string& ours) {
    ours_of_[theirs] = ours;
    theirs_of_[ours] = theirs;
  }
  bool Matches(const std::string& theirs, const std::string& ours) {
    const auto known = ours_of_.find(theirs);
    const auto known_back = theirs_of_.find(ours);
    if (known == ours_of_.end() && known_back == theirs_of_.end()) {
      Make(theirs, ours);
      return true;
    }
    return known != ours_of_.end() && known->second == ours;
  }

 private:
  std::map<std::string, std::string> ours_of_;
  std::map<std::string, std::string> theirs_of_;
};

std::string Show(const Event& event) {
  return absl::StrJoin(event, "\n", [](std::string* out, const Record& record) {
    absl::StrAppend(out, "    ", record.type);
    for (const auto& [key, value] : record.fields) absl::StrAppend(out, " ", key, "=", value);
  });
}

// The fields that both have are compared by name; one that only one has is a difference, too.
class Comparison {
 public:
  // What differs and is not explained.
  std::vector<std::string> Compare(const std::string& label, const Event& theirs,
                                   const Event& ours) {
    label_ = label;
    wrong_.clear();
    for (const char* type :
         {"SYSCALL", "EXECVE", "SOCKADDR", "OBJ_PID", "CWD", "PATH", "PROCTITLE"}) {
      if (IsExplained(label, type, "")) continue;
      const std::vector<const Record*> left = All(theirs, type);
      const std::vector<const Record*> right = All(ours, type);
      if (left.size() != right.size()) {
        wrong_.push_back(
            absl::StrCat(left.size(), " ", type, " of the kernel's, ", right.size(), " of ours"));
        continue;
      }
      for (size_t i = 0; i < left.size(); ++i) CompareRecord(*left[i], *right[i]);
    }
    return wrong_;
  }

  void CompareRecord(const Record& theirs, const Record& ours) {
    std::map<std::string, std::pair<std::string, std::string>> fields;
    for (const auto& [key, value] : theirs.fields) fields[key].first = value;
    for (const auto& [key, value] : ours.fields) fields[key].second = value;
    const bool is_made = theirs.Get("nametype") == "CREATE";
    for (const auto& [key, values] : fields) {
      if (IsExplained("", theirs.type, key) || IsExplained(label_, theirs.type, key)) continue;
      const auto& [left, right] = values;
      bool same = left == right;
      if (key == "inode" && !left.empty() && !right.empty()) {
        if (is_made) inodes_.Make(left, right);
        same = inodes_.Matches(left, right);
      } else if (key == "opid") {
        same = tasks_.Matches(left, right);
      }
      if (!same) {
        wrong_.push_back(absl::StrCat(theirs.type, " ", key, ": ", left, " of the kernel's, ",
                                      right, " of ours"));
      }
    }
  }

  void SetLabel(std::string label) { label_ = std::move(label); }
  const std::vector<std::string>& wrong() const { return wrong_; }

 private:
  static std::vector<const Record*> All(const Event& event, absl::string_view type) {
    std::vector<const Record*> records;
    for (const Record& record : event) {
      if (record.type == type) records.push_back(&record);
    }
    return records;
  }

  std::string label_;
  std::vector<std::string> wrong_;
  Pairing inodes_;
  Pairing tasks_;
};

// ---- Running the victim ----

// Traced calls of which the kernel makes SECCOMP records: without a tracer they give ENOSYS.
std::vector<sock_filter> LoggedFilter() {
  std::vector<sock_filter> filter = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 2, 0),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JA, 0, 0, 0),
  };
  // i386: getppid (64). x86_64: mkdir, rename, connect, kill, getppid.
  filter[3] = BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 64, 7, 6);
  filter.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)));
  const std::array<uint32_t, 5> calls = {SYS_mkdir, SYS_rename, SYS_connect, SYS_kill, SYS_getppid};
  for (size_t i = 0; i < calls.size(); ++i) {
    const auto to_trace = static_cast<uint8_t>(calls.size() - i);
    filter.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, calls[i], to_trace, 0));
  }
  filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE));
  return filter;
}

bool InstallLogged(std::vector<sock_filter> filter) {
  const sock_fprog program = {static_cast<uint16_t>(filter.size()), filter.data()};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_LOG, &program) == 0;
}

class AuditOracleTest : public testing::Test {
 protected:
  void SetUp() override {
    absl::StatusOr<std::unique_ptr<KernelAudit>> audit = KernelAudit::Start();
    if (absl::IsFailedPrecondition(audit.status())) GTEST_SKIP() << audit.status().message();
    PROVOST_ASSERT_OK(audit);
    audit_ = *std::move(audit);
    // The same addresses in both runs, and the same names.
    ASSERT_NE(personality(ADDR_NO_RANDOMIZE), -1);
    std::string name = "/tmp/provost_XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    top_ = name;
  }
  void TearDown() override {
    personality(0);
    if (top_.empty()) return;
    EXPECT_EQ(chdir("/"), 0);
    std::filesystem::remove_all(top_);
  }

  // In a directory that is new each time and has the same name.
  void MakeDirectory() {
    ASSERT_EQ(chdir("/"), 0);
    std::filesystem::remove_all(top_ + "/work");
    ASSERT_EQ(mkdir((top_ + "/work").c_str(), 0700), 0);
    ASSERT_EQ(chdir((top_ + "/work").c_str()), 0);
  }

  // Runs the victim by itself (its argument is ENOSYS, what some of them should get) and returns
  // the kernel's records of it.
  std::vector<Event> RunAudited(
      const std::string& victim, std::string& output,
      const std::function<bool()>& prepare = [] { return true; }) {
    MakeDirectory();
    const auto records = audit_->Run({victim, "-38"}, output, prepare);
    PROVOST_EXPECT_OK(records);
    return records.ok() ? EventsOf(*records) : std::vector<Event>();
  }

  std::vector<Event> RunOurs(const std::string& victim, const std::vector<std::string>& policy,
                             std::string& output) {
    MakeDirectory();
    CollectingSink sink;
    Options options = OptionsOf(policy);
    options.sink = &sink;
    const SupervisedRun run = RunSupervised(options, {victim, "-38"});
    EXPECT_TRUE(run.outcome.ok()) << run;
    output = run.output;
    return EventsOf(sink.text());
  }

  std::unique_ptr<KernelAudit> audit_;
  std::string top_;
};

TEST_F(AuditOracleTest, RecordsOfCallsAreTheKernels) {
  const std::string victim = Victim("audited_calls");
  std::string their_output;
  std::string our_output;
  const std::map<int, Event> theirs = Marked(RunAudited(victim, their_output));
  const std::map<int, Event> ours = Marked(RunOurs(
      victim,
      {"log getppid, open, creat, openat, openat2, mkdir, rmdir, symlink, link, linkat, rename, "
       "renameat2, unlink, unlinkat, mknod, newfstatat, fchownat, utimensat, fchmod, fsetxattr, "
       "chdir, access, chmod, lchown, readlink, truncate, mount, umount2, bind, connect, sendto, "
       "sendmsg, sendmmsg, kill, tkill, tgkill, pidfd_send_signal, ptrace, prlimit64 log result"},
      our_output));
  ASSERT_EQ(their_output, our_output);
  const std::vector<std::string> labels = absl::StrSplit(our_output, '\n', absl::SkipEmpty());
  ASSERT_GT(labels.size(), 80U);
  ASSERT_EQ(theirs.size(), labels.size());
  ASSERT_EQ(ours.size(), labels.size());
  Comparison comparison;
  for (const auto& [index, event] : theirs) {
    const Event& own = ours.at(index);
    const std::vector<std::string> wrong = comparison.Compare(labels[index], event, own);
    EXPECT_TRUE(wrong.empty()) << labels[index] << ": " << absl::StrJoin(wrong, "; ") << "\n"
                               << Show(event) << "\n"
                               << Show(own);
  }
}

// An execve that succeeds: what the kernel writes of it when it is over, of the new program.
TEST_F(AuditOracleTest, RecordsOfProgramsAreTheKernels) {
  const auto write = [&](const std::string& name, const std::string& text) {
    std::ofstream(name) << text;
    ASSERT_EQ(chmod(name.c_str(), 0755), 0);
  };
  write(top_ + "/script", "#!/usr/bin/true  -x  y \n");
  write(top_ + "/bare", "#! /usr/bin/true\n");
  const std::string longer(300, 'x');
  const std::vector<std::vector<std::string>> kPrograms = {
      {"/usr/bin/true"},
      {"/usr/bin/true", "a b", "", "c=d", "\"e\"", "\xff\n", longer, longer},
      {top_ + "/script", "one", "type=SYSCALL msg=audit(1.000:1):"},
      {top_ + "/bare"},
      {"/usr/../usr/bin/true", "--"},
  };
  for (size_t i = 0; i < kPrograms.size(); ++i) {
    std::vector<std::string> argv = {"/usr/bin/env"};
    argv.insert(argv.end(), kPrograms[i].begin(), kPrograms[i].end());
    const auto find = [](const std::vector<Event>& events) -> const Event* {
      const Event* found = nullptr;
      for (const Event& event : events) {
        const Record* call = Find(event, "SYSCALL");
        const bool is_execve = call != nullptr && call->Get("syscall") == "59";
        if (is_execve && call->Get("comm") != "\"env\"") found = &event;
      }
      return found;
    };
    std::string output;
    MakeDirectory();
    const auto records = audit_->Run(
        argv, output, [] { return true; }, "/usr/bin/true");
    PROVOST_ASSERT_OK(records);
    const std::vector<Event> theirs = EventsOf(*records);
    const Event* kernels = find(theirs);
    ASSERT_NE(kernels, nullptr) << i;

    MakeDirectory();
    CollectingSink sink;
    Options options = OptionsOf({"log execve log result"});
    options.sink = &sink;
    const SupervisedRun run = RunSupervised(options, argv);
    ASSERT_TRUE(run.outcome.ok()) << run;
    const std::vector<Event> all = EventsOf(sink.text());
    const Event* ours = find(all);
    ASSERT_NE(ours, nullptr) << i << sink.text();
    Comparison comparison;
    const std::vector<std::string> wrong =
        comparison.Compare(absl::StrCat("execve ", i), *kernels, *ours);
    EXPECT_TRUE(wrong.empty()) << i << ": " << absl::StrJoin(wrong, "; ") << "\n"
                               << Show(*kernels) << "\n"
                               << Show(*ours);
    EXPECT_NE(Find(*ours, "EXECVE"), nullptr);
  }
}

// The command line is the first that was seen of a process, also when it writes over it.
TEST_F(AuditOracleTest, TitlesAreTheKernels) {
  const std::string victim = Victim("overwrites_its_arguments");
  std::string output;
  const auto titles = [](const std::vector<Event>& events) {
    std::vector<std::string> found;
    for (const Event& event : events) {
      const Record* call = Find(event, "SYSCALL");
      const Record* title = Find(event, "PROCTITLE");
      if (call == nullptr || title == nullptr || call->Get("syscall") != "110") continue;
      found.push_back(title->Get("proctitle"));
    }
    return found;
  };
  const std::vector<std::string> theirs = titles(RunAudited(victim, output));
  const std::vector<std::string> ours = titles(RunOurs(victim, {"log getppid"}, output));
  ASSERT_EQ(theirs.size(), 2U);
  EXPECT_EQ(theirs[0], theirs[1]);
  EXPECT_EQ(ours, theirs);
}

// The same decision by a kernel filter without a tracer, and by us.
TEST_F(AuditOracleTest, SeccompRecordsAreTheKernels) {
  const std::vector<sock_filter> filter = LoggedFilter();
  for (const char* name : {"audited_calls", "getppid_answers_i386", "getppid_answers_int80"}) {
    const std::string victim = Victim(name);
    std::string output;
    std::vector<Event> theirs = RunAudited(victim, output, [&] { return InstallLogged(filter); });
    std::vector<Event> ours =
        RunOurs(victim, {"deny ENOSYS mkdir, rename, connect, kill, getppid log"}, output);
    const auto keep_seccomp = [](std::vector<Event>& events) {
      std::vector<Event> kept;
      for (Event& event : events) {
        if (const Record* record = Find(event, "SECCOMP")) kept.push_back({*record});
      }
      events = std::move(kept);
    };
    keep_seccomp(theirs);
    keep_seccomp(ours);
    EXPECT_EQ(theirs.size(), ours.size()) << name;
    ASSERT_FALSE(theirs.empty()) << name;
    for (size_t i = 0; i < std::min(theirs.size(), ours.size()); ++i) {
      const auto text = [](const Record& record) {
        std::string fields;
        for (const auto& [key, value] : record.fields) {
          if (key == "pid" || key == "ip" || key == "subj" || key == "op") continue;
          absl::StrAppend(&fields, key, "=", value, " ");
        }
        return fields;
      };
      EXPECT_EQ(text(theirs[i][0]), text(ours[i][0])) << name << ", record " << i;
    }
  }
}

// However the process goes that turned audit on, the machine's state is as it was.
TEST(KernelAuditTest, TheStateIsPutBackAlsoAfterAFailureHalfWay) {
  const absl::StatusOr<AuditState> before = ReadAuditState();
  if (absl::IsFailedPrecondition(before.status())) GTEST_SKIP() << before.status().message();
  PROVOST_ASSERT_OK(before);
  if (before->enabled == 2) GTEST_SKIP() << "the audit configuration is locked";
  const std::vector<std::function<void()>> ends = {
      [] { raise(SIGKILL); },
      [] { abort(); },
      [] { _exit(1); },
      [] { kill(0, SIGTERM); },
  };
  for (size_t i = 0; i < ends.size(); ++i) {
    std::array<int, 2> pipe_ends;
    ASSERT_EQ(pipe2(pipe_ends.data(), O_CLOEXEC), 0);
    const pid_t pid = fork();
    if (pid == 0) {
      setpgid(0, 0);
      close(pipe_ends[0]);
      const auto audit = KernelAudit::Start();
      if (!audit.ok() || !(*audit)->Watch(getpid(), "/usr/bin/true").ok()) _exit(2);
      const auto changed = ReadAuditState();
      if (!changed.ok() || changed->enabled != 1 || changed->rules != before->rules + 1) _exit(3);
      if (write(pipe_ends[1], "!", 1) != 1) _exit(4);
      ends[i]();
      _exit(5);
    }
    close(pipe_ends[1]);
    char byte = 0;
    EXPECT_EQ(read(pipe_ends[0], &byte, 1), 1) << i;
    int status = 0;
    EXPECT_EQ(waitpid(pid, &status, 0), pid);
    // Its guard has the pipe, too, until it has put things back.
    EXPECT_EQ(read(pipe_ends[0], &byte, 1), 0) << i;
    close(pipe_ends[0]);
    const absl::StatusOr<AuditState> after = ReadAuditState();
    PROVOST_ASSERT_OK(after);
    EXPECT_TRUE(*after == *before) << i << ": enabled " << after->enabled << ", " << after->rules
                                   << " rules, backlog limit " << after->backlog_limit;
  }
}

}  // namespace
}  // namespace provost
