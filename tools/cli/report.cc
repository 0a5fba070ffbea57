#include "tools/cli/report.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "base/status_macros.h"
#include "nlohmann/json.hpp"
#include "tools/cli/any_language.h"
#include "tools/cli/usage.h"
#include "tools/report/event_assembler.h"
#include "tools/report/event_filter.h"
#include "tools/report/log_event.h"
#include "tools/report/log_files.h"
#include "tools/report/render.h"
#include "tools/report/summary.h"
#include "tools/report/when.h"

namespace provost {
namespace {

// A filter with a value: its letters in ausearch, its long name, the value's name and help.
struct FilterOption {
  const char* letters;  // without the dash; "" for none
  const char* name;
  const char* value;
  const char* help;
};
constexpr FilterOption kFilters[] = {
    {"sc", "syscall", "NAME", "calls of this name or number"},
    {"k", "key", "RULE", "decided by a rule whose name has RULE in it"},
    {"x", "executable", "PROGRAM", "of programs whose path has PROGRAM in it"},
    {"c", "comm", "NAME", "of tasks whose name has NAME in it"},
    {"f", "file", "PATH", "calls on a path that has PATH in it"},
    {"p", "pid", "PID", "of this process"},
    {"pp", "ppid", "PID", "of children of this process"},
    {"ui", "uid", "USER", "of this user: a number or a name"},
    {"ue", "uid-effective", "USER", "of this effective user"},
    {"ul", "loginuid", "USER", "of this user's logins; `unset` for none"},
    {"ua", "uid-all", "USER", "of this user in any of the three ways"},
    {"", "session", "SESSION", "of this login session"},
    {"tm", "terminal", "TTY", "from this terminal"},
    {"e", "exit", "RESULT", "calls that answered this: 3, -13 or -EACCES"},
    {"sv", "success", "yes|no", "calls that succeeded, or failed"},
    {"", "verdict", "VERDICT", "decided so: deny, return, kill, trap, log …"},
    {"", "contid", "CONTID", "of this container"},
    {"", "arch", "ARCH", "calls of this architecture: x86_64, i386 …"},
    {"m", "message", "TYPE,...", "events with a record of such a type"},
    {"n", "node", "NODE", "from this machine"},
    {"a", "event", "SERIAL", "this event"},
    {"ts", "start", "WHEN", "at this time or later"},
    {"te", "end", "WHEN", "at this time or before"},
};

struct ReportArguments {
  std::vector<std::vector<std::string>> filters{std::size(kFilters)};
  bool whole_words = false;
  std::optional<std::string> by;
  std::optional<std::string> every;
  size_t top = 0;
  bool list = false;
  bool raw = false;
  bool follow = false;
  bool json = false;
  bool no_rotated = false;
  std::vector<std::string> logs;
};

// How events are shown, one by one or counted.
class Report {
 public:
  virtual ~Report() = default;
  virtual void Add(const LogEvent& event) = 0;
  // What is to be printed by now.
  virtual std::string Take() = 0;
  virtual std::string Finish(const Totals& totals) = 0;
};

class ListReport : public Report {
 public:
  ListReport(bool json, bool raw, bool colour) : json_(json), raw_(raw), colour_(colour) {}
  void Add(const LogEvent& event) override {
    if (raw_) {
      for (const std::string& line : event.lines) absl::StrAppend(&text_, line, "\n");
    } else if (json_) {
      constexpr auto kReplace = nlohmann::ordered_json::error_handler_t::replace;
      absl::StrAppend(&text_, EventToJson(event).dump(-1, ' ', false, kReplace), "\n");
    } else {
      text_ += EventToText(event, colour_);
    }
  }
  std::string Take() override { return std::exchange(text_, ""); }
  std::string Finish(const Totals& /*totals*/) override { return Take(); }

 private:
  bool json_;
  bool raw_;
  bool colour_;
  std::string text_;
};

class CountReport : public Report {
 public:
  CountReport(Counts counts, size_t top, bool json, bool colour)
      : counts_(std::move(counts)), top_(top), json_(json), colour_(colour) {}
  void Add(const LogEvent& event) override { counts_.Add(event); }
  std::string Take() override { return ""; }
  std::string Finish(const Totals& totals) override {
    if (!json_) return CountsToText(counts_, top_, colour_);
    return DumpJson(CountsToJson(counts_, top_, totals));
  }
  static std::string DumpJson(const nlohmann::ordered_json& json) {
    return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
  }

