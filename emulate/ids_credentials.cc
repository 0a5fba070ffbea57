#include "emulate/ids_credentials.h"

#include <linux/capability.h>
#include <linux/securebits.h>
#include <sys/prctl.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace provost {
namespace {

// What goes and comes with a file system uid of 0 (CAP_FS_SET in linux/capability.h of the kernel).
constexpr CapabilitySet kFileSystemSet =
    CapabilityBit(CAP_CHOWN) | CapabilityBit(CAP_DAC_OVERRIDE) |
    CapabilityBit(CAP_DAC_READ_SEARCH) | CapabilityBit(CAP_FOWNER) | CapabilityBit(CAP_FSETID) |
    CapabilityBit(CAP_LINUX_IMMUTABLE) | CapabilityBit(CAP_MKNOD) | CapabilityBit(CAP_MAC_OVERRIDE);

// setreuid(2) and setregid(2): the same rules for both kinds of id.
int64_t SetRe(IdSet& ids, uint32_t real, uint32_t effective, bool may_all) {
  const IdSet old = ids;
  IdSet changed = old;
  if (real != kNoId) {
    if (!may_all && real != old.real && real != old.effective) return -EPERM;
    changed.real = real;
  }
  if (effective != kNoId) {
    if (!may_all && effective != old.real && effective != old.effective && effective != old.saved) {
      return -EPERM;
    }
    changed.effective = effective;
  }
  if (real != kNoId || (effective != kNoId && effective != old.real)) {
    changed.saved = changed.effective;
  }
  changed.file_system = changed.effective;
  ids = changed;
  return 0;
}

// setresuid(2) and setresgid(2).
int64_t SetRes(IdSet& ids, uint32_t real, uint32_t effective, uint32_t saved, bool may_all) {
  const IdSet old = ids;
  for (const uint32_t id : {real, effective, saved}) {
    if (id == kNoId || may_all) continue;
    if (id != old.real && id != old.effective && id != old.saved) return -EPERM;
  }
  if (real != kNoId) ids.real = real;
  if (effective != kNoId) ids.effective = effective;
  if (saved != kNoId) ids.saved = saved;
  ids.file_system = ids.effective;
  return 0;
}

// setuid(2) and setgid(2).
int64_t SetOne(IdSet& ids, uint32_t id, bool may_all) {
  if (id == kNoId) return -EINVAL;
  if (may_all) {
    ids = IdSet::Of(id);
    return 0;
  }
  if (id != ids.real && id != ids.saved) return -EPERM;
  ids.effective = ids.file_system = id;
  return 0;
}

bool MayBecome(const IdSet& ids, uint32_t id, bool may_all) {
  return id != kNoId && (may_all || id == ids.real || id == ids.effective || id == ids.saved ||
                         id == ids.file_system);
}

bool HasZero(const IdSet& ids) { return ids.real == 0 || ids.effective == 0 || ids.saved == 0; }

bool IsCapability(uint64_t number) {
  return number < 64 && (AllCapabilities() & CapabilityBit(static_cast<int>(number))) != 0;
}

}  // namespace

CapabilitySet AllCapabilities() {
  static const CapabilitySet all = [] {
    int last = -1;
    while (last < 63 && prctl(PR_CAPBSET_READ, last + 1, 0, 0, 0) >= 0) ++last;
    return last == 63 ? ~CapabilitySet{0} : CapabilityBit(last + 1) - 1;
  }();
  return all;
}

Credentials::Credentials(uint32_t uid, uint32_t gid, std::vector<uint32_t> groups)
    : user_(IdSet::Of(uid)),
      group_(IdSet::Of(gid)),
      groups_(std::move(groups)),
      bounding_(AllCapabilities()) {
  std::sort(groups_.begin(), groups_.end());
  if (uid == 0) effective_ = permitted_ = AllCapabilities();
}

bool Credentials::IsSupplementary(uint32_t group) const {
  return std::binary_search(groups_.begin(), groups_.end(), group);
}

bool Credentials::IsIn(uint32_t group) const {
  return group == group_.file_system || IsSupplementary(group);
}

// cap_emulate_setxuid in security/commoncap.c.
void Credentials::TakeUsers(const IdSet& users) {
  const IdSet old = std::exchange(user_, users);
  if ((secure_bits_ & SECBIT_NO_SETUID_FIXUP) != 0) return;
  if (HasZero(old) && !HasZero(user_)) {
    if ((secure_bits_ & SECBIT_KEEP_CAPS) == 0) permitted_ = effective_ = 0;
    ambient_ = 0;
  }
  if (old.effective == 0 && user_.effective != 0) effective_ = 0;
  if (old.effective != 0 && user_.effective == 0) effective_ = permitted_;
}

