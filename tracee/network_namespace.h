#ifndef PROVOST_TRACEE_NETWORK_NAMESPACE_H_
#define PROVOST_TRACEE_NETWORK_NAMESPACE_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>

namespace provost {

// A network namespace, by what /proc/TID/ns/net is (namespaces(7)). While a task is in it no other
// has the same numbers.
struct NetworkNamespace {
  uint64_t device = 0;
  uint64_t inode = 0;
  bool operator==(const NetworkNamespace&) const = default;
};

// The one that the task is in now (each thread may be in another); nullopt if it is gone, or hidden
// from us: an unprivileged process sees that of its own user's dumpable tasks alone. Thread-safe.
std::optional<NetworkNamespace> ReadNetworkNamespace(pid_t tid);

}  // namespace provost

#endif  // PROVOST_TRACEE_NETWORK_NAMESPACE_H_
