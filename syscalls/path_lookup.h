#ifndef PROVOST_SYSCALLS_PATH_LOOKUP_H_
#define PROVOST_SYSCALLS_PATH_LOOKUP_H_

#include <cstdint>

#include "syscalls/signature.h"

namespace provost {

// How a call looks a path up, beyond what path_resolution(7) says of all: whether it follows a
// symbolic link that the path ends in, and whether an empty path names the directory descriptor.
struct PathLookup {
  enum class LastLink : uint8_t {
    kFollowed,
    kNotFollowed,
    kUnlessFlags,  // followed unless a bit of `mask` is set
    kIfFlags,      // followed if a bit of `mask` is set
    kOpen,         // open(2): not with O_NOFOLLOW, nor with O_CREAT and O_EXCL
    kOpenHow,      // openat2(2): the same, with flags in a structure; and RESOLVE_IN_ROOT
  };

  LastLink last_link = LastLink::kFollowed;
  int8_t flags = -1;  // the argument that holds the flags, or the address of open_how
  uint32_t mask = 0;
  uint32_t empty_mask = 0;    // an empty path names the descriptor if a bit of this is set
  bool empty_always = false;  // an empty path always does: readlinkat
};

// For the path argument of that index.
PathLookup LookupOf(const Signature& signature, int path_argument);

}  // namespace provost

#endif  // PROVOST_SYSCALLS_PATH_LOOKUP_H_