 private:
  Counts counts_;
  size_t top_;
  bool json_;
  bool colour_;
};

class OverviewReport : public Report {
 public:
  OverviewReport(size_t top, bool json, bool colour) : top_(top), json_(json), colour_(colour) {}
  void Add(const LogEvent& event) override { overview_.Add(event); }
  std::string Take() override { return ""; }
  std::string Finish(const Totals& totals) override {
    if (!json_) return OverviewToText(overview_, top_, colour_);
    return CountReport::DumpJson(OverviewToJson(overview_, top_, totals));
  }

 private:
  Overview overview_;
  size_t top_;
  bool json_;
  bool colour_;
};

absl::StatusOr<std::vector<Dimension>> ParseDimensions(absl::string_view names) {
  std::vector<Dimension> dimensions;
  for (const absl::string_view name : absl::StrSplit(names, ',')) {
    const std::optional<Dimension> dimension = DimensionByName(name);
    if (!dimension) {
      return absl::InvalidArgumentError(
          absl::StrCat("--by: `", name, "` is none of ", absl::StrJoin(DimensionNames(), ", ")));
    }
    dimensions.push_back(*dimension);
  }
  return dimensions;
}

absl::StatusOr<std::unique_ptr<Report>> MakeReport(const ReportArguments& arguments) {
  std::vector<Dimension> by;
  if (arguments.by) {
    PROVOST_ASSIGN_OR_RETURN(by, ParseDimensions(*arguments.by));
  }
  PROVOST_ASSIGN_OR_RETURN(const int64_t every, ParseSpan(arguments.every.value_or("1h")));
  if (arguments.every && std::find(by.begin(), by.end(), Dimension::kTime) == by.end()) {
    return absl::InvalidArgumentError("--every: it goes with --by time");
  }
  const bool colour = isatty(STDOUT_FILENO) == 1 && getenv("NO_COLOR") == nullptr;
  if (arguments.list || arguments.raw || arguments.follow) {
    if (arguments.by) {
      return absl::InvalidArgumentError(
          "--by counts, --list, --raw and --follow list: leave one of them out");
    }
    if (arguments.raw && arguments.json) {
      return absl::InvalidArgumentError("--raw is no JSON: leave one of --raw and --json out");
    }
    return std::make_unique<ListReport>(arguments.json, arguments.raw, colour);
  }
  if (!arguments.by) {
    constexpr size_t kTop = 5;
    return std::make_unique<OverviewReport>(arguments.top == 0 ? kTop : arguments.top,
                                            arguments.json, colour);
  }
  return std::make_unique<CountReport>(Counts(std::move(by), every), arguments.top, arguments.json,
                                       colour);
}

absl::Status MakeFilter(const ReportArguments& arguments, EventFilter& filter) {
  const int64_t now = time(nullptr);
  for (size_t i = 0; i < std::size(kFilters); ++i) {
    for (const std::string& value : arguments.filters[i]) {
      PROVOST_RETURN_IF_ERROR(filter.Add(kFilters[i].name, value, now));
    }
  }
  filter.set_whole_words(arguments.whole_words);
  return absl::OkStatus();
}

int ComplainOf(const absl::Status& status) {
  Complain(absl::StrCat("report: ", status.message()));
  return kExitUsage;
}

int RunReport(const ReportArguments& arguments) {
  EventFilter filter;
  if (absl::Status status = MakeFilter(arguments, filter); !status.ok()) return ComplainOf(status);
  absl::StatusOr<std::unique_ptr<Report>> report = MakeReport(arguments);
  if (!report.ok()) return ComplainOf(report.status());

  Totals totals;
  bool written = true;
  EventAssembler assembler([&](LogEvent& event) {
    ++totals.events;
    if (!filter.Matches(event)) return;
    ++totals.matched;
    (*report)->Add(event);
    const std::string text = (*report)->Take();
    if (!text.empty() && written) written = PrintText(text);
  });
  LogFiles files(assembler, [](const std::string& message) { Complain(message); });
  for (const std::string& log : arguments.logs) {
    absl::Status status = files.Open(log, !arguments.no_rotated);
    if (!status.ok()) return ComplainOf(status);
  }
  const absl::Status read = arguments.follow ? files.Follow([] {}) : files.Read();
  if (!read.ok()) return ComplainOf(read);
  totals.malformed = files.malformed();
  const std::string text = (*report)->Finish(totals);
  if (!text.empty()) written = written && PrintText(text);
  if (totals.malformed > 0) {
    Complain(absl::StrCat("report: ", totals.malformed,
                          totals.malformed == 1 ? " line was" : " lines were",
                          " no audit record and passed over"));
  }
  if (!written) return kExitFailure;
  return totals.matched > 0 ? 0 : 1;
}

// A word that can stand behind a date: "02:40:09".
bool LooksLikeClock(const std::string& word) {
  return !word.empty() && isdigit(static_cast<unsigned char>(word[0])) != 0 &&
         word.find(':') != std::string::npos && word.find('/') == std::string::npos &&
         word.find('.') == std::string::npos;
}

}  // namespace

std::vector<std::string> AcceptAusearchOptions(const std::vector<std::string>& words) {
  std::vector<std::string> accepted;
  for (size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--") {
      accepted.insert(accepted.end(), words.begin() + static_cast<ptrdiff_t>(i), words.end());
      break;
    }
    const FilterOption* meant = nullptr;
    for (const FilterOption& option : kFilters) {
      const bool letters = *option.letters != '\0' && words[i] == absl::StrCat("-", option.letters);
      if (letters || words[i] == absl::StrCat("--", option.name)) meant = &option;
    }
    if (meant == nullptr) {
      accepted.push_back(words[i]);
      continue;
    }
    const std::string name = absl::StrCat("--", meant->name);
    if (i + 1 == words.size()) {
      accepted.push_back(name);
      break;
    }
    std::string value = words[++i];
    const bool time = name == "--start" || name == "--end";
    if (time && i + 1 < words.size() && LooksLikeClock(words[i + 1]) &&
        value.find(':') == std::string::npos) {
      absl::StrAppend(&value, " ", words[++i]);
    }
    accepted.push_back(absl::StrCat(name, "=", value));
  }
  return accepted;
}

