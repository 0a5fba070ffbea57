#ifndef PROVOST_EMULATE_PATHS_CALLS_H_
#define PROVOST_EMULATE_PATHS_CALLS_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "emulate/call.h"
#include "syscalls/path_lookup.h"
#include "syscalls/signature.h"

namespace provost {

// What a call does to the file that a path names, as far as a read-only file system minds.
enum class PathEffect : uint8_t {
  kNone,
  kOpens,     // as the flags say
  kAsks,      // access(2)
  kCreates,   // the name, which must not be there
  kLinks,     // another name for the file is made
  kRemoves,   // the name, which must be there
  kReplaces,  // the name, there or not
  kChanges,   // the file
};

struct PathArgument {
  size_t index;
  int8_t directory;  // the descriptor's argument; -1: the working directory
  PathEffect effect;
  PathLookup lookup;

  // The call is about the name rather than the file.
  bool is_entry() const {
    return effect == PathEffect::kCreates || effect == PathEffect::kRemoves ||
           effect == PathEffect::kReplaces;
  }
};

// How a call is answered.
enum class PathCallKind : uint8_t {
  kUnknown,
  kPaths,       // its paths are mapped, and the kernel runs it
  kDescriptor,  // it changes what its first argument is open on
  kExecve,
  kExecveat,
  kGetcwd,
  kReadlink,
  kChdir,
  kChroot,
  kSendsName,     // of a socket: it reads a sockaddr
  kReceivesName,  // it writes one
  kSocketcall,
};

struct PathCall {
  PathCallKind kind = PathCallKind::kUnknown;
  std::vector<PathArgument> paths;
};

// What is to be done about each call, by its name. Immutable.
class PathCalls {
 public:
  static const PathCalls& Get();
  const PathCall& Of(const EmulatedCall& call) const;
  // All of them; those that only matter to read-only maps if `with_descriptors`.
  std::vector<std::string> Names(bool with_descriptors) const;

 private:
  PathCalls();
  std::map<std::string, PathCall> calls_;  // of each architecture
  std::map<std::string, PathCallKind> names_;
  // By number; null: there is nothing to be done.
  std::vector<const PathCall*> x86_64_;
  std::vector<const PathCall*> i386_;
};

// True if the call follows a symbolic link that the path ends in, by its flags.
bool FollowsLast(const EmulatedCall& call, const PathLookup& lookup);

}  // namespace provost

#endif  // PROVOST_EMULATE_PATHS_CALLS_H_
