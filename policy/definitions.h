#ifndef PROVOST_POLICY_DEFINITIONS_H_
#define PROVOST_POLICY_DEFINITIONS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/numeric/int128.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "policy/ast.h"

namespace provost {

// What a policy names with `let`, in the root and all it includes. Not thread-safe.
class Definitions {
 public:
  // nullptr if there is none; valid until the next Define.
  const Value* Find(absl::string_view name) const;
  // Where `name` was defined, which it must be.
  SourceSpan WhereDefined(absl::string_view name) const;
  std::vector<std::string> Names() const;
  // An error if the name is taken: by another `let`, a word of the language, an argument of some
  // call, a constant, an errno or a signal.
  absl::Status Define(const Word& name, Value value);

 private:
  struct Definition {
    Value value;
    SourceSpan where;
  };
  absl::flat_hash_map<std::string, Definition> definitions_;
};

// The value of a symbolic constant, an errno or a signal; a negative constant is negative.
std::optional<absl::int128> FindSymbol(absl::string_view name);

// "arg0" … "arg5": the number of the register.
std::optional<int> RawRegister(absl::string_view name);

// True if some call of some architecture has an argument of this name, and for arg0 … arg5.
bool IsArgumentName(absl::string_view name);

// True for the words that the language itself uses, in this version or a later one.
bool IsReservedWord(absl::string_view name);

}  // namespace provost

#endif  // PROVOST_POLICY_DEFINITIONS_H_
