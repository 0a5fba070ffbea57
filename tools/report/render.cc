#include "tools/report/render.h"

#include <pwd.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "syscalls/constants.h"
#include "syscalls/request.h"
#include "tools/report/when.h"

namespace provost {
namespace {

using Json = nlohmann::ordered_json;

constexpr char kBold[] = "\x1b[1m";
constexpr char kRed[] = "\x1b[31m";
constexpr char kPlain[] = "\x1b[0m";
constexpr int64_t kMillisecondsPerSecond = 1000;

std::string Coloured(const char* code, absl::string_view text, bool colour) {
  return colour ? absl::StrCat(code, text, kPlain) : std::string(text);
}

// The length of the UTF-8 character that `text` starts with, and itself; 0 if it is none.
size_t TakeCharacter(absl::string_view text, uint32_t& character) {
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) {
    character = first;
    return 1;
  }
  const size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return 0;
  character = first & (0x7fU >> length);
  for (size_t i = 1; i < length; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xc0) != 0x80) return 0;
    character = character << 6 | (next & 0x3f);
  }
  constexpr std::array<uint32_t, 5> kLeast = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = character >= 0xd800 && character <= 0xdfff;
  return character < kLeast[length] || surrogate || character > 0x10ffff ? 0 : length;
}

// Moves the cursor, breaks or turns the line, or cannot be seen.
bool IsControl(uint32_t character) {
  return character < 0x20 || (character >= 0x7f && character < 0xa0) ||
         (character >= 0x200b && character <= 0x200f) ||
         (character >= 0x2028 && character <= 0x202e) ||
         (character >= 0x2060 && character <= 0x206f) || character == 0xfeff;
}

size_t Width(absl::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

// Users by name where this machine has one; each is asked for once.
std::string UserName(uint32_t id) {
  if (id == UINT32_MAX) return "unset";
  static auto& names = *new std::map<uint32_t, std::string>();
  const auto [known, fresh] = names.try_emplace(id);
  if (fresh) {
    const passwd* user = getpwuid(id);
    known->second = user == nullptr ? absl::StrCat(id) : user->pw_name;
  }
  return known->second;
}

std::string ShownValue(Dimension dimension, const std::optional<std::string>& value) {
  if (!value.has_value()) return "-";
  if ((dimension == Dimension::kUser || dimension == Dimension::kLogin) && *value != "unset") {
    return Visible(UserName(static_cast<uint32_t>(std::stoul(*value))));
  }
  return Visible(*value);
}

std::string ResultToText(const LogEvent& event) {
  if (!event.exit.has_value()) return "";
  if (*event.exit < 0) {
    const auto name = ErrnoName(static_cast<int>(-*event.exit));
    if (name.has_value()) return absl::StrCat("-", *name);
  }
  return absl::StrCat(*event.exit);
}

std::string TimeOf(int64_t milliseconds) {
  return FormatLocalTime(milliseconds / kMillisecondsPerSecond,
                         static_cast<uint32_t>(milliseconds % kMillisecondsPerSecond));
}

std::string UtcTimeOf(int64_t milliseconds) {
  return FormatUtcTime(milliseconds / kMillisecondsPerSecond,
                       static_cast<uint32_t>(milliseconds % kMillisecondsPerSecond));
}

Json RowsToJson(const Counts& counts, size_t most) {
  Json rows = Json::array();
  for (const Counts::Row& row : counts.Rows(most)) {
    Json json = Json::object();
    for (size_t i = 0; i < row.values.size(); ++i) {
      const std::string name(DimensionNames()[static_cast<size_t>(counts.by()[i])]);
      json[name] = row.values[i].has_value() ? Json(*row.values[i]) : Json();
    }
    json["events"] = row.events;
    json["first"] = UtcTimeOf(row.period.first);
    json["last"] = UtcTimeOf(row.period.last);
    rows.push_back(std::move(json));
  }
  return rows;
}

void AddTotals(const Totals& totals, Json& json) {
  json["events"] = totals.events;
  json["matched"] = totals.matched;
  json["malformed"] = totals.malformed;
}

std::string Title(absl::string_view title, bool colour) {
  return absl::StrCat("\n", Coloured(kBold, title, colour), "\n");
}

}  // namespace