void AddReportCommand(CLI::App& app, std::function<int()>& chosen) {
  auto arguments = std::make_shared<ReportArguments>();
  CLI::App* command = app.add_subcommand("report", "say what audit logs hold");
  command->formatter(HelpWithUsage("provost report [options] AUDITLOG..."));
  command
      ->add_option("--by", arguments->by,
                   absl::StrCat("count by these, separated by commas: ",
                                absl::StrJoin(DimensionNames(), ", ")))
      ->type_name("WHAT,...");
  command->add_option("--every", arguments->every, "the span that --by time counts by (default 1h)")
      ->type_name("SPAN");
  command->add_option("--top", arguments->top, "the most frequent N alone")
      ->type_name("N")
      ->check(WholeNumber(1, UINT32_MAX));
  command->add_flag("--list", arguments->list, "list the events, one a line");
  command->add_flag("-r,--raw", arguments->raw, "print the events' records as they stand");
  command->add_flag("--follow", arguments->follow, "list the events, and those that come");
  command->add_flag("--json", arguments->json, "print JSON; of a list, an object a line");
  command->add_flag("--no-rotated", arguments->no_rotated,
                    "of AUDITLOG, leave AUDITLOG.1, AUDITLOG.2 … out");
  command->add_flag("-w,--word", arguments->whole_words,
                    "of -k, -x, -c, -f and -tm: the whole word, not a part");
  for (size_t i = 0; i < std::size(kFilters); ++i) {
    const FilterOption& option = kFilters[i];
    const std::string letters =
        *option.letters == '\0' ? "" : absl::StrCat(" (-", option.letters, ")");
    command
        ->add_option(absl::StrCat("--", option.name), arguments->filters[i],
                     absl::StrCat(option.help, letters))
        ->type_name(option.value)
        ->expected(1)
        ->take_all()
        ->group("Filters");
  }
  command
      ->add_option("logs", arguments->logs,
                   "audit logs, provost's or the kernel's, with their rotated files; a directory "
                   "with an audit.log; - for standard input")
      ->type_name("AUDITLOG")
      ->required();
  command->footer("Exit status: 0 events were found, 1 none, 2 wrong options or no log.");
  command->callback(
      [&chosen, arguments] { chosen = [arguments] { return RunReport(*arguments); }; });
}

}  // namespace provost
