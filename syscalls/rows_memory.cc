// Rows of the calls on the address space. Prototypes: mm/*.c, kernel/futex/syscalls.c.
#include "absl/types/span.h"
#include "syscalls/constant_sets.h"
#include "syscalls/rows.h"

namespace provost::rows {
namespace {

constexpr Row kRows[] = {
    {"brk", {Address("brk")}},
    // The prototype's `unsigned long fd` reaches fget() as 32 bits, and -1 is how user space says
    // that there is none.
    {"mmap",
     {Address("addr"), Length("len"), Flags("prot", kProtection, kU64),
      Flags("flags", kMapFlags, kU64), Fd(), Offset("off", kU64)},
     On::kX86_64},
    {"munmap", {Address("addr"), Length("len")}},
    {"mprotect", {Address("addr"), Length("len"), Flags("prot", kProtection, kU64)}},
    {"mremap",
     {Address("addr"), Length("old_len"), Length("new_len"), Flags("flags", kMremapFlags, kU64),
      Address("new_addr")}},
    {"remap_file_pages",
     {Address("addr"), Length("size"), Flags("prot", kProtection, kU64), Int("pgoff", kU64),
      Flags("flags", kMapFlags, kU64)}},
    {"msync", {Address("addr"), Length("len"), Flags("flags", kMsyncFlags, kS32)}},
    {"mincore", {Address("addr"), Length("len"), Out("vec")}},
    {"madvise", {Address("addr"), Length("len"), Enum("advice", kMadvise, kS32)}},
    {"process_madvise",
     {Fd("pidfd"), Iovec("vec", "vlen"), Length("vlen"), Enum("advice", kMadvise, kS32),
      NoFlags("flags", kU32)}},
    {"process_mrelease", {Fd("pidfd"), NoFlags("flags", kU32)}},
    {"mlock", {Address("addr"), Length("len")}},
    {"mlock2", {Address("addr"), Length("len"), Flags("flags", kMlockFlags, kS32)}},
    {"munlock", {Address("addr"), Length("len")}},
    {"mlockall", {Flags("flags", kMlockallFlags, kS32)}},
    {"munlockall", {}},
    {"mseal", {Address("addr"), Length("len"), NoFlags("flags", kU64)}, On::kBoth, {462, 462}},
    {"map_shadow_stack",
     {Address("addr"), Length("size"), Flags("flags", kShadowStackFlags, kU32)}},

    {"pkey_alloc", {NoFlags("flags", kU64), Flags("init_val", kPkeyRights, kU64)}},
    {"pkey_free", {Int("pkey", kS32)}},
    {"pkey_mprotect",
     {Address("addr"), Length("len"), Flags("prot", kProtection, kU64), Int("pkey", kS32)}},

    // NUMA. A node mask has `maxnode` bits, which is no length in bytes.
    {"mbind",
     {Address("addr"), Length("len"), Flags("mode", kMempolicyModes, kU64), StructIn("nmask"),
      Int("maxnode", kU64), Flags("flags", kMbindFlags, kU32)}},
    {"set_mempolicy",
     {Flags("mode", kMempolicyModes, kS32), StructIn("nmask"), Int("maxnode", kU64)}},
    {"get_mempolicy",
     {StructOut("policy"), StructOut("nmask"), Int("maxnode", kU64), Address("addr"),
      Flags("flags", kGetMempolicyFlags, kU64)}},
    {"set_mempolicy_home_node",
     {Address("addr"), Length("len"), Int("home_node", kU64), NoFlags("flags", kU64)}},
    {"migrate_pages", {Pid(), Int("maxnode", kU64), StructIn("old_nodes"), StructIn("new_nodes")}},
    {"move_pages",
     {Pid(), Length("nr_pages"), StructIn("pages", "nr_pages"), StructIn("nodes", "nr_pages"),
      StructOut("status", "nr_pages"), Flags("flags", kMbindFlags, kS32)}},

    {"memfd_create", {Str("name"), Flags("flags", kMemfdFlags, kU32)}},
    {"memfd_secret", {Flags("flags", kMemfdSecretFlags, kU32)}},
    {"userfaultfd", {Flags("flags", kUserfaultfdFlags, kS32)}},
    {"membarrier",
     {Enum("cmd", kMembarrierCommands, kS32), Flags("flags", kMembarrierFlags, kU32),
      Int("cpu_id", kS32)}},

    {"process_vm_readv",
     {Pid(), Iovec("lvec", "liovcnt"), Length("liovcnt"), Iovec("rvec", "riovcnt"),
      Length("riovcnt"), NoFlags("flags", kU64)}},
    {"process_vm_writev",
     {Pid(), Iovec("lvec", "liovcnt"), Length("liovcnt"), Iovec("rvec", "riovcnt"),
      Length("riovcnt"), NoFlags("flags", kU64)}},

    // Futexes: a futex word is the task's own memory at work, not an argument.
    {"futex",
     {Address("uaddr"), Flags("op", kFutexOps, kS32), Int("val", kU32), StructIn("utime"),
      Address("uaddr2"), Int("val3", kU32)}},
    {"futex_waitv",
     {StructIn("waiters", "nr_futexes"), Length("nr_futexes", kU32), NoFlags("flags", kU32),
      StructIn("timeout"), ClockId("clockid")}},
    {"futex_wake",
     {Address("uaddr"), Int("mask", kU64), Int("nr", kS32), Flags("flags", kFutex2Flags, kU32)}},
    {"futex_wait",
     {Address("uaddr"), Int("val", kU64), Int("mask", kU64), Flags("flags", kFutex2Flags, kU32),
      StructIn("timeout"), ClockId("clockid")}},
    {"futex_requeue",
     {StructIn("waiters"), NoFlags("flags", kU32), Int("nr_wake", kS32), Int("nr_requeue", kS32)}},
    {"set_robust_list", {Address("head"), Length("len")}},
    {"get_robust_list", {Pid(), StructOut("head_ptr"), StructOut("len_ptr")}},
};

}  // namespace

absl::Span<const Row> MemoryRows() { return kRows; }

}  // namespace provost::rows
