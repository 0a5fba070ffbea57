#include "policy/predicate_memory.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/ipc.h>
#include <linux/openat2.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "policy/memory_operand.h"
#include "policy/string_pattern.h"

namespace provost {
namespace {

// Whether there is something to compare: kAbsent makes every test of it false.
enum class Presence : uint8_t { kUnknown, kAbsent, kPresent };

// The largest thing read: a sockaddr_storage.
constexpr size_t kMaxBytes = sizeof(sockaddr_storage);

struct Bytes {
  Presence presence = Presence::kUnknown;
  std::array<char, kMaxBytes> data = {};
  size_t size = 0;

  uint64_t Number(size_t offset, size_t width) const {
    uint64_t number = 0;  // x86 is little-endian
    memcpy(&number, data.data() + offset, width);
    return number;
  }
};

// One thing to compare; which member holds it is the operand's to say.
struct Subject {
  Presence presence = Presence::kUnknown;
  uint64_t number = 0;
  std::string text;
  IpAddress ip;
};

Subject Absent() { return {.presence = Presence::kAbsent}; }
Subject Number(uint64_t number) { return {.presence = Presence::kPresent, .number = number}; }
Subject Text(std::string text) { return {.presence = Presence::kPresent, .text = std::move(text)}; }

// The kernel sends at most so many messages of one sendmmsg (UIO_MAXIOV, net/socket.c).
constexpr uint64_t kMaxMessages = 1024;

// What is before the path in a sockaddr_un, and a family alone.
constexpr size_t kFamilySize = offsetof(sockaddr_un, sun_path);
// SIN6_LEN_RFC2133 in the kernel's include/net/ipv6.h: without the scope.
constexpr size_t kShortestInet6 = 24;

class Reader {
 public:
  Reader(const SyscallRequest& request, ArgumentReader& arguments)
      : request_(request), arguments_(arguments) {}

  Truth Evaluate(const MemoryTest& test) {
    const uint64_t count = CountOf(*test.operand);
    if (count == 0) return Truth::kFalse;
    const Truth first = Check(test, Read(*test.operand, 0));
    for (uint64_t i = 1; i < count; ++i) {
      if (Check(test, Read(*test.operand, i)) != first) return Truth::kUnknown;
    }
    return first;
  }

  std::optional<SyscallRequest> RequestOf(const SubCall& call) {
    SyscallRequest asked = request_;
    asked.nr = call.syscall.nr;
    std::array<uint32_t, 6> words = {};
    if (call.array_words > 0) {
      const absl::Span<char> bytes(reinterpret_cast<char*>(words.data()),
                                   call.array_words * sizeof(uint32_t));
      if (!arguments_.ReadBytes(Register(call.array), bytes).ok()) return std::nullopt;
    }
    for (size_t i = 0; i < call.arguments.size(); ++i) {
      asked.args[i] = ArgumentOf(call.arguments[i], words);
    }
    return asked;
  }

 private:
  // i386's registers are 32 bits wide, whatever stands above.
  uint64_t Register(size_t arg) const {
    const uint64_t raw = request_.args[arg];
    return request_.IsI386() ? static_cast<uint32_t>(raw) : raw;
  }
  int32_t Int(size_t arg) const { return static_cast<int32_t>(Register(arg)); }

  uint64_t ArgumentOf(const SubCallArgument& argument, const std::array<uint32_t, 6>& words) const {
    switch (argument.from) {
      case SubCallArgument::From::kZero:
        return 0;
      case SubCallArgument::From::kRegister:
        return Register(argument.index);
      case SubCallArgument::From::kCommand:
        return Register(argument.index) & ~uint64_t{IPC_64};
      case SubCallArgument::From::kMemory:
        return words[argument.index];
    }
    return 0;
  }

  // How many things the operand stands for.
  uint64_t CountOf(const MemoryOperand& operand) const {
    const StructReading* structure = nullptr;
    if (const auto* field = std::get_if<FieldReading>(&operand.reading)) {
      structure = &field->structure;
    } else if (const auto* address = std::get_if<AddressReading>(&operand.reading)) {
      structure = &address->message;
    }
    const bool is_array = structure != nullptr && structure->type != nullptr &&
                          structure->type->extent == StructType::Extent::kArray;
    return is_array ? std::min(Extent(*structure), kMaxMessages) : 1;
  }

  uint64_t Extent(const StructReading& structure) const {
    const uint64_t raw = Register(structure.extent);
    const bool is_32_bit = structure.extent_width == ArgWidth::kU32;
    return is_32_bit ? static_cast<uint32_t>(raw) : raw;
  }

