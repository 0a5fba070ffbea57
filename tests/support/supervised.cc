#include "tests/support/supervised.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/unique_fd.h"
#include "emulate/handler_table.h"
#include "gtest/gtest.h"
#include "policy/parser.h"
#include "tests/support/watchdog.h"

namespace provost {
namespace {

// Standard output goes to a memory file for as long as this lives.
class CaughtOutput {
 public:
  CaughtOutput() : saved_(dup(STDOUT_FILENO)), file_(memfd_create("output", MFD_CLOEXEC)) {
    fflush(stdout);
    dup2(file_.get(), STDOUT_FILENO);
  }
  ~CaughtOutput() { dup2(saved_.get(), STDOUT_FILENO); }
  CaughtOutput(const CaughtOutput&) = delete;
  CaughtOutput& operator=(const CaughtOutput&) = delete;

  std::string text() const {
    std::string text(lseek(file_.get(), 0, SEEK_END), '\0');
    return pread(file_.get(), text.data(), text.size(), 0) == static_cast<ssize_t>(text.size())
               ? text
               : "";
  }

 private:
  UniqueFd saved_;
  UniqueFd file_;
};

struct Describer {
  std::string operator()(const Exited& exited) const {
    return absl::StrCat("exited with ", exited.code);
  }
  std::string operator()(const KilledBy& killed) const {
    return absl::StrCat("killed by ", killed.signal, killed.core_dumped ? ", core dumped" : "");
  }
  std::string operator()(const NotStarted& not_started) const {
    return absl::StrCat("not started: step ", static_cast<int>(not_started.failure.step),
                        ", errno ", not_started.failure.error);
  }
  std::string operator()(const RecordingFailed& failed) const {
    return absl::StrCat("recording failed: ", failed.status.ToString());
  }
  std::string operator()(const Released& released) const {
    return absl::StrCat("released ", released.tasks, " tasks");
  }
  std::string operator()(const HandedOver& handed) const {
    return absl::StrCat("handed over to ", handed.to.pid);
  }
  std::string operator()(const Suspended& suspended) const {
    return absl::StrCat("suspended for ", suspended.successor);
  }
};

}  // namespace

std::string Describe(const absl::StatusOr<Outcome>& outcome) {
  return outcome.ok() ? std::visit(Describer(), *outcome) : outcome.status().ToString();
}

std::ostream& operator<<(std::ostream& stream, const SupervisedRun& run) {
  return stream << Describe(run.outcome) << (run.timed_out ? ", timed out" : "")
                << ", standard output:\n"
                << run.output;
}

SupervisedRun RunSupervisedUncaught(Options options, const std::vector<std::string>& argv) {
  const Watchdog watchdog;
  absl::StatusOr<Outcome> outcome = Supervisor(std::move(options)).Run(argv);
  return {std::move(outcome), "", watchdog.timed_out()};
}

SupervisedRun RunSupervised(Options options, const std::vector<std::string>& argv) {
  const CaughtOutput caught;
  SupervisedRun run = RunSupervisedUncaught(std::move(options), argv);
  run.output = caught.text();
  return run;
}

Policy PolicyOf(const std::vector<std::string>& statements) {
  absl::StatusOr<ParsedPolicy> parsed =
      ParseStatements(statements, HandlerTable::Builtin().specs());
  if (!parsed.ok()) {
    ADD_FAILURE() << parsed.status().message();
    return Policy();
  }
  return parsed->policy;
}

Options OptionsOf(const std::vector<std::string>& statements) {
  Options options;
  options.policies = {PolicyOf(statements)};
  return options;
}

}  // namespace provost
