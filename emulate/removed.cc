// Calls that Linux has dropped, or never had on an architecture, answered from what there is now.
// docs/EMULATORS.md has what each gives.

#include <linux/capability.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "emulate/builtin.h"
#include "emulate/sysctl_names.h"
#include "tracee/task_masks.h"

namespace provost {
namespace {

// What the call gives where nothing of it is left.
Reaction NotThere(const EmulatedCall& /*call*/) { return Answer{-ENOSYS}; }

// What the machine has of the call is the best answer; `otherwise` is asked where it has nothing.
Reaction KernelOr(const EmulatedCall& call, Answer (*otherwise)(const EmulatedCall& call)) {
  return RunCall{call.request(), {}, [otherwise](const EmulatedCall& made, int64_t result) {
                   return result == -ENOSYS ? otherwise(made) : Answer{result};
                 }};
}

std::string Contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

// A word of the task's, as long as its long.
size_t WordSize(const EmulatedCall& call) {
  return call.is_i386() ? sizeof(uint32_t) : sizeof(uint64_t);
}
absl::StatusOr<std::vector<uint64_t>> ReadWords(const EmulatedCall& call, uint64_t address,
                                                size_t count) {
  std::vector<uint64_t> words(count, 0);
  for (size_t i = 0; i < count; ++i) {
    const absl::Status read =
        call.ReadBytes(address + i * WordSize(call),
                       absl::MakeSpan(reinterpret_cast<char*>(&words[i]), WordSize(call)));
    if (!read.ok()) return read;
  }
  return words;
}
std::string WordBytes(const EmulatedCall& call, uint64_t word) {
  return std::string(reinterpret_cast<const char*>(&word), WordSize(call));
}

// Another call of the same architecture in its place.
Reaction As(const EmulatedCall& call, absl::string_view name,
            const std::array<uint64_t, 6>& arguments, std::vector<Input> inputs = {}) {
  const absl::StatusOr<SyscallRequest> other = OtherCall(call.request(), name, arguments);
  if (!other.ok()) return Answer{-ENOSYS};
  return RunCall{*other, std::move(inputs)};
}

// ---- _sysctl(2) ----

// Old and new value of the setting that `name` stands for, at _sysctl's six words: name, nlen,
// oldval, oldlenp, newval, newlen (struct __sysctl_args).
Answer ReadSetting(const EmulatedCall& call, const SysctlName& setting,
                   const std::vector<uint64_t>& words) {
  const uint64_t old_value = words[2];
  const uint64_t old_length = words[3];
  const std::string value =
      SysctlValue(setting, Contents(absl::StrCat("/proc/sys/", setting.path)));
  // The machine's settings are not the task's to change.
  if (words[4] != 0 && words[5] != 0) return {-EPERM};
  if (old_value == 0 || old_length == 0) return {0};
  const auto room = ReadWords(call, old_length, 1);
  if (!room.ok()) return {-ErrnoOf(room.status())};
  const size_t size = std::min<uint64_t>(value.size(), room->front());
  std::string bytes = value.substr(0, size);
  // Of a string that does not fit the kernel gave its beginning, with the NUL behind it if it
  // could.
  if (setting.is_text && size == value.size() && room->front() > size) bytes.push_back('\0');
  return {0, {{old_value, bytes}, {old_length, WordBytes(call, size)}}};
}

Reaction Sysctl(const EmulatedCall& call) {
  constexpr size_t kMostLevels = 10;  // CTL_MAXNAME of linux/sysctl.h
  const auto words = ReadWords(call, call.argument(0), 6);
  if (!words.ok()) return Answer{-ErrnoOf(words.status())};
  const auto levels = static_cast<int32_t>((*words)[1]);
  if (levels <= 0 || static_cast<size_t>(levels) > kMostLevels) return Answer{-ENOTDIR};
  std::vector<int32_t> name;
  for (int32_t i = 0; i < levels; ++i) {
    const auto number = call.Read<int32_t>((*words)[0] + sizeof(int32_t) * static_cast<size_t>(i));
    if (!number.ok()) return Answer{-ErrnoOf(number.status())};
    name.push_back(*number);
  }
  const SysctlName* setting = FindSysctl(name);
  if (setting == nullptr) return Answer{-ENOTDIR};
  return ReadSetting(call, *setting, *words);
}

// ---- sysfs(2), ustat(2) ----

std::vector<std::string> FileSystems() {
  std::vector<std::string> names;
  const std::string text = Contents("/proc/filesystems");
  for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    names.emplace_back(line.substr(line.rfind('\t') + 1));
  }
  return names;
}

Answer SysfsAnswer(const EmulatedCall& call) {
  const std::vector<std::string> names = FileSystems();
  switch (call.number(0)) {
    case 1: {  // the index of a name
      const auto name = call.ReadString(call.argument(1));
      if (!name.ok()) return {-ErrnoOf(name.status())};
      const auto found = std::find(names.begin(), names.end(), *name);
      return {found == names.end() ? -EINVAL : found - names.begin()};
    }
    case 2: {  // the name of an index
      const uint64_t index = static_cast<uint32_t>(call.argument(1));
      if (index >= names.size()) return {-EINVAL};
      return {0, {{call.argument(2), names[index] + '\0'}}};
    }
    case 3:
      return {static_cast<int64_t>(names.size())};
    default:
      return {-EINVAL};
  }
}

// The mount point of a file system by its device; empty: there is none.
std::string MountOf(dev_t device) {
  const std::string wanted = absl::StrCat(major(device), ":", minor(device));
  const std::string mounts = Contents("/proc/self/mountinfo");
  for (const absl::string_view line : absl::StrSplit(mounts, '\n', absl::SkipEmpty())) {
    const std::vector<absl::string_view> fields = absl::StrSplit(line, ' ');
    if (fields.size() > 4 && fields[2] == wanted) return std::string(fields[4]);
  }
  return "";
}

Answer UstatAnswer(const EmulatedCall& call) {
  // new_decode_dev of linux/kdev_t.h.
  const auto number = static_cast<uint32_t>(call.argument(0));
  const dev_t device =
      makedev((number & 0xfff00) >> 8, (number & 0xff) | ((number >> 12) & 0xfff00));
  const std::string mount = MountOf(device);
  struct statvfs status = {};
  if (mount.empty() || statvfs(mount.c_str(), &status) != 0) return {-EINVAL};
  // struct ustat: an int, a word, and two names of six bytes that are always empty.
  std::string bytes = BytesOf(static_cast<int32_t>(status.f_bfree));
  bytes.resize(WordSize(call));
  bytes += WordBytes(call, status.f_ffree);
  bytes.append(12, '\0');
  bytes.resize((bytes.size() + WordSize(call) - 1) / WordSize(call) * WordSize(call));
  return {0, {{call.argument(1), bytes}}};
}

Reaction Sysfs(const EmulatedCall& call) { return KernelOr(call, SysfsAnswer); }
Reaction Ustat(const EmulatedCall& call) { return KernelOr(call, UstatAnswer); }

// ---- Others ----

// a.out libraries, which it loaded last, are gone; of an ELF file it always said so.
Reaction Uselib(const EmulatedCall& call) {
  const auto path = call.ReadString(call.argument(0));
  if (!path.ok()) return Answer{-ErrnoOf(path.status())};
  const absl::StatusOr<SyscallRequest> access =
      OtherCall(call.request(), "access", {call.argument(0), R_OK});
  if (!access.ok()) return Answer{-ENOSYS};
  return RunCall{*access, {}, [](const EmulatedCall&, int64_t result) {
                   return Answer{result == 0 ? -ENOEXEC : result};
                 }};
}

// From 2.6 to 5.14 it did nothing, for those who may, but end who asked for its work (1).
Reaction Bdflush(const EmulatedCall& call) {
  if (!HasCapability(call.tid(), CAP_SYS_ADMIN)) return Answer{-EPERM};
  if (call.number(0) != 1) return Answer{0};
  return As(call, "exit", {0});
}

Reaction Stime(const EmulatedCall& call) {
  const auto seconds = ReadWords(call, call.argument(0), 1);
  if (!seconds.ok()) return Answer{-ErrnoOf(seconds.status())};
  // Seconds, then a word for nanoseconds.
  const std::string time = WordBytes(call, seconds->front()) + WordBytes(call, 0);
  return As(call, "clock_settime", {CLOCK_REALTIME, 0}, {{1, time}});
}

// The blocked signals that fit into 32 bits.
absl::StatusOr<uint32_t> OldMask(const EmulatedCall& call) {
  const absl::StatusOr<uint64_t> blocked = ReadBlockedSignals(call.tid());
  if (!blocked.ok()) return blocked.status();
  return static_cast<uint32_t>(*blocked);
}
Answer SgetmaskAnswer(const EmulatedCall& call) {
  const absl::StatusOr<uint32_t> mask = OldMask(call);
  return {mask.ok() ? static_cast<int64_t>(static_cast<int32_t>(*mask)) : -ENOSYS};
}
Reaction Sgetmask(const EmulatedCall& call) { return KernelOr(call, SgetmaskAnswer); }

Reaction Ssetmask(const EmulatedCall& call) {
  const absl::StatusOr<uint32_t> before = OldMask(call);
  if (!before.ok()) return Answer{-ENOSYS};
  const uint64_t mask = static_cast<uint32_t>(call.argument(0));
  const auto set = OtherCall(call.request(), "rt_sigprocmask", {SIG_SETMASK, 0, 0, sizeof(mask)});
  if (!set.ok()) return Answer{-ENOSYS};
  return RunCall{*set, {{1, BytesOf(mask)}}, [old = *before](const EmulatedCall&, int64_t result) {
                   return Answer{result == 0 ? static_cast<int32_t>(old) : result};
                 }};
}

// No 64-bit kernel has it, and others refuse it to programs that could map the first page.
Reaction Refused(const EmulatedCall& /*call*/) { return Answer{-EPERM}; }

Reaction EpollCtlOld(const EmulatedCall& call) {
  return As(call, "epoll_ctl", call.request().args);
}
Reaction EpollWaitOld(const EmulatedCall& call) {
  return As(call, "epoll_wait", call.request().args);
}

// The arguments of i386's first select and mmap stand in memory.
Reaction OldSelect(const EmulatedCall& call) {
  if (!call.is_i386()) return RunAsItIs(call);
  const auto words = ReadWords(call, call.argument(0), 5);
  if (!words.ok()) return Answer{-ErrnoOf(words.status())};
  return As(call, "_newselect", {(*words)[0], (*words)[1], (*words)[2], (*words)[3], (*words)[4]});
}
Reaction OldMmap(const EmulatedCall& call) {
  constexpr uint64_t kPage = 4096;
  if (!call.is_i386()) return RunAsItIs(call);
  const auto words = ReadWords(call, call.argument(0), 6);
  if (!words.ok()) return Answer{-ErrnoOf(words.status())};
  if ((*words)[5] % kPage != 0) return Answer{-EINVAL};
  return As(call, "mmap2",
            {(*words)[0], (*words)[1], (*words)[2], (*words)[3], (*words)[4], (*words)[5] / kPage});
}

struct Row {
  const char* call;
  Reaction (*react)(const EmulatedCall& call);
};
constexpr Row kRows[] = {
    {"_sysctl", Sysctl},
    {"uselib", Uselib},
    {"sysfs", Sysfs},
    {"ustat", Ustat},
    {"bdflush", Bdflush},
    {"stime", Stime},
    {"ssetmask", Ssetmask},
    {"sgetmask", Sgetmask},
    {"vm86", Refused},
    {"vm86old", Refused},
    {"epoll_ctl_old", EpollCtlOld},
    {"epoll_wait_old", EpollWaitOld},
    // Of i386: calls of x86_64 with these names stay as they are.
    {"select", OldSelect},
    {"mmap", OldMmap},
    // Modules have been loaded by init_module alone since 2.6.
    {"create_module", NotThere},
    {"get_kernel_syms", NotThere},
    {"query_module", NotThere},
    // Never were in Linux, or nobody served them.
    {"afs_syscall", NotThere},
    {"break", NotThere},
    {"ftime", NotThere},
    {"getpmsg", NotThere},
    {"gtty", NotThere},
    {"idle", NotThere},
    {"lock", NotThere},
    {"lookup_dcookie", NotThere},
    {"mpx", NotThere},
    {"nfsservctl", NotThere},
    {"prof", NotThere},
    {"profil", NotThere},
    {"putpmsg", NotThere},
    {"security", NotThere},
    {"stty", NotThere},
    {"tuxcall", NotThere},
    {"ulimit", NotThere},
    {"vserver", NotThere},
};

class Removed final : public Handler {
 public:
  Reaction OnCall(const EmulatedCall& call) override {
    const absl::string_view name = call.name();
    const auto* row = std::find_if(std::begin(kRows), std::end(kRows),
                                   [name](const Row& each) { return each.call == name; });
    return row == std::end(kRows) ? RunAsItIs(call) : row->react(call);
  }
};

}  // namespace

EmulatorSpec RemovedSpec() {
  EmulatorSpec spec = {
      .name = "removed", .keys = {}, .calls = {}, .what = "calls that Linux has dropped"};
  for (const Row& row : kRows) spec.calls.emplace_back(row.call);
  return spec;
}

absl::StatusOr<std::unique_ptr<Handler>> MakeRemoved(const Emulation& /*told*/) {
  return std::make_unique<Removed>();
}

}  // namespace provost
