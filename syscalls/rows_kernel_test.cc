// Compares the x86_64 rows with what the running kernel says of its own system calls:
// events/syscalls/sys_enter_*/format of tracefs, which has the names and C types of the
// SYSCALL_DEFINE prototypes. See Documentation/trace/events.rst of the kernel.
#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "gtest/gtest.h"
#include "syscalls/request.h"
#include "syscalls/signature.h"
#include "syscalls/syscall_table.h"

namespace provost {
namespace {

// The kernel's internal names of calls.
const std::map<std::string, std::string>& CallAliases() {
  static const auto* const aliases = new std::map<std::string, std::string>{
      {"newfstat", "fstat"}, {"newlstat", "lstat"},      {"newstat", "stat"},
      {"newuname", "uname"}, {"sendfile64", "sendfile"}, {"umount", "umount2"},
  };
  return *aliases;
}

// The kernel's names of arguments that have another one in our rows, so that the same thing has
// one name everywhere.
const std::set<std::pair<std::string, std::string>>& ArgumentAliases() {
  static const auto* const aliases = new std::set<std::pair<std::string, std::string>>{
      {"addr_len", "addrlen"},
      {"at_flags", "flags"},
      {"behavior", "advice"},
      {"buff", "buf"},
      {"clone_flags", "flags"},
      {"ctx", "ctx_id"},
      {"dataptr", "data"},
      {"dir_name", "path"},
      {"fd", "dfd"},  // execveat
      {"fildes", "fd"},
      {"filename", "path"},
      {"flag", "flags"},
      {"from_dfd", "olddfd"},
      {"from_pathname", "oldpath"},
      {"len_in", "len"},
      {"name", "path"},  // acct, name_to_handle_at, umount2
      {"newname", "newpath"},
      {"oflag", "flags"},
      {"oldname", "oldpath"},
      {"pathname", "path"},
      {"size", "len"},  // recvfrom
      {"special", "path"},
      {"specialfile", "path"},
      {"start", "addr"},
      {"to_dfd", "newdfd"},
      {"to_pathname", "newpath"},
      {"u_name", "name"},
      {"ubuf", "buf"},
      {"umyaddr", "addr"},
      {"uname", "name"},
      {"unshare_flags", "flags"},
      {"upeer_addrlen", "addrlen"},
      {"upeer_sockaddr", "addr"},
      {"upid", "pid"},
      {"uservaddr", "addr"},
      {"usockaddr", "addr"},
      {"usockaddr_len", "addrlen"},
      {"which_clock", "clockid"},
  };
  return *aliases;
}

// Arguments of which the kernel uses less than the prototype says; the rows have what it uses.
const std::map<std::string, ArgWidth>& Narrowed() {
  static const auto* const narrowed = new std::map<std::string, ArgWidth>{
      {"clone flags", ArgWidth::kU32},  // lower_32_bits, kernel/fork.c
      {"mmap fd", ArgWidth::kS32},      // fget(unsigned int), mm/mmap.c
      {"preadv fd", ArgWidth::kU32},    // fdget(unsigned int), fs/read_write.c
      {"preadv2 fd", ArgWidth::kU32},
      {"pwritev fd", ArgWidth::kU32},
      {"pwritev2 fd", ArgWidth::kU32},
      {"readv fd", ArgWidth::kU32},
      {"writev fd", ArgWidth::kU32},
      {"ptrace pid", ArgWidth::kS32},  // find_get_task_by_vpid(pid_t), kernel/ptrace.c
  };
  return *narrowed;
}

struct Field {
  std::string type;
  std::string name;
  bool IsPointer() const {
    return absl::StrContains(type, "*") || absl::StrContains(type, "cap_user_");
  }
};

// nullopt for a type that this test has never seen.
std::optional<ArgWidth> WidthOf(const Field& field) {
  if (field.IsPointer()) return ArgWidth::kU64;
  static const auto* const widths = new std::map<std::string, ArgWidth>{
      {"int", ArgWidth::kS32},
      {"__s32", ArgWidth::kS32},
      {"clockid_t", ArgWidth::kS32},
      {"key_serial_t", ArgWidth::kS32},
      {"key_t", ArgWidth::kS32},
      {"mqd_t", ArgWidth::kS32},
      {"pid_t", ArgWidth::kS32},
      {"rwf_t", ArgWidth::kS32},
      {"timer_t", ArgWidth::kS32},
      {"__u32", ArgWidth::kU32},
      {"enum landlock_rule_type", ArgWidth::kU32},
      {"gid_t", ArgWidth::kU32},
      {"qid_t", ArgWidth::kU32},
      {"u32", ArgWidth::kU32},
      {"uid_t", ArgWidth::kU32},
      {"umode_t", ArgWidth::kU32},
      {"unsigned", ArgWidth::kU32},
      {"unsigned int", ArgWidth::kU32},
      {"loff_t", ArgWidth::kS64},
      {"long", ArgWidth::kS64},
      {"off_t", ArgWidth::kS64},
      {"__u64", ArgWidth::kU64},
      {"aio_context_t", ArgWidth::kU64},
      {"size_t", ArgWidth::kU64},
      {"unsigned long", ArgWidth::kU64},
  };
  absl::string_view type = field.type;
  absl::ConsumePrefix(&type, "const ");
  const auto found = widths->find(std::string(type));
  if (found == widths->end()) return std::nullopt;
  return found->second;
}

// The arguments in a format file: "\tfield:const char * filename;\toffset:16;\tsize:8;...".
std::vector<Field> ReadFormat(const std::string& path) {
  std::vector<Field> fields;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    absl::string_view text = line;
    if (!absl::ConsumePrefix(&text, "\tfield:")) continue;
    const std::string declaration(text.substr(0, text.find(';')));
    const size_t space = declaration.rfind(' ');
    const std::string name = declaration.substr(space + 1);
    if (absl::StartsWith(name, "common_") || name == "__syscall_nr") continue;
    fields.push_back({declaration.substr(0, space), name});
  }
  return fields;
}

bool IsReadable(const std::string& events) {
  return access(absl::StrCat(events, "/sys_enter_openat/format").c_str(), R_OK) == 0;
}

// Where events/syscalls is: mounted already, or mounted here in a mount namespace of our own,
// which ends with the test. Empty if neither can be.
std::string FindEvents() {
  std::string mounted = "/sys/kernel/tracing/events/syscalls";
  if (IsReadable(mounted)) return mounted;
  std::string directory = absl::StrCat(testing::TempDir(), "/tracefs.XXXXXX");
  if (mkdtemp(directory.data()) == nullptr) return "";
  if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      mount("tracefs", directory.c_str(), "tracefs", MS_RDONLY, nullptr) != 0) {
    std::cout << "tracefs cannot be mounted: " << strerror(errno) << "\n";
    return "";
  }
  const std::string events = absl::StrCat(directory, "/events/syscalls");
  return IsReadable(events) ? events : "";
}

