// Rows of calls that have a number and, in current kernels, nothing behind it but ENOSYS. Those
// that once had a manual page keep its arguments; the others never had any. See syscalls(2),
// unimplemented(2).
#include "absl/types/span.h"
#include "syscalls/constant_sets.h"
#include "syscalls/rows.h"

namespace provost::rows {
namespace {

constexpr Row kRows[] = {
    {"_sysctl", {StructInOut("args")}},
    {"afs_syscall", {}},
    {"bdflush", {Int("func", kS32), Int("data", kS64)}},
    {"break", {}},
    {"create_module", {Str("name"), Length("size")}},
    {"epoll_ctl_old", {}},
    {"epoll_wait_old", {}},
    {"ftime", {}},
    {"get_kernel_syms", {StructOut("table")}},
    {"getpmsg", {}},
    {"gtty", {}},
    {"idle", {}},
    {"lock", {}},
    {"lookup_dcookie", {Int("cookie64", kU64), Out("buf", "len"), Length("len")}, On::kX86_64},
    {"mpx", {}},
    {"nfsservctl", {Int("cmd", kS32), StructIn("argp"), StructOut("resp")}},
    {"prof", {}},
    {"profil", {}},
    {"putpmsg", {}},
    {"query_module",
     {Str("name"), Int("which", kS32), Out("buf", "bufsize"), Length("bufsize"), StructOut("ret")}},
    {"security", {}},
    {"stty", {}},
    {"tuxcall", {}},
    {"ulimit", {}},
    {"uselib", {Path()}},
    {"vserver", {}},
};

}  // namespace

absl::Span<const Row> ObsoleteRows() { return kRows; }

}  // namespace provost::rows
