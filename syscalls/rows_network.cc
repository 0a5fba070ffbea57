// Rows of the socket calls. Prototypes: net/socket.c.
#include "absl/types/span.h"
#include "syscalls/constant_sets.h"
#include "syscalls/rows.h"
#include "syscalls/structs.h"

namespace provost::rows {
namespace {

// What a protocol means depends on the family, and an option's name on its level: neither is one
// set of constants.
constexpr Arg Protocol() { return Make("protocol", ArgKind::kEnum, kS32); }
constexpr Arg OptionName() { return Make("optname", ArgKind::kEnum, kS32); }

constexpr Row kRows[] = {
    {"socket",
     {Enum("family", kSocketFamilies, kS32), Flags("type", kSocketTypes, kS32), Protocol()}},
    {"socketpair",
     {Enum("family", kSocketFamilies, kS32), Flags("type", kSocketTypes, kS32), Protocol(),
      StructOut("usockvec")}},
    {"bind", {Fd(), Sockaddr("addr", "addrlen"), Length("addrlen", kS32)}},
    {"connect", {Fd(), Sockaddr("addr", "addrlen"), Length("addrlen", kS32)}},
    {"listen", {Fd(), Int("backlog", kS32)}},
    // Where the kernel fills the address in, `addrlen` is a pointer.
    {"accept", {Fd(), Sockaddr("addr", "addrlen"), StructInOut("addrlen")}},
    {"accept4",
     {Fd(), Sockaddr("addr", "addrlen"), StructInOut("addrlen"),
      Flags("flags", kAcceptFlags, kS32)}},
    {"getsockname", {Fd(), Sockaddr("addr", "addrlen"), StructInOut("addrlen")}},
    {"getpeername", {Fd(), Sockaddr("addr", "addrlen"), StructInOut("addrlen")}},
    {"sendto",
     {Fd(), In("buf", "len"), Length("len"), Flags("flags", kMessageFlags, kU32),
      Optional(Sockaddr("addr", "addrlen")), Length("addrlen", kS32)}},
    {"recvfrom",
     {Fd(), Out("buf", "len"), Length("len"), Flags("flags", kMessageFlags, kU32),
      Sockaddr("addr", "addrlen"), StructInOut("addrlen")}},
    {"sendmsg", {Fd(), Of(kMsghdr, StructIn("msg")), Flags("flags", kMessageFlags, kU32)}},
    {"recvmsg", {Fd(), StructInOut("msg"), Flags("flags", kMessageFlags, kU32)}},
    {"sendmmsg",
     {Fd(), Of(kMmsghdr, StructInOut("mmsg", "vlen")), Length("vlen", kU32),
      Flags("flags", kMessageFlags, kU32)}},
    {"recvmmsg",
     {Fd(), StructInOut("mmsg", "vlen"), Length("vlen", kU32), Flags("flags", kMessageFlags, kU32),
      StructInOut("timeout")}},
    {"setsockopt",
     {Fd(), Enum("level", kSocketLevels, kS32), OptionName(), In("optval", "optlen"),
      Length("optlen", kS32)}},
    // The length is behind a pointer, so it cannot be the buffer's companion.
    {"getsockopt",
     {Fd(), Enum("level", kSocketLevels, kS32), OptionName(), Out("optval"),
      StructInOut("optlen")}},
    {"shutdown", {Fd(), Enum("how", kShutdownHow, kS32)}},
};

}  // namespace

absl::Span<const Row> NetworkRows() { return kRows; }

}  // namespace provost::rows
