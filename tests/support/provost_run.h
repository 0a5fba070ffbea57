#ifndef PROVOST_TESTS_SUPPORT_PROVOST_RUN_H_
#define PROVOST_TESTS_SUPPORT_PROVOST_RUN_H_

#include <string>
#include <vector>

#include "tests/support/subprocess.h"
#include "tests/support/victims.h"

namespace provost {

// provost run OPTIONS -- PROGRAM.
inline std::vector<std::string> CommandLine(const std::vector<std::string>& options,
                                            const std::vector<std::string>& program) {
  std::vector<std::string> argv = {Runfile("tools/cli/provost"), "run"};
  argv.insert(argv.end(), options.begin(), options.end());
  argv.emplace_back("--");
  argv.insert(argv.end(), program.begin(), program.end());
  return argv;
}

// Runs it to its end.
inline Ended Provost(const std::vector<std::string>& options,
                     const std::vector<std::string>& program) {
  return Subprocess(CommandLine(options, program)).Wait();
}

}  // namespace provost

#endif  // PROVOST_TESTS_SUPPORT_PROVOST_RUN_H_
