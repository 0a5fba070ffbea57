#include "tracee/network_namespace.h"

#include <sys/stat.h>

#include "tracee/proc_path.h"

namespace provost {

std::optional<NetworkNamespace> ReadNetworkNamespace(pid_t tid) {
  struct stat status = {};
  if (stat(ProcPath(tid, "ns/net").c_str(), &status) != 0) return std::nullopt;
  return NetworkNamespace{status.st_dev, status.st_ino};
}

}  // namespace provost
