#include "supervisor/undumpable.h"

#include <sys/prctl.h>

#include <mutex>

namespace provost {
namespace {

// Of the process, as what it guards is.
std::mutex g_mutex;
int g_wanted = 0;  // by so many
int g_before = 1;  // what the first of them found

void Set(int dumpable) {
  // 2 (fs.suid_dumpable) cannot be set; it is as good as 0 here.
  if (dumpable == 0 || dumpable == 1) prctl(PR_SET_DUMPABLE, dumpable, 0, 0, 0);
}

}  // namespace

Undumpable::Undumpable() {
  const std::lock_guard<std::mutex> lock(g_mutex);
  if (g_wanted++ > 0) return;
  g_before = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
  Set(0);
}

Undumpable::~Undumpable() {
  const std::lock_guard<std::mutex> lock(g_mutex);
  if (--g_wanted == 0) Set(g_before);
}

Undumpable::Lifted::Lifted() {
  g_mutex.lock();
  if (g_wanted > 0) Set(g_before);
}

Undumpable::Lifted::~Lifted() {
  if (g_wanted > 0) Set(0);
  g_mutex.unlock();
}

}  // namespace provost
