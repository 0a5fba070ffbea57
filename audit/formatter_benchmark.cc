// The cost of one recorded decision. The target is 3 µs an event.

#include <string>

#include "audit/event.h"
#include "audit/event_format.h"
#include "audit/file_sink.h"
#include "audit/formatter.h"
#include "audit/testing.h"
#include "base/call_facts.h"
#include "benchmark/benchmark.h"

namespace provost {
namespace {

// SECCOMP, SYSCALL, CWD, PATH, PROCTITLE.
void FormatsFiveRecords(benchmark::State& state) {
  const Identity who = SomeTask();
  const CallFacts facts = SomeFacts();
  DecisionEvent decision = SomeDecision(who);
  decision.facts = &facts;
  const Event event = decision;
  const EventFormat format = {.kind = static_cast<EventFormat::Kind>(state.range(0))};
  std::string out;
  uint64_t serial = 3000000000;
  while (state.KeepRunning()) {
    out.clear();
    FormatEvent(event, {1795311668, 7, ++serial}, format, out);
    benchmark::DoNotOptimize(out.data());
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * out.size()));
}
BENCHMARK(FormatsFiveRecords)
    ->ArgName("format")
    ->Arg(static_cast<int>(EventFormat::Kind::kRaw))
    ->Arg(static_cast<int>(EventFormat::Kind::kEnriched))
    ->Arg(static_cast<int>(EventFormat::Kind::kJson));

void FormatsTheLongestNames(benchmark::State& state) {
  Identity who = SomeTask();
  who.exe = std::string(3584, ' ');
  who.proctitle = std::string(128, '"');
  const Event event = SomeDecision(who);
  std::string out;
  while (state.KeepRunning()) {
    out.clear();
    FormatEvent(event, {1795311668, 7, 3000000000}, out);
    benchmark::DoNotOptimize(out.data());
  }
}
BENCHMARK(FormatsTheLongestNames);

void WritesOneEvent(benchmark::State& state) {
  const std::string path = FreshPath("benchmark.log");
  auto sink = FileSink::Open(path);
  if (!sink.ok()) return state.SkipWithError("cannot open the log");
  const Identity who = SomeTask();
  const Event event = SomeDecision(who);
  while (state.KeepRunning()) {
    if (!(*sink)->Write(event).ok()) return state.SkipWithError("cannot write");
  }
  sink->reset();
  WriteFile(path, "");
}
BENCHMARK(WritesOneEvent);

}  // namespace
}  // namespace provost
