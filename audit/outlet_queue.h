#ifndef PROVOST_AUDIT_OUTLET_QUEUE_H_
#define PROVOST_AUDIT_OUTLET_QUEUE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "audit/outlet.h"

namespace provost {

// Stands between the tracing thread and an outlet, so that a slow one holds nobody up.
//
// A piece goes straight to the outlet as long as nothing waits. One that would block, and what
// comes after it, is queued, in order, and a thread of the queue's own puts it there; that thread
// is started by the first piece that waits and runs with all signals blocked. The queue takes up to
// `limit` bytes (a single longer piece if it is empty); beyond that pieces are refused, as they are
// while the outlet answers what it has queued with an error.
//
// All methods are for one thread, the tracing thread.
class OutletQueue {
 public:
  OutletQueue(std::unique_ptr<Outlet> outlet, size_t limit);
  // Ends the thread; what still waits is gone.
  ~OutletQueue();
  OutletQueue(OutletQueue&& other) noexcept = default;
  OutletQueue& operator=(OutletQueue&& other) noexcept = delete;

  const std::string& name() const;
  Outlet::Text text() const;

  // OK: the piece is at the outlet, or in the queue. An error means neither. `urgent`: the queue's
  // limit does not count; for the few pieces of a run that must not be refused for it.
  absl::Status Offer(absl::string_view piece, bool urgent = false);
  // Does not wait for the queue: an error if its outlet answers with one, else the outlet's own
  // Flush where nothing is queued.
  absl::Status Flush();
  // Waits for at most so long until nothing is queued. True if nothing is.
  bool Drain(int milliseconds);
  // Pieces in the queue.
  uint64_t waiting() const;

 private:
  struct State;

  std::shared_ptr<State> state_;  // the thread's too: it may outlast a blocked write
};

}  // namespace provost

#endif  // PROVOST_AUDIT_OUTLET_QUEUE_H_
