#ifndef PROVOST_POLICY_FAKE_ARGUMENT_READER_H_
#define PROVOST_POLICY_FAKE_ARGUMENT_READER_H_

#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "policy/counted_call.h"
#include "policy/decider.h"
#include "policy/task_field.h"

namespace provost {

// A task for tests: strings and bytes given by address, everywhere else is unreadable; what
// descriptors and paths name. Counts its reads.
class FakeArgumentReader final : public ArgumentReader {
 public:
  FakeArgumentReader() = default;
  explicit FakeArgumentReader(std::map<uint64_t, std::string> strings)
      : strings_(std::move(strings)) {}

  absl::StatusOr<absl::string_view> ReadString(uint64_t address) override {
    ++reads_;
    const auto found = strings_.find(address);
    if (found == strings_.end()) return absl::NotFoundError("unreadable");
    return absl::string_view(found->second);
  }

  absl::Status ReadBytes(uint64_t address, absl::Span<char> bytes) override {
    ++reads_;
    for (const auto& [begin, block] : blocks_) {
      if (address < begin || address - begin + bytes.size() > block.size()) continue;
      memcpy(bytes.data(), block.data() + (address - begin), bytes.size());
      return absl::OkStatus();
    }
    return absl::NotFoundError("unreadable");
  }
  absl::StatusOr<absl::string_view> DescriptorPath(int32_t descriptor) override {
    ++reads_;
    const auto found = descriptors_.find(descriptor);
    if (found == descriptors_.end()) return absl::NotFoundError("not open");
    return absl::string_view(found->second);
  }
  absl::StatusOr<absl::string_view> ResolvePath(const PathQuery& query) override {
    ++reads_;
    for (const auto& [known, file] : files_) {
      if (known == query) return absl::string_view(file);
    }
    return absl::NotFoundError("no such file");
  }

  absl::StatusOr<absl::string_view> ReadTaskText(TaskField field) override {
    ++task_reads_;
    const auto found = task_texts_.find(field);
    if (found == task_texts_.end()) return absl::NotFoundError("unreadable");
    return absl::string_view(found->second);
  }
  absl::StatusOr<uint64_t> ReadTaskNumber(TaskField field) override {
    ++task_reads_;
    const auto found = task_numbers_.find(field);
    if (found == task_numbers_.end()) return absl::NotFoundError("unreadable");
    return found->second;
  }

  CountedCall* counted() override { return counted_; }
  // Not owned; null, as at first, makes every call a new one.
  void SetCounted(CountedCall* counted) { counted_ = counted; }

  // What is not set of the task is unreadable.
  void SetTask(TaskField field, std::string text) { task_texts_[field] = std::move(text); }
  void SetTask(TaskField field, uint64_t number) { task_numbers_[field] = number; }
  int task_reads() const { return task_reads_; }

  void Set(uint64_t address, std::string text) { strings_[address] = std::move(text); }
  // Bytes stand for themselves: a read must lie within one block.
  void SetBytes(uint64_t address, absl::string_view bytes) {
    blocks_[address] = std::string(bytes);
  }
  template <typename T>
  void SetStruct(uint64_t address, const T& value) {
    SetBytes(address, absl::string_view(reinterpret_cast<const char*>(&value), sizeof(value)));
  }
  void SetDescriptor(int32_t descriptor, std::string path) {
    descriptors_[descriptor] = std::move(path);
  }
  void SetFile(PathQuery query, std::string file) {
    files_.emplace_back(std::move(query), std::move(file));
  }
  int reads() const { return reads_; }

 private:
  std::map<uint64_t, std::string> strings_;
  std::map<uint64_t, std::string> blocks_;
  std::map<int32_t, std::string> descriptors_;
  std::vector<std::pair<PathQuery, std::string>> files_;
  int reads_ = 0;
  std::map<TaskField, std::string> task_texts_;
  std::map<TaskField, uint64_t> task_numbers_;
  int task_reads_ = 0;
  CountedCall* counted_ = nullptr;
};

}  // namespace provost

#endif  // PROVOST_POLICY_FAKE_ARGUMENT_READER_H_
