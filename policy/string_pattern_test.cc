#include "policy/string_pattern.h"

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/status_matchers.h"
#include "re2/re2.h"

namespace provost {
namespace {

using ::absl::StatusCode;
using ::testing::HasSubstr;

std::shared_ptr<const StringPattern> Glob(absl::string_view glob) {
  auto pattern = StringPattern::Glob(glob);
  EXPECT_THAT(pattern, IsOk());
  return *pattern;
}

struct Case {
  const char* pattern;
  const char* text;
  bool matches;
};

std::ostream& operator<<(std::ostream& out, const Case& c) {
  return out << c.pattern << " on " << c.text;
}

class GlobTest : public testing::TestWithParam<Case> {};

TEST_P(GlobTest, Matches) {
  EXPECT_EQ(Glob(GetParam().pattern)->Matches(GetParam().text), GetParam().matches);
}

INSTANTIATE_TEST_SUITE_P(Table, GlobTest,
                         testing::ValuesIn<Case>({
                             {"", "", true},
                             {"", "a", false},
                             {"/etc/passwd", "/etc/passwd", true},
                             {"/etc/passwd", "/etc/passwd-", false},
                             {"/etc/passwd", "/etc/passw", false},
                             {"*", "", true},
                             {"*", "abc", true},
                             {"*", "a/c", false},
                             {"**", "a/c", true},
                             {"***", "a/c", true},
                             {"/lib/**", "/lib/x/y.so", true},
                             {"/lib/**", "/lib/", true},
                             {"/lib/**", "/lib", false},
                             {"/lib/**", "/libx", false},
                             {"/lib/*", "/lib/x", true},
                             {"/lib/*", "/lib/", true},
                             {"/lib/*", "/lib/x/y", false},
                             {"/lib/*.so", "/lib/a.so", true},
                             {"/lib/*.so", "/lib/a/b.so", false},
                             {"/lib/**.so", "/lib/a/b.so", true},
                             {"/**/x/*", "/a/b/x/c", true},
                             {"/**/x/*", "/a/b/x/c/d", false},
                             {"/**/x/*", "/a/x/b/x/d", true},
                             {"/**/x/*", "/x/d", false},
                             {"/*/x/**", "/a/x/b", true},
                             {"/*/x/**", "/a/b/x/b", false},
                             {"a?c", "abc", true},
                             {"a?c", "a/c", false},
                             {"a?c", "ac", false},
                             {"a?c", "a\nc", true},
                             {"a*c", "a\nc", true},
                             {"[a-c]x", "bx", true},
                             {"[a-c]x", "dx", false},
                             {"[!a-c]x", "dx", true},
                             {"[!a-c]x", "bx", false},
                             {"[!a-c]x", "/x", false},
                             {"[+-9]x", "/x", false},
                             {"[+-9]x", ".x", true},
                             {"[]]", "]", true},
                             {"[!]]", "]", false},
                             {"[!]]", "a", true},
                             {"[a-]", "-", true},
                             {"[-a]", "-", true},
                             {"[\\]]", "]", true},
                             {"[\\!a]", "!", true},
                             {"[*?]", "*", true},
                             {"[*?]", "a", false},
                             {"\\*", "*", true},
                             {"\\*", "a", false},
                             {"\\[a", "[a", true},
                             {"a{b,c}", "ab", false},
                             {"a{b,c}", "a{b,c}", true},
                             {"*b*", "abab/", false},
                             {"*b*", "abab", true},
                             {"**a*b", "a/aab", true},
                             {"**a*b", "a/aa/b", false},
                             {"a**", "a", true},
                             {"**a", "/a", true},
                             {"aa*aa", "aaa", false},
                             {"aa*aa", "aaaa", true},
                         }));

TEST(GlobTest, TextIsBytes) {
  EXPECT_TRUE(
      Glob("a?b")->Matches("a\xff"
                           "b"));
  EXPECT_TRUE(
      Glob("a??b")->Matches("a\xc3\xa4"
                            "b"));
  EXPECT_TRUE(Glob("[\x80-\xff]")->Matches("\x90"));
  EXPECT_TRUE(Glob("*")->Matches(absl::string_view("a\0b", 3)));
}

TEST(GlobTest, RefusesWhatIsNoGlob) {
  EXPECT_THAT(StringPattern::Glob("a["), StatusIs(StatusCode::kInvalidArgument, HasSubstr("[")));
  EXPECT_THAT(StringPattern::Glob("[]"), StatusIs(StatusCode::kInvalidArgument, HasSubstr("[")));
  EXPECT_THAT(StringPattern::Glob("[!]"), StatusIs(StatusCode::kInvalidArgument, HasSubstr("[")));
  EXPECT_THAT(StringPattern::Glob("[a\\"),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("backslash")));
  EXPECT_THAT(StringPattern::Glob("a\\"),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("backslash")));
  EXPECT_THAT(StringPattern::Glob("[z-a]"),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("backwards")));
  EXPECT_THAT(StringPattern::Glob("[^a]"), StatusIs(StatusCode::kInvalidArgument, HasSubstr("[!")));
  EXPECT_THAT(StringPattern::Glob("[[:alpha:]]"),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("[:alpha:]")));
}

