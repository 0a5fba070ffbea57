#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/status_matchers.h"
#include "policy/parser.h"

namespace provost {
namespace {

// The examples of docs/POLICY_LANGUAGE.md and docs/EXPLAIN.md: blocks marked as policies, by the
// line they begin at.
struct Example {
  int line;
  std::string text;
};

std::vector<std::string> PageLines(const char* name) {
  std::ifstream page(name);
  EXPECT_TRUE(page.good());
  const std::string text{std::istreambuf_iterator<char>(page), std::istreambuf_iterator<char>()};
  return absl::StrSplit(text, '\n');
}

std::vector<Example> Examples(const char* name) {
  std::vector<Example> examples;
  bool inside = false;
  int number = 0;
  for (const std::string& line : PageLines(name)) {
    ++number;
    if (inside && line == "```") {
      inside = false;
    } else if (inside) {
      absl::StrAppend(&examples.back().text, line, "\n");
    } else if (line == "```policy") {
      inside = true;
      examples.push_back({number, ""});
    }
  }
  return examples;
}

TEST(LanguagePageTest, EveryExampleIsAPolicy) {
  std::vector<Example> examples = Examples("docs/POLICY_LANGUAGE.md");
  EXPECT_GE(examples.size(), 10U);
  for (Example& example : Examples("docs/EXPLAIN.md")) examples.push_back(std::move(example));
  for (const Example& example : examples) {
    // Examples of rules alone go without a default.
    const bool whole = absl::StrContains(example.text, "default ");
    const auto parsed =
        ParsePolicyText(absl::StrCat(whole ? "" : "default allow\n", example.text), "example");
    EXPECT_THAT(parsed, IsOk()) << "line " << example.line;
  }
}

// What the page says is an error is one.
TEST(LanguagePageTest, WhatComesLaterIsRefusedByName) {
  for (const char* statement :
       {"container 5", "deny EIO read audited", "deny EIO read if proc.contid == 0"}) {
    EXPECT_THAT(ParseStatements({statement}),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         testing::HasSubstr("not supported in this version")))
        << statement;
  }
}

}  // namespace
}  // namespace provost
