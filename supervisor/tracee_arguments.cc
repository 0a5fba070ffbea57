#include "supervisor/tracee_arguments.h"

#include <algorithm>
#include <climits>
#include <cstring>
#include <iterator>
#include <utility>

#include "syscalls/syscall_table.h"
#include "tracee/died.h"
#include "tracee/paths.h"

namespace provost {

absl::StatusOr<absl::string_view> TraceeArguments::ValueOf(const String& string) {
  if (!string.status.ok()) return string.status;
  return absl::string_view(string.text);
}

void TraceeArguments::NoteDeath(const absl::Status& status) {
  if (IsDied(status)) died_ = status;
}

absl::StatusOr<absl::string_view> TraceeArguments::ReadString(uint64_t address) {
  for (size_t i = 0; i < used_; ++i) {
    if (strings_[i].address != address) continue;
    strings_[i].decided_on = true;
    return ValueOf(strings_[i]);
  }
  // No call has more than six arguments, so no decision reads more strings; what emulators provide
  // takes the place of some.
  String& string = strings_[used_ < strings_.size() ? used_++ : used_ - 1];
  string.address = address;
  string.decided_on = true;
  string.status = memory_.ReadString(RemotePtr<char>(address), PATH_MAX, string.text);
  NoteDeath(string.status);
  return ValueOf(string);
}

std::optional<absl::StatusOr<absl::string_view>> TraceeArguments::StringRead(
    uint64_t address) const {
  for (size_t i = 0; i < used_; ++i) {
    if (strings_[i].address == address) return ValueOf(strings_[i]);
  }
  return std::nullopt;
}

bool TraceeArguments::HasReadBytesAt(uint64_t address) const {
  return std::any_of(blocks_.begin(), blocks_.end(), [&](const Block& block) {
    return block.status.ok() && block.address == address;
  });
}

std::vector<std::pair<uint64_t, size_t>> TraceeArguments::MemoryRead() const {
  std::vector<std::pair<uint64_t, size_t>> read;
  for (size_t i = 0; i < used_; ++i) {
    if (strings_[i].status.ok() && strings_[i].decided_on)
      read.emplace_back(strings_[i].address, strings_[i].text.size() + 1);
  }
  for (const Block& block : blocks_) {
    if (block.status.ok() && block.decided_on) {
      read.emplace_back(block.address, block.bytes.size());
    }
  }
  return read;
}

absl::Status TraceeArguments::ReadBytes(uint64_t address, absl::Span<char> bytes) {
  if (bytes.empty()) return absl::OkStatus();
  for (const Block& block : blocks_) {
    if (address < block.address || !block.status.ok()) continue;
    const uint64_t offset = address - block.address;
    if (offset > block.bytes.size() || block.bytes.size() - offset < bytes.size()) continue;
    memcpy(bytes.data(), block.bytes.data() + offset, bytes.size());
    block.decided_on = true;
    return absl::OkStatus();
  }
  const Block& block = ReadBlock(address, bytes.size());
  block.decided_on = true;
  if (block.status.ok()) memcpy(bytes.data(), block.bytes.data(), bytes.size());
  return block.status;
}

uint64_t TraceeArguments::Provide(const SyscallRequest& call, size_t argument,
                                  const std::string& bytes) {
  // Of the kernel's half, and of what 32-bit programs have not (IA32_PAGE_OFFSET in the kernel's
  // asm/page_64_types.h); farther apart than any structure is long.
  constexpr uint64_t kNowhere64 = 0xffff900000000000;
  constexpr uint64_t kNowhere32 = 0xffffe000;
  constexpr uint64_t kApart = 512;
  const uint64_t address = (call.IsI386() ? kNowhere32 : kNowhere64) + kApart * provided_;
  ++provided_;
  const Syscall* syscall = SyscallTable::Get().Find(call);
  const bool is_string = syscall != nullptr && argument < syscall->signature->args.size() &&
                         syscall->signature->args[argument].IsPathOrString();
  if (is_string && used_ < strings_.size()) {
    String& string = strings_[used_++];
    string = {address, true, absl::OkStatus(), bytes.substr(0, bytes.find('\0'))};
  } else {
    blocks_.push_back({address, true, absl::OkStatus(), bytes, true});
  }
  return address;
}

std::optional<size_t> TraceeArguments::ProvidedAt(uint64_t address) const {
  for (const Block& block : blocks_) {
    if (block.provided && block.address == address) return block.bytes.size();
  }
  return std::nullopt;
}

void TraceeArguments::PassOn(std::shared_ptr<const Emulation> emulation) {
  emulations_.push_back(std::move(emulation));
  for (String& string : strings_) string.decided_on = false;
  for (const Block& block : blocks_) block.decided_on = false;
}

bool TraceeArguments::HasEmulated(const Emulation& emulation) const {
  return std::any_of(emulations_.begin(), emulations_.end(),
                     [&](const auto& passed) { return *passed == emulation; });
}

const TraceeArguments::Block& TraceeArguments::ReadBlock(uint64_t address, size_t size) {
  for (const Block& block : blocks_) {
    if (block.address == address && block.bytes.size() == size) return block;
  }
  Block block{address, true, absl::OkStatus(), std::string(size, '\0'), false};
  block.status = memory_.Read(RemotePtr<void>(address),
                              absl::MakeSpan(block.bytes.data(), block.bytes.size()));
  NoteDeath(block.status);
  // What was seen before stays as it was seen.
  for (const Block& earlier : blocks_) {
    if (!earlier.status.ok() || !block.status.ok()) continue;
    const uint64_t begin = std::max(address, earlier.address);
    const uint64_t end = std::min(address + size, earlier.address + earlier.bytes.size());
    if (begin >= end) continue;
    memcpy(block.bytes.data() + (begin - address), earlier.bytes.data() + (begin - earlier.address),
           end - begin);
  }
  blocks_.push_back(std::move(block));
  return blocks_.back();
}

absl::StatusOr<absl::string_view> TraceeArguments::DescriptorPath(int32_t descriptor) {
  PathQuery query;
  query.descriptor = descriptor;
  return ResolvePath(query);
}

absl::StatusOr<absl::string_view> TraceeArguments::ResolvePath(const PathQuery& query) {
  auto known = std::find_if(files_.begin(), files_.end(),
                            [&](const File& file) { return file.query == query; });
  if (known == files_.end()) {
    absl::StatusOr<std::string> name =
        query.path.empty() ? ReadDescriptorPath(tid_, query.descriptor)
                           : ResolveTaskPath(tid_, {.descriptor = query.descriptor,
                                                    .path = query.path,
                                                    .follow_last = query.follow_last,
                                                    .in_root = query.in_root});
    files_.push_back({query, std::move(name)});
    known = std::prev(files_.end());
  }
  if (!known->name.ok()) return known->name.status();
  return absl::string_view(*known->name);
}

}  // namespace provost
