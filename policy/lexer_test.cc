#include "policy/lexer.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "base/status_matchers.h"

namespace provost {
namespace {

using ::absl::StatusCode;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// The tokens of a text, up to its end or its first error; owns what they point to.
struct Lexed {
  std::unique_ptr<const SourceText> source;
  std::vector<Token> tokens;
  absl::Status status;

  std::vector<std::string> Texts() const {
    std::vector<std::string> texts;
    for (const Token& token : tokens) {
      texts.emplace_back(token.Is(TokenKind::kNewline) ? "NL" : std::string(token.text()));
    }
    return texts;
  }
};

Lexed Lex(std::string text) {
  Lexed lexed;
  lexed.source = *SourceText::Create("t", ".", std::move(text));
  Lexer lexer(*lexed.source);
  for (;;) {
    absl::StatusOr<Token> token = lexer.Next();
    lexed.status = token.status();
    if (!token.ok() || token->Is(TokenKind::kEnd)) return lexed;
    lexed.tokens.push_back(*std::move(token));
  }
}

TEST(LexerTest, CutsAStatement) {
  const Lexed lexed = Lex("allow openat,?x if (flags&O_A)==1..2&&a=~\"b\"||!c!~d # no\n*");
  PROVOST_EXPECT_OK(lexed.status);
  EXPECT_THAT(lexed.Texts(), ElementsAre("allow", "openat", ",", "?", "x", "if", "(", "flags", "&",
                                         "O_A", ")", "==", "1", "..", "2", "&&", "a", "=~", "\"b\"",
                                         "||", "!", "c", "!~", "d", "NL", "*"));
}

TEST(LexerTest, TakesTheLongestOperator) {
  EXPECT_THAT(Lex("<=<>>=!==~~=!&&&|||").Texts(),
              ElementsAre("<=", "<", ">", ">=", "!=", "=~", "~", "=", "!", "&&", "&", "||", "|"));
}

TEST(LexerTest, TakesGroups) {
  const Lexed lexed = Lex("@basic-io,%file");
  EXPECT_THAT(lexed.Texts(), ElementsAre("@basic-io", ",", "%file"));
  EXPECT_EQ(lexed.tokens[0].kind, TokenKind::kGroup);
  EXPECT_EQ(lexed.tokens[2].kind, TokenKind::kGroup);
  EXPECT_THAT(Lex("@ x").status, StatusIs(StatusCode::kInvalidArgument, HasSubstr("group")));
}

// Beside ranges, numbers, names and fields.
TEST(LexerTest, TakesNetworks) {
  const Lexed lexed = Lex("{10.0.0.0/8,1.2.3.4,::1,fd00::/8,::} 1..2 addr.ip face::1..2 fd.path");
  PROVOST_EXPECT_OK(lexed.status);
  EXPECT_THAT(lexed.Texts(), ElementsAre("{", "10.0.0.0/8", ",", "1.2.3.4", ",", "::1", ",",
                                         "fd00::/8", ",", "::", "}", "1", "..", "2", "addr", ".",
                                         "ip", "face::1", "..", "2", "fd", ".", "path"));
  for (const size_t index : {1, 3, 5, 7, 9, 17}) {
    EXPECT_EQ(lexed.tokens[index].kind, TokenKind::kNetwork) << index;
  }
  EXPECT_EQ(lexed.tokens[1].network.prefix, 8);
  EXPECT_TRUE(lexed.tokens[3].network.IsAddress());
}

TEST(LexerTest, LeavesLineEndsOutInsideBrackets) {
  EXPECT_THAT(Lex("a (\n b {\r\n c\n}\n) d\ne").Texts(),
              ElementsAre("a", "(", "b", "{", "c", "}", ")", "d", "NL", "e"));
  EXPECT_THAT(Lex(") a\nb").Texts(), ElementsAre(")", "a", "NL", "b"));
}

struct Number {
  const char* text;
  absl::int128 value;
};

class IntegerTest : public testing::TestWithParam<Number> {};

TEST_P(IntegerTest, HasItsValue) {
  const Lexed lexed = Lex(GetParam().text);
  PROVOST_ASSERT_OK(lexed.status);
  ASSERT_EQ(lexed.tokens.size(), 1U);
  EXPECT_EQ(lexed.tokens[0].integer, GetParam().value);
}

constexpr absl::int128 kTwo63 = absl::int128{1} << 63;

INSTANTIATE_TEST_SUITE_P(Table, IntegerTest,
                         testing::ValuesIn<Number>({
                             {"0", 0},
                             {"00", 0},
                             {"-0", 0},
                             {"1", 1},
                             {"-1", -1},
                             {"420", 420},
                             {"0x1a4", 420},
                             {"0X1A4", 420},
                             {"0644", 420},
                             {"0o644", 420},
                             {"0b110100100", 420},
                             {"-0x10", -16},
                             {"64K", 65536},
                             {"1M", 1 << 20},
                             {"2G", absl::int128{1} << 31},
                             {"-1K", -1024},
                             {"0x10K", 16384},
                             {"010K", 8192},
                             {"0K", 0},
                             {"18446744073709551615", 2 * kTwo63 - 1},
                             {"0xffffffffffffffff", 2 * kTwo63 - 1},
                             {"-9223372036854775808", -kTwo63},
                             {"0000000000000000000000000000000001", 1},
                         }));

struct Bad {
  const char* text;
  const char* message;
};

class BadTokenTest : public testing::TestWithParam<Bad> {};

TEST_P(BadTokenTest, IsAnErrorInItsPlace) {
  EXPECT_THAT(Lex(GetParam().text).status,
              StatusIs(StatusCode::kInvalidArgument, StartsWith(GetParam().message)));
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadTokenTest,
    testing::ValuesIn<Bad>({
        {"a 18446744073709551616", "t:1:3: error: this number does not fit"},
        {"-9223372036854775809", "t:1:1: error: this number does not fit"},
        {"99999999999999999999999999999999999999999999999999", "t:1:1: error: this number does"},
        {"17179869184G", "t:1:1: error: this number does not fit"},
        {"0x", "t:1:1: error: this number has no digits"},
        {"0b", "t:1:1: error: this number has no digits"},
        {"08", "t:1:2: error: `8` is no octal digit"},
        {"0b12", "t:1:4: error: `2` is no binary digit"},
        {"12ab", "t:1:3: error: `a` is no decimal digit"},
        {"0xfg", "t:1:4: error: `g` is no hexadecimal digit"},
        {"64k", "t:1:3: error: `k` is no decimal digit"},
        {"1_000", "t:1:2: error: `_` is no decimal digit"},
        {"1.5x", "t:1:1: error: a number has no fraction"},
        {"x 10.0.0/8", "t:1:3: error: `10.0.0` is no IPv4 address"},
        {"10.0.0.0.0", "t:1:1: error: `10.0.0.0.0` is no IPv4 address"},
        {"10.0.0.1/8", "t:1:1: error: `10.0.0.1/8` has bits behind its prefix"},
        {"10.0.0.0/33", "t:1:1: error: an IPv4 network's prefix is a number from 0 to 32"},
        {"1::2::3", "t:1:1: error: `1::2::3` is no IPv6 address"},
        {":", "t:1:1: error: `:` is no IPv6 address"},
        {"\"abc", "t:1:1: error: this string is not closed"},
        {"\"abc\nd\"", "t:1:1: error: this string is not closed"},
        {"\"abc\r\nd\"", "t:1:1: error: this string is not closed"},
        {"\"abc\\", "t:1:1: error: this string is not closed"},
        {"\"abc\\\n\"", "t:1:1: error: this string is not closed"},
        {"\"a\\d\"", "t:1:3: error: no escape is written `\\d`"},
        {"\"a\\\xc3\xa4\"", "t:1:3: error: no escape is written `\\\xc3\xa4`"},
        {"\"\\x4\"", "t:1:2: error: two hexadecimal digits"},
        {"\"\\xg0\"", "t:1:2: error: two hexadecimal digits"},
        {"\"\\x", "t:1:2: error: two hexadecimal digits"},
        {"\"\\x00\"", "t:1:2: error: a string holds no NUL"},
        {"a ; b", "t:1:3: error: `;` has no meaning here"},
        {"'a'", "t:1:1: error: `'` has no meaning here"},
        {"a \\\n b", "t:1:3: error: `\\` has no meaning here"},
        {"5 - 3", "t:1:3: error: `-` has no meaning here"},
        {"a \xc3\xa4", "t:1:3: error: `\xc3\xa4` has no meaning here"},
    }));

TEST(LexerTest, TakesFractions) {
  const Lexed lexed = Lex("0.25 25% 12.5% 0% 3..4 5 %file");
  PROVOST_EXPECT_OK(lexed.status);
  EXPECT_THAT(lexed.Texts(),
              ElementsAre("0.25", "25%", "12.5%", "0%", "3", "..", "4", "5", "%file"));
  const std::vector<double> fractions = {0.25, 0.25, 0.125, 0};
  for (size_t i = 0; i < fractions.size(); ++i) {
    EXPECT_TRUE(lexed.tokens[i].Is(TokenKind::kFraction)) << i;
    EXPECT_EQ(lexed.tokens[i].fraction, fractions[i]) << i;
  }
}

TEST(LexerTest, ResolvesEscapes) {
  const Lexed lexed = Lex(R"("a\\b\"c\n\t\x41\xff # d")");
  PROVOST_ASSERT_OK(lexed.status);
  ASSERT_EQ(lexed.tokens.size(), 1U);
  EXPECT_EQ(lexed.tokens[0].string, "a\\b\"c\n\tA\xff # d");
}

TEST(LexerTest, EndsForEver) {
  const auto source = *SourceText::Create("t", ".", "# only a comment");
  Lexer lexer(*source);
  for (int i = 0; i < 3; ++i) {
    PROVOST_ASSERT_OK_AND_ASSIGN(const Token token, lexer.Next());
    EXPECT_TRUE(token.Is(TokenKind::kEnd));
  }
}

TEST(LexerTest, DescribesTokens) {
  const Lexed lexed = Lex(absl::StrCat("openat \"a\"\n", std::string(60, 'x')));
  EXPECT_EQ(DescribeToken(lexed.tokens[0]), "`openat`");
  EXPECT_EQ(DescribeToken(lexed.tokens[1]), "a string");
  EXPECT_EQ(DescribeToken(lexed.tokens[2]), "the end of the line");
  EXPECT_EQ(DescribeToken(lexed.tokens[3]), absl::StrCat("`", std::string(40, 'x'), "...`"));
  EXPECT_EQ(DescribeToken(Token()), "the end of the policy");
}

}  // namespace
}  // namespace provost
