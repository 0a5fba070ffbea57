// A whole program that embeds provost: runs argv[1…] without network sockets and says how it ended.
//
//   embed_example curl https://example.org

#include <cerrno>
#include <iostream>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "policy/policy.h"
#include "supervisor/supervisor.h"

namespace {

struct Print {
  int operator()(const provost::Exited& exited) const {
    std::cerr << "exited with " << exited.code << "\n";
    return exited.code;
  }
  int operator()(const provost::KilledBy& killed) const {
    std::cerr << "killed by signal " << killed.signal << "\n";
    return 128 + killed.signal;
  }
  int operator()(const provost::NotStarted& not_started) const {
    std::cerr << "not started, errno " << not_started.failure.error << "\n";
    return 127;
  }
  int operator()(const provost::RecordingFailed& failed) const {
    std::cerr << "not recorded: " << failed.status.ToString() << "\n";
    return 125;
  }
};

}  // namespace

int main(int argc, char** argv) {
  const absl::StatusOr<provost::Policy> policy =
      provost::PolicyBuilder()
          .Default(provost::Allow{})
          .Add({.name = "no-network", .verdict = provost::Deny{EAFNOSUPPORT}}, {"socket"})
          .Build();
  if (!policy.ok()) {
    std::cerr << policy.status().ToString() << "\n";
    return 2;
  }
  provost::Options options;
  options.policies = {*policy};
  const absl::StatusOr<provost::Outcome> outcome =
      provost::Supervisor(options).Run(std::vector<std::string>(argv + 1, argv + argc));
  if (!outcome.ok()) {
    std::cerr << outcome.status().ToString() << "\n";
    return 125;
  }
  return std::visit(Print(), *outcome);
}
