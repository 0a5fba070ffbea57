#ifndef PROVOST_POLICY_FOREIGN_JSON_H_
#define PROVOST_POLICY_FOREIGN_JSON_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "policy/source_text.h"

namespace provost {

// A JSON value that knows where it stands, so that a wrong one can be shown; nlohmann's values do
// not. A plain tree; spans point into the SourceText it was read from.
struct JsonValue {
  enum class Kind : uint8_t { kNull, kBool, kNumber, kString, kArray, kObject };
  struct Member;

  Kind kind = Kind::kNull;
  SourceSpan span;
  bool boolean = false;
  std::string text;  // kString: without escapes; kNumber: as written
  std::vector<JsonValue> items;
  std::vector<Member> members;  // names are unique

  // nullptr if there is none, or it is null.
  const JsonValue* Find(absl::string_view name) const;
  bool is(Kind wanted) const { return kind == wanted; }
};
struct JsonValue::Member {
  std::string name;
  SourceSpan span;  // of the name
  JsonValue value;
};

// Reads RFC 8259 JSON, all of the source. Errors are ErrorAt's. At most 64 values inside one
// another.
absl::StatusOr<JsonValue> ReadJson(const SourceText& source);

// The value as what it has to be; errors name it as `what` ("`index`") and say what it has to be.
absl::StatusOr<uint64_t> JsonUnsigned(const JsonValue& value, absl::string_view what);
absl::StatusOr<std::string> JsonString(const JsonValue& value, absl::string_view what);
absl::StatusOr<std::vector<std::string>> JsonStrings(const JsonValue& value,
                                                     absl::string_view what);
absl::Status JsonMustBe(const JsonValue& value, JsonValue::Kind kind, absl::string_view what);

}  // namespace provost

#endif  // PROVOST_POLICY_FOREIGN_JSON_H_
