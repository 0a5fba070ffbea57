#ifndef PROVOST_AUDIT_LOG_SINK_H_
#define PROVOST_AUDIT_LOG_SINK_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/status/status.h"
#include "audit/event_format.h"
#include "audit/event_stamp.h"
#include "audit/event_stamper.h"
#include "audit/outlet.h"
#include "audit/outlet_queue.h"
#include "audit/sink.h"
#include "base/identity.h"

namespace provost {

// Stamps and formats events and hands them to one outlet or several. An event has the same time and
// serial in all of them.
//
// An event is on record when every required outlet has taken it: it is where the outlet puts
// things, or in the queue before a slow one (outlet_queue.h). Where one refuses, Write is an error,
// and the event, offered again, goes to those alone that have not taken it. So that it is known
// again, its DecisionEvent::offer must be set; an event without is offered to all anew. What an
// outlet that is not required refuses is lost there and counted, and nobody waits for it.
//
// An outlet that lost events (CountLost, GiveUp, or because it is not required) gets a TRUSTED_APP
// record op=events-lost with their number ahead of the next event that it takes, and as one piece
// with it, in the place of the last of them: with its serial. The serials of the others are left
// out. The counts in op=supervisor-end are each outlet's own.
//
// A full queue does not refuse the supervisor's own events: they are few, and the last one has the
// counts.
//
// One thread, the tracing thread.
class LogSink : public AuditSink {
 public:
  struct Options {
    EventFormat format;
    // Bytes that may wait for each outlet that blocks.
    size_t queue_limit = 1 << 20;
    // Told once when an outlet that is not required begins to lose events, and when that ends.
    std::function<void(const std::string&)> tell;
  };

  explicit LogSink(Options options);
  LogSink(const LogSink&) = delete;
  LogSink& operator=(const LogSink&) = delete;

  // Before the first event.
  void Add(std::unique_ptr<Outlet> outlet, bool required = true);

  absl::Status Write(const Event& event) override;
  // Events that no outlet took.
  void CountLost(uint64_t events) override;
  // An outlet that took it has lost nothing.
  void GiveUp(uint64_t offer) override;
  absl::Status Flush() override;

  // Waits for at most so long until nothing is queued for the required outlets. True if nothing is.
  bool Drain(int milliseconds);
  // The same for the others.
  bool DrainCopies(int milliseconds);
  // What another process needs to go on with the same log, once nothing waits here: it opens the
  // same outlets, in the same order.
  struct Saved {
    uint32_t next_serial = 0;
    uint64_t unstamped_lost = 0;
    // Of each outlet, as Channel has it.
    struct Outlet {
      uint64_t lost = 0;
      uint64_t run_taken = 0;
      uint64_t run_lost = 0;
    };
    std::vector<Outlet> outlets;
  };
  Saved Save() const;
  // kInvalidArgument: there are not so many outlets.
  absl::Status Restore(const Saved& saved);

  // What still waits, in words ("3 events for syslog"); "" if nothing does.
  std::string Undelivered() const;
  // What outlets that are not required lost in this run, in words ("3 events for syslog").
  std::string LostByCopies() const;

 private:
  struct Channel {
    OutletQueue queue;
    bool required = true;
    uint64_t lost = 0;  // since it last took an event
    // Of the run's decisions, those that it took and those it did not.
    uint64_t run_taken = 0;
    uint64_t run_lost = 0;
    bool failing = false;  // one that is not required, and it was said
  };
  // By channel: taken, or lost where that is allowed.
  using Settled = absl::InlinedVector<bool, 4>;
  // An event that some outlets have and others do not.
  struct Partial {
    uint64_t offer = 0;
    EventStamp stamp;
    Settled settled;
  };

  EventStamp NextStamp(EventStamper& stamper) const;
  Partial* FindPartial(uint64_t offer);
  void Format(const Event& event, const EventStamp& stamp);
  absl::string_view TextFor(const Channel& channel, const Event& event, const EventStamp& stamp);
  bool DrainThose(bool required, int milliseconds);
  static void Lose(Channel& channel, uint64_t events);
  // True if the event needs not be offered to the channel again.
  bool Settle(Channel& channel, const Event& event, const EventStamp& stamp, absl::Status& refusal);
  void Remember(uint64_t offer, const EventStamp& stamp, Settled settled);

  const Options options_;
  std::vector<Channel> channels_;
  EventStamper stamper_;
  uint64_t unstamped_lost_ = 0;  // lost before they had a serial
  std::vector<Partial> partial_;
  Identity supervisor_;  // for op=events-lost: of the last SupervisorEvent, or this process
  // The event in hand, in each form that an outlet wants; kept for their memory.
  std::string records_;
  std::string kernel_message_;
  std::string for_channel_;
};

}  // namespace provost

#endif  // PROVOST_AUDIT_LOG_SINK_H_
