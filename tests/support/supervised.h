#ifndef PROVOST_TESTS_SUPPORT_SUPERVISED_H_
#define PROVOST_TESTS_SUPPORT_SUPERVISED_H_

#include <ostream>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "policy/policy.h"
#include "supervisor/supervisor.h"
#include "tests/support/victims.h"

namespace provost {

// How a supervised run of a victim went.
struct SupervisedRun {
  absl::StatusOr<Outcome> outcome;
  std::string output;  // standard output
  bool timed_out = false;
};

std::ostream& operator<<(std::ostream& stream, const SupervisedRun& run);

// Runs `argv` in this thread under `options`, with standard output caught, for no longer than
// kTestTimeout. Standard error stays as it is, so that complaints of victims and sanitizers are
// seen. One at a time a process.
SupervisedRun RunSupervised(Options options, const std::vector<std::string>& argv);

// The same without catching output, for several threads at once.
SupervisedRun RunSupervisedUncaught(Options options, const std::vector<std::string>& argv);

// The policy that `statements` say; a failure of the test and a policy that allows everything if
// they have an error.
Policy PolicyOf(const std::vector<std::string>& statements);

// Options with that one policy.
Options OptionsOf(const std::vector<std::string>& statements);

// "exited with 3", "killed by 9", "not started: step 3, errno 2", "recording failed: …", or the
// Status.
std::string Describe(const absl::StatusOr<Outcome>& outcome);

// A SupervisedRun of a victim that saw what it should.
MATCHER(Succeeded, negation ? "did not succeed" : "succeeded") {
  *result_listener << Describe(arg.outcome) << (arg.timed_out ? ", timed out" : "");
  if (arg.timed_out || !arg.outcome.ok()) return false;
  const auto* exited = std::get_if<Exited>(&*arg.outcome);
  return exited != nullptr && exited->code == 0 && arg.output == kExitSuccess;
}

// A SupervisedRun in time whose Outcome is `expected`.
MATCHER_P(EndedWith, expected, "") {
  *result_listener << Describe(arg.outcome) << (arg.timed_out ? ", timed out" : "");
  if (arg.timed_out || !arg.outcome.ok()) return false;
  const auto* end = std::get_if<std::decay_t<decltype(expected)>>(&*arg.outcome);
  return end != nullptr && *end == expected;
}

}  // namespace provost

#endif  // PROVOST_TESTS_SUPPORT_SUPERVISED_H_
