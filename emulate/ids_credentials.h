#ifndef PROVOST_EMULATE_IDS_CREDENTIALS_H_
#define PROVOST_EMULATE_IDS_CREDENTIALS_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace provost {

// A set of capabilities, bit n for capability n (capabilities(7)).
using CapabilitySet = uint64_t;
constexpr CapabilitySet CapabilityBit(int capability) { return CapabilitySet{1} << capability; }
// All that the running kernel knows.
CapabilitySet AllCapabilities();

// "Leave it as it is" among a call's ids.
inline constexpr uint32_t kNoId = UINT32_MAX;

// The ids of one kind, user or group (credentials(7)).
struct IdSet {
  uint32_t real = 0;
  uint32_t effective = 0;
  uint32_t saved = 0;
  uint32_t file_system = 0;
  static IdSet Of(uint32_t id) { return {id, id, id, id}; }
  bool operator==(const IdSet&) const = default;
};

// The credentials that a process believes in, under the rules of Linux (kernel/sys.c and
// security/commoncap.c). Every change answers 0 or -errno, as its call does, and changes nothing
// where it fails. A plain value.
class Credentials {
 public:
  Credentials() = default;
  // Of a process that was started with these; uid 0 has all capabilities.
  Credentials(uint32_t uid, uint32_t gid, std::vector<uint32_t> groups);

  const IdSet& user() const { return user_; }
  const IdSet& group() const { return group_; }
  const std::vector<uint32_t>& groups() const { return groups_; }
  bool Has(int capability) const { return (effective_ & CapabilityBit(capability)) != 0; }
  bool IsPermitted(int capability) const { return (permitted_ & CapabilityBit(capability)) != 0; }
  bool IsSupplementary(uint32_t group) const;
  // Among the groups by which files are opened.
  bool IsIn(uint32_t group) const;

  int64_t SetUid(uint32_t uid);
  int64_t SetReUid(uint32_t real, uint32_t effective);
  int64_t SetResUid(uint32_t real, uint32_t effective, uint32_t saved);
  // The id before, whether it changed or not.
  uint32_t SetFsUid(uint32_t uid);
  int64_t SetGid(uint32_t gid);
  int64_t SetReGid(uint32_t real, uint32_t effective);
  int64_t SetResGid(uint32_t real, uint32_t effective, uint32_t saved);
  uint32_t SetFsGid(uint32_t gid);
  int64_t SetGroups(std::vector<uint32_t> groups);

  CapabilitySet effective() const { return effective_; }
  CapabilitySet permitted() const { return permitted_; }
  CapabilitySet inheritable() const { return inheritable_; }
  int64_t SetCapabilities(CapabilitySet effective, CapabilitySet permitted,
                          CapabilitySet inheritable);

  // What prctl(2) asks of credentials; nullopt: `option` is not about them.
  std::optional<int64_t> Control(int option, uint64_t second, uint64_t third);

  // The process runs another program.
  void Exec();

  // Words, for FromText.
  std::string ToText() const;
  // kInvalidArgument: nothing that ToText gave.
  static absl::StatusOr<Credentials> FromText(absl::string_view text);

  bool operator==(const Credentials&) const = default;

 private:
  void TakeUsers(const IdSet& users);
  int64_t DropFromBounds(uint64_t capability);
  int64_t SetSecureBits(uint64_t bits);
  int64_t SetKeepCapabilities(uint64_t keep);
  int64_t ControlAmbient(uint64_t operation, uint64_t capability);

  IdSet user_;
  IdSet group_;
  std::vector<uint32_t> groups_;
  CapabilitySet effective_ = 0;
  CapabilitySet permitted_ = 0;
  CapabilitySet inheritable_ = 0;
  CapabilitySet bounding_ = 0;
  CapabilitySet ambient_ = 0;
  uint32_t secure_bits_ = 0;
};

}  // namespace provost

#endif  // PROVOST_EMULATE_IDS_CREDENTIALS_H_
