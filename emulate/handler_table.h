#ifndef PROVOST_EMULATE_HANDLER_TABLE_H_
#define PROVOST_EMULATE_HANDLER_TABLE_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "emulate/handler.h"
#include "policy/emulator_table.h"
#include "policy/verdict.h"

namespace provost {

// Makes the handler of a rule from what it is told; kInvalidArgument says what is wrong with that.
using HandlerFactory =
    std::function<absl::StatusOr<std::unique_ptr<Handler>>(const Emulation& told)>;

// The emulators that policies can name. A plain value; safe from any thread.
class HandlerTable {
 public:
  HandlerTable() = default;
  // Those of provost: `provost emulators` lists them.
  static const HandlerTable& Builtin();

  // Another one; it takes the place of one that has its name. The factory says, too, whether what a
  // rule tells is right, when the policy is read (EmulatorSpec::check).
  void Add(EmulatorSpec spec, HandlerFactory factory);

  // For ParsePolicyFile and the like.
  const EmulatorTable& specs() const { return specs_; }

  // kNotFound: there is none of that name.
  absl::StatusOr<std::unique_ptr<Handler>> Make(const Emulation& told) const;

 private:
  EmulatorTable specs_;
  std::vector<HandlerFactory> factories_;  // of each
};

}  // namespace provost

#endif  // PROVOST_EMULATE_HANDLER_TABLE_H_
