#ifndef PROVOST_SUPERVISOR_ARGUMENT_REGION_H_
#define PROVOST_SUPERVISOR_ARGUMENT_REGION_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/statusor.h"
#include "base/unique_fd.h"
#include "tracee/address_space.h"

namespace provost {

// Memory that we write and tasks can only read: a memfd sealed with F_SEAL_FUTURE_WRITE, SHRINK,
// GROW and SEAL (F_GET_SEALS, fcntl(2)) after we have mapped it. Whoever gets hold of a descriptor
// of it can map it for reading, and that is all. Slots of it are handed out and given back; before
// them is a page of code, CallReturn's. On the tracing thread.
class ArgumentRegion {
 public:
  // `slots`: the bytes for them, a multiple of the page's.
  static absl::StatusOr<std::shared_ptr<ArgumentRegion>> Make(size_t slots);
  ~ArgumentRegion();
  ArgumentRegion(const ArgumentRegion&) = delete;
  ArgumentRegion& operator=(const ArgumentRegion&) = delete;

  // With the code.
  size_t size() const { return size_; }
  const FileIdentity& file() const { return file_; }
  char* At(size_t offset) const { return bytes_ + offset; }

  // A descriptor of it to hand to a task, open for reading alone; -1 once CloseDescriptor was
  // called.
  int descriptor() const { return descriptor_.get(); }
  void CloseDescriptor() { descriptor_.reset(); }

  // The offset of `size` free bytes, for Give; nullopt if there are not so many in a row.
  std::optional<size_t> Take(size_t size);
  // Fills them with zeros, so that nobody reads what another task's call was about.
  void Give(size_t offset, size_t size);

 private:
  ArgumentRegion(UniqueFd descriptor, char* bytes, size_t size, const FileIdentity& file);

  UniqueFd descriptor_;
  char* bytes_;
  size_t size_;
  FileIdentity file_;
  std::map<size_t, size_t> free_;  // offset, size; no two touch
};

// A slot, given back at its end. Move-only.
class ArgumentSlot {
 public:
  ArgumentSlot() = default;
  // `address`: where the region begins in the task. `code`: where it has the code of it to execute;
  // 0: nowhere.
  ArgumentSlot(std::shared_ptr<ArgumentRegion> region, size_t offset, size_t size, uint64_t address,
               uint64_t code)
      : region_(std::move(region)),
        offset_(offset),
        size_(size),
        address_(address + offset),
        code_(code) {}
  ArgumentSlot(ArgumentSlot&& other) noexcept { *this = std::move(other); }
  ArgumentSlot& operator=(ArgumentSlot&& other) noexcept {
    if (this == &other) return *this;
    Reset();
    region_ = std::exchange(other.region_, nullptr);
    offset_ = other.offset_;
    size_ = other.size_;
    address_ = other.address_;
    code_ = other.code_;
    return *this;
  }
  ArgumentSlot(const ArgumentSlot&) = delete;
  ArgumentSlot& operator=(const ArgumentSlot&) = delete;
  ~ArgumentSlot() { Reset(); }

  bool has_value() const { return region_ != nullptr; }
  char* bytes() const { return region_->At(offset_); }
  // Where the task has it.
  uint64_t address() const { return address_; }
  uint64_t code() const { return code_; }

  // It stays taken, and as it is, for as long as any task has the region.
  void Leave() { region_ = nullptr; }

  void Reset() {
    if (region_ != nullptr) region_->Give(offset_, size_);
    region_ = nullptr;
  }

 private:
  std::shared_ptr<ArgumentRegion> region_;
  size_t offset_ = 0;
  size_t size_ = 0;
  uint64_t address_ = 0;
  uint64_t code_ = 0;
};

}  // namespace provost

#endif  // PROVOST_SUPERVISOR_ARGUMENT_REGION_H_