std::string Visible(absl::string_view text) {
  std::string shown;
  shown.reserve(text.size());
  while (!text.empty()) {
    uint32_t character = 0;
    const size_t length = TakeCharacter(text, character);
    if (length == 0 || IsControl(character)) {
      for (const char c : text.substr(0, std::max<size_t>(length, 1))) {
        absl::StrAppendFormat(&shown, "\\x%02x", static_cast<unsigned char>(c));
      }
    } else if (character == '\\') {
      shown += "\\\\";
    } else {
      absl::StrAppend(&shown, text.substr(0, length));
    }
    text.remove_prefix(std::max<size_t>(length, 1));
  }
  return shown;
}

std::string TableToText(const std::vector<std::vector<std::string>>& lines, bool colour) {
  std::vector<size_t> widths(lines[0].size());
  for (const auto& line : lines) {
    for (size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], Width(line[i]));
  }
  std::string text;
  for (const auto& line : lines) {
    std::string row;
    for (size_t i = 0; i < line.size(); ++i) {
      const std::string space(widths[i] - Width(line[i]), ' ');
      if (i == 0) {
        absl::StrAppend(&row, space, line[i]);
      } else {
        absl::StrAppend(&row, "  ", line[i], i + 1 == line.size() ? "" : space);
      }
    }
    absl::StrAppend(&text, &line == &lines[0] ? Coloured(kBold, row, colour) : row, "\n");
  }
  return text;
}

std::string EventToText(const LogEvent& event, bool colour) {
  const std::string what = !event.verdict.empty()   ? event.verdict
                           : event.success == false ? "no"
                                                    : "-";
  std::string line = absl::StrCat(FormatLocalTime(event.seconds, event.milliseconds), "  ");
  if (!event.node.empty()) absl::StrAppend(&line, Visible(event.node), "  ");
  const std::string verdict = absl::StrFormat("%-7s", Visible(what));
  absl::StrAppend(&line, event.Refused() ? Coloured(kRed, verdict, colour) : verdict, "  ");
  if (event.nr.has_value()) {
    std::string call = Visible(event.syscall);
    if (event.arch == static_cast<uint32_t>(Arch::kI386)) call += " (i386)";
    const std::string result = ResultToText(event);
    if (!result.empty()) absl::StrAppend(&call, " = ", result);
    absl::StrAppend(&line, absl::StrFormat("%-22s", call));
  } else {
    std::string said = event.op.empty() ? event.types.front() : event.op;
    if (event.success == false) said += " failed";
    absl::StrAppend(&line, absl::StrFormat("%-22s", Visible(said)));
  }
  if (event.pid.has_value()) {
    const std::string& who = event.program.empty() ? event.name : event.program;
    absl::StrAppend(&line, "  ", Visible(who), "[", *event.pid, "]");
  }
  if (event.uid.has_value()) absl::StrAppend(&line, "  uid ", Visible(UserName(*event.uid)));
  const auto each = [&](absl::string_view title, const auto& all) {
    if (!all.empty()) absl::StrAppend(&line, "  ", title, " ", Visible(absl::StrJoin(all, ", ")));
  };
  each("rule", event.rules);
  std::vector<std::string> paths;
  for (const std::string& path : event.paths) {
    if (std::find(paths.begin(), paths.end(), path) == paths.end()) paths.push_back(path);
  }
  each("path", paths);
  each("container", event.containers);
  if (event.lost.value_or(0) > 0) absl::StrAppend(&line, "  lost ", *event.lost);
  return line + "\n";
}

nlohmann::ordered_json EventToJson(const LogEvent& event) {
  Json json = {{"time", FormatUtcTime(event.seconds, event.milliseconds)},
               {"serial", event.serial}};
  const auto text = [&](const char* name, const std::string& value) {
    if (!value.empty()) json[name] = value;
  };
  const auto number = [&](const char* name, const auto& value) {
    if (value.has_value()) json[name] = *value;
  };
  text("node", event.node);
  json["types"] = event.types;
  text("op", event.verdict.empty() ? event.op : event.verdict);
  text("syscall", event.syscall);
  number("nr", event.nr);
  if (event.arch.has_value()) json["arch"] = absl::StrCat(absl::Hex(*event.arch));
  number("success", event.success);
  number("exit", event.exit);
  if (!event.rules.empty()) json["key"] = event.rules;
  number("pid", event.pid);
  number("ppid", event.ppid);
  number("uid", event.uid);
  number("euid", event.euid);
  number("auid", event.auid);
  number("ses", event.session);
  if (event.terminal != "(none)") text("tty", event.terminal);
  text("comm", event.name);
  text("exe", event.program);
  text("proctitle", event.command);
  if (!event.paths.empty()) json["paths"] = event.paths;
  if (!event.containers.empty()) json["contid"] = event.containers;
  if (!event.other_containers.empty()) json["other_contids"] = event.other_containers;
  number("lost", event.lost);
  return json;
}