  static Truth Check(const MemoryTest& test, const Subject& subject) {
    if (subject.presence == Presence::kUnknown) return Truth::kUnknown;
    if (subject.presence == Presence::kAbsent) return Truth::kFalse;
    bool holds = false;
    if (const auto* compare = std::get_if<Compare>(&test.check)) {
      holds = Holds(*compare, subject.number);
    } else if (const auto* text = std::get_if<MemoryTest::Text>(&test.check)) {
      holds = text->pattern->Matches(subject.text) != text->negated;
    } else if (const auto* ip = std::get_if<MemoryTest::Ip>(&test.check)) {
      const bool inside =
          std::any_of(ip->networks->begin(), ip->networks->end(),
                      [&](const IpNetwork& network) { return network.Contains(subject.ip); });
      holds = inside != ip->negated;
    }
    return holds ? Truth::kTrue : Truth::kFalse;
  }

  Subject Read(const MemoryOperand& operand, uint64_t index) {
    return std::visit([&](const auto& reading) { return Read(reading, index); }, operand.reading);
  }

  Subject Read(const FieldReading& reading, uint64_t index) {
    const Bytes bytes = ReadStruct(reading.structure, index);
    if (bytes.presence != Presence::kPresent) return {.presence = bytes.presence};
    const FieldPlace& place = reading.field->On(arch());
    return Number(bytes.Number(place.offset, place.size));
  }

  Arch arch() const { return request_.IsI386() ? Arch::kI386 : Arch::kX86_64; }

  // The whole structure, as the kernel copies it: of one field, all or nothing can be read.
  Bytes ReadStruct(const StructReading& structure, uint64_t index) {
    const StructType& type = *structure.type;
    Bytes bytes;
    bytes.size = type.SizeOn(arch());
    uint64_t address = Register(structure.pointer);
    if (address == 0 && structure.optional) {
      bytes.presence = Presence::kAbsent;
      return bytes;
    }
    size_t given = bytes.size;
    if (type.extent == StructType::Extent::kSized) {
      const uint64_t size = Extent(structure);
      if (size < type.smallest || size > kLargestSizedStruct) return bytes;
      given = std::min<uint64_t>(size, given);
    } else if (type.extent == StructType::Extent::kArray) {
      address += index * bytes.size;
    }
    const absl::Status status =
        arguments_.ReadBytes(address, absl::MakeSpan(bytes.data.data(), given));
    if (status.ok()) bytes.presence = Presence::kPresent;
    return bytes;
  }

  // ---- Socket addresses ----

  Subject Read(const AddressReading& reading, uint64_t index) {
    const Bytes address = ReadAddress(reading, index);
    if (address.presence != Presence::kPresent) return {.presence = address.presence};
    const uint64_t family = address.Number(0, sizeof(sa_family_t));
    switch (reading.part) {
      case AddressPart::kFamily:
        return Number(family);
      case AddressPart::kPort:
      case AddressPart::kIp:
        return ReadInet(address, family, reading);
      case AddressPart::kPath:
        return family == AF_UNIX ? ReadUnixPath(address) : Absent();
    }
    return {};
  }

  Bytes ReadAddress(const AddressReading& reading, uint64_t index) {
    Bytes bytes;
    uint64_t pointer = 0;
    int32_t length = 0;
    bool optional = reading.optional;
    if (reading.message.type != nullptr) {
      const Bytes message = ReadStruct(reading.message, index);
      if (message.presence != Presence::kPresent) return message;
      const StructType& type = *reading.message.type;
      const FieldPlace& name = type.fields[type.address].On(arch());
      const FieldPlace& name_length = type.fields[type.address_length].On(arch());
      pointer = message.Number(name.offset, name.size);
      length = static_cast<int32_t>(message.Number(name_length.offset, name_length.size));
      // __copy_msghdr in net/socket.c takes what is too long as far as it goes.
      length = std::min<int32_t>(length, sizeof(sockaddr_storage));
      optional = true;
    } else {
      pointer = Register(reading.pointer);
      length = Int(reading.length);
    }
    if (optional && (pointer == 0 || length == 0)) {
      bytes.presence = Presence::kAbsent;
      return bytes;
    }
    // move_addr_to_kernel in net/socket.c refuses what is negative or longer than any address.
    const bool has_length = length >= static_cast<int32_t>(kFamilySize) &&
                            length <= static_cast<int32_t>(sizeof(sockaddr_storage));
    if (!has_length) return bytes;
    bytes.size = length;
    const absl::Status status =
        arguments_.ReadBytes(pointer, absl::MakeSpan(bytes.data.data(), bytes.size));
    if (status.ok()) bytes.presence = Presence::kPresent;
    return bytes;
  }

