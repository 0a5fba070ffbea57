#include "emulate/sysctl_names.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"

namespace provost {
namespace {

// Numbers of linux/sysctl.h: 1 is CTL_KERN, 2 CTL_VM, 3 CTL_NET, 5 CTL_FS.
constexpr SysctlName kNames[] = {
    {{1, 1, 0}, "kernel/ostype", true},
    {{1, 2, 0}, "kernel/osrelease", true},
    {{1, 4, 0}, "kernel/version", true},
    {{1, 7, 0}, "kernel/hostname", true},
    {{1, 8, 0}, "kernel/domainname", true},
    {{1, 15, 0}, "kernel/panic", false},
    {{1, 18, 0}, "kernel/ctrl-alt-del", false},
    {{1, 23, 0}, "kernel/printk", false},
    {{1, 33, 0}, "kernel/msgmax", false},
    {{1, 35, 0}, "kernel/msgmnb", false},
    {{1, 38, 0}, "kernel/sysrq", false},
    {{1, 39, 0}, "kernel/threads-max", false},
    {{1, 40, 1}, "kernel/random/poolsize", false},
    {{1, 40, 2}, "kernel/random/entropy_avail", false},
    {{1, 40, 5}, "kernel/random/boot_id", true},
    {{1, 40, 6}, "kernel/random/uuid", true},
    {{1, 42, 0}, "kernel/msgmni", false},
    {{1, 43, 0}, "kernel/sem", false},
    {{1, 47, 0}, "kernel/overflowuid", false},
    {{1, 48, 0}, "kernel/overflowgid", false},
    {{1, 55, 0}, "kernel/pid_max", false},
    {{1, 56, 0}, "kernel/core_pattern", true},
    {{1, 57, 0}, "kernel/panic_on_oops", false},
    {{1, 60, 0}, "kernel/ngroups_max", false},
    {{2, 5, 0}, "vm/overcommit_memory", false},
    {{2, 9, 0}, "vm/dirty_background_ratio", false},
    {{2, 11, 0}, "vm/dirty_ratio", false},
    {{2, 19, 0}, "vm/swappiness", false},
    {{2, 22, 0}, "vm/max_map_count", false},
    {{3, 1, 1}, "net/core/wmem_max", false},
    {{3, 1, 2}, "net/core/rmem_max", false},
    {{3, 1, 3}, "net/core/wmem_default", false},
    {{3, 1, 4}, "net/core/rmem_default", false},
    {{3, 1, 18}, "net/core/somaxconn", false},
    {{3, 5, 8}, "net/ipv4/ip_forward", false},
    {{3, 5, 37}, "net/ipv4/ip_default_ttl", false},
    {{5, 1, 0}, "fs/inode-nr", false},
    {{5, 2, 0}, "fs/inode-state", false},
    {{5, 8, 0}, "fs/dentry-state", false},
    {{5, 13, 0}, "fs/lease-break-time", false},
    {{5, 16, 0}, "fs/overflowuid", false},
    {{5, 17, 0}, "fs/overflowgid", false},
};

}  // namespace

const SysctlName* FindSysctl(absl::Span<const int32_t> numbers) {
  const auto* found =
      std::find_if(std::begin(kNames), std::end(kNames), [numbers](const SysctlName& name) {
        if (numbers.size() > name.numbers.size()) return false;
        std::array<int32_t, 3> padded = {};
        std::copy(numbers.begin(), numbers.end(), padded.begin());
        return padded == name.numbers;
      });
  return found == std::end(kNames) ? nullptr : found;
}

std::string SysctlValue(const SysctlName& setting, absl::string_view text) {
  text = absl::StripTrailingAsciiWhitespace(text);
  if (setting.is_text) return std::string(text);
  std::string value;
  for (const absl::string_view word :
       absl::StrSplit(text, absl::ByAnyChar(" \t\n"), absl::SkipEmpty())) {
    int64_t wide = 0;
    // Where a number has outgrown an int, its low half is what there was room for.
    if (!absl::SimpleAtoi(word, &wide)) return value;
    const auto number = static_cast<int32_t>(wide);
    value.append(reinterpret_cast<const char*>(&number), sizeof(number));
  }
  return value;
}

}  // namespace provost