int64_t Credentials::SetUid(uint32_t uid) {
  IdSet users = user_;
  const int64_t result = SetOne(users, uid, Has(CAP_SETUID));
  if (result == 0) TakeUsers(users);
  return result;
}

int64_t Credentials::SetReUid(uint32_t real, uint32_t effective) {
  IdSet users = user_;
  const int64_t result = SetRe(users, real, effective, Has(CAP_SETUID));
  if (result == 0) TakeUsers(users);
  return result;
}

int64_t Credentials::SetResUid(uint32_t real, uint32_t effective, uint32_t saved) {
  IdSet users = user_;
  const int64_t result = SetRes(users, real, effective, saved, Has(CAP_SETUID));
  if (result == 0) TakeUsers(users);
  return result;
}

uint32_t Credentials::SetFsUid(uint32_t uid) {
  const uint32_t old = user_.file_system;
  if (!MayBecome(user_, uid, Has(CAP_SETUID))) return old;
  user_.file_system = uid;
  if ((secure_bits_ & SECBIT_NO_SETUID_FIXUP) != 0) return old;
  if (old == 0 && uid != 0) effective_ &= ~kFileSystemSet;
  if (old != 0 && uid == 0) effective_ |= permitted_ & kFileSystemSet;
  return old;
}

int64_t Credentials::SetGid(uint32_t gid) { return SetOne(group_, gid, Has(CAP_SETGID)); }

int64_t Credentials::SetReGid(uint32_t real, uint32_t effective) {
  return SetRe(group_, real, effective, Has(CAP_SETGID));
}

int64_t Credentials::SetResGid(uint32_t real, uint32_t effective, uint32_t saved) {
  return SetRes(group_, real, effective, saved, Has(CAP_SETGID));
}

uint32_t Credentials::SetFsGid(uint32_t gid) {
  const uint32_t old = group_.file_system;
  if (MayBecome(group_, gid, Has(CAP_SETGID))) group_.file_system = gid;
  return old;
}

int64_t Credentials::SetGroups(std::vector<uint32_t> groups) {
  if (!Has(CAP_SETGID)) return -EPERM;
  // The kernel keeps them in order, and gives them so.
  std::sort(groups.begin(), groups.end());
  groups_ = std::move(groups);
  return 0;
}

// cap_capset.
int64_t Credentials::SetCapabilities(CapabilitySet effective, CapabilitySet permitted,
                                     CapabilitySet inheritable) {
  effective &= AllCapabilities();
  permitted &= AllCapabilities();
  inheritable &= AllCapabilities();
  if (!Has(CAP_SETPCAP) && (inheritable & ~(inheritable_ | permitted_)) != 0) return -EPERM;
  if ((inheritable & ~(inheritable_ | bounding_)) != 0) return -EPERM;
  if ((permitted & ~permitted_) != 0 || (effective & ~permitted) != 0) return -EPERM;
  effective_ = effective;
  permitted_ = permitted;
  inheritable_ = inheritable;
  ambient_ &= permitted & inheritable;
  return 0;
}

std::optional<int64_t> Credentials::Control(int option, uint64_t second, uint64_t third) {
  switch (option) {
    case PR_CAPBSET_READ:
      if (!IsCapability(second)) return -EINVAL;
      return (bounding_ & CapabilityBit(static_cast<int>(second))) != 0 ? 1 : 0;
    case PR_CAPBSET_DROP:
      return DropFromBounds(second);
    case PR_GET_SECUREBITS:
      return secure_bits_;
    case PR_SET_SECUREBITS:
      return SetSecureBits(second);
    case PR_GET_KEEPCAPS:
      return (secure_bits_ & SECBIT_KEEP_CAPS) != 0 ? 1 : 0;
    case PR_SET_KEEPCAPS:
      return SetKeepCapabilities(second);
    case PR_CAP_AMBIENT:
      return ControlAmbient(second, third);
    default:
      return std::nullopt;
  }
}

int64_t Credentials::DropFromBounds(uint64_t capability) {
  if (!Has(CAP_SETPCAP)) return -EPERM;
  if (!IsCapability(capability)) return -EINVAL;
  bounding_ &= ~CapabilityBit(static_cast<int>(capability));
  return 0;
}

