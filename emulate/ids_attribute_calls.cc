// Extended attributes (xattr(7)) that the kernel keeps for root: security.* and trusted.*. All
// others are the kernel's.

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/limits.h>
#include <linux/xattr.h>

#include <cerrno>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "base/status_macros.h"
#include "emulate/ids_state.h"

namespace provost {
namespace {

constexpr char kCapabilityAttribute[] = "security.capability";

// How a call says which file it means.
enum class Names : uint8_t {
  kPath,
  kLink,
  kDescriptor,
  kPathAt,  // a directory, a path and flags: the calls of Linux 6.13
};

size_t ArgumentsOf(Names names) { return names == Names::kPathAt ? 3 : 1; }

absl::StatusOr<FileLocation> LocationIn(const EmulatedCall& call, Names names) {
  switch (names) {
    case Names::kDescriptor:
      return FileLocation{.descriptor = call.number(0), .path = ""};
    case Names::kPathAt:
      return LocationWithFlags(call, 1, call.argument(2));
    default:
      return LocationOf(call, -1, 0, names == Names::kPath);
  }
}

// The task's own way to the file, if it has one: a descriptor is already there.
Reaction AfterWay(const EmulatedCall& call, Names names,
                  const std::function<Answer(const EmulatedCall&)>& then) {
  constexpr auto kHere = static_cast<uint32_t>(AT_FDCWD);
  switch (names) {
    case Names::kDescriptor:
      return then(call);
    case Names::kPathAt:
      return AskWhetherThere(call, call.argument(0), call.argument(1), call.argument(2), then);
    default:
      return AskWhetherThere(call, kHere, call.argument(0),
                             names == Names::kLink ? AT_SYMLINK_NOFOLLOW : 0, then);
  }
}

// The name of an attribute that is remembered rather than set; nullopt: the kernel's.
std::optional<std::string> OurName(const EmulatedCall& call, size_t argument) {
  const absl::StatusOr<absl::string_view> name = call.ReadString(call.argument(argument));
  if (!name.ok() || name->size() > XATTR_NAME_MAX) return std::nullopt;
  for (const absl::string_view prefix : {XATTR_SECURITY_PREFIX, XATTR_TRUSTED_PREFIX}) {
    if (absl::StartsWith(*name, prefix) && name->size() > prefix.size()) return std::string(*name);
  }
  return std::nullopt;
}

bool MaySet(const Credentials& credentials, const std::string& name) {
  return credentials.Has(name == kCapabilityAttribute ? CAP_SETFCAP : CAP_SYS_ADMIN);
}
// trusted.* is not there for others.
bool MayGet(const Credentials& credentials, const std::string& name) {
  return !absl::StartsWith(name, XATTR_TRUSTED_PREFIX) || credentials.Has(CAP_SYS_ADMIN);
}

// What is set or asked for: in registers, or in a struct xattr_args (linux/xattr.h).
struct Value {
  uint64_t address = 0;
  uint64_t size = 0;
  uint32_t flags = 0;
};
struct XattrArguments {
  uint64_t value;
  uint32_t size;
  uint32_t flags;
};

absl::StatusOr<Value> ValueIn(const EmulatedCall& call, Names names) {
  const size_t at = ArgumentsOf(names) + 1;
  if (names == Names::kPathAt) {
    PROVOST_ASSIGN_OR_RETURN(const XattrArguments arguments,
                             call.Read<XattrArguments>(call.argument(at)));
    return Value{arguments.value, arguments.size, arguments.flags};
  }
  return Value{call.argument(at), call.argument(at + 1),
               static_cast<uint32_t>(call.argument(at + 2))};
}

Answer SetAttribute(IdsState& state, const EmulatedCall& call, const SeenFile& seen,
                    const std::string& name, const std::string& value, uint32_t flags) {
  if (!MaySet(state.Of(call), name)) return {-EPERM};
  const RememberedFile* known = state.files.Find(seen.status);
  const bool is_there = known != nullptr && known->attributes.contains(name);
  if ((flags & XATTR_CREATE) != 0 && is_there) return {-EEXIST};
  if ((flags & XATTR_REPLACE) != 0 && !is_there) return {-ENODATA};
  state.files.RememberAttribute(seen.status, name, value);
  return {0};
}

template <Names kNames>
Reaction Set(IdsState& state, const EmulatedCall& call) {
  const std::optional<std::string> name = OurName(call, ArgumentsOf(kNames));
  const absl::StatusOr<Value> value = ValueIn(call, kNames);
  const absl::StatusOr<FileLocation> location = LocationIn(call, kNames);
  // What is no right call the kernel says.
  if (!name || !value.ok() || !location.ok() || value->size > XATTR_SIZE_MAX ||
      (value->flags & ~uint32_t{XATTR_CREATE | XATTR_REPLACE}) != 0) {
    return RunAsItIs(call);
  }
  absl::StatusOr<SeenFile> seen = LookAt(state, call, *location);
  if (!seen.ok()) return RunAsItIs(call);
  std::string bytes(value->size, '\0');
  if (!bytes.empty()) {
    const absl::Status read = call.ReadBytes(value->address, absl::MakeSpan(bytes));
    if (!read.ok()) return Answer{-ErrnoOf(read)};
  }
  return AfterWay(
      call, kNames,
      [&state, seen = *seen, name = *name, bytes, flags = value->flags](const EmulatedCall& made) {
        return SetAttribute(state, made, seen, name, bytes, flags);
      });
}

// What is remembered of the file that the call names, if attributes are; null where they are not.
template <Names kNames>
const RememberedFile* KnownIn(IdsState& state, const EmulatedCall& call) {
  if (!state.files.HasAttributes()) return nullptr;
  const absl::StatusOr<FileLocation> location = LocationIn(call, kNames);
  if (!location.ok()) return nullptr;
  const absl::StatusOr<SeenFile> seen = LookAt(state, call, *location);
  if (!seen.ok()) return nullptr;
  const RememberedFile* known = state.files.Find(seen->status);
  return known == nullptr || known->attributes.empty() ? nullptr : known;
}

template <Names kNames>
Reaction Get(IdsState& state, const EmulatedCall& call) {
  if (!state.files.HasAttributes()) return RunAsItIs(call);
  const std::optional<std::string> name = OurName(call, ArgumentsOf(kNames));
  const absl::StatusOr<Value> value = ValueIn(call, kNames);
  if (!name || !value.ok()) return RunAsItIs(call);
  const RememberedFile* known = KnownIn<kNames>(state, call);
  if (known == nullptr) return RunAsItIs(call);
  const auto found = known->attributes.find(*name);
  if (found == known->attributes.end()) return RunAsItIs(call);
  if (!MayGet(state.Of(call), *name)) return Answer{-ENODATA};
  const std::string& bytes = found->second;
  Answer answer = {static_cast<int64_t>(bytes.size())};
  if (value->size == 0) return answer;
  if (value->size < bytes.size()) return Answer{-ERANGE};
  if (!bytes.empty()) answer.writes.push_back({value->address, bytes});
  return answer;
}

// The names that the kernel's list, of `length` bytes at `address`, has not.
absl::StatusOr<std::string> MissingNames(const EmulatedCall& call, uint64_t address, size_t length,
                                         const std::vector<std::string>& ours) {
  std::string list(length, '\0');
  if (length > 0) {
    PROVOST_RETURN_IF_ERROR(call.ReadBytes(address, absl::MakeSpan(list)));
  }
  std::string missing;
  for (const std::string& name : ours) {
    const std::string entry = name + '\0';
    const bool is_there = absl::StartsWith(list, entry) || absl::StrContains(list, '\0' + entry);
    if (!is_there) missing += entry;
  }
  return missing;
}

Answer AddToList(const EmulatedCall& call, uint64_t address, uint64_t size, int64_t result,
                 const std::vector<std::string>& ours) {
  if (result < 0) return {result};
  // The size alone is asked for: as much as it may be, as the kernel too allows itself.
  const size_t listed = size == 0 ? 0 : static_cast<size_t>(result);
  const absl::StatusOr<std::string> missing = MissingNames(call, address, listed, ours);
  if (!missing.ok()) return {-ErrnoOf(missing.status())};
  const int64_t all = result + static_cast<int64_t>(missing->size());
  if (size == 0 || missing->empty()) return {all};
  if (static_cast<uint64_t>(all) > size) return {-ERANGE};
  return {all, {{address + listed, *missing}}};
}

template <Names kNames>
Reaction List(IdsState& state, const EmulatedCall& call) {
  const RememberedFile* known = KnownIn<kNames>(state, call);
  if (known == nullptr) return RunAsItIs(call);
  std::vector<std::string> ours;
  for (const auto& [name, value] : known->attributes) {
    if (MayGet(state.Of(call), name)) ours.push_back(name);
  }
  const uint64_t address = call.argument(ArgumentsOf(kNames));
  const uint64_t size = call.argument(ArgumentsOf(kNames) + 1);
  return RunCall{
      call.request(), {}, [address, size, ours](const EmulatedCall& made, int64_t result) {
        return AddToList(made, address, size, result, ours);
      }};
}

template <Names kNames>
Reaction Remove(IdsState& state, const EmulatedCall& call) {
  if (!state.files.HasAttributes()) return RunAsItIs(call);
  const std::optional<std::string> name = OurName(call, ArgumentsOf(kNames));
  const absl::StatusOr<FileLocation> location = LocationIn(call, kNames);
  if (!name || !location.ok()) return RunAsItIs(call);
  absl::StatusOr<SeenFile> seen = LookAt(state, call, *location);
  const RememberedFile* known = seen.ok() ? state.files.Find(seen->status) : nullptr;
  if (known == nullptr || !known->attributes.contains(*name)) return RunAsItIs(call);
  if (!MaySet(state.Of(call), *name)) return Answer{-EPERM};
  return AfterWay(call, kNames,
                  [&state, seen = *seen, name = *name](const EmulatedCall&) -> Answer {
                    RememberedFile* file = state.files.Find(seen.status);
                    if (file == nullptr || file->attributes.erase(name) == 0) return {-ENODATA};
                    return {0};
                  });
}

constexpr IdsCall kCalls[] = {
    {"setxattr", Set<Names::kPath>},
    {"lsetxattr", Set<Names::kLink>},
    {"fsetxattr", Set<Names::kDescriptor>},
    {"setxattrat", Set<Names::kPathAt>},
    {"getxattr", Get<Names::kPath>},
    {"lgetxattr", Get<Names::kLink>},
    {"fgetxattr", Get<Names::kDescriptor>},
    {"getxattrat", Get<Names::kPathAt>},
    {"listxattr", List<Names::kPath>},
    {"llistxattr", List<Names::kLink>},
    {"flistxattr", List<Names::kDescriptor>},
    {"listxattrat", List<Names::kPathAt>},
    {"removexattr", Remove<Names::kPath>},
    {"lremovexattr", Remove<Names::kLink>},
    {"fremovexattr", Remove<Names::kDescriptor>},
    {"removexattrat", Remove<Names::kPathAt>},
};

}  // namespace

absl::Span<const IdsCall> IdsAttributeCalls() { return kCalls; }

}  // namespace provost
