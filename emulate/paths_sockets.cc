#include "emulate/paths_sockets.h"

#include <fcntl.h>
#include <linux/net.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace provost {
namespace {

constexpr size_t kPathAt = offsetof(sockaddr_un, sun_path);

// The path in a socket address; empty: it is another address.
absl::string_view PathIn(absl::string_view address) {
  sa_family_t family = AF_UNSPEC;
  if (address.size() <= kPathAt) return "";
  memcpy(&family, address.data(), sizeof(family));
  if (family != AF_UNIX) return "";
  const absl::string_view path = address.substr(kPathAt);
  return path.substr(0, path.find('\0'));
}

std::string AddressOf(absl::string_view path) {
  const sa_family_t family = AF_UNIX;
  std::string address(reinterpret_cast<const char*>(&family), sizeof(family));
  address.append(path.data(), path.size());
  // The kernel ends it itself where the path fills it.
  if (address.size() < sizeof(sockaddr_un)) address.push_back('\0');
  return address;
}

// Where a call that receives a name has it put.
struct Receiver {
  uint64_t address;
  uint64_t length_at;
  uint32_t room;
};

Answer MapReceived(const PathLayout& layout, const EmulatedCall& call, const Receiver& receiver,
                   int64_t result) {
  Answer answer = {result};
  const absl::StatusOr<uint32_t> length = call.Read<uint32_t>(receiver.length_at);
  if (result < 0 || !length.ok()) return answer;
  std::string address(std::min({*length, receiver.room, uint32_t{sizeof(sockaddr_un)}}), '\0');
  if (!call.ReadBytes(receiver.address, absl::MakeSpan(address)).ok()) return answer;
  const std::optional<std::string> real = NormalPath(PathIn(address));
  if (!real.has_value()) return answer;
  const std::optional<std::string> seen = layout.Virtual(*real);
  if (!seen.has_value() || *seen == *real || seen->size() > sizeof(sockaddr_un::sun_path)) {
    return answer;
  }
  std::string mapped = AddressOf(*seen);
  answer.writes.push_back({receiver.length_at, BytesOf(static_cast<uint32_t>(mapped.size()))});
  mapped.resize(std::min<size_t>(mapped.size(), receiver.room));
  answer.writes.push_back({receiver.address, std::move(mapped)});
  return answer;
}

// msg_name comes first in a msghdr, msg_namelen behind it.
constexpr size_t kNameOffset = 0;
size_t LengthOffset(const EmulatedCall& call) {
  return call.is_i386() ? sizeof(uint32_t) : sizeof(uint64_t);
}
// Of a msghdr: seven words, in the 32-bit form without padding.
size_t MessageSize(const EmulatedCall& call) {
  constexpr size_t kWords = 7;
  return call.is_i386() ? kWords * sizeof(uint32_t) : kWords * sizeof(uint64_t);
}

// Where a call has an address.
struct NamePlace {
  size_t argument;      // of the address, before its length; or of the msghdr
  std::string message;  // that msghdr; else empty
  uint64_t address = 0;
  uint32_t length = 0;  // of what is sent
};

// nullopt: the msghdr cannot be read.
std::optional<NamePlace> PlaceOf(const EmulatedCall& call) {
  const bool has_message = call.name() == "sendmsg" || call.name() == "recvmsg";
  const bool is_behind = call.name() == "sendto" || call.name() == "recvfrom";
  NamePlace place = {.argument = is_behind ? size_t{4} : size_t{1}, .message = {}};
  if (!has_message) {
    place.address = call.argument(place.argument);
    place.length = static_cast<uint32_t>(call.argument(place.argument + 1));
    return place;
  }
  place.message.resize(MessageSize(call));
  if (!call.ReadBytes(call.argument(1), absl::MakeSpan(place.message)).ok()) return std::nullopt;
  memcpy(&place.address, place.message.data(), LengthOffset(call));
  memcpy(&place.length, place.message.data() + LengthOffset(call), sizeof(place.length));
  return place;
}

bool IsFileThere(const std::string& path) {
  struct stat status = {};
  return lstat(path.c_str(), &status) == 0;
}

// The calls that socketcall makes, as calls of their own.
struct DirectCall {
  uint32_t code;
  const char* name;
  size_t words;
  bool sends;
};
constexpr DirectCall kDirectCalls[] = {
    {SYS_BIND, "bind", 3, true},
    {SYS_CONNECT, "connect", 3, true},
    {SYS_SENDTO, "sendto", 6, true},
    {SYS_SENDMSG, "sendmsg", 3, true},
    {SYS_RECVMSG, "recvmsg", 3, false},
    {SYS_ACCEPT, "accept4", 3, false},
    {SYS_ACCEPT4, "accept4", 4, false},
    {SYS_GETSOCKNAME, "getsockname", 3, false},
    {SYS_GETPEERNAME, "getpeername", 3, false},
    {SYS_RECVFROM, "recvfrom", 6, false},
};

}  // namespace

