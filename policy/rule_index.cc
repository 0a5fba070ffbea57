#include "policy/rule_index.h"

#include <algorithm>
#include <array>
#include <utility>
#include <variant>

#include "absl/strings/match.h"
#include "policy/string_pattern.h"

namespace provost {
namespace {

// Below this asking every condition costs less than a search.
constexpr size_t kWorthAnIndex = 8;

using Beginnings = std::optional<std::vector<std::string>>;

// The beginnings, one of which every plain path that `predicate` holds of has in argument `arg`.
// nullopt: nothing is known.
Beginnings BeginningsOf(const Predicate& predicate, uint8_t arg) {
  if (predicate == nullptr) return std::nullopt;
  if (const auto* match = std::get_if<MatchString>(&predicate->node)) {
    const absl::string_view beginning = match->pattern->Beginning();
    if (match->arg != arg || beginning.empty()) return std::nullopt;
    return std::vector<std::string>{std::string(beginning)};
  }
  if (const auto* all = std::get_if<AllOf>(&predicate->node)) {
    for (const Predicate& child : all->children) {
      if (Beginnings known = BeginningsOf(child, arg); known.has_value()) return known;
    }
  }
  const auto* any = std::get_if<AnyOf>(&predicate->node);
  if (any == nullptr || any->children.empty()) return std::nullopt;
  std::vector<std::string> union_of_all;
  for (const Predicate& child : any->children) {
    Beginnings known = BeginningsOf(child, arg);
    if (!known.has_value()) return std::nullopt;
    std::move(known->begin(), known->end(), std::back_inserter(union_of_all));
  }
  return union_of_all;
}

}  // namespace

std::optional<size_t> RuleIndex::Candidates::Next() {
  std::optional<uint32_t> next;
  for (const absl::Span<const uint32_t> list : lists_) {
    if (!list.empty() && (!next.has_value() || list.front() < *next)) next = list.front();
  }
  for (absl::Span<const uint32_t>& list : lists_) {
    if (!list.empty() && list.front() == *next) list.remove_prefix(1);
  }
  return next;
}

std::optional<RuleIndex> RuleIndex::Build(absl::Span<const Predicate> conditions) {
  std::array<size_t, 6> known{};
  for (const Predicate& condition : conditions) {
    for (size_t arg = 0; arg < known.size(); ++arg) {
      if (BeginningsOf(condition, static_cast<uint8_t>(arg)).has_value()) ++known[arg];
    }
  }
  const auto most = std::max_element(known.begin(), known.end());
  if (*most < kWorthAnIndex) return std::nullopt;
  RuleIndex index;
  index.arg_ = static_cast<uint8_t>(most - known.begin());
  index.first_ = conditions.size();
  for (size_t i = 0; i < conditions.size(); ++i) {
    if (Beginnings beginnings = BeginningsOf(conditions[i], index.arg_); beginnings.has_value()) {
      index.first_ = std::min(index.first_, i);
      index.Add(static_cast<uint32_t>(i), *std::move(beginnings));
    } else if (i > index.first_) {
      index.others_.push_back(static_cast<uint32_t>(i));
    }
  }
  index.Finish();
  return index;
}

void RuleIndex::Add(uint32_t condition, std::vector<std::string> beginnings) {
  for (std::string& text : beginnings) {
    beginnings_.push_back({.text = std::move(text), .holders = {condition}});
  }
}

// Sorts the beginnings, joins equal ones, and links each to the longest that it begins with. Those
// that contain `text` end a chain from its predecessor: whatever stands between a beginning of
// `text` and `text` itself begins with it too.
void RuleIndex::Finish() {
  std::stable_sort(beginnings_.begin(), beginnings_.end(),
                   [](const Beginning& a, const Beginning& b) { return a.text < b.text; });
  std::vector<Beginning> joined;
  for (Beginning& beginning : beginnings_) {
    if (joined.empty() || joined.back().text != beginning.text) {
      auto shorter = static_cast<int32_t>(joined.size()) - 1;
      while (shorter >= 0 && !absl::StartsWith(beginning.text, joined[shorter].text)) {
        shorter = joined[shorter].shorter;
      }
      beginning.shorter = shorter;
      joined.push_back(std::move(beginning));
    } else if (joined.back().holders.back() != beginning.holders.front()) {
      joined.back().holders.push_back(beginning.holders.front());
    }
  }
  beginnings_ = std::move(joined);
}

std::optional<RuleIndex::Candidates> RuleIndex::Find(const SyscallRequest& request,
                                                     ArgumentReader& arguments) const {
  const absl::StatusOr<absl::string_view> text = arguments.ReadString(request.Register(arg_));
  if (!text.ok() || !StringPattern::IsPlain(*text)) return std::nullopt;
  const auto behind = std::upper_bound(
      beginnings_.begin(), beginnings_.end(), *text,
      [](absl::string_view path, const Beginning& beginning) { return path < beginning.text; });
  Candidates candidates;
  candidates.lists_.push_back(others_);
  for (auto at = static_cast<int32_t>(behind - beginnings_.begin()) - 1; at >= 0;
       at = beginnings_[at].shorter) {
    if (absl::StartsWith(*text, beginnings_[at].text)) {
      candidates.lists_.push_back(beginnings_[at].holders);
    }
  }
  return candidates;
}

}  // namespace provost
