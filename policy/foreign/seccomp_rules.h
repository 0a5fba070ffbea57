#ifndef PROVOST_POLICY_FOREIGN_SECCOMP_RULES_H_
#define PROVOST_POLICY_FOREIGN_SECCOMP_RULES_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "policy/foreign/statement_writer.h"
#include "policy/verdict.h"

namespace provost {

// What i386 has behind socketcall(2) and ipc(2): libseccomp makes each rule for one of these calls
// a second one, for the call that holds them all, with its first argument the number here.
struct MultiplexedCall {
  absl::string_view name;
  absl::string_view through;  // "socketcall" or "ipc"
  uint64_t number;
};
absl::Span<const MultiplexedCall> MultiplexedCalls();
bool IsMultiplexed(absl::string_view call);

// One comparison of seccomp_rule_add(3).
struct SeccompTest {
  enum class Op : uint8_t { kNe, kLt, kLe, kEq, kGe, kGt, kMaskedEq };
  int arg;
  Op op;
  uint64_t value;   // kMaskedEq: the mask
  uint64_t second;  // kMaskedEq: what the bits under the mask are; otherwise unused
  bool operator==(const SeccompTest&) const = default;
};

// The rules of one libseccomp filter, with libseccomp's meaning (seccomp_rule_add(3), and its
// db.c): a union, in which a rule without comparisons replaces those with, whichever came first,
// and the first of two without comparisons stays. On i386 comparisons are of the low 32 bits.
class SeccompRules {
 public:
  // Adds a rule that stands at `offset` of the source; unknown names are left out as by all who use
  // libseccomp.
  void Add(size_t offset, const Verdict& verdict, const std::vector<std::string>& calls,
           const std::vector<SeccompTest>& tests);
  // Writes them all. Rules whose order libseccomp would choose by itself (two actions for one call,
  // both of which may match) are losses.
  void Write(StatementWriter& writer) const;

 private:
  struct Entry {
    size_t offset;
    Verdict verdict;
    std::vector<std::string> calls;
    std::vector<SeccompTest> tests;
  };
  void Place(const Entry& entry);
  void ReportOverlaps(StatementWriter& writer) const;

  std::vector<Entry> entries_;
  // By call: the entry without comparisons that decides it, or -1, and those with.
  struct Call {
    int always = -1;
    std::vector<int> sometimes;
  };
  std::map<std::string, Call> calls_;
};

}  // namespace provost

#endif  // PROVOST_POLICY_FOREIGN_SECCOMP_RULES_H_
