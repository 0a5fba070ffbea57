#include "audit/outlet_queue.h"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/quiet_thread.h"

namespace provost {
namespace {

constexpr int kAwaitMilliseconds = 100;
constexpr std::chrono::milliseconds kRetryPause(100);
// For a thread that stands in a system call it cannot leave.
constexpr std::chrono::milliseconds kEndPatience(500);

struct Piece {
  std::string text;
  size_t sent = 0;
};

}  // namespace

// Who owns the outlet: the tracing thread while `pieces` is empty, the queue's own thread else.
struct OutletQueue::State {
  std::unique_ptr<Outlet> outlet;
  size_t limit = 0;

  std::mutex mutex;  // for all below
  std::condition_variable work;
  std::condition_variable news;  // `pieces` is empty, or the thread has ended
  std::deque<Piece> pieces;
  size_t bytes = 0;
  absl::Status error;  // of the first piece, when it was last tried
  bool stop = false;
  bool ended = false;
  std::thread thread;

  absl::Status Enqueue(absl::string_view text, size_t sent, const std::shared_ptr<State>& self);
  void Run();
};

absl::Status OutletQueue::State::Enqueue(absl::string_view text, size_t sent,
                                         const std::shared_ptr<State>& self) {
  if (!thread.joinable()) {
    absl::Status status;
    try {
      thread = StartQuietThread([self] { self->Run(); });
    } catch (const std::system_error& error) {
      status = absl::ResourceExhaustedError(
          absl::StrCat("cannot start a thread to write to ", outlet->name(), ": ", error.what()));
    }
    if (!status.ok()) return status;
  }
  pieces.push_back({std::string(text), sent});
  bytes += text.size();
  work.notify_one();
  return absl::OkStatus();
}

void OutletQueue::State::Run() {
  std::unique_lock<std::mutex> lock(mutex);
  while (true) {
    work.wait(lock, [this] { return stop || !pieces.empty(); });
    if (stop) break;
    Piece& head = pieces.front();  // stays where it is while others are added
    lock.unlock();
    const absl::StatusOr<Outlet::Progress> progress = outlet->Put(head.text, head.sent);
    const bool blocked = progress.ok() && *progress == Outlet::Progress::kBlocked;
    if (blocked) outlet->Await(kAwaitMilliseconds);
    lock.lock();
    error = progress.status();
    if (!progress.ok()) {
      head.sent = 0;
      work.wait_for(lock, kRetryPause, [this] { return stop; });
    } else if (!blocked) {
      bytes -= head.text.size();
      pieces.pop_front();
      if (pieces.empty()) news.notify_all();
    }
  }
  ended = true;
  news.notify_all();
}

OutletQueue::OutletQueue(std::unique_ptr<Outlet> outlet, size_t limit)
    : state_(std::make_shared<State>()) {
  state_->outlet = std::move(outlet);
  state_->limit = limit;
}

OutletQueue::~OutletQueue() {
  if (state_ == nullptr || !state_->thread.joinable()) return;
  std::unique_lock<std::mutex> lock(state_->mutex);
  state_->stop = true;
  state_->work.notify_all();
  const bool ended = state_->news.wait_for(lock, kEndPatience, [this] { return state_->ended; });
  lock.unlock();
  if (ended) {
    state_->thread.join();
  } else {
    state_->thread.detach();
  }
}

const std::string& OutletQueue::name() const { return state_->outlet->name(); }
Outlet::Text OutletQueue::text() const { return state_->outlet->text(); }

absl::Status OutletQueue::Offer(absl::string_view piece, bool urgent) {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  size_t sent = 0;
  if (state_->pieces.empty()) {
    const absl::StatusOr<Outlet::Progress> progress = state_->outlet->Put(piece, sent);
    if (!progress.ok()) return progress.status();
    if (*progress == Outlet::Progress::kDone) return absl::OkStatus();
  } else {
    if (!state_->error.ok()) return state_->error;
    if (!urgent && state_->bytes + piece.size() > state_->limit) {
      return absl::ResourceExhaustedError(
          absl::StrCat(state_->outlet->name(), " is too slow: the queue before it is full"));
    }
  }
  return state_->Enqueue(piece, sent, state_);
}

absl::Status OutletQueue::Flush() {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  return state_->pieces.empty() ? state_->outlet->Flush() : state_->error;
}

bool OutletQueue::Drain(int milliseconds) {
  std::unique_lock<std::mutex> lock(state_->mutex);
  return state_->news.wait_for(lock, std::chrono::milliseconds(milliseconds),
                               [this] { return state_->pieces.empty(); });
}

uint64_t OutletQueue::waiting() const {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  return state_->pieces.size();
}

}  // namespace provost
