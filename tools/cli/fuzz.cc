#include "tools/cli/fuzz.h"

#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <iostream>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "nlohmann/json.hpp"
#include "tools/cli/usage.h"
#include "tools/fuzz/policy_fuzzer.h"
#include "tools/fuzz/policy_sample.h"

namespace provost {
namespace {

constexpr int kExitDifferent = 1;
constexpr double kUsualSeconds = 60;

struct FuzzPolicyArguments {
  std::optional<double> seconds;
  std::optional<uint64_t> rounds;
  std::optional<uint64_t> seed;
  std::vector<std::string> against = {"kernel", "libseccomp"};
  bool json = false;
};

volatile sig_atomic_t g_interrupted = 0;

// A line on the terminal that is written over, and gone at the end.
class Progress {
 public:
  explicit Progress(bool shown) : shown_(shown && isatty(2) != 0), next_(absl::Now()) {}
  ~Progress() {
    if (shown_) std::cerr << "\r\x1b[K" << std::flush;
  }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void Show(uint64_t rounds) {
    const absl::Time now = absl::Now();
    if (!shown_ || now < next_) return;
    next_ = now + absl::Milliseconds(200);
    const double seconds = absl::ToDoubleSeconds(now - started_);
    std::cerr << absl::StrFormat("\r\x1b[K%d policies, %.0f s", rounds, seconds) << std::flush;
  }

 private:
  bool shown_;
  absl::Time started_ = absl::Now();
  absl::Time next_;
};

std::vector<std::string> NeverDrawn(const PolicyFuzzResult& result) {
  std::vector<std::string> never;
  for (const absl::string_view production : SampleGenerator::AllProductions()) {
    if (result.productions.count(production) == 0) never.emplace_back(production);
  }
  return never;
}

void PrintText(const PolicyFuzzResult& result, uint64_t seed) {
  for (const Difference& difference : result.differences) {
    std::cout << "difference: " << difference.one << " and " << difference.other << "\n  policy:\n";
    for (const absl::string_view line :
         absl::StrSplit(difference.policy, '\n', absl::SkipEmpty())) {
      std::cout << "    " << line << "\n";
    }
    std::cout << "  call: " << difference.call << "\n  " << difference.one << ": "
              << difference.says_one << "\n  " << difference.other << ": " << difference.says_other
              << "\n  repeat: provost fuzz policy --seed " << difference.seed << " --rounds 1\n";
  }
  const std::vector<std::string> never = NeverDrawn(result);
  const size_t all = SampleGenerator::AllProductions().size();
  std::cout << "seed " << seed << ": " << result.policies << " policies (and " << result.with_errors
            << " with an error), " << result.calls << " calls, " << result.answered_by_filter
            << " of them answered by the filter; " << result.plain_policies
            << " policies put to libseccomp\n"
            << "grammar: " << all - never.size() << " of " << all << " productions";
  if (!never.empty()) std::cout << "; never drawn: " << absl::StrJoin(never, ", ");
  std::cout << "\n" << result.differences.size() << " differences\n";
}

void PrintJson(const PolicyFuzzResult& result, uint64_t seed) {
  nlohmann::json differences = nlohmann::json::array();
  for (const Difference& difference : result.differences) {
    differences.push_back({{"seed", difference.seed},
                           {"policy", difference.policy},
                           {"call", difference.call},
                           {"oracles", {difference.one, difference.other}},
                           {"answers", {difference.says_one, difference.says_other}}});
  }
  nlohmann::json productions = nlohmann::json::object();
  for (const absl::string_view production : SampleGenerator::AllProductions()) {
    const auto drawn = result.productions.find(production);
    productions[std::string(production)] = drawn == result.productions.end() ? 0 : drawn->second;
  }
  const nlohmann::json all = {{"seed", seed},
                              {"rounds", result.rounds},
                              {"policies", result.policies},
                              {"policies_with_errors", result.with_errors},
                              {"calls", result.calls},
                              {"calls_answered_by_filter", result.answered_by_filter},
                              {"policies_put_to_libseccomp", result.plain_policies},
                              {"productions", productions},
                              {"differences", differences}};
  std::cout << all.dump(2) << "\n";
}

int FuzzPolicy(const FuzzPolicyArguments& arguments) {
  PolicyFuzzOptions options;
  options.seed = arguments.seed.value_or(std::random_device()());
  options.rounds = arguments.rounds.value_or(0);
  if (arguments.seconds) {
    options.time = absl::Seconds(*arguments.seconds);
  } else if (!arguments.rounds) {
    options.time = absl::Seconds(kUsualSeconds);
  }
  const auto asked = [&](const char* oracle) {
    return std::find(arguments.against.begin(), arguments.against.end(), oracle) !=
           arguments.against.end();
  };
  options.kernel = asked("kernel");
  options.libseccomp = asked("libseccomp");
  // What was found until then is still told.
  signal(SIGINT, [](int) { g_interrupted = 1; });
  absl::StatusOr<PolicyFuzzResult> result;
  {
    Progress progress(!arguments.json);
    options.progress = [&](uint64_t rounds) {
      progress.Show(rounds);
      return g_interrupted == 0;
    };
    result = FuzzPolicies(options);
  }
  if (!result.ok()) {
    Complain(absl::StrCat("fuzz policy: ", result.status().message()));
    return kExitFailure;
  }
  if (arguments.json) {
    PrintJson(*result, options.seed);
  } else {
    PrintText(*result, options.seed);
  }
  return result->differences.empty() ? 0 : kExitDifferent;
}

}  // namespace

void AddFuzzCommand(CLI::App& app, std::function<int()>& chosen) {
  CLI::App* fuzz = app.add_subcommand("fuzz", "look for differences with random input");
  fuzz->formatter(HelpWithUsage("provost fuzz policy [options]"));
  fuzz->require_subcommand(1);
  auto arguments = std::make_shared<FuzzPolicyArguments>();
  CLI::App* policy = fuzz->add_subcommand(
      "policy",
      "put random policies and calls to the evaluator, the compiled filter, the kernel, and "
      "libseccomp; what they do not agree on is printed, as small as it gets (exit status 1)");
  policy->formatter(HelpWithUsage("provost fuzz policy [options]"));
  policy->add_option("--seconds", arguments->seconds, "how long (default: 60, or --rounds)")
      ->type_name("N")
      ->check(CLI::Range(0.001, 1e6).description(""));
  policy->add_option("--rounds", arguments->rounds, "how many policies")
      ->type_name("N")
      ->check(WholeNumber(1));
  policy->add_option("--seed", arguments->seed, "of the first policy; the next has the next")
      ->type_name("N")
      ->check(WholeNumber());
  policy
      ->add_option("--against", arguments->against,
                   "who is asked beside the evaluator and the filter's interpreter: kernel, "
                   "libseccomp (default: both), or none")
      ->type_name("WHO")
      ->delimiter(',')
      ->check(CLI::IsMember({"kernel", "libseccomp", "none"}).description(""));
  policy->add_flag("--json", arguments->json, "one JSON object instead of text");
  policy->callback(
      [&chosen, arguments] { chosen = [arguments] { return FuzzPolicy(*arguments); }; });
}

}  // namespace provost
