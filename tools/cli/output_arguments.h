#ifndef PROVOST_TOOLS_CLI_OUTPUT_ARGUMENTS_H_
#define PROVOST_TOOLS_CLI_OUTPUT_ARGUMENTS_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/statusor.h"
#include "audit/log_sink.h"
#include "audit/open_outlet.h"

namespace provost {

// Where and how a run is recorded, as the command line says it.
struct OutputArguments {
  std::vector<std::string> outputs;
  std::vector<std::string> copies;
  std::string format = "raw";
  std::optional<std::string> node;
  std::optional<std::string> max_size;
  std::optional<int> keep;
  std::string durability = "none";
  std::optional<std::string> queue;

  bool names_output() const { return !outputs.empty(); }
};

// The same, checked.
struct OutputPlan {
  struct Place {
    OutletSpec spec;
    bool required = true;
  };
  std::vector<Place> places;  // none: standard error
  LogFile::Options file;
  LogSink::Options sink;
};

void AddOutputOptions(CLI::App& command, OutputArguments& arguments);

// Errors name the option and the mend; nothing was opened.
absl::StatusOr<OutputPlan> PlanOutput(const OutputArguments& arguments);

// Opens everything. What its user should know is said on standard error.
absl::StatusOr<std::unique_ptr<LogSink>> OpenOutput(OutputPlan plan);

// Waits until slow outlets have taken what was recorded; what they have not when the end is asked
// for, or, unless `wait` is set, after some seconds, is given up and said to be.
void DeliverOutput(LogSink& sink, bool wait);

}  // namespace provost

#endif  // PROVOST_TOOLS_CLI_OUTPUT_ARGUMENTS_H_
