// getuid and its like, capabilities and what prctl(2) says of both.

#include <linux/capability.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "base/status_macros.h"
#include "emulate/ids_state.h"

namespace provost {
namespace {

// NGROUPS_MAX in the kernel's linux/limits.h.
constexpr uint32_t kMostGroups = 65536;

int64_t Shown(const EmulatedCall& call, uint32_t id) {
  return static_cast<int64_t>(HasShortIds(call) ? ShortId(id) : id);
}

MemoryWrite IdAt(const EmulatedCall& call, uint64_t address, uint32_t id) {
  if (HasShortIds(call)) return {address, BytesOf(static_cast<uint16_t>(ShortId(id)))};
  return {address, BytesOf(id)};
}

using Ids = const IdSet& (Credentials::*)() const;

template <Ids kIds, uint32_t IdSet::*kId>
Reaction Get(IdsState& state, const EmulatedCall& call) {
  return Answer{Shown(call, (state.Of(call).*kIds)().*kId)};
}

template <Ids kIds>
Reaction GetRes(IdsState& state, const EmulatedCall& call) {
  const IdSet& ids = (state.Of(call).*kIds)();
  return Answer{
      0,
      {IdAt(call, call.argument(0), ids.real), IdAt(call, call.argument(1), ids.effective),
       IdAt(call, call.argument(2), ids.saved)}};
}

template <int64_t (Credentials::*kSet)(uint32_t)>
Reaction Set(IdsState& state, const EmulatedCall& call) {
  return Answer{(state.Of(call).*kSet)(IdArgument(call, 0))};
}

template <int64_t (Credentials::*kSet)(uint32_t, uint32_t)>
Reaction SetRe(IdsState& state, const EmulatedCall& call) {
  return Answer{(state.Of(call).*kSet)(IdArgument(call, 0), IdArgument(call, 1))};
}

template <int64_t (Credentials::*kSet)(uint32_t, uint32_t, uint32_t)>
Reaction SetRes(IdsState& state, const EmulatedCall& call) {
  return Answer{
      (state.Of(call).*kSet)(IdArgument(call, 0), IdArgument(call, 1), IdArgument(call, 2))};
}

template <uint32_t (Credentials::*kSet)(uint32_t)>
Reaction SetFs(IdsState& state, const EmulatedCall& call) {
  return Answer{Shown(call, (state.Of(call).*kSet)(IdArgument(call, 0)))};
}

Reaction GetGroups(IdsState& state, const EmulatedCall& call) {
  const std::vector<uint32_t>& groups = state.Of(call).groups();
  const int32_t room = call.number(0);
  if (room < 0) return Answer{-EINVAL};
  Answer answer = {static_cast<int64_t>(groups.size())};
  if (room == 0) return answer;
  if (static_cast<size_t>(room) < groups.size()) return Answer{-EINVAL};
  std::string bytes;
  for (const uint32_t group : groups) bytes += IdAt(call, 0, group).bytes;
  if (!bytes.empty()) answer.writes.push_back({call.argument(1), std::move(bytes)});
  return answer;
}

Reaction SetGroups(IdsState& state, const EmulatedCall& call) {
  Credentials& credentials = state.Of(call);
  if (!credentials.Has(CAP_SETGID)) return Answer{-EPERM};
  const auto count = static_cast<uint32_t>(call.argument(0));
  if (count > kMostGroups) return Answer{-EINVAL};
  const bool is_short = HasShortIds(call);
  std::string bytes(count * (is_short ? sizeof(uint16_t) : sizeof(uint32_t)), '\0');
  if (count != 0) {
    const absl::Status read = call.ReadBytes(call.argument(1), absl::MakeSpan(bytes));
    if (!read.ok()) return Answer{-ErrnoOf(read)};
  }
  std::vector<uint32_t> groups(count);
  for (uint32_t i = 0; i < count; ++i) {
    uint16_t narrow = 0;
    if (is_short) {
      std::memcpy(&narrow, &bytes[i * sizeof(narrow)], sizeof(narrow));
      groups[i] = narrow == UINT16_MAX ? kNoId : narrow;
    } else {
      std::memcpy(&groups[i], &bytes[i * sizeof(uint32_t)], sizeof(uint32_t));
    }
    if (groups[i] == kNoId) return Answer{-EINVAL};
  }
  return Answer{credentials.SetGroups(std::move(groups))};
}

// How many __user_cap_data_struct a version of the interface has (capget(2)); nullopt: there is no
// such version.
std::optional<size_t> DataCount(uint32_t version) {
  switch (version) {
    case _LINUX_CAPABILITY_VERSION_1:
      return 1;
    case _LINUX_CAPABILITY_VERSION_2:
    case _LINUX_CAPABILITY_VERSION_3:
      return 2;
    default:
      return std::nullopt;
  }
}

Answer OtherVersion(const EmulatedCall& call, int64_t result) {
  return {result, {{call.argument(0), BytesOf(uint32_t{_LINUX_CAPABILITY_VERSION_3})}}};
}

Reaction GetCapabilities(IdsState& state, const EmulatedCall& call) {
  const auto header = call.Read<__user_cap_header_struct>(call.argument(0));
  if (!header.ok()) return Answer{-ErrnoOf(header.status())};
  const std::optional<size_t> count = DataCount(header->version);
  const bool only_asks = call.argument(1) == 0;
  if (!count.has_value()) return OtherVersion(call, only_asks ? 0 : -EINVAL);
  if (header->pid < 0) return Answer{-EINVAL};
  const bool is_own =
      header->pid == 0 || header->pid == call.tid() || header->pid == call.process();
  // Of somebody else the kernel says it, unless it is one of the tree.
  const auto other = state.processes.all().find(header->pid);
  if (!is_own && other == state.processes.all().end()) return RunAsItIs(call);
  const Credentials& credentials = is_own ? state.Of(call) : other->second;
  if (only_asks) return Answer{0};
  std::string bytes;
  for (size_t i = 0; i < *count; ++i) {
    bytes += BytesOf(__user_cap_data_struct{
        .effective = static_cast<uint32_t>(credentials.effective() >> (32 * i)),
        .permitted = static_cast<uint32_t>(credentials.permitted() >> (32 * i)),
        .inheritable = static_cast<uint32_t>(credentials.inheritable() >> (32 * i))});
  }
  return Answer{0, {{call.argument(1), std::move(bytes)}}};
}

Reaction SetCapabilities(IdsState& state, const EmulatedCall& call) {
  const auto header = call.Read<__user_cap_header_struct>(call.argument(0));
  if (!header.ok()) return Answer{-ErrnoOf(header.status())};
  const std::optional<size_t> count = DataCount(header->version);
  if (!count.has_value()) return OtherVersion(call, -EINVAL);
  if (header->pid != 0 && header->pid != call.tid()) return Answer{-EPERM};
  CapabilitySet effective = 0;
  CapabilitySet permitted = 0;
  CapabilitySet inheritable = 0;
  for (size_t i = 0; i < *count; ++i) {
    const auto data =
        call.Read<__user_cap_data_struct>(call.argument(1) + i * sizeof(__user_cap_data_struct));
    if (!data.ok()) return Answer{-ErrnoOf(data.status())};
    effective |= uint64_t{data->effective} << (32 * i);
    permitted |= uint64_t{data->permitted} << (32 * i);
    inheritable |= uint64_t{data->inheritable} << (32 * i);
  }
  return Answer{state.Of(call).SetCapabilities(effective, permitted, inheritable)};
}

Reaction Control(IdsState& state, const EmulatedCall& call) {
  const std::optional<int64_t> result =
      state.Of(call).Control(call.number(0), call.argument(1), call.argument(2));
  if (!result.has_value()) return RunAsItIs(call);
  return Answer{*result};
}

constexpr Ids kUser = &Credentials::user;
constexpr Ids kGroup = &Credentials::group;

constexpr IdsCall kCalls[] = {
    {"getuid", Get<kUser, &IdSet::real>},
    {"getuid32", Get<kUser, &IdSet::real>},
    {"geteuid", Get<kUser, &IdSet::effective>},
    {"geteuid32", Get<kUser, &IdSet::effective>},
    {"getgid", Get<kGroup, &IdSet::real>},
    {"getgid32", Get<kGroup, &IdSet::real>},
    {"getegid", Get<kGroup, &IdSet::effective>},
    {"getegid32", Get<kGroup, &IdSet::effective>},
    {"getresuid", GetRes<kUser>},
    {"getresuid32", GetRes<kUser>},
    {"getresgid", GetRes<kGroup>},
    {"getresgid32", GetRes<kGroup>},
    {"setuid", Set<&Credentials::SetUid>},
    {"setuid32", Set<&Credentials::SetUid>},
    {"setgid", Set<&Credentials::SetGid>},
    {"setgid32", Set<&Credentials::SetGid>},
    {"setreuid", SetRe<&Credentials::SetReUid>},
    {"setreuid32", SetRe<&Credentials::SetReUid>},
    {"setregid", SetRe<&Credentials::SetReGid>},
    {"setregid32", SetRe<&Credentials::SetReGid>},
    {"setresuid", SetRes<&Credentials::SetResUid>},
    {"setresuid32", SetRes<&Credentials::SetResUid>},
    {"setresgid", SetRes<&Credentials::SetResGid>},
    {"setresgid32", SetRes<&Credentials::SetResGid>},
    {"setfsuid", SetFs<&Credentials::SetFsUid>},
    {"setfsuid32", SetFs<&Credentials::SetFsUid>},
    {"setfsgid", SetFs<&Credentials::SetFsGid>},
    {"setfsgid32", SetFs<&Credentials::SetFsGid>},
    {"getgroups", GetGroups},
    {"getgroups32", GetGroups},
    {"setgroups", SetGroups},
    {"setgroups32", SetGroups},
    {"capget", GetCapabilities},
    {"capset", SetCapabilities},
    {"prctl", Control},
};

}  // namespace

absl::Span<const IdsCall> IdsCredentialCalls() { return kCalls; }

}  // namespace provost