std::string CountsToText(const Counts& counts, size_t most, bool colour) {
  std::vector<std::vector<std::string>> lines(1);
  lines[0].emplace_back("events");
  for (const Dimension dimension : counts.by()) {
    lines[0].emplace_back(DimensionNames()[static_cast<size_t>(dimension)]);
  }
  for (const Counts::Row& row : counts.Rows(most)) {
    auto& line = lines.emplace_back();
    line.push_back(absl::StrCat(row.events));
    for (size_t i = 0; i < row.values.size(); ++i) {
      line.push_back(ShownValue(counts.by()[i], row.values[i]));
    }
  }
  return TableToText(lines, colour);
}

nlohmann::ordered_json CountsToJson(const Counts& counts, size_t most, const Totals& totals) {
  Json by = Json::array();
  for (const Dimension dimension : counts.by()) {
    by.push_back(std::string(DimensionNames()[static_cast<size_t>(dimension)]));
  }
  Json json = {{"by", std::move(by)}, {"rows", RowsToJson(counts, most)}};
  AddTotals(totals, json);
  return json;
}

std::string OverviewToText(const Overview& overview, size_t most, bool colour) {
  if (overview.events() == 0) return "no events\n";
  std::string verdicts;
  for (const Counts::Row& row : overview.verdicts().Rows(0)) {
    absl::StrAppend(&verdicts, verdicts.empty() ? "" : ", ", row.events, " ",
                    Visible(row.values[0].value_or("-")));
  }
  std::string text = absl::StrCat("period    ", TimeOf(overview.period().first), " to ",
                                  TimeOf(overview.period().last), "\n");
  absl::StrAppend(&text, "events    ", overview.events(), ": ", overview.calls(), " calls, ",
                  overview.refused(), " of them refused\n");
  if (!verdicts.empty()) absl::StrAppend(&text, "verdicts  ", verdicts, "\n");
  if (overview.runs_begun() > 0 || overview.runs_ended() > 0) {
    absl::StrAppend(&text, "runs      ", overview.runs_begun(), " began, ", overview.runs_ended(),
                    " ended\n");
  }
  const std::string lost = absl::StrCat(overview.lost(), " events");
  absl::StrAppend(&text, "lost      ", overview.lost() == 0 ? "none" : Coloured(kRed, lost, colour),
                  "\n");
  const std::pair<const char*, const Counts&> sections[] = {
      {"refused calls", overview.refused_calls()},
      {"refused paths", overview.refused_paths()},
      {"rules", overview.rules()},
      {"programs", overview.programs()},
  };
  for (const auto& [title, counts] : sections) {
    if (counts.empty()) continue;
    absl::StrAppend(&text, Title(title, colour), CountsToText(counts, most, false));
  }
  return text;
}

nlohmann::ordered_json OverviewToJson(const Overview& overview, size_t most, const Totals& totals) {
  Json json = Json::object();
  if (!overview.period().empty()) {
    json["first"] = UtcTimeOf(overview.period().first);
    json["last"] = UtcTimeOf(overview.period().last);
  }
  AddTotals(totals, json);
  json["calls"] = overview.calls();
  json["refused"] = overview.refused();
  json["runs_begun"] = overview.runs_begun();
  json["runs_ended"] = overview.runs_ended();
  json["lost"] = overview.lost();
  json["verdicts"] = RowsToJson(overview.verdicts(), 0);
  json["refused_calls"] = RowsToJson(overview.refused_calls(), most);
  json["refused_paths"] = RowsToJson(overview.refused_paths(), most);
  json["rules"] = RowsToJson(overview.rules(), most);
  json["programs"] = RowsToJson(overview.programs(), most);
  return json;
}

}  // namespace provost
