#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "policy/parser.h"

namespace provost {
namespace {

constexpr char kDirectory[] = "policy/testdata/errors";

std::string ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.good()) << path;
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::vector<std::string> NamesWith(const std::string& extension) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(kDirectory)) {
    if (entry.path().extension() == extension) names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

class ParserErrorsTest : public testing::TestWithParam<std::string> {};

TEST_P(ParserErrorsTest, TheMessageIsTheGoldenOne) {
  const std::string path = absl::StrCat(kDirectory, "/", GetParam());
  const auto parsed = ParsePolicyFile(absl::StrCat(path, ".policy"));
  ASSERT_FALSE(parsed.ok());
  EXPECT_EQ(parsed.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(absl::StrCat(parsed.status().message(), "\n"), ReadAll(absl::StrCat(path, ".golden")));
}

INSTANTIATE_TEST_SUITE_P(Golden, ParserErrorsTest, testing::ValuesIn(NamesWith(".policy")),
                         [](const testing::TestParamInfo<std::string>& name) {
                           return name.param;
                         });

TEST(ParserErrorsTest, EveryPolicyHasItsGoldenTextAndTheOtherWayRound) {
  EXPECT_EQ(NamesWith(".policy"), NamesWith(".golden"));
  EXPECT_GE(NamesWith(".policy").size(), 40U);
}

}  // namespace
}  // namespace provost
