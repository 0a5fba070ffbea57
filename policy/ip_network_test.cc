#include "policy/ip_network.h"

#include <string>

#include "base/status_matchers.h"
#include "gtest/gtest.h"

namespace provost {
namespace {

IpNetwork Network(const char* text) {
  const auto network = ParseIpNetwork(text);
  EXPECT_THAT(network, IsOk()) << text;
  return network.ok() ? *network : IpNetwork();
}

// What a sockaddr holds: not read by ParseIpNetwork, which takes the mapping away.
IpAddress MappedV6(uint8_t a, uint8_t b, uint8_t c, uint8_t d) {
  return {false, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d}};
}

TEST(IpNetwork, Contains) {
  const struct {
    const char* network;
    const char* address;
    bool inside;
  } cases[] = {
      {"10.0.0.0/8", "10.1.2.3", true},
      {"10.0.0.0/8", "11.0.0.0", false},
      {"10.0.0.1", "10.0.0.1", true},
      {"10.0.0.1", "10.0.0.2", false},
      {"0.0.0.0/0", "255.1.2.3", true},
      {"192.168.1.128/25", "192.168.1.128", true},
      {"192.168.1.128/25", "192.168.1.127", false},
      {"::1", "::1", true},
      {"::1", "::2", false},
      {"fd00::/8", "fdff::1", true},
      {"fd00::/8", "fe00::1", false},
      {"2001:db8::/33", "2001:db8:7fff::", true},
      {"2001:db8::/33", "2001:db8:8000::", false},
      // Versions do not mix, but for what is mapped.
      {"::/0", "10.0.0.1", false},
      {"0.0.0.0/0", "::1", false},
      {"::ffff:10.0.0.0/104", "10.1.2.3", true},
  };
  for (const auto& test : cases) {
    EXPECT_EQ(Network(test.network).Contains(Network(test.address).address), test.inside)
        << test.network << " " << test.address;
  }
  EXPECT_TRUE(Network("10.0.0.0/8").Contains(MappedV6(10, 1, 2, 3)));
  EXPECT_FALSE(Network("10.0.0.0/8").Contains(MappedV6(11, 1, 2, 3)));
  EXPECT_TRUE(Network("::ffff:10.0.0.0/104").Contains(MappedV6(10, 1, 2, 3)));
  EXPECT_TRUE(Network("::/0").Contains(MappedV6(10, 1, 2, 3)));
}

TEST(IpNetwork, IsWrittenAsItIsRead) {
  for (const char* text : {"10.0.0.0/8", "127.0.0.1", "0.0.0.0/0", "::", "::1", "fd00::/8"}) {
    EXPECT_EQ(Network(text).ToString(), text);
  }
  EXPECT_EQ(Network("10.0.0.1/32").ToString(), "10.0.0.1");
  EXPECT_EQ(Network("::ffff:1.2.3.4").ToString(), "1.2.3.4");
}

TEST(IpNetwork, WhatIsNone) {
  const struct {
    const char* text;
    const char* message;
  } cases[] = {
      {"10.0.0", "no IPv4 address"},
      {"10.0.0.256", "no IPv4 address"},
      {"1:2", "no IPv6 address"},
      {"10.0.0.0/33", "a number from 0 to 32"},
      {"::/129", "a number from 0 to 128"},
      {"10.0.0.0/", "a number from 0 to 32"},
      {"10.0.0.1/8", "the network is `10.0.0.0/8`"},
      {"fd00::1/8", "the network is `fd00::/8`"},
  };
  for (const auto& test : cases) {
    EXPECT_THAT(ParseIpNetwork(test.text),
                StatusIs(absl::StatusCode::kInvalidArgument, testing::HasSubstr(test.message)))
        << test.text;
  }
}

}  // namespace
}  // namespace provost