// More elements than one word of states holds.
TEST(GlobTest, LongPatterns) {
  std::string glob;
  std::string text;
  for (int i = 0; i < 100; ++i) {
    absl::StrAppend(&glob, "?*", i % 10);
    absl::StrAppend(&text, "xyz", i % 10);
  }
  EXPECT_TRUE(Glob(glob)->Matches(text));
  EXPECT_FALSE(Glob(glob)->Matches(text.substr(0, text.size() - 1)));
  EXPECT_FALSE(Glob(glob)->Matches(absl::StrCat(text, "/9")));
}

std::string RandomOf(std::mt19937& random, const std::vector<std::string>& pieces, size_t most) {
  std::string text;
  for (size_t left = random() % (most + 1); left > 0; --left)
    text += pieces[random() % pieces.size()];
  return text;
}

// The same meaning in RE2's syntax.
std::string ToRegex(absl::string_view glob) {
  std::string regex;
  while (!glob.empty()) {
    if (absl::StartsWith(glob, "*")) {
      const size_t stars = std::min(glob.find_first_not_of('*'), glob.size());
      regex += stars == 1 ? "[^/]*" : "(?s:.)*";
      glob.remove_prefix(stars);
      continue;
    }
    if (glob[0] == '?') {
      regex += "[^/]";
    } else if (absl::StartsWith(glob, "[!a]")) {
      regex += "[^a/]";
      glob.remove_prefix(3);
    } else if (absl::StartsWith(glob, "[ab]")) {
      regex += "[ab]";
      glob.remove_prefix(3);
    } else {
      regex += RE2::QuoteMeta(re2::StringPiece(glob.data(), 1));
    }
    glob.remove_prefix(1);
  }
  return regex;
}

TEST(GlobTest, AgreesWithRegularExpressions) {
  std::mt19937 random(20240607);
  int matches = 0;
  for (int i = 0; i < 4000; ++i) {
    const std::string glob = RandomOf(random, {"a", "b", "/", "*", "**", "?", "[ab]", "[!a]"}, 8);
    const RE2 oracle(ToRegex(glob));
    const auto pattern = Glob(glob);
    for (int j = 0; j < 10; ++j) {
      const std::string text = RandomOf(random, {"a", "b", "c", "/"}, 8);
      const bool expected = RE2::FullMatch(text, oracle);
      ASSERT_EQ(pattern->Matches(text), expected) << glob << " on " << text;
      matches += expected ? 1 : 0;
    }
  }
  EXPECT_GT(matches, 1000);
}

