#include "audit/id_names.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <time.h>

#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "audit/untrusted.h"

namespace provost {
namespace {

// Calls `get(buffer)` with ever larger buffers for as long as it answers ERANGE.
template <typename Get>
int WithBuffer(std::vector<char>& buffer, const Get& get) {
  constexpr size_t kLargest = 1 << 20;
  buffer.resize(1024);
  int error;
  while ((error = get()) == ERANGE && buffer.size() < kLargest) buffer.resize(2 * buffer.size());
  return error;
}

std::optional<std::string> UserById(uint32_t uid) {
  std::vector<char> buffer;
  passwd entry;
  passwd* found = nullptr;
  const int error = WithBuffer(
      buffer, [&] { return getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found); });
  if (error != 0 || found == nullptr) return std::nullopt;
  return found->pw_name;
}

std::optional<std::string> GroupById(uint32_t gid) {
  std::vector<char> buffer;
  group entry;
  group* found = nullptr;
  const int error = WithBuffer(
      buffer, [&] { return getgrgid_r(gid, &entry, buffer.data(), buffer.size(), &found); });
  if (error != 0 || found == nullptr) return std::nullopt;
  return found->gr_name;
}

class SharedNames {
 public:
  explicit SharedNames(IdNames::LookUp look_up) : names_(std::move(look_up)) {}

  void Append(uint32_t id, std::string& out) {
    timespec now = {};
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    const std::lock_guard<std::mutex> lock(mutex_);
    AppendUntrusted(names_.Name(id, now.tv_sec), out);
  }

 private:
  std::mutex mutex_;
  IdNames names_;
};

}  // namespace

const std::string& IdNames::Name(uint32_t id, int64_t now) {
  static const auto& unset = *new std::string("unset");
  static const auto& root = *new std::string("root");
  if (id == UINT32_MAX) return unset;
  if (id == 0) return root;
  Slot& slot = slots_[id % kSlots];
  if (slot.id != id || now - slot.looked_up >= kFreshSeconds) {
    std::optional<std::string> name = look_up_(id);
    slot.name = name ? *std::move(name) : absl::StrCat("unknown(", static_cast<int32_t>(id), ")");
    slot.id = id;
    slot.looked_up = now;
  }
  return slot.name;
}

void AppendUserName(uint32_t uid, std::string& out) {
  static auto& users = *new SharedNames(UserById);
  users.Append(uid, out);
}

void AppendGroupName(uint32_t gid, std::string& out) {
  static auto& groups = *new SharedNames(GroupById);
  groups.Append(gid, out);
}

}  // namespace provost
