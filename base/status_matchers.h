#ifndef PROVOST_BASE_STATUS_MATCHERS_H_
#define PROVOST_BASE_STATUS_MATCHERS_H_

// GoogleTest matchers for absl::Status and absl::StatusOr; Debian's Abseil has none of its own.
//
//   EXPECT_THAT(ParsePolicy(text), IsOk());
//   EXPECT_THAT(ParsePolicy("x"), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("line
//   1")));

#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace provost {

inline const absl::Status& StatusOf(const absl::Status& status) { return status; }
template <typename T>
const absl::Status& StatusOf(const absl::StatusOr<T>& statusor) {
  return statusor.status();
}

MATCHER(IsOk, negation ? "is not OK" : "is OK") {
  *result_listener << StatusOf(arg).ToString();
  return StatusOf(arg).ok();
}

MATCHER_P2(StatusIs, code, message_matcher, "") {
  *result_listener << StatusOf(arg).ToString();
  return StatusOf(arg).code() == code &&
         testing::ExplainMatchResult(message_matcher, std::string(StatusOf(arg).message()),
                                     result_listener);
}

}  // namespace provost

#define PROVOST_ASSERT_OK(expression) ASSERT_THAT(expression, ::provost::IsOk())
#define PROVOST_EXPECT_OK(expression) EXPECT_THAT(expression, ::provost::IsOk())

#define PROVOST_ASSERT_OK_AND_ASSIGN(declaration, expression)                                   \
  PROVOST_ASSERT_OK_AND_ASSIGN_(PROVOST_TEST_CONCAT_(provost_statusor_, __LINE__), declaration, \
                                expression)
#define PROVOST_TEST_CONCAT_INNER_(a, b) a##b
#define PROVOST_TEST_CONCAT_(a, b) PROVOST_TEST_CONCAT_INNER_(a, b)
// A declaration cannot stand in parentheses.
// NOLINTBEGIN(bugprone-macro-parentheses)
#define PROVOST_ASSERT_OK_AND_ASSIGN_(statusor, declaration, expression) \
  auto statusor = (expression);                                          \
  ASSERT_THAT(statusor, ::provost::IsOk());                              \
  declaration = *std::move(statusor)
// NOLINTEND(bugprone-macro-parentheses)

#endif  // PROVOST_BASE_STATUS_MATCHERS_H_