TEST(RegexTest, MatchesAnywhereUnlessAnchored) {
  const auto anywhere = *StringPattern::Regex("b.d");
  EXPECT_TRUE(anywhere->Matches("abcde"));
  EXPECT_TRUE(anywhere->Matches("b\nd"));
  EXPECT_FALSE(anywhere->Matches("bd"));
  const auto anchored = *StringPattern::Regex("^b.d$");
  EXPECT_TRUE(anchored->Matches("b/d"));
  EXPECT_FALSE(anchored->Matches("abcd"));
  EXPECT_FALSE(anchored->Matches("b/d\n"));
}

TEST(RegexTest, TextIsBytes) {
  EXPECT_TRUE((*StringPattern::Regex("^.$"))->Matches("\xff"));
  EXPECT_TRUE((*StringPattern::Regex("^\xc3\xa4$"))->Matches("\xc3\xa4"));
  EXPECT_TRUE((*StringPattern::Regex("\\xff"))->Matches("\xff"));
}

TEST(RegexTest, RefusesWithRe2sMessage) {
  EXPECT_THAT(StringPattern::Regex("a("),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("missing )")));
  EXPECT_THAT(StringPattern::Regex("(a{1000}){1000}"),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("repetition size")));
}

class UnderTest : public testing::TestWithParam<Case> {};

TEST_P(UnderTest, Matches) {
  EXPECT_EQ(StringPattern::Under(GetParam().pattern)->Matches(GetParam().text), GetParam().matches);
}

INSTANTIATE_TEST_SUITE_P(Table, UnderTest,
                         testing::ValuesIn<Case>({
                             {"/etc", "/etc", true},
                             {"/etc", "/etc/", true},
                             {"/etc", "/etc/x", true},
                             {"/etc", "/etc/x/y", true},
                             {"/etc", "/etcetera", false},
                             {"/etc", "/et", false},
                             {"/etc", "/", false},
                             {"/etc", "etc/x", false},
                             {"/etc", "", false},
                             {"/etc", "//etc///x", true},
                             {"/etc", "/./etc/./x", true},
                             {"/etc", "/usr/../etc/x", true},
                             {"/etc", "/etc/../usr", false},
                             {"/etc", "/etc/x/..", true},
                             {"/etc", "/../../etc/x", true},
                             {"/etc/", "/etc/x", true},
                             {"/usr/../etc", "/etc/x", true},
                             {"/", "/", true},
                             {"/", "/x", true},
                             {"/", "x", false},
                             {"src", "src/x", true},
                             {"src", "./src/x", true},
                             {"src", "/src/x", false},
                             {"src", "../src/x", false},
                             {".", "x", true},
                             {".", ".", true},
                             {".", "..", false},
                             {".", "../x", false},
                             {".", "/x", false},
                             {"..", "../x", true},
                             {"..", "../../x", false},
                             {"..", "x", false},
                         }));

TEST(StringPatternTest, ExactIsBytes) {
  const auto pattern = StringPattern::Exact("/a*");
  EXPECT_TRUE(pattern->Matches("/a*"));
  EXPECT_FALSE(pattern->Matches("/ab"));
  EXPECT_FALSE(pattern->Matches("/a*\n"));
  ASSERT_NE(pattern->ExactText(), nullptr);
  EXPECT_EQ(*pattern->ExactText(), "/a*");
  EXPECT_EQ(Glob("/a")->ExactText(), nullptr);
}

TEST(StringPatternTest, PrintsAsTheLanguageWritesIt) {
  EXPECT_EQ(StringPattern::Exact("a\"b\\c\n\t\x01\xff")->ToString(), R"(== "a\"b\\c\n\t\x01\xff")");
  EXPECT_EQ(Glob("/etc/**")->ToString(), R"(~ "/etc/**")");
  EXPECT_EQ((*StringPattern::Regex("\\.so$"))->ToString(), R"(=~ "\\.so$")");
  EXPECT_EQ(StringPattern::Under("/etc")->ToString(), R"(under "/etc")");
}

}  // namespace
}  // namespace provost
