#ifndef PROVOST_SUPERVISOR_TRACEE_ARGUMENTS_H_
#define PROVOST_SUPERVISOR_TRACEE_ARGUMENTS_H_

#include <sys/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "policy/decider.h"
#include "tracee/memory.h"

namespace provost {

// Reads the arguments of one stopped call. Everything is read once: a decision sees one value of
// it, however often it asks.
class TraceeArguments final : public ArgumentReader {
 public:
  explicit TraceeArguments(pid_t tid) : tid_(tid), memory_(tid) {}

  absl::StatusOr<absl::string_view> ReadString(uint64_t address) override;
  absl::Status ReadBytes(uint64_t address, absl::Span<char> bytes) override;
  absl::StatusOr<absl::string_view> DescriptorPath(int32_t descriptor) override;
  absl::StatusOr<absl::string_view> ResolvePath(const PathQuery& query) override;

  // Not OK if the task died while it was read: what was decided on it is void.
  const absl::Status& died() const { return died_; }

 private:
  struct String {
    uint64_t address = 0;
    absl::Status status;
    std::string text;
  };
  struct Block {
    uint64_t address;
    absl::Status status;
    std::string bytes;
  };
  struct File {
    PathQuery query;
    absl::StatusOr<std::string> name;
  };

  static absl::StatusOr<absl::string_view> ValueOf(const String& string);
  const Block& ReadBlock(uint64_t address, size_t size);
  void NoteDeath(const absl::Status& status);

  const pid_t tid_;
  const TraceeMemory memory_;
  std::array<String, 6> strings_;
  size_t used_ = 0;
  // Few decisions need these. Lists: what was given out stays where it is, and nothing costs
  // nothing.
  std::list<Block> blocks_;
  std::list<File> files_;  // an empty path: what the descriptor itself names
  absl::Status died_;
};

}  // namespace provost

#endif  // PROVOST_SUPERVISOR_TRACEE_ARGUMENTS_H_
