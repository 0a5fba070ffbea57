#include "syscalls/signature.h"

#include <cstddef>

#include "absl/strings/string_view.h"

namespace provost {

bool Argument::IsPointer() const {
  switch (kind) {
    case ArgKind::kPath:
    case ArgKind::kString:
    case ArgKind::kBufferIn:
    case ArgKind::kBufferOut:
    case ArgKind::kSockaddr:
    case ArgKind::kStringArray:
    case ArgKind::kIovec:
    case ArgKind::kStructIn:
    case ArgKind::kStructOut:
    case ArgKind::kStructInOut:
      return true;
    case ArgKind::kInteger:
    case ArgKind::kFd:
    case ArgKind::kDirFd:
    case ArgKind::kLength:
    case ArgKind::kFlags:
    case ArgKind::kEnum:
    case ArgKind::kMode:
    case ArgKind::kSignal:
    case ArgKind::kClockId:
    case ArgKind::kPid:
    case ArgKind::kUid:
    case ArgKind::kGid:
    case ArgKind::kDevice:
    case ArgKind::kOffset:
    case ArgKind::kAddress:
    case ArgKind::kFunction:
      return false;
  }
  return false;
}

int Signature::IndexOf(absl::string_view argument_name) const {
  for (size_t i = 0; i < args.size(); ++i) {
    if (args[i].name == argument_name) return static_cast<int>(i);
  }
  return -1;
}

}  // namespace provost
