#ifndef PROVOST_BASE_SCHEDULING_H_
#define PROVOST_BASE_SCHEDULING_H_

#include <sys/types.h>

#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace provost {

// A set of CPUs, as large as the kernel's.
class CpuSet {
 public:
  CpuSet() = default;
  // Of one.
  explicit CpuSet(int cpu);

  // sched_getaffinity(2), sched_setaffinity(2) of a thread; 0: the calling one. Thread-safe.
  static absl::StatusOr<CpuSet> Of(pid_t tid);
  absl::Status Give(pid_t tid) const;

  // The same without that one.
  CpuSet Without(int cpu) const;
  bool Has(int cpu) const;
  int count() const;
  bool operator==(const CpuSet& other) const;

 private:
  std::vector<unsigned long> words_;
};

// How a thread is scheduled: its policy (sched(7)) and where it may run.
struct Scheduling {
  int policy = 0;  // with SCHED_RESET_ON_FORK, if that is set
  CpuSet cpus;

  static absl::StatusOr<Scheduling> Of(pid_t tid);
};

// sched_setscheduler(2) without a real-time priority; the nice value stays. Thread-safe.
absl::Status SetSchedulingPolicy(pid_t tid, int policy);

// A new thread, and a new process, begins with the scheduling of the thread that makes it. Where
// that is not the ordinary one of this process, whoever changes it says here what the ordinary one
// is, and new threads take it as the first thing they do. Both thread-safe; taking allocates
// nothing and takes no lock, so that a child may do it behind fork(2).
void SetOrdinaryScheduling(const Scheduling& scheduling);
void TakeOrdinaryScheduling();

}  // namespace provost

#endif  // PROVOST_BASE_SCHEDULING_H_
