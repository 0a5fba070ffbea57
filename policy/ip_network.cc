#include "policy/ip_network.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <algorithm>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace provost {
namespace {

constexpr int kMappedPrefix = 96;
constexpr std::array<uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool IsMapped(const IpAddress& address) {
  return !address.is_v4 && std::equal(kMapped.begin(), kMapped.end(), address.bytes.begin());
}

IpAddress Unmapped(const IpAddress& address) {
  IpAddress v4;
  std::copy(address.bytes.begin() + kMapped.size(), address.bytes.end(), v4.bytes.begin());
  return v4;
}

std::array<uint8_t, 16> MaskedTo(int prefix, std::array<uint8_t, 16> bytes) {
  for (int i = 0; i < 16; ++i) {
    const int bits = std::clamp(prefix - i * 8, 0, 8);
    bytes[i] &= static_cast<uint8_t>(0xff00 >> bits);
  }
  return bytes;
}

absl::StatusOr<IpAddress> ParseAddress(const std::string& text) {
  if (text.size() > INET6_ADDRSTRLEN) {
    return absl::InvalidArgumentError("this is too long for an IP address");
  }
  IpAddress address;
  address.is_v4 = text.find(':') == std::string::npos;
  if (inet_pton(address.is_v4 ? AF_INET : AF_INET6, text.c_str(), address.bytes.data()) != 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("`", text, "` is no ", address.is_v4 ? "IPv4" : "IPv6", " address"));
  }
  return address;
}

}  // namespace

bool IpNetwork::Contains(const IpAddress& candidate) const {
  if (address.is_v4 != candidate.is_v4) {
    return address.is_v4 && IsMapped(candidate) && Contains(Unmapped(candidate));
  }
  return MaskedTo(prefix, candidate.bytes) == address.bytes;
}

std::string IpNetwork::ToString() const {
  std::array<char, INET6_ADDRSTRLEN> text = {};
  inet_ntop(address.is_v4 ? AF_INET : AF_INET6, address.bytes.data(), text.data(), text.size());
  return IsAddress() ? std::string(text.data()) : absl::StrCat(text.data(), "/", prefix);
}

absl::StatusOr<IpNetwork> ParseIpNetwork(absl::string_view text) {
  const size_t slash = text.find('/');
  const absl::StatusOr<IpAddress> address = ParseAddress(std::string(text.substr(0, slash)));
  if (!address.ok()) return address.status();
  const int bits = address->is_v4 ? 32 : 128;
  IpNetwork network{*address, bits};
  if (slash != absl::string_view::npos) {
    const absl::string_view prefix = text.substr(slash + 1);
    if (!absl::SimpleAtoi(prefix, &network.prefix) || network.prefix < 0 || network.prefix > bits) {
      return absl::InvalidArgumentError(absl::StrCat("an ", address->is_v4 ? "IPv4" : "IPv6",
                                                     " network's prefix is a number from 0 to ",
                                                     bits));
    }
    network.address.bytes = MaskedTo(network.prefix, address->bytes);
    if (network.address.bytes != address->bytes) {
      return absl::InvalidArgumentError(absl::StrCat(
          "`", text, "` has bits behind its prefix: the network is `", network.ToString(), "`"));
    }
  }
  if (IsMapped(network.address) && network.prefix >= kMappedPrefix) {
    return IpNetwork{Unmapped(network.address), network.prefix - kMappedPrefix};
  }
  return network;
}

}  // namespace provost
