// Runs a program under the filter that statements of the policy language compile to, with no
// supervisor: what `provost run -e RULE` is compared with where the kernel decides alone.
//
//   filtered RULE... -- PROGRAM [ARGUMENT...]

#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "policy/filter_compiler.h"
#include "policy/parser.h"

namespace provost {
namespace {

int Fail(const std::string& message) {
  fprintf(stderr, "filtered: %s\n", message.c_str());
  return 2;
}

int Main(int argc, char** argv) {
  std::vector<std::string> rules;
  int at = 1;
  for (; at < argc && strcmp(argv[at], "--") != 0; ++at) rules.emplace_back(argv[at]);
  char** program = argv + at + 1;
  if (at + 1 >= argc) return Fail("usage: filtered RULE... -- PROGRAM [ARGUMENT...]");

  absl::StatusOr<ParsedPolicy> parsed = ParseStatements(rules);
  if (!parsed.ok()) return Fail(std::string(parsed.status().message()));
  absl::StatusOr<BpfProgram> filter = CompileFilter(parsed->policy, FilterOptions());
  if (!filter.ok()) return Fail(std::string(filter.status().message()));

  const sock_fprog installed = {static_cast<unsigned short>(filter->size()), filter->data()};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
      syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &installed) < 0) {
    return Fail(std::string("cannot install the filter: ") + strerror(errno));
  }
  execv(program[0], program);
  return Fail(std::string(program[0]) + ": " + strerror(errno));
}

}  // namespace
}  // namespace provost

int main(int argc, char** argv) { return provost::Main(argc, argv); }
