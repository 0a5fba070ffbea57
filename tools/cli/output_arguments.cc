#include "tools/cli/output_arguments.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "tools/cli/named_values.h"
#include "tools/cli/signals.h"
#include "tools/cli/usage.h"

namespace provost {
namespace {

constexpr uint64_t kLeastFile = 4 << 10;
constexpr uint64_t kLeastQueue = 64 << 10;

constexpr std::array<std::pair<const char*, EventFormat::Kind>, 3> kFormats = {{
    {"raw", EventFormat::Kind::kRaw},
    {"enriched", EventFormat::Kind::kEnriched},
    {"json", EventFormat::Kind::kJson},
}};
constexpr std::array<std::pair<const char*, Durability>, 3> kDurabilities = {{
    {"none", Durability::kNone},
    {"batch", Durability::kBatch},
    {"event", Durability::kEvent},
}};

absl::Status Usage(absl::string_view option, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(option, ": ", what));
}

absl::StatusOr<uint64_t> ParseSize(absl::string_view option, absl::string_view text,
                                   uint64_t least) {
  absl::string_view digits = text;
  int shift = 0;
  if (!digits.empty()) {
    constexpr absl::string_view kUnits = "KMG";
    const size_t unit = kUnits.find(digits.back());
    if (unit != absl::string_view::npos) {
      shift = 10 * (static_cast<int>(unit) + 1);
      digits.remove_suffix(1);
    }
  }
  uint64_t size = 0;
  if (!absl::SimpleAtoi(digits, &size) || size > (UINT64_MAX >> 2 >> shift)) {
    return Usage(option, absl::StrCat("`", text,
                                      "` is no size; write a number of bytes, or one of KiB, MiB "
                                      "or GiB with K, M or G behind it"));
  }
  size <<= shift;
  if (size < least)
    return Usage(option, absl::StrCat("`", text, "` is less than ", least >> 10, "K"));
  return size;
}

// A file that is not there yet is known by its directory.
std::string RealPath(const std::string& path) {
  std::error_code error;
  const std::filesystem::path whole = std::filesystem::absolute(path, error);
  if (error) return path;
  const std::filesystem::path real = std::filesystem::weakly_canonical(whole, error);
  return error ? path : real.string();
}

bool IsSame(const OutletSpec& one, const OutletSpec& other) {
  if (one.kind != other.kind) return false;
  if (one.path == other.path) return true;
  return one.kind == OutletSpec::Kind::kFile && RealPath(one.path) == RealPath(other.path);
}

absl::Status AddPlaces(absl::string_view option, const std::vector<std::string>& texts,
                       bool required, OutputPlan& plan) {
  for (const std::string& text : texts) {
    if (text == "--") return Usage(option, "it names no SINK; give it as `-o SINK`");
    absl::StatusOr<OutletSpec> spec = OutletSpec::Parse(text);
    if (!spec.ok()) return Usage(option, std::string(spec.status().message()));
    for (const OutputPlan::Place& place : plan.places) {
      if (IsSame(place.spec, *spec))
        return Usage(option, absl::StrCat("`", text, "` is named twice"));
    }
    plan.places.push_back({*std::move(spec), required});
  }
  return absl::OkStatus();
}

// The copy's own record of it may be among what was not delivered.
void SayLost(const LogSink& sink) {
  const std::string lost = sink.LostByCopies();
  if (!lost.empty()) Complain(absl::StrCat("lost: ", lost));
}

}  // namespace

void AddOutputOptions(CLI::App& command, OutputArguments& arguments) {
  const auto one_each = [](CLI::Option* option) { option->type_size(1)->allow_extra_args(false); };
  one_each(
      command
          .add_option("-o,--output", arguments.outputs,
                      "record to SINK: a file, - (standard output), kernel:, "
                      "syslog:[SOCKET] or journal:[SOCKET]; given again, to all of them. Every "
                      "refusal is then recorded. Without it, what rules ask to be recorded "
                      "goes to standard error")
          ->type_name("SINK"));
  one_each(command
               .add_option("--copy-to", arguments.copies,
                           "record to SINK too, but never wait for it: what it does not take is "
                           "lost there")
               ->type_name("SINK"));
  command
      .add_option("--audit-format", arguments.format,
                  "raw (default), enriched (with names, as auditd's) or json (one object a line)")
      ->type_name("FORMAT")
      ->check(OneOf(kFormats));
  command.add_option("--audit-node", arguments.node, "begin each line with node=NAME")
      ->type_name("NAME");
  command
      .add_option("--audit-max-size", arguments.max_size,
                  "rotate log files before they get longer than SIZE bytes (or 64K, 8M, 1G)")
      ->type_name("SIZE");
  command.add_option("--audit-keep", arguments.keep, "how many rotated files stay (default: 5)")
      ->type_name("N")
      ->check(CLI::Range(1, 999).description(""));
  command
      .add_option("--audit-durability", arguments.durability,
                  "when log files are synced to disk: none (default), batch (when the program "
                  "runs undisturbed), or event (before each call goes on)")
      ->type_name("WHEN")
      ->check(OneOf(kDurabilities));
  command
      .add_option("--audit-queue", arguments.queue,
                  "how many bytes may wait for a sink that is slow (default: 1M)")
      ->type_name("SIZE");
}

