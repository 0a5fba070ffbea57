#ifndef PROVOST_AUDIT_ID_NAMES_H_
#define PROVOST_AUDIT_ID_NAMES_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace provost {

// The names of user or group ids, looked up once a minute at most. Bounded: of ids that are equal
// modulo kSlots one is remembered. Not thread-safe.
class IdNames {
 public:
  static constexpr size_t kSlots = 256;
  static constexpr int64_t kFreshSeconds = 60;
  using LookUp = std::function<std::optional<std::string>(uint32_t id)>;

  explicit IdNames(LookUp look_up) : look_up_(std::move(look_up)) {}

  // The name as auparse(3) words it: "unset" for UINT32_MAX, "root" for 0, "unknown(ID)" (signed)
  // for one without a name. `now` is in seconds of a clock that does not go back. Good until the
  // next call.
  const std::string& Name(uint32_t id, int64_t now);

 private:
  struct Slot {
    int64_t looked_up = -kFreshSeconds;
    uint32_t id = 0;
    std::string name;
  };

  LookUp look_up_;
  std::array<Slot, kSlots> slots_;
};

// The same from getpwuid_r(3) and getgrgid_r(3) on this machine, appended as an untrusted string.
// From any thread; where names come over a network, a lookup can wait for it.
void AppendUserName(uint32_t uid, std::string& out);
void AppendGroupName(uint32_t gid, std::string& out);

}  // namespace provost

#endif  // PROVOST_AUDIT_ID_NAMES_H_
