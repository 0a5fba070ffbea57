#ifndef PROVOST_AUDIT_COLLECTING_SINK_H_
#define PROVOST_AUDIT_COLLECTING_SINK_H_

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "audit/event.h"
#include "audit/event_stamper.h"
#include "audit/formatter.h"
#include "audit/sink.h"
#include "base/call_facts.h"
#include "base/identity.h"
#include "policy/verdict.h"
#include "syscalls/request.h"

namespace provost {

// Keeps what it is given, for tests to look at. Not thread-safe.
class CollectingSink final : public AuditSink {
 public:
  // A DecisionEvent that owns what it refers to.
  struct Recorded {
    Identity identity;
    SyscallRequest request;
    Verdict verdict;
    RecordWish wish;
    std::string rule;
    std::optional<int64_t> result;
    CallFacts facts;
  };

  absl::Status Write(const Event& event) override {
    if (!refusal_.ok()) return refusal_;
    FormatEvent(event, stamper_.Next(), text_);
    if (const auto* decision = std::get_if<DecisionEvent>(&event)) {
      decisions_.push_back(Copy(*decision));
    } else if (const auto* supervisor = std::get_if<SupervisorEvent>(&event)) {
      supervisor_events_.push_back(*supervisor);
      supervisor_events_.back().identity = nullptr;
    }
    return absl::OkStatus();
  }
  void CountLost(uint64_t events) override { lost_ += events; }
  absl::Status Flush() override {
    ++flushes_;
    return refusal_;
  }

  // From now on everything is answered with `status`; OK ends it.
  void Refuse(absl::Status status) { refusal_ = std::move(status); }

  const std::vector<Recorded>& decisions() const { return decisions_; }
  // Their `identity` is null: it belonged to the writer.
  const std::vector<SupervisorEvent>& supervisor_events() const { return supervisor_events_; }
  // Every event as audit lines; the first has serial 1.
  const std::string& text() const { return text_; }
  int flushes() const { return flushes_; }
  // What CountLost was told, in all.
  uint64_t lost() const { return lost_; }

 private:
  static Recorded Copy(const DecisionEvent& event) {
    Recorded copy;
    if (event.identity != nullptr) copy.identity = *event.identity;
    copy.request = event.request;
    copy.verdict = event.decision.verdict;
    copy.wish = event.decision.wish;
    copy.rule = std::string(event.decision.rule);
    copy.result = event.result;
    if (event.facts != nullptr) copy.facts = *event.facts;
    return copy;
  }

  EventStamper stamper_{1};
  absl::Status refusal_;
  std::vector<Recorded> decisions_;
  std::vector<SupervisorEvent> supervisor_events_;
  std::string text_;
  int flushes_ = 0;
  uint64_t lost_ = 0;
};

}  // namespace provost

#endif  // PROVOST_AUDIT_COLLECTING_SINK_H_
