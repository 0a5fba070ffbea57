#ifndef PROVOST_TESTS_SUPPORT_SINKS_H_
#define PROVOST_TESTS_SUPPORT_SINKS_H_

#include <cstdint>
#include <functional>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "audit/event.h"
#include "audit/sink.h"

namespace provost {

// Counts the decisions it is given and keeps none.
class CountingSink final : public AuditSink {
 public:
  absl::Status Write(const Event& event) override {
    if (std::holds_alternative<DecisionEvent>(event)) ++decisions_;
    return absl::OkStatus();
  }
  absl::Status Flush() override { return absl::OkStatus(); }

  uint64_t decisions() const { return decisions_; }

 private:
  uint64_t decisions_ = 0;
};

// Hands events on to another sink, except where `refuses` says no to the attempt (counted from 1,
// of decisions alone).
class RefusingSink final : public AuditSink {
 public:
  // `sink` is not owned; `why` is what it says when it refuses.
  RefusingSink(AuditSink& sink, std::function<bool(uint64_t attempt)> refuses,
               absl::Status why = absl::ResourceExhaustedError("no room for this record"))
      : sink_(sink), refuses_(std::move(refuses)), why_(std::move(why)) {}

  absl::Status Write(const Event& event) override {
    if (std::holds_alternative<DecisionEvent>(event) && refuses_(++attempts_)) {
      ++refused_;
      return why_;
    }
    return sink_.Write(event);
  }
  absl::Status Flush() override { return sink_.Flush(); }

  uint64_t attempts() const { return attempts_; }
  uint64_t refused() const { return refused_; }

 private:
  AuditSink& sink_;
  std::function<bool(uint64_t)> refuses_;
  absl::Status why_;
  uint64_t attempts_ = 0;
  uint64_t refused_ = 0;
};

}  // namespace provost

#endif  // PROVOST_TESTS_SUPPORT_SINKS_H_
