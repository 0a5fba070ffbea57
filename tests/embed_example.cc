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
  if (const auto* exited = std::get_if<provost::Exited>(&*outcome)) {
    std::cerr << "exited with " << exited->code << "\n";
    return exited->code;
  }
  if (const auto* killed = std::get_if<provost::KilledBy>(&*outcome)) {
    std::cerr << "killed by signal " << killed->signal << "\n";
    return 128 + killed->signal;
  }
  if (const auto* not_started = std::get_if<provost::NotStarted>(&*outcome)) {
    std::cerr << "not started, errno " << not_started->failure.error << "\n";
    return 127;
  }
  // RecordingFailed, the last of them, takes an Options::sink.
  return 125;
}
