#include <cerrno>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "policy/foreign/exporters.h"
#include "policy/foreign/region.h"
#include "policy/foreign/unordered.h"

namespace provost {
namespace {

using Json = nlohmann::ordered_json;

const char* NameOf(CompareOp op) {
  switch (op) {
    case CompareOp::kEq:
      return "SCMP_CMP_EQ";
    case CompareOp::kNe:
      return "SCMP_CMP_NE";
    case CompareOp::kLt:
      return "SCMP_CMP_LT";
    case CompareOp::kLe:
      return "SCMP_CMP_LE";
    case CompareOp::kGt:
      return "SCMP_CMP_GT";
    case CompareOp::kGe:
      return "SCMP_CMP_GE";
  }
  return "SCMP_CMP_EQ";
}

Json TestJson(size_t index, const ValueSet& set) {
  Json test = {{"index", index}};
  if (set.shape == ValueSet::Shape::kBits && set.mask != ~uint64_t{0}) {
    test["value"] = set.mask;
    test["valueTwo"] = set.value;
    test["op"] = "SCMP_CMP_MASKED_EQ";
  } else {
    test["value"] = set.value;
    test["op"] = set.shape == ValueSet::Shape::kBits ? "SCMP_CMP_EQ" : NameOf(set.op);
  }
  return test;
}

// The action's name and errno; nullopt for what seccomp has no action for.
std::optional<std::pair<std::string, int>> ActionOf(const Verdict& verdict) {
  if (std::holds_alternative<Allow>(verdict)) return std::make_pair("SCMP_ACT_ALLOW", -1);
  if (std::holds_alternative<Log>(verdict)) return std::make_pair("SCMP_ACT_LOG", -1);
  if (std::holds_alternative<Trap>(verdict)) return std::make_pair("SCMP_ACT_TRAP", -1);
  if (const auto* deny = std::get_if<Deny>(&verdict)) {
    return std::make_pair("SCMP_ACT_ERRNO", deny->error);
  }
  if (const auto* kill = std::get_if<Kill>(&verdict)) {
    return std::make_pair(
        kill->scope == Kill::Scope::kProcess ? "SCMP_ACT_KILL_PROCESS" : "SCMP_ACT_KILL_THREAD",
        -1);
  }
  if (verdict == Verdict(Return{0})) return std::make_pair("SCMP_ACT_ERRNO", 0);
  return std::nullopt;
}

class OciExporter {
 public:
  explicit OciExporter(const Policy& policy) : policy_(policy) {}

  Converted Export() {
    ReportRecords(policy_, "an OCI profile", out_);
    const std::vector<UnorderedCall> calls = WithoutOrder(policy_, "an OCI profile", out_);
    Json profile;
    const auto [action, error] = Action(policy_.default_rule());
    profile["defaultAction"] = action;
    if (error >= 0) profile["defaultErrnoRet"] = error;
    profile["architectures"] = Architectures();
    profile["syscalls"] = Json::array();
    // Calls with the same rules share their entries.
    std::vector<std::pair<std::string, std::vector<std::string>>> entries;
    std::map<std::string, size_t> known;
    for (const UnorderedCall& call : calls) {
      for (const UnorderedRule& rule : call.rules) {
        for (const Json& entry : Entries(rule, call)) {
          const std::string key = entry.dump();
          const auto [at, is_new] = known.emplace(key, entries.size());
          if (is_new) entries.push_back({key, {}});
          std::vector<std::string>& names = entries[at->second].second;
          if (names.empty() || names.back() != call.name) names.push_back(call.name);
        }
      }
    }
    for (const auto& [key, names] : entries) {
      Json entry = {{"names", names}};
      entry.update(Json::parse(key));
      profile["syscalls"].push_back(std::move(entry));
    }
    out_.text = profile.dump(2) + "\n";
    return std::move(out_);
  }

 private:
  std::pair<std::string, int> Action(const Rule& rule) {
    if (const auto action = ActionOf(rule.verdict)) return *action;
    out_.losses.push_back(
        {rule.where, absl::StrCat("`", VerdictToString(rule.verdict),
                                  "`: an OCI profile has no such action; EPERM in "
                                  "its place")});
    return {"SCMP_ACT_ERRNO", EPERM};
  }

  std::vector<std::string> Architectures() {
    std::vector<std::string> names;
    if (policy_.Lists(Arch::kX86_64)) names.emplace_back("SCMP_ARCH_X86_64");
    if (policy_.Lists(Arch::kI386)) names.emplace_back("SCMP_ARCH_X86");
    if (names.size() == 1 && names[0] == "SCMP_ARCH_X86") {
      out_.losses.push_back({{}, "an OCI runtime on x86_64 always rules x86_64 too"});
    }
    return names;
  }

  // libseccomp up to 2.6.0 makes wrong filters of comparisons in order where a call has several
  // rules (GHSA-4q85-33p6-j5g6); comparisons of bits say the same.
  static Region Safe(const UnorderedRule& rule, const UnorderedCall& call) {
    if (call.rules.size() == 1 && rule.where.size() == 1) return rule.where;
    return InBits(rule.where).value_or(rule.where);
  }

  std::vector<Json> Entries(const UnorderedRule& rule, const UnorderedCall& call) {
    Json head;
    const Rule as_rule = {.verdict = rule.verdict};
    const auto [action, error] = Action(as_rule);
    head["action"] = action;
    if (error >= 0) head["errnoRet"] = error;
    std::vector<Json> entries;
    for (const Box& box : Safe(rule, call)) {
      Json tests = Json::array();
      for (size_t i = 0; i < box.size(); ++i) {
        if (!box[i].is_all()) tests.push_back(TestJson(i, box[i]));
      }
      Json entry = head;
      if (tests.empty()) return {entry};
      entry["args"] = std::move(tests);
      entries.push_back(std::move(entry));
    }
    return entries;
  }

  const Policy& policy_;
  Converted out_;
};

}  // namespace

Converted ExportOci(const Policy& policy) { return OciExporter(policy).Export(); }

}  // namespace provost
