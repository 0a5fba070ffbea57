#include "base/scheduling.h"

#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cerrno>
#include <climits>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace provost {
namespace {

constexpr int kBits = sizeof(unsigned long) * CHAR_BIT;
// Of CPUs; larger than any kernel's NR_CPUS.
constexpr size_t kMostWords = 65536 / kBits;

// Never freed: a thread may be reading an older one.
std::atomic<const Scheduling*> g_ordinary = nullptr;

absl::Status Failed(const char* call, pid_t tid) {
  return absl::ErrnoToStatus(errno, absl::StrCat(call, " of thread ", tid));
}

}  // namespace

CpuSet::CpuSet(int cpu) : words_(cpu / kBits + 1) { words_[cpu / kBits] = 1ul << (cpu % kBits); }

absl::StatusOr<CpuSet> CpuSet::Of(pid_t tid) {
  CpuSet set;
  // The system call itself says how large the kernel's set is; a buffer that is too small is
  // EINVAL.
  for (size_t words = 1; words <= kMostWords; words *= 2) {
    set.words_.assign(words, 0);
    const long got =
        syscall(SYS_sched_getaffinity, tid, words * sizeof(unsigned long), set.words_.data());
    if (got >= 0) return set;
    if (errno != EINVAL) break;
  }
  return Failed("sched_getaffinity", tid);
}

absl::Status CpuSet::Give(pid_t tid) const {
  const size_t size = words_.size() * sizeof(unsigned long);
  if (syscall(SYS_sched_setaffinity, tid, size, words_.data()) == 0) return absl::OkStatus();
  return Failed("sched_setaffinity", tid);
}

CpuSet CpuSet::Without(int cpu) const {
  CpuSet others = *this;
  if (Has(cpu)) others.words_[cpu / kBits] &= ~(1ul << (cpu % kBits));
  return others;
}

bool CpuSet::Has(int cpu) const {
  const auto word = static_cast<size_t>(cpu / kBits);
  return cpu >= 0 && word < words_.size() && (words_[word] >> (cpu % kBits) & 1) != 0;
}

int CpuSet::count() const {
  int count = 0;
  for (const unsigned long word : words_) count += std::popcount(word);
  return count;
}

bool CpuSet::operator==(const CpuSet& other) const {
  const size_t words = std::max(words_.size(), other.words_.size());
  for (size_t i = 0; i < words; ++i) {
    const unsigned long one = i < words_.size() ? words_[i] : 0;
    const unsigned long another = i < other.words_.size() ? other.words_[i] : 0;
    if (one != another) return false;
  }
  return true;
}

absl::StatusOr<Scheduling> Scheduling::Of(pid_t tid) {
  Scheduling scheduling;
  scheduling.policy = sched_getscheduler(tid);
  if (scheduling.policy < 0) return Failed("sched_getscheduler", tid);
  PROVOST_ASSIGN_OR_RETURN(scheduling.cpus, CpuSet::Of(tid));
  return scheduling;
}

absl::Status SetSchedulingPolicy(pid_t tid, int policy) {
  const sched_param none = {};
  if (sched_setscheduler(tid, policy, &none) == 0) return absl::OkStatus();
  return Failed("sched_setscheduler", tid);
}

void SetOrdinaryScheduling(const Scheduling& scheduling) {
  const Scheduling* known = g_ordinary.load();
  const bool is_same =
      known != nullptr && known->policy == scheduling.policy && known->cpus == scheduling.cpus;
  if (!is_same) g_ordinary = new Scheduling(scheduling);
}

void TakeOrdinaryScheduling() {
  const Scheduling* ordinary = g_ordinary.load();
  if (ordinary == nullptr) return;
  // Where it cannot be had, what the thread does matters more than how fast.
  const sched_param none = {};
  (void)sched_setscheduler(0, ordinary->policy, &none);
  ordinary->cpus.Give(0).IgnoreError();
}

}  // namespace provost