int64_t Credentials::SetSecureBits(uint64_t bits) {
  // A lock stands one bit above what it locks.
  const uint32_t locks = secure_bits_ & SECURE_ALL_LOCKS;
  const uint64_t changed = bits ^ secure_bits_;
  const bool changes_locked = (changed & (locks >> 1)) != 0 || (locks & ~bits) != 0;
  const uint64_t unknown = bits & ~uint64_t{SECURE_ALL_LOCKS | SECURE_ALL_BITS};
  if (changes_locked || unknown != 0 || !Has(CAP_SETPCAP)) return -EPERM;
  secure_bits_ = static_cast<uint32_t>(bits);
  return 0;
}

int64_t Credentials::SetKeepCapabilities(uint64_t keep) {
  if (keep > 1) return -EINVAL;
  if ((secure_bits_ & SECBIT_KEEP_CAPS_LOCKED) != 0) return -EPERM;
  secure_bits_ = keep != 0 ? secure_bits_ | SECBIT_KEEP_CAPS : secure_bits_ & ~SECBIT_KEEP_CAPS;
  return 0;
}

int64_t Credentials::ControlAmbient(uint64_t operation, uint64_t capability) {
  if (operation == PR_CAP_AMBIENT_CLEAR_ALL) {
    if (capability != 0) return -EINVAL;
    ambient_ = 0;
    return 0;
  }
  if (!IsCapability(capability)) return -EINVAL;
  const CapabilitySet bit = CapabilityBit(static_cast<int>(capability));
  switch (operation) {
    case PR_CAP_AMBIENT_IS_SET:
      return (ambient_ & bit) != 0 ? 1 : 0;
    case PR_CAP_AMBIENT_RAISE:
      if ((permitted_ & inheritable_ & bit) == 0) return -EPERM;
      if ((secure_bits_ & SECBIT_NO_CAP_AMBIENT_RAISE) != 0) return -EPERM;
      ambient_ |= bit;
      return 0;
    case PR_CAP_AMBIENT_LOWER:
      ambient_ &= ~bit;
      return 0;
    default:
      return -EINVAL;
  }
}

void Credentials::Exec() {
  const bool is_root = user_.real == 0 || user_.effective == 0;
  if (is_root && (secure_bits_ & SECBIT_NOROOT) == 0) {
    permitted_ = inheritable_ | bounding_;
    effective_ = user_.effective == 0 ? permitted_ : 0;
    ambient_ = 0;
  } else {
    permitted_ = effective_ = ambient_;
  }
  user_.saved = user_.file_system = user_.effective;
  group_.saved = group_.file_system = group_.effective;
  secure_bits_ &= ~SECBIT_KEEP_CAPS;
}

std::string Credentials::ToText() const {
  return absl::StrJoin(
      {absl::StrCat(user_.real, " ", user_.effective, " ", user_.saved, " ", user_.file_system),
       absl::StrCat(group_.real, " ", group_.effective, " ", group_.saved, " ", group_.file_system),
       absl::StrCat(effective_, " ", permitted_, " ", inheritable_, " ", bounding_, " ", ambient_),
       absl::StrCat(secure_bits_), absl::StrJoin(groups_, " ")},
      " ");
}

absl::StatusOr<Credentials> Credentials::FromText(absl::string_view text) {
  Credentials read;
  const std::vector<absl::string_view> words = absl::StrSplit(text, ' ', absl::SkipEmpty());
  const std::vector<uint32_t*> ids = {
      &read.user_.real,  &read.user_.effective,  &read.user_.saved,  &read.user_.file_system,
      &read.group_.real, &read.group_.effective, &read.group_.saved, &read.group_.file_system};
  const std::vector<uint64_t*> sets = {&read.effective_, &read.permitted_, &read.inheritable_,
                                       &read.bounding_, &read.ambient_};
  const size_t known = ids.size() + sets.size() + 1;
  bool is_right = words.size() >= known;
  for (size_t i = 0; is_right && i < ids.size(); ++i) {
    is_right = absl::SimpleAtoi(words[i], ids[i]);
  }
  for (size_t i = 0; is_right && i < sets.size(); ++i) {
    is_right = absl::SimpleAtoi(words[ids.size() + i], sets[i]);
  }
  is_right = is_right && absl::SimpleAtoi(words[known - 1], &read.secure_bits_);
  for (size_t i = known; is_right && i < words.size(); ++i) {
    is_right = absl::SimpleAtoi(words[i], &read.groups_.emplace_back());
  }
  if (!is_right) return absl::InvalidArgumentError("no credentials");
  return read;
}

}  // namespace provost