absl::StatusOr<OutputPlan> PlanOutput(const OutputArguments& arguments) {
  OutputPlan plan;
  PROVOST_RETURN_IF_ERROR(AddPlaces("--output", arguments.outputs, true, plan));
  PROVOST_RETURN_IF_ERROR(AddPlaces("--copy-to", arguments.copies, false, plan));
  if (arguments.outputs.empty() && !arguments.copies.empty()) {
    return Usage("--copy-to", "it goes with --output, which says where the run must be recorded");
  }
  const bool to_file = std::any_of(plan.places.begin(), plan.places.end(), [](const auto& place) {
    return place.spec.kind == OutletSpec::Kind::kFile;
  });
  plan.file.durability = ValueOf(kDurabilities, arguments.durability);
  if (plan.file.durability != Durability::kNone && !to_file) {
    return Usage("--audit-durability", "it is for log files, and --output names none");
  }
  if (arguments.max_size) {
    if (!to_file) return Usage("--audit-max-size", "it is for log files, and --output names none");
    PROVOST_ASSIGN_OR_RETURN(plan.file.max_size,
                             ParseSize("--audit-max-size", *arguments.max_size, kLeastFile));
  }
  if (arguments.keep) {
    if (!arguments.max_size) return Usage("--audit-keep", "it goes with --audit-max-size");
    plan.file.keep = *arguments.keep;
  }
  if (arguments.queue) {
    PROVOST_ASSIGN_OR_RETURN(plan.sink.queue_limit,
                             ParseSize("--audit-queue", *arguments.queue, kLeastQueue));
  }
  plan.sink.format.kind = ValueOf(kFormats, arguments.format);
  if (arguments.node) {
    if (arguments.node->empty()) return Usage("--audit-node", "the name is empty");
    plan.sink.format.node = *arguments.node;
  }
  plan.sink.tell = Complain;
  return plan;
}

absl::StatusOr<std::unique_ptr<LogSink>> OpenOutput(OutputPlan plan) {
  auto sink = std::make_unique<LogSink>(std::move(plan.sink));
  if (plan.places.empty()) {
    PROVOST_ASSIGN_OR_RETURN(std::unique_ptr<Outlet> outlet,
                             OutletForDescriptor(2, "standard error"));
    sink->Add(std::move(outlet));
  }
  for (const OutputPlan::Place& place : plan.places) {
    PROVOST_ASSIGN_OR_RETURN(OpenedOutlet opened, OpenOutlet(place.spec, plan.file));
    if (!opened.remark.empty()) Complain(opened.remark);
    sink->Add(std::move(opened.outlet), place.required);
  }
  return sink;
}

void DeliverOutput(LogSink& sink, bool wait) {
  constexpr int kStep = 100;  // milliseconds
  constexpr int kLeastPatience = 1000;
  constexpr int kPatience = 5000;
  for (int waited = 0; !sink.Drain(kStep); waited += kStep) {
    const bool hopeless = absl::IsFailedPrecondition(sink.Flush());
    const bool enough =
        wait ? SignalRelay::EndWasAsked() && waited >= kLeastPatience : waited >= kPatience;
    if (hopeless || enough) {
      Complain(absl::StrCat("not delivered: ", sink.Undelivered()));
      SayLost(sink);
      return;
    }
    if (waited == kLeastPatience) {
      Complain(absl::StrCat("waiting for delivery: ", sink.Undelivered(),
                            wait ? "; interrupt to give it up" : ""));
    }
  }
  // Copies get what time it takes to hand over what a reader that reads has not had yet.
  if (!sink.DrainCopies(kLeastPatience)) {
    Complain(absl::StrCat("not delivered: ", sink.Undelivered()));
  }
  SayLost(sink);
}

}  // namespace provost
