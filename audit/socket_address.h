#ifndef PROVOST_AUDIT_SOCKET_ADDRESS_H_
#define PROVOST_AUDIT_SOCKET_ADDRESS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace provost {

// What a call's sockaddr says, as far as it is long enough to say it.
struct SocketAddress {
  std::optional<uint16_t> family;         // AF_*; absent: not even that
  absl::string_view family_name;          // "inet" and so on as auparse(3) has them; empty: unknown
  std::string host;                       // AF_INET, AF_INET6: in numbers
  std::optional<uint16_t> port;           // with `host`
  std::optional<absl::string_view> path;  // AF_UNIX: without the NULs at the end; abstract: begins
                                          // with one. A view of the bytes that were parsed
  std::optional<uint32_t> netlink_pid;    // AF_NETLINK
};

// `bytes` is a sockaddr as a task wrote it: of any length, hostile.
SocketAddress ParseSocketAddress(absl::string_view bytes);

// "{ saddr_fam=inet laddr=127.0.0.1 lport=80 }": the wording of auparse(3), that of SADDR= in
// auditd's enriched format. Of a path, whatever is not visible ASCII or could end the field is
// written as a backslash and three octal digits.
void AppendSocketAddressText(absl::string_view bytes, std::string& out);

}  // namespace provost

#endif  // PROVOST_AUDIT_SOCKET_ADDRESS_H_