Reaction MapSentName(PathMapper& mapper, const EmulatedCall& call) {
  const std::optional<NamePlace> place = PlaceOf(call);
  if (!place.has_value()) return RunAsItIs(call);
  const uint32_t length = place->length;
  if (length <= kPathAt || place->address == 0 || length > sizeof(sockaddr_un)) {
    return RunAsItIs(call);
  }
  std::string address(length, '\0');
  if (!call.ReadBytes(place->address, absl::MakeSpan(address)).ok()) return RunAsItIs(call);
  const absl::string_view path = PathIn(address);
  if (path.empty()) return RunAsItIs(call);
  const bool binds = call.name() == "bind";
  const std::optional<PathFound> found =
      mapper.Find(call, AT_FDCWD, {.path = path, .follow_last = !binds, .is_entry = binds});
  if (!found.has_value()) return RunAsItIs(call);
  if (found->error != 0) return Answer{-found->error};
  if (binds && found->map != nullptr && found->map->is_readonly) {
    return Answer{IsFileThere(found->real) ? -EADDRINUSE : -EROFS};
  }
  if (!found->changed) return RunAsItIs(call);
  if (found->real.size() > sizeof(sockaddr_un::sun_path)) return Answer{-ENAMETOOLONG};
  std::string mapped = AddressOf(found->real);
  if (place->message.empty()) {
    RunCall run = {WithArgument(call.request(), place->argument + 1, mapped.size())};
    run.inputs.push_back({place->argument, std::move(mapped)});
    return run;
  }
  std::string message = place->message;
  message.replace(LengthOffset(call), sizeof(uint32_t),
                  BytesOf(static_cast<uint32_t>(mapped.size())));
  RunCall run = {call.request()};
  run.inputs.push_back(
      {place->argument, std::move(message), Input::Inner{kNameOffset, std::move(mapped)}});
  return run;
}

Reaction MapReceivedName(const PathMapper& mapper, const EmulatedCall& call) {
  const std::optional<NamePlace> place = PlaceOf(call);
  if (!place.has_value() || place->address == 0) return RunAsItIs(call);
  Receiver receiver = {place->address, call.argument(place->argument + 1), 0};
  if (!place->message.empty()) {
    receiver.length_at = call.argument(place->argument) + LengthOffset(call);
  }
  if (receiver.length_at == 0) return RunAsItIs(call);
  const absl::StatusOr<uint32_t> room = call.Read<uint32_t>(receiver.length_at);
  if (!room.ok() || *room <= kPathAt) return RunAsItIs(call);
  receiver.room = *room;
  return RunCall{
      .call = call.request(),
      .then = [&layout = mapper.layout(), receiver](const EmulatedCall& made, int64_t result) {
        return MapReceived(layout, made, receiver, result);
      }};
}

Reaction MapSocketcall(PathMapper& mapper, const EmulatedCall& call) {
  const auto code = static_cast<uint32_t>(call.argument(0));
  const auto* direct = std::find_if(std::begin(kDirectCalls), std::end(kDirectCalls),
                                    [&](const DirectCall& each) { return each.code == code; });
  if (direct == std::end(kDirectCalls)) return RunAsItIs(call);
  std::array<uint32_t, 6> words = {};
  const absl::Status read = call.ReadBytes(
      call.argument(1),
      absl::MakeSpan(reinterpret_cast<char*>(words.data()), direct->words * sizeof(words[0])));
  if (!read.ok()) return RunAsItIs(call);
  std::array<uint64_t, 6> arguments = {};
  std::copy(words.begin(), words.end(), arguments.begin());
  const absl::StatusOr<SyscallRequest> request = OtherCall(call.request(), direct->name, arguments);
  if (!request.ok()) return RunAsItIs(call);
  const EmulatedCall made = call.As(*request);
  Reaction reaction = direct->sends ? MapSentName(mapper, made) : MapReceivedName(mapper, made);
  auto* run = std::get_if<RunCall>(&reaction);
  if (run != nullptr && run->inputs.empty()) run->call = call.request();
  return reaction;
}

}  // namespace provost
