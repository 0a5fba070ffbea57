#ifndef PROVOST_BASE_STATUS_MACROS_H_
#define PROVOST_BASE_STATUS_MACROS_H_

// Early returns for absl::Status and absl::StatusOr; Debian's Abseil has none of its own.
//
//   PROVOST_RETURN_IF_ERROR(Install(filter));
//   PROVOST_ASSIGN_OR_RETURN(Policy policy, ParsePolicyFile(path));

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#define PROVOST_RETURN_IF_ERROR(expression)            \
  do {                                                 \
    absl::Status provost_status_ = (expression);       \
    if (!provost_status_.ok()) return provost_status_; \
  } while (false)

#define PROVOST_MACRO_CONCAT_INNER_(a, b) a##b
#define PROVOST_MACRO_CONCAT_(a, b) PROVOST_MACRO_CONCAT_INNER_(a, b)

#define PROVOST_ASSIGN_OR_RETURN(declaration, expression)                                    \
  PROVOST_ASSIGN_OR_RETURN_(PROVOST_MACRO_CONCAT_(provost_statusor_, __LINE__), declaration, \
                            expression)

// A declaration cannot stand in parentheses.
// NOLINTBEGIN(bugprone-macro-parentheses)
#define PROVOST_ASSIGN_OR_RETURN_(statusor, declaration, expression) \
  auto statusor = (expression);                                      \
  if (!statusor.ok()) return std::move(statusor).status();           \
  declaration = *std::move(statusor)
// NOLINTEND(bugprone-macro-parentheses)

#endif  // PROVOST_BASE_STATUS_MACROS_H_