  // Port or IP address of an internet address.
  static Subject ReadInet(const Bytes& address, uint64_t family, const AddressReading& reading) {
    const bool taken_for_inet =
        family == AF_UNSPEC && reading.unspecified_is_inet && address.size >= sizeof(sockaddr_in);
    const bool is_v4 = family == AF_INET || taken_for_inet;
    if (!is_v4 && family != AF_INET6) return Absent();
    if (address.size < (is_v4 ? sizeof(sockaddr_in) : kShortestInet6)) return {};
    if (reading.part == AddressPart::kPort) {
      const auto port =
          static_cast<uint16_t>(address.Number(offsetof(sockaddr_in, sin_port), sizeof(in_port_t)));
      return Number(ntohs(port));
    }
    Subject subject = {.presence = Presence::kPresent};
    subject.ip.is_v4 = is_v4;
    const size_t offset =
        is_v4 ? offsetof(sockaddr_in, sin_addr) : offsetof(sockaddr_in6, sin6_addr);
    memcpy(subject.ip.bytes.data(), address.data.data() + offset,
           is_v4 ? sizeof(in_addr) : sizeof(in6_addr));
    return subject;
  }

  // unix(7); unix_mkname_bsd and unix_bind in the kernel's net/unix/af_unix.c.
  static Subject ReadUnixPath(const Bytes& address) {
    if (address.size > sizeof(sockaddr_un)) return {};
    if (address.size == kFamilySize) return Absent();
    const char* path = address.data.data() + kFamilySize;
    const size_t size = address.size - kFamilySize;
    if (path[0] == '\0') return Text(absl::StrCat("@", absl::string_view(path + 1, size - 1)));
    std::string name(path, strnlen(path, size));
    // The file "@x" is not the abstract name "@x".
    if (absl::StartsWith(name, "@")) name.insert(0, "./");
    return Text(std::move(name));
  }

  // ---- Files ----

  Subject Read(const DescriptorReading& reading, uint64_t /*index*/) {
    const int32_t descriptor = Int(reading.descriptor);
    const bool is_cwd = reading.may_be_cwd && descriptor == AT_FDCWD;
    if (descriptor < 0 && !is_cwd) return Absent();
    return TextOf(arguments_.DescriptorPath(descriptor));
  }

  static Subject TextOf(const absl::StatusOr<absl::string_view>& text) {
    return text.ok() ? Text(std::string(*text)) : Subject();
  }

  Subject Read(const RealPathReading& reading, uint64_t /*index*/) {
    const absl::StatusOr<absl::string_view> path = arguments_.ReadString(Register(reading.path));
    if (!path.ok()) return {};
    PathQuery query;
    query.descriptor = reading.descriptor < 0 ? AT_FDCWD : Int(reading.descriptor);
    query.path = std::string(*path);
    const PathLookup& lookup = reading.lookup;
    const uint64_t flags = lookup.flags < 0 ? 0 : Register(lookup.flags);
    if (query.path.empty()) {
      const bool names_descriptor = lookup.empty_always || (flags & lookup.empty_mask) != 0;
      return names_descriptor ? TextOf(arguments_.DescriptorPath(query.descriptor)) : Subject();
    }
    switch (lookup.last_link) {
      case PathLookup::LastLink::kFollowed:
        break;
      case PathLookup::LastLink::kNotFollowed:
        query.follow_last = false;
        break;
      case PathLookup::LastLink::kUnlessFlags:
        query.follow_last = (flags & lookup.mask) == 0;
        break;
      case PathLookup::LastLink::kIfFlags:
        query.follow_last = (flags & lookup.mask) != 0;
        break;
      case PathLookup::LastLink::kOpen:
        query.follow_last = OpenFollows(flags);
        break;
      case PathLookup::LastLink::kOpenHow: {
        open_how how = {};
        const absl::Span<char> bytes(reinterpret_cast<char*>(&how), sizeof(how));
        if (!arguments_.ReadBytes(flags, bytes).ok()) return {};
        query.follow_last = OpenFollows(how.flags);
        query.in_root = (how.resolve & RESOLVE_IN_ROOT) != 0;
        break;
      }
    }
    return TextOf(arguments_.ResolvePath(query));
  }

  static bool OpenFollows(uint64_t flags) {
    constexpr uint64_t kNew = O_CREAT | O_EXCL;
    return (flags & O_NOFOLLOW) == 0 && (flags & kNew) != kNew;
  }

  const SyscallRequest& request_;
  ArgumentReader& arguments_;
};

}  // namespace

Truth EvaluateMemory(const MemoryTest& test, const SyscallRequest& request,
                     ArgumentReader& arguments) {
  return Reader(request, arguments).Evaluate(test);
}

std::optional<SyscallRequest> RequestOf(const SubCall& call, const SyscallRequest& request,
                                        ArgumentReader& arguments) {
  return Reader(request, arguments).RequestOf(call);
}

}  // namespace provost
