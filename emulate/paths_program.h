#ifndef PROVOST_EMULATE_PATHS_PROGRAM_H_
#define PROVOST_EMULATE_PATHS_PROGRAM_H_

#include <string>

namespace provost {

// What the kernel would start to run a file (execve(2)).
struct ProgramFile {
  enum class Kind : uint8_t {
    kOther,   // the kernel says what it makes of it
    kBinary,  // ELF; `interpreter` is its PT_INTERP, if it has one
    kScript,  // "#!": `interpreter`, and `argument` if there is one
  };
  Kind kind = Kind::kOther;
  std::string interpreter;
  std::string argument;
};

// Of the file at a real path, as this process sees it.
ProgramFile ReadProgram(const std::string& path);

// True if the dynamic loader there knows `--argv0`.
bool LoaderTakesArgv0(const std::string& path);

}  // namespace provost

#endif  // PROVOST_EMULATE_PATHS_PROGRAM_H_
