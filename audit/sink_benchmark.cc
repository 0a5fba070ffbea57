// What it costs to put an event on record, by sink; and how many events a second eight supervisors
// get into one log.

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "audit/event.h"
#include "audit/file_sink.h"
#include "audit/log_file.h"
#include "audit/testing.h"
#include "benchmark/benchmark.h"

namespace provost {
namespace {

const LogFile::Options kPlain = {};
const LogFile::Options kRotated = {.max_size = 8 << 20, .keep = 2};
const LogFile::Options kDurable = {.durability = Durability::kEvent};

std::string FreshDirectory() {
  std::string path = FreshPath("sink_benchmark");
  mkdir(path.c_str(), 0700);
  return path;
}

void Remove(const std::string& directory) {
  for (const char* suffix : {"", ".1", ".2"}) unlink((directory + "/audit.log" + suffix).c_str());
  rmdir(directory.c_str());
}

void WritesOneEvent(benchmark::State& state, const LogFile::Options& options) {
  const std::string directory = FreshDirectory();
  auto sink = FileSink::Open(directory + "/audit.log", options);
  if (!sink.ok()) return state.SkipWithError("cannot open the log");
  const Identity who = SomeTask();
  const Event event = SomeDecision(who);
  while (state.KeepRunning()) {
    if (!(*sink)->Write(event).ok()) return state.SkipWithError("cannot write");
  }
  Remove(directory);
}
BENCHMARK_CAPTURE(WritesOneEvent, plain, kPlain);
BENCHMARK_CAPTURE(WritesOneEvent, rotated, kRotated);
BENCHMARK_CAPTURE(WritesOneEvent, durable, kDurable);

// What ended children have used, in seconds: on a machine with other work, the time that passes
// says little.
double CpuOfChildren() {
  rusage used = {};
  getrusage(RUSAGE_CHILDREN, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

void EightSupervisorsShareALog(benchmark::State& state, const LogFile::Options& options) {
  constexpr int kSupervisors = 8;
  constexpr int kEvents = 20'000;
  const std::string directory = FreshDirectory();
  const double cpu_before = CpuOfChildren();
  while (state.KeepRunning()) {
    const auto start = std::chrono::steady_clock::now();
    std::vector<pid_t> children;
    for (int i = 0; i < kSupervisors; ++i) {
      children.push_back(Fork([&] {
        auto sink = FileSink::Open(directory + "/audit.log", options);
        const Identity who = SomeTask();
        const Event event = SomeDecision(who);
        for (int n = 0; n < kEvents; ++n) {
          if (!sink.ok() || !(*sink)->Write(event).ok()) _exit(1);
        }
      }));
    }
    for (const pid_t child : children) {
      if (!EndsWell(child)) state.SkipWithError("a supervisor could not write");
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    state.SetIterationTime(took.count());
  }
  const auto events = static_cast<double>(state.iterations() * kSupervisors * kEvents);
  state.SetItemsProcessed(static_cast<int64_t>(events));
  state.counters["cpu_an_event"] = (CpuOfChildren() - cpu_before) / events;
  Remove(directory);
}
BENCHMARK_CAPTURE(EightSupervisorsShareALog, plain, kPlain)->UseManualTime()->Iterations(3);
BENCHMARK_CAPTURE(EightSupervisorsShareALog, rotated, kRotated)->UseManualTime()->Iterations(3);

}  // namespace
}  // namespace provost
