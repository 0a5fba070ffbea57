#include "tools/report/summary.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "syscalls/constants.h"
#include "syscalls/request.h"
#include "tools/report/when.h"

namespace provost {
namespace {

using Values = std::vector<std::optional<std::string>>;

constexpr std::array<absl::string_view, 14> kNames = {
    "syscall", "rule",    "program", "name",  "errno", "path", "container",
    "time",    "verdict", "user",    "login", "pid",   "node", "type"};

constexpr int64_t kMillisecondsPerSecond = 1000;

std::optional<std::string> Text(const std::string& text) {
  if (text.empty()) return std::nullopt;
  return text;
}

template <typename T>
std::optional<std::string> Number(const std::optional<T>& number) {
  if (!number.has_value()) return std::nullopt;
  return absl::StrCat(*number);
}

std::optional<std::string> Id(const std::optional<uint32_t>& id) {
  if (id == UINT32_MAX) return "unset";
  return Number(id);
}

// The beginning of the span of local time that `seconds` is in.
std::string SpanOf(int64_t seconds, int64_t span) {
  const time_t time = seconds;
  tm local = {};
  localtime_r(&time, &local);
  const int64_t shifted = seconds + local.tm_gmtoff;
  return FormatLocalTime(shifted - shifted % span - local.tm_gmtoff);
}

std::optional<std::string> Errno(const LogEvent& event) {
  if (!event.exit.has_value() || *event.exit >= 0) return std::nullopt;
  const std::optional<absl::string_view> name = ErrnoName(static_cast<int>(-*event.exit));
  return name.has_value() ? std::string(*name) : absl::StrCat(*event.exit);
}

std::optional<std::string> SyscallName(const LogEvent& event) {
  if (!event.nr.has_value()) return std::nullopt;
  if (event.arch != static_cast<uint32_t>(Arch::kI386)) return event.syscall;
  return absl::StrCat(event.syscall, " (i386)");
}

Values ValuesOf(const LogEvent& event, Dimension dimension, int64_t span) {
  const auto each = [](const auto& all) {
    Values values;
    for (const auto& one : all) values.emplace_back(absl::StrCat(one));
    if (values.empty()) values.emplace_back();
    return values;
  };
  switch (dimension) {
    case Dimension::kSyscall:
      return {SyscallName(event)};
    case Dimension::kRule:
      return each(event.rules);
    case Dimension::kProgram:
      return {Text(event.program)};
    case Dimension::kName:
      return {Text(event.name)};
    case Dimension::kErrno:
      return {Errno(event)};
    case Dimension::kPath:
      return each(event.paths);
    case Dimension::kContainer:
      return each(event.containers);
    case Dimension::kTime:
      return {SpanOf(event.seconds, span)};
    case Dimension::kVerdict:
      return {Text(event.verdict)};
    case Dimension::kUser:
      return {Id(event.uid)};
    case Dimension::kLogin:
      return {Id(event.auid)};
    case Dimension::kPid:
      return {Number(event.pid)};
    case Dimension::kNode:
      return {Text(event.node)};
    case Dimension::kType: {
      std::vector<std::string> types = event.types;
      std::sort(types.begin(), types.end());
      types.erase(std::unique(types.begin(), types.end()), types.end());
      return each(types);
    }
  }
  return {std::nullopt};
}

}  // namespace

absl::Span<const absl::string_view> DimensionNames() { return kNames; }

std::optional<Dimension> DimensionByName(absl::string_view name) {
  const auto* const found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<Dimension>(std::distance(kNames.begin(), found));
}

void Period::Add(const LogEvent& event) {
  const int64_t at = event.seconds * kMillisecondsPerSecond + event.milliseconds;
  first = std::min(first, at);
  last = std::max(last, at);
}

void Counts::Add(const LogEvent& event) {
  std::vector<Values> keys = {{}};
  for (const Dimension dimension : by_) {
    std::vector<Values> longer;
    for (const auto& value : ValuesOf(event, dimension, span_)) {
      for (const Values& key : keys) {
        longer.push_back(key);
        longer.back().push_back(value);
      }
    }
    keys = std::move(longer);
  }
  for (const Values& key : keys) {
    auto& [events, period] = rows_[key];
    ++events;
    period.Add(event);
  }
}

std::vector<Counts::Row> Counts::Rows(size_t most) const {
  std::vector<Row> rows;
  rows.reserve(rows_.size());
  for (const auto& [values, row] : rows_) rows.push_back({values, row.first, row.second});
  if (by_.empty() || by_.front() != Dimension::kTime) {
    std::stable_sort(rows.begin(), rows.end(),
                     [](const Row& a, const Row& b) { return a.events > b.events; });
  }
  if (most != 0 && rows.size() > most) rows.resize(most);
  return rows;
}

void Overview::Add(const LogEvent& event) {
  period_.Add(event);
  ++events_;
  if (event.nr.has_value()) ++calls_;
  if (!event.verdict.empty()) verdicts_.Add(event);
  if (event.Refused()) {
    ++refused_;
    refused_calls_.Add(event);
    if (!event.paths.empty()) refused_paths_.Add(event);
  }
  if (!event.rules.empty()) rules_.Add(event);
  if (!event.program.empty() && event.nr.has_value()) programs_.Add(event);

  if (event.op != "supervisor-start" && event.op != "supervisor-end" && event.op != "events-lost") {
    return;
  }
  Run& run = runs_[{event.node, event.pid.value_or(0)}];
  if (event.op == "supervisor-start") {
    ++begun_;
    run = {0, run.past + run.said};
  } else if (event.op == "supervisor-end") {
    ++ended_;
    run = {0, run.past + std::max(run.said, event.lost.value_or(0))};
  } else {
    run.said += event.lost.value_or(0);
  }
}

uint64_t Overview::lost() const {
  uint64_t lost = 0;
  for (const auto& [who, run] : runs_) lost += run.past + run.said;
  return lost;
}

}  // namespace provost
