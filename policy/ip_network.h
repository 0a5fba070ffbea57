#ifndef PROVOST_POLICY_IP_NETWORK_H_
#define PROVOST_POLICY_IP_NETWORK_H_

#include <array>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace provost {

// An address of IPv4, in the first four bytes, or of IPv6; in network order.
struct IpAddress {
  bool is_v4 = true;
  std::array<uint8_t, 16> bytes = {};
};

// A network of IPv4 or IPv6: an address is one whose prefix is all of it.
struct IpNetwork {
  IpAddress address;
  int prefix = 0;

  bool IsAddress() const { return prefix == (address.is_v4 ? 32 : 128); }
  // IPv4's ::ffff:a.b.c.d (RFC 4291, 2.5.5.2) is the same host as a.b.c.d, so it lies in the IPv4
  // networks that a.b.c.d lies in; any other address lies in networks of its own version alone.
  bool Contains(const IpAddress& candidate) const;
  // As the language writes it: `10.0.0.0/8`, `::1`.
  std::string ToString() const;
};

// Reads `10.0.0.1`, `10.0.0.0/8`, `fd00::/8`. kInvalidArgument says what is wrong, for a message of
// the parser's. A network inside ::ffff:0:0/96 is read as the IPv4 network that it is.
absl::StatusOr<IpNetwork> ParseIpNetwork(absl::string_view text);

}  // namespace provost

#endif  // PROVOST_POLICY_IP_NETWORK_H_
