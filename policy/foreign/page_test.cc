// The examples of docs/OTHER_LANGUAGES.md are what they are said to be.

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/status_matchers.h"
#include "gtest/gtest.h"
#include "policy/foreign/foreign.h"
#include "policy/foreign/sampling.h"
#include "policy/parser.h"

namespace provost {
namespace {

struct Example {
  std::string format;
  std::string text;
};

std::vector<Example> Examples() {
  std::ifstream page("docs/OTHER_LANGUAGES.md");
  EXPECT_TRUE(page.good());
  const std::string text{std::istreambuf_iterator<char>(page), std::istreambuf_iterator<char>()};
  std::vector<Example> examples;
  bool inside = false;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    absl::string_view format = line;
    if (inside && line == "```") {
      inside = false;
    } else if (inside) {
      absl::StrAppend(&examples.back().text, line, "\n");
    } else if (absl::ConsumePrefix(&format, "```policy-")) {
      inside = true;
      examples.push_back({std::string(format), ""});
    }
  }
  return examples;
}

TEST(OtherLanguagesPageTest, EveryExampleIsReadAsItself) {
  const std::vector<Example> examples = Examples();
  EXPECT_EQ(examples.size(), 6U);
  for (const Example& example : examples) {
    const FormatInfo* format = FindFormat(example.format);
    ASSERT_NE(format, nullptr) << example.format;
    EXPECT_EQ(InfoOf(RecogniseFormat("example", example.text)).name, format->name);
    PROVOST_ASSERT_OK_AND_ASSIGN(
        const Converted converted,
        ImportPolicy(format->format, example.text, "example", ImportOptions()));
    for (const PlacedNote& loss : converted.losses) {
      ADD_FAILURE() << format->name << ": " << loss.message;
    }
    PROVOST_ASSERT_OK_AND_ASSIGN(const ParsedPolicy parsed,
                                 ParsePolicyText(converted.text, "example"));
    // Each refuses some call and lets others run.
    CallSampler sampler(parsed.policy, 1);
    int refused = 0;
    int run = 0;
    for (int i = 0; i < 3000; ++i) {
      ++(Refuses(DecideWithoutMemory(parsed.policy, sampler.Next())) ? refused : run);
    }
    EXPECT_GT(refused, 0) << format->name;
    EXPECT_GT(run, 0) << format->name;
  }
}

}  // namespace
}  // namespace provost
