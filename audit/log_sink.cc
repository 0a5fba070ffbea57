#include "audit/log_sink.h"

#include <unistd.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "audit/formatter.h"
#include "audit/kernel_message.h"

namespace provost {
namespace {

// An offer that is never repeated (its task was killed) is forgotten when so many newer ones are
// remembered.
constexpr size_t kMaxPartial = 4096;

Identity ThisProcess() {
  Identity identity;
  identity.pid = getpid();
  identity.uid = getuid();
  identity.comm = "provost";
  return identity;
}

uint64_t OfferOf(const Event& event) {
  const auto* decision = std::get_if<DecisionEvent>(&event);
  return decision == nullptr ? 0 : decision->offer;
}

EventStamp Before(EventStamp stamp) {
  stamp.serial = stamp.serial == 1 ? UINT32_MAX : stamp.serial - 1;
  return stamp;
}

void AppendText(const Event& event, const EventStamp& stamp, Outlet::Text text,
                const EventFormat& format, std::string& out) {
  switch (text) {
    case Outlet::Text::kRecords:
      FormatEvent(event, stamp, format, out);
      return;
    case Outlet::Text::kKernelMessage:
      AppendKernelMessage(event, out);
      return;
  }
}

// "3 events for syslog".
void AppendCount(uint64_t events, const std::string& name, std::vector<std::string>& parts) {
  if (events == 0) return;
  parts.push_back(absl::StrCat(events, events == 1 ? " event for " : " events for ", name));
}

}  // namespace

LogSink::LogSink(Options options) : options_(std::move(options)), supervisor_(ThisProcess()) {}

void LogSink::Add(std::unique_ptr<Outlet> outlet, bool required) {
  channels_.push_back({OutletQueue(std::move(outlet), options_.queue_limit), required});
}

absl::Status LogSink::Write(const Event& event) {
  if (const auto* supervisor = std::get_if<SupervisorEvent>(&event)) {
    const bool is_own = supervisor->what != SupervisorEvent::What::kReload;
    if (is_own && supervisor->identity != nullptr) supervisor_ = *supervisor->identity;
    if (supervisor->what == SupervisorEvent::What::kStart) {
      for (Channel& channel : channels_) channel.run_taken = channel.run_lost = 0;
    }
  }
  const uint64_t offer = OfferOf(event);
  Partial* const known = FindPartial(offer);
  EventStamper stamper = stamper_;
  const EventStamp stamp = known != nullptr ? known->stamp : NextStamp(stamper);
  Format(event, stamp);

  Settled settled = known != nullptr ? known->settled : Settled(channels_.size(), false);
  absl::Status refusal;
  for (size_t i = 0; i < channels_.size(); ++i) {
    if (!settled[i]) settled[i] = Settle(channels_[i], event, stamp, refusal);
  }
  const bool any_settled = std::find(settled.begin(), settled.end(), true) != settled.end();
  if (known == nullptr && (refusal.ok() || any_settled)) {
    stamper_ = stamper;
    unstamped_lost_ = 0;
  }
  if (refusal.ok()) {
    if (known != nullptr) partial_.erase(partial_.begin() + (known - partial_.data()));
    return absl::OkStatus();
  }
  if (known != nullptr) {
    known->settled = std::move(settled);
  } else if (any_settled && offer != 0) {
    Remember(offer, stamp, std::move(settled));
  }
  return refusal;
}

EventStamp LogSink::NextStamp(EventStamper& stamper) const {
  stamper.Skip(unstamped_lost_);
  return stamper.Next();
}

LogSink::Partial* LogSink::FindPartial(uint64_t offer) {
  if (offer == 0) return nullptr;
  for (Partial& partial : partial_) {
    if (partial.offer == offer) return &partial;
  }
  return nullptr;
}

void LogSink::Remember(uint64_t offer, const EventStamp& stamp, Settled settled) {
  if (partial_.size() >= kMaxPartial) partial_.erase(partial_.begin());
  partial_.push_back({offer, stamp, std::move(settled)});
}

void LogSink::Format(const Event& event, const EventStamp& stamp) {
  records_.clear();
  kernel_message_.clear();
  for (const Channel& channel : channels_) {
    const Outlet::Text text = channel.queue.text();
    std::string& out = text == Outlet::Text::kRecords ? records_ : kernel_message_;
    if (out.empty()) AppendText(event, stamp, text, options_.format, out);
  }
}

absl::string_view LogSink::TextFor(const Channel& channel, const Event& event,
                                   const EventStamp& stamp) {
  const Outlet::Text text = channel.queue.text();
  const auto* supervisor = std::get_if<SupervisorEvent>(&event);
  const bool is_end = supervisor != nullptr && supervisor->what == SupervisorEvent::What::kEnd;
  const std::string& own = text == Outlet::Text::kRecords ? records_ : kernel_message_;
  if (channel.lost == 0 && !is_end) return own;
  for_channel_.clear();
  if (channel.lost > 0) {
    AppendText(SupervisorEvent{.what = SupervisorEvent::What::kEventsLost,
                               .identity = &supervisor_,
                               .lost = channel.lost},
               Before(stamp), text, options_.format, for_channel_);
  }
  if (is_end) {
    SupervisorEvent end = *supervisor;
    end.events = channel.run_taken;
    end.lost = channel.run_lost;
    AppendText(end, stamp, text, options_.format, for_channel_);
  } else {
    for_channel_ += own;
  }
  return for_channel_;
}

void LogSink::Lose(Channel& channel, uint64_t events) {
  channel.lost += events;
  channel.run_lost += events;
}

bool LogSink::Settle(Channel& channel, const Event& event, const EventStamp& stamp,
                     absl::Status& refusal) {
  const bool urgent = std::holds_alternative<SupervisorEvent>(event);
  const absl::Status status = channel.queue.Offer(TextFor(channel, event, stamp), urgent);
  if (status.ok()) {
    channel.lost = 0;
    if (std::holds_alternative<DecisionEvent>(event)) ++channel.run_taken;
    // An urgent one says nothing of those that will follow it.
    if (channel.failing && !urgent) {
      if (options_.tell) options_.tell(absl::StrCat(channel.queue.name(), " takes events again"));
      channel.failing = false;
    }
    return true;
  }
  if (channel.required) {
    refusal.Update(status);
    return false;
  }
  Lose(channel, 1);
  if (!channel.failing && options_.tell) {
    options_.tell(absl::StrCat(std::string(status.message()), "; it loses events for now"));
  }
  channel.failing = true;
  return true;
}

void LogSink::CountLost(uint64_t events) {
  unstamped_lost_ += events;
  for (Channel& channel : channels_) Lose(channel, events);
}

void LogSink::GiveUp(uint64_t offer) {
  Partial* const partial = FindPartial(offer);
  if (partial == nullptr) return CountLost(1);
  for (size_t i = 0; i < channels_.size(); ++i) {
    if (!partial->settled[i]) Lose(channels_[i], 1);
  }
  partial_.erase(partial_.begin() + (partial - partial_.data()));
}

absl::Status LogSink::Flush() {
  absl::Status first;
  for (Channel& channel : channels_) {
    const absl::Status status = channel.queue.Flush();
    if (channel.required) first.Update(status);
  }
  return first;
}

bool LogSink::Drain(int milliseconds) { return DrainThose(/*required=*/true, milliseconds); }

bool LogSink::DrainCopies(int milliseconds) { return DrainThose(/*required=*/false, milliseconds); }

bool LogSink::DrainThose(bool required, int milliseconds) {
  bool drained = true;
  for (Channel& channel : channels_) {
    if (channel.required != required) continue;
    // The first to be slow has all the time there is.
    if (!channel.queue.Drain(drained ? milliseconds : 0)) drained = false;
  }
  return drained;
}

LogSink::Saved LogSink::Save() const {
  Saved saved = {.next_serial = stamper_.next(), .unstamped_lost = unstamped_lost_};
  for (const Channel& channel : channels_) {
    saved.outlets.push_back({channel.lost, channel.run_taken, channel.run_lost});
  }
  return saved;
}

absl::Status LogSink::Restore(const Saved& saved) {
  if (saved.outlets.size() != channels_.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("there were ", saved.outlets.size(), " outlets, and are ", channels_.size()));
  }
  stamper_ = EventStamper(saved.next_serial);
  unstamped_lost_ = saved.unstamped_lost;
  for (size_t i = 0; i < channels_.size(); ++i) {
    channels_[i].lost = saved.outlets[i].lost;
    channels_[i].run_taken = saved.outlets[i].run_taken;
    channels_[i].run_lost = saved.outlets[i].run_lost;
  }
  return absl::OkStatus();
}

std::string LogSink::Undelivered() const {
  std::vector<std::string> parts;
  for (const Channel& channel : channels_)
    AppendCount(channel.queue.waiting(), channel.queue.name(), parts);
  return absl::StrJoin(parts, ", ");
}

std::string LogSink::LostByCopies() const {
  std::vector<std::string> parts;
  for (const Channel& channel : channels_) {
    if (!channel.required) AppendCount(channel.run_lost, channel.queue.name(), parts);
  }
  return absl::StrJoin(parts, ", ");
}

}  // namespace provost
