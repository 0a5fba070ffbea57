#include "policy/source_text.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_split.h"
#include "base/status_matchers.h"

namespace provost {
namespace {

using ::absl::StatusCode;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

std::unique_ptr<const SourceText> Make(std::string text, SourceSpan included_at = {}) {
  auto source = SourceText::Create("a.policy", ".", std::move(text), included_at);
  EXPECT_THAT(source, IsOk());
  return *std::move(source);
}

std::string MessageAt(const SourceText& source, size_t begin, size_t end) {
  return std::string(ErrorAt(source.Span(begin, end), "wrong").message());
}

TEST(SourceTextTest, LocatesByLineAndByte) {
  const auto source = Make("ab\n\nc\r\nd");
  EXPECT_EQ(LocationToString(source->Locate(0)), "a.policy:1:1");
  EXPECT_EQ(LocationToString(source->Locate(2)), "a.policy:1:3");
  EXPECT_EQ(LocationToString(source->Locate(3)), "a.policy:2:1");
  EXPECT_EQ(LocationToString(source->Locate(4)), "a.policy:3:1");
  EXPECT_EQ(LocationToString(source->Locate(8)), "a.policy:4:2");
  EXPECT_EQ(source->LineAt(4), "c");
  EXPECT_EQ(source->LineAt(7), "d");
}

TEST(SourceTextTest, ShowsLineCaretAndNotes) {
  const auto source = Make("one\nallow opennat\n");
  const absl::Status error = ErrorAt(source->Span(10, 17), "no such call", {"did you mean it?"});
  EXPECT_THAT(error, StatusIs(StatusCode::kInvalidArgument,
                              "a.policy:2:7: error: no such call\n"
                              "  allow opennat\n"
                              "        ^~~~~~~\n"
                              "  did you mean it?"));
}

TEST(SourceTextTest, UnderlinesOnlyTheFirstLine) {
  EXPECT_EQ(MessageAt(*Make("x {\n1}"), 2, 6), "a.policy:1:3: error: wrong\n  x {\n    ^");
}

TEST(SourceTextTest, PlacesTheCaretUnderTabsAndWideText) {
  EXPECT_EQ(MessageAt(*Make("\ta\tbc"), 3, 5), "a.policy:1:4: error: wrong\n  \ta\tbc\n  \t \t^~");
  EXPECT_EQ(MessageAt(*Make("\"\xc3\xa4\xc3\xb6\" x"), 7, 8),
            "a.policy:1:8: error: wrong\n  \"\xc3\xa4\xc3\xb6\" x\n       ^");
  EXPECT_EQ(MessageAt(*Make("\"\xc3\xa4\xc3\xb6\" x"), 0, 6),
            "a.policy:1:1: error: wrong\n  \"\xc3\xa4\xc3\xb6\" x\n  ^~~~");
}

TEST(SourceTextTest, ShowsNoEmptyLine) {
  EXPECT_EQ(MessageAt(*Make("\n"), 1, 1), "a.policy:2:1: error: wrong");
}

TEST(SourceTextTest, CutsLongLinesAroundThePlace) {
  const auto source = Make(std::string(1000, 'a') + "XY" + std::string(1000, 'b'));
  const std::string message = MessageAt(*source, 1000, 1002);
  EXPECT_THAT(message, StartsWith("a.policy:1:1001: error: wrong\n  ...aaaa"));
  EXPECT_THAT(message, HasSubstr("aXYb"));
  EXPECT_THAT(message, HasSubstr("bbb...\n"));
  EXPECT_LT(message.size(), 450U);
  const size_t line_begin = message.find('\n') + 1;
  const size_t caret_begin = message.rfind('\n') + 1;
  EXPECT_EQ(message.find("XY") - line_begin, message.find("^~") - caret_begin);
}

TEST(SourceTextTest, CutsLongLinesBetweenCharacters) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "\xc3\xa4";
  for (size_t at = 100; at < 180; at += 2) {
    const auto source = Make("x" + text);
    const std::string message = MessageAt(*source, at + 1, at + 3);
    const std::vector<std::string> lines = absl::StrSplit(message, '\n');
    ASSERT_EQ(lines.size(), 3U);
    EXPECT_EQ(Printable(lines[1]), lines[1]);
  }
}

TEST(SourceTextTest, SaysWhereItWasIncluded) {
  const auto root = Make("include \"b\"\n");
  const auto middle = *SourceText::Create("b.policy", ".", "\ninclude \"c\"\n", root->Span(8, 11));
  const auto inner = *SourceText::Create("c.policy", ".", "x", middle->Span(9, 12));
  EXPECT_TRUE(root->is_root());
  EXPECT_FALSE(inner->is_root());
  EXPECT_EQ(ErrorAt(inner->Span(0, 1), "wrong").message(),
            "c.policy:1:1: error: wrong\n  x\n  ^\n"
            "  included at b.policy:2:9\n"
            "  included at a.policy:1:9");
}

TEST(SourceTextTest, TakesTabsCommentsInAnyScriptAndByteOrderMark) {
  EXPECT_EQ(Make("\xef\xbb\xbf"
                 "a\tb\r\n# \xd0\xaf \xf0\x9f\x90\xa7\r\n")
                ->text()
                .substr(0, 3),
            "a\tb");
}

struct BadText {
  std::string text;
  const char* message;
};

class BadTextTest : public testing::TestWithParam<BadText> {};

TEST_P(BadTextTest, IsRefused) {
  EXPECT_THAT(SourceText::Create("a.policy", ".", GetParam().text),
              StatusIs(StatusCode::kInvalidArgument, StartsWith(GetParam().message)));
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadTextTest,
    testing::ValuesIn<BadText>({
        {std::string("a\0b", 3), "a.policy:1:2: error: this is a NUL byte"},
        {"a\nb\x1b[31m",
         "a.policy:2:2: error: a policy holds no control characters: this is byte "
         "0x1b\n  b?[31m\n   ^"},
        {"a\x7f", "a.policy:1:2: error: a policy holds no control"},
        {"a\xc2\x9b", "a.policy:1:2: error: a policy holds no control"},
        {"a\rb", "a.policy:1:2: error: this carriage return"},
        {"a\xff", "a.policy:1:2: error: byte 0xff is not UTF-8"},
        {"a\xc3", "a.policy:1:2: error: byte 0xc3 is not UTF-8"},
        {"a\xc0\xaf", "a.policy:1:2: error: byte 0xc0 is not UTF-8"},
        {"a\xe0\x80\xaf", "a.policy:1:2: error: byte 0xe0 is not UTF-8"},
        {"a\xed\xa0\x80", "a.policy:1:2: error: byte 0xed is not UTF-8"},
        {"a\xf4\x90\x80\x80", "a.policy:1:2: error: byte 0xf4 is not UTF-8"},
        {"# \xe2\x80\xae x", "a.policy:1:3: error: U+202E makes a text look other than it is"},
        {"a\xe2\x80\x8b", "a.policy:1:2: error: U+200B makes"},
        {"a\xef\xbb\xbf", "a.policy:1:2: error: U+FEFF makes"},
        {"\xff\xfe"
         "a",
         "a.policy:1:1: error: the policy is in UTF-16"},
        {std::string(SourceText::kMaxSize + 1, '#'), "a.policy:1:1: error: the policy is larger"},
    }));

TEST(SourceTextTest, TakesTextsOfTheGreatestSize) {
  EXPECT_THAT(SourceText::Create("a", ".", std::string(SourceText::kMaxSize, '#')), IsOk());
}

TEST(SourceTextTest, MakesOutsideTextPrintable) {
  EXPECT_EQ(Printable("a\nb\x1b\xff\xc3\xa4\t"), "a?b??\xc3\xa4?");
  EXPECT_EQ(LocationToString({"a\nb", 1, 2}), "a?b:1:2");
}

TEST(SourceTextTest, AsksWhatWasMeant) {
  EXPECT_THAT(DidYouMean({}), IsEmpty());
  EXPECT_THAT(DidYouMean({"a"}), ElementsAre("did you mean `a`?"));
  EXPECT_THAT(DidYouMean({"a", "b"}), ElementsAre("did you mean `a` or `b`?"));
  EXPECT_THAT(DidYouMean({"a", "b", "c"}), ElementsAre("did you mean `a`, `b` or `c`?"));
}

}  // namespace
}  // namespace provost
