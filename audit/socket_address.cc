#include "audit/socket_address.h"

#include <arpa/inet.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <iterator>
#include <string>

#include "absl/strings/str_cat.h"

namespace provost {
namespace {

// By AF_*; empty where auparse has none.
constexpr absl::string_view kFamilies[] = {
    "",        "local",   "inet",    "ax25",   "ipx",        "appletalk", "netrom",   "bridge",
    "atmpvc",  "x25",     "inet6",   "rose",   "decnet",     "netbeui",   "security", "key",
    "netlink", "packet",  "ash",     "econet", "atmsvc",     "",          "sna",      "irda",
    "pppox",   "wanpipe", "llc",     "",       "",           "can",       "tipc",     "bluetooth",
    "iucv",    "",        "",        "",       "ieee802154", "caif",      "alg",      "nfc",
    "vsock",   "kcm",     "qipcrtr", "smc",    "xdp",
};
static_assert(AF_NETLINK == 16 && AF_CAN == 29 && AF_IEEE802154 == 36 && AF_XDP == 44);
static_assert(std::size(kFamilies) == AF_XDP + 1);

// The structure at the start of `bytes`; nullopt if they are too few.
template <typename Address>
std::optional<Address> As(absl::string_view bytes) {
  if (bytes.size() < sizeof(Address)) return std::nullopt;
  Address address;
  std::memcpy(&address, bytes.data(), sizeof(address));
  return address;
}

void ParseInet(absl::string_view bytes, SocketAddress& parsed) {
  const auto address = As<sockaddr_in>(bytes);
  if (!address) return;
  char text[INET_ADDRSTRLEN];
  parsed.host = inet_ntop(AF_INET, &address->sin_addr, text, sizeof(text));
  parsed.port = ntohs(address->sin_port);
}

void ParseInet6(absl::string_view bytes, SocketAddress& parsed) {
  // The scope may be missing (SIN6_LEN_RFC2133 in net/ipv6.h).
  constexpr size_t kWithoutScope = 24;
  if (bytes.size() < kWithoutScope) return;
  std::string whole(bytes);
  whole.resize(std::max(whole.size(), sizeof(sockaddr_in6)), '\0');
  const auto address = As<sockaddr_in6>(whole);
  char text[INET6_ADDRSTRLEN];
  parsed.host = inet_ntop(AF_INET6, &address->sin6_addr, text, sizeof(text));
  if (address->sin6_scope_id != 0) absl::StrAppend(&parsed.host, "%", address->sin6_scope_id);
  parsed.port = ntohs(address->sin6_port);
}

void ParseUnix(absl::string_view bytes, SocketAddress& parsed) {
  absl::string_view path = bytes.substr(sizeof(sa_family_t));
  if (path.empty()) return;  // an unnamed one
  // A path ends at its first NUL; an abstract name has NULs of its own.
  if (path[0] != '\0') path = path.substr(0, path.find('\0'));
  parsed.path = path;
}

void AppendEscaped(absl::string_view path, std::string& out) {
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = byte >= 0x21 && byte <= 0x7e &&
                       absl::string_view("\"={}\\").find(c) == absl::string_view::npos;
    if (plain) {
      out.push_back(c);
      continue;
    }
    out.push_back('\\');
    for (const int shift : {6, 3, 0}) out.push_back(static_cast<char>('0' + (byte >> shift & 7)));
  }
}

}  // namespace

SocketAddress ParseSocketAddress(absl::string_view bytes) {
  SocketAddress parsed;
  parsed.family = As<sa_family_t>(bytes);
  if (!parsed.family) return parsed;
  if (*parsed.family < std::size(kFamilies)) parsed.family_name = kFamilies[*parsed.family];
  switch (*parsed.family) {
    case AF_INET:
      ParseInet(bytes, parsed);
      break;
    case AF_INET6:
      ParseInet6(bytes, parsed);
      break;
    case AF_UNIX:
      ParseUnix(bytes, parsed);
      break;
    case AF_NETLINK:
      if (const auto address = As<sockaddr_nl>(bytes)) parsed.netlink_pid = address->nl_pid;
      break;
    default:
      break;
  }
  return parsed;
}

void AppendSocketAddressText(absl::string_view bytes, std::string& out) {
  const SocketAddress address = ParseSocketAddress(bytes);
  if (address.family_name.empty()) {
    absl::StrAppend(&out, "unknown-family(", address.family.value_or(0), ")");
    return;
  }
  absl::StrAppend(&out, "{ saddr_fam=", address.family_name);
  const bool inet = *address.family == AF_INET || *address.family == AF_INET6;
  if (address.port) {
    absl::StrAppend(&out, " laddr=", address.host, " lport=", *address.port);
  } else if (address.path) {
    out += " path=";
    AppendEscaped(address.path->substr((*address.path)[0] == '\0' ? 1 : 0), out);
  } else if (address.netlink_pid) {
    absl::StrAppend(&out, " nlnk-fam=", AF_NETLINK, " nlnk-pid=", *address.netlink_pid);
  } else if (inet || *address.family == AF_UNIX || *address.family == AF_NETLINK) {
    out += " sockaddr len too short";
  } else {
    out += " (unsupported)";
  }
  out += " }";
}

}  // namespace provost