bool SameName(const std::string& kernel, absl::string_view ours) {
  absl::string_view plain = kernel;
  absl::ConsumePrefix(&plain, "_");
  return plain == ours || ArgumentAliases().count({kernel, std::string(ours)}) != 0;
}

void ExpectSameArgument(const std::string& call, const Field& kernel, const Argument& ours) {
  const std::string where = absl::StrCat(call, " ", ours.name);
  EXPECT_TRUE(SameName(kernel.name, ours.name)) << where << ", in the kernel " << kernel.name;
  const std::optional<ArgWidth> width = WidthOf(kernel);
  ASSERT_TRUE(width.has_value()) << where << " has the unknown type " << kernel.type;
  const auto narrowed = Narrowed().find(where);
  EXPECT_EQ(ours.width, narrowed == Narrowed().end() ? *width : narrowed->second) << where;
  EXPECT_EQ(ours.kept_bits, kernel.type == "umode_t" ? 16 : 0) << where;
  if (kernel.IsPointer()) {
    EXPECT_TRUE(ours.IsPointer() || ours.kind == ArgKind::kAddress) << where;
  } else {
    EXPECT_FALSE(ours.IsPointer()) << where;
  }
}

TEST(Rows, AreThePrototypesOfTheRunningKernel) {
  const std::string events = FindEvents();
  if (events.empty()) {
    std::cout << "no tracefs: the rows are not compared with the kernel\n";
    return;
  }
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir(events.c_str()), closedir);
  ASSERT_NE(directory, nullptr);
  int compared = 0;
  while (const dirent* entry = readdir(directory.get())) {
    absl::string_view event = entry->d_name;
    if (!absl::ConsumePrefix(&event, "sys_enter_")) continue;
    std::string name(event);
    const auto alias = CallAliases().find(name);
    if (alias != CallAliases().end()) name = alias->second;
    const Syscall* call = SyscallTable::Get().Find(Arch::kX86_64, name);
    ASSERT_NE(call, nullptr) << name << " has no row";
    const auto fields = ReadFormat(absl::StrCat(events, "/", entry->d_name, "/format"));
    ASSERT_EQ(call->signature->args.size(), fields.size()) << name;
    for (size_t i = 0; i < fields.size(); ++i) {
      ExpectSameArgument(name, fields[i], call->signature->args[i]);
    }
    ++compared;
  }
  EXPECT_GT(compared, 300);
  std::cout << compared << " calls compared with the running kernel\n";
}

}  // namespace
}  // namespace provost
