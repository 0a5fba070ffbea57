// Constants of the address space and of futexes.
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <linux/memfd.h>
#include <linux/mempolicy.h>
#include <linux/mman.h>
#include <linux/userfaultfd.h>
#include <sys/mman.h>

#include "syscalls/constant_macros.h"
#include "syscalls/constant_sets.h"

// Newer than the oldest headers this builds with, or in no header of the kernel.
#ifndef PROT_SEM
#define PROT_SEM 0x8
#endif
#ifndef MAP_DROPPABLE
#define MAP_DROPPABLE 0x08
#endif
#ifndef MAP_ABOVE4G
#define MAP_ABOVE4G 0x80
#endif
#ifndef MAP_UNINITIALIZED
#define MAP_UNINITIALIZED 0x4000000
#endif
#ifndef MADV_DONTNEED_LOCKED
#define MADV_DONTNEED_LOCKED 24
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif
#ifndef MADV_SOFT_OFFLINE
#define MADV_SOFT_OFFLINE 101
#endif
#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif
#ifndef MADV_GUARD_REMOVE
#define MADV_GUARD_REMOVE 103
#endif
#ifndef SHADOW_STACK_SET_TOKEN
#define SHADOW_STACK_SET_TOKEN (1ULL << 0)
#endif
#ifndef SHADOW_STACK_SET_MARKER
#define SHADOW_STACK_SET_MARKER (1ULL << 1)
#endif
#ifndef MPOL_WEIGHTED_INTERLEAVE
#define MPOL_WEIGHTED_INTERLEAVE 6
#endif
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif
#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif
#ifndef FD_CLOEXEC
#define FD_CLOEXEC 1
#endif
#ifndef O_CLOEXEC
#define O_CLOEXEC 02000000
#endif
#ifndef O_NONBLOCK
#define O_NONBLOCK 04000
#endif
#ifndef MEMBARRIER_CMD_GET_REGISTRATIONS
#define MEMBARRIER_CMD_GET_REGISTRATIONS (1 << 9)
#endif
#ifndef FUTEX2_SIZE_U8
#define FUTEX2_SIZE_U8 0x00
#endif
#ifndef FUTEX2_SIZE_U16
#define FUTEX2_SIZE_U16 0x01
#endif
#ifndef FUTEX2_SIZE_U32
#define FUTEX2_SIZE_U32 0x02
#endif
#ifndef FUTEX2_SIZE_U64
#define FUTEX2_SIZE_U64 0x03
#endif
#ifndef FUTEX2_SIZE_MASK
#define FUTEX2_SIZE_MASK 0x03
#endif
#ifndef FUTEX2_NUMA
#define FUTEX2_NUMA 0x04
#endif
#ifndef FUTEX2_MPOL
#define FUTEX2_MPOL 0x08
#endif
#ifndef FUTEX2_PRIVATE
#define FUTEX2_PRIVATE FUTEX_PRIVATE_FLAG
#endif

namespace provost {
namespace {

constexpr Constant kProtectionTable[] = {
    PROVOST_B(PROT_NONE), PROVOST_B(PROT_READ),      PROVOST_B(PROT_WRITE),  PROVOST_B(PROT_EXEC),
    PROVOST_B(PROT_SEM),  PROVOST_B(PROT_GROWSDOWN), PROVOST_B(PROT_GROWSUP)};

constexpr Constant kMapFlagsTable[] = {PROVOST_B(MAP_FILE),          PROVOST_B(MAP_SHARED),
                                       PROVOST_B(MAP_PRIVATE),       PROVOST_B(MAP_SHARED_VALIDATE),
                                       PROVOST_B(MAP_DROPPABLE),     PROVOST_B(MAP_TYPE),
                                       PROVOST_B(MAP_FIXED),         PROVOST_B(MAP_ANONYMOUS),
                                       PROVOST_B(MAP_ANON),          PROVOST_B(MAP_32BIT),
                                       PROVOST_B(MAP_ABOVE4G),       PROVOST_B(MAP_GROWSDOWN),
                                       PROVOST_B(MAP_DENYWRITE),     PROVOST_B(MAP_EXECUTABLE),
                                       PROVOST_B(MAP_LOCKED),        PROVOST_B(MAP_NORESERVE),
                                       PROVOST_B(MAP_POPULATE),      PROVOST_B(MAP_NONBLOCK),
                                       PROVOST_B(MAP_STACK),         PROVOST_B(MAP_HUGETLB),
                                       PROVOST_B(MAP_SYNC),          PROVOST_B(MAP_FIXED_NOREPLACE),
                                       PROVOST_B(MAP_UNINITIALIZED), PROVOST_B(MAP_HUGE_2MB),
                                       PROVOST_B(MAP_HUGE_1GB)};

constexpr Constant kMremapFlagsTable[] = {PROVOST_B(MREMAP_MAYMOVE), PROVOST_B(MREMAP_FIXED),
                                          PROVOST_B(MREMAP_DONTUNMAP)};

constexpr Constant kMsyncFlagsTable[] = {PROVOST_B(MS_ASYNC), PROVOST_B(MS_INVALIDATE),
                                         PROVOST_B(MS_SYNC)};

constexpr Constant kMadviseTable[] = {
    PROVOST_C(MADV_NORMAL),          PROVOST_C(MADV_RANDOM),        PROVOST_C(MADV_SEQUENTIAL),
    PROVOST_C(MADV_WILLNEED),        PROVOST_C(MADV_DONTNEED),      PROVOST_C(MADV_FREE),
    PROVOST_C(MADV_REMOVE),          PROVOST_C(MADV_DONTFORK),      PROVOST_C(MADV_DOFORK),
    PROVOST_C(MADV_MERGEABLE),       PROVOST_C(MADV_UNMERGEABLE),   PROVOST_C(MADV_HUGEPAGE),
    PROVOST_C(MADV_NOHUGEPAGE),      PROVOST_C(MADV_DONTDUMP),      PROVOST_C(MADV_DODUMP),
    PROVOST_C(MADV_WIPEONFORK),      PROVOST_C(MADV_KEEPONFORK),    PROVOST_C(MADV_COLD),
    PROVOST_C(MADV_PAGEOUT),         PROVOST_C(MADV_POPULATE_READ), PROVOST_C(MADV_POPULATE_WRITE),
    PROVOST_C(MADV_DONTNEED_LOCKED), PROVOST_C(MADV_COLLAPSE),      PROVOST_C(MADV_HWPOISON),
    PROVOST_C(MADV_SOFT_OFFLINE),    PROVOST_C(MADV_GUARD_INSTALL), PROVOST_C(MADV_GUARD_REMOVE)};

constexpr Constant kMlockFlagsTable[] = {PROVOST_B(MLOCK_ONFAULT)};

constexpr Constant kMlockallFlagsTable[] = {PROVOST_B(MCL_CURRENT), PROVOST_B(MCL_FUTURE),
                                            PROVOST_B(MCL_ONFAULT)};

constexpr Constant kShadowStackFlagsTable[] = {PROVOST_B(SHADOW_STACK_SET_TOKEN),
                                               PROVOST_B(SHADOW_STACK_SET_MARKER)};

constexpr Constant kPkeyRightsTable[] = {PROVOST_B(PKEY_DISABLE_ACCESS),
                                         PROVOST_B(PKEY_DISABLE_WRITE)};

constexpr Constant kMempolicyModesTable[] = {PROVOST_B(MPOL_DEFAULT),
                                             PROVOST_B(MPOL_PREFERRED),
                                             PROVOST_B(MPOL_BIND),
                                             PROVOST_B(MPOL_INTERLEAVE),
                                             PROVOST_B(MPOL_LOCAL),
                                             PROVOST_B(MPOL_PREFERRED_MANY),
                                             PROVOST_B(MPOL_WEIGHTED_INTERLEAVE),
                                             PROVOST_B(MPOL_F_STATIC_NODES),
                                             PROVOST_B(MPOL_F_RELATIVE_NODES),
                                             PROVOST_B(MPOL_F_NUMA_BALANCING)};

constexpr Constant kGetMempolicyFlagsTable[] = {PROVOST_B(MPOL_F_NODE), PROVOST_B(MPOL_F_ADDR),
                                                PROVOST_B(MPOL_F_MEMS_ALLOWED)};

constexpr Constant kMbindFlagsTable[] = {PROVOST_B(MPOL_MF_STRICT), PROVOST_B(MPOL_MF_MOVE),
                                         PROVOST_B(MPOL_MF_MOVE_ALL)};

constexpr Constant kMemfdFlagsTable[] = {PROVOST_B(MFD_CLOEXEC), PROVOST_B(MFD_ALLOW_SEALING),
                                         PROVOST_B(MFD_HUGETLB), PROVOST_B(MFD_NOEXEC_SEAL),
                                         PROVOST_B(MFD_EXEC),    PROVOST_B(MFD_HUGE_2MB),
                                         PROVOST_B(MFD_HUGE_1GB)};

constexpr Constant kMemfdSecretFlagsTable[] = {PROVOST_B(FD_CLOEXEC)};

constexpr Constant kUserfaultfdFlagsTable[] = {PROVOST_B(UFFD_USER_MODE_ONLY), PROVOST_B(O_CLOEXEC),
                                               PROVOST_B(O_NONBLOCK)};

constexpr Constant kMembarrierCommandsTable[] = {
    PROVOST_C(MEMBARRIER_CMD_QUERY),
    PROVOST_C(MEMBARRIER_CMD_GLOBAL),
    PROVOST_C(MEMBARRIER_CMD_SHARED),
    PROVOST_C(MEMBARRIER_CMD_GLOBAL_EXPEDITED),
    PROVOST_C(MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED),
    PROVOST_C(MEMBARRIER_CMD_PRIVATE_EXPEDITED),
    PROVOST_C(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED),
    PROVOST_C(MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE),
    PROVOST_C(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE),
    PROVOST_C(MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ),
    PROVOST_C(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ),
    PROVOST_C(MEMBARRIER_CMD_GET_REGISTRATIONS)};

constexpr Constant kMembarrierFlagsTable[] = {PROVOST_B(MEMBARRIER_CMD_FLAG_CPU)};

constexpr Constant kFutexOpsTable[] = {PROVOST_B(FUTEX_WAIT),
                                       PROVOST_B(FUTEX_WAKE),
                                       PROVOST_B(FUTEX_FD),
                                       PROVOST_B(FUTEX_REQUEUE),
                                       PROVOST_B(FUTEX_CMP_REQUEUE),
                                       PROVOST_B(FUTEX_WAKE_OP),
                                       PROVOST_B(FUTEX_LOCK_PI),
                                       PROVOST_B(FUTEX_UNLOCK_PI),
                                       PROVOST_B(FUTEX_TRYLOCK_PI),
                                       PROVOST_B(FUTEX_WAIT_BITSET),
                                       PROVOST_B(FUTEX_WAKE_BITSET),
                                       PROVOST_B(FUTEX_WAIT_REQUEUE_PI),
                                       PROVOST_B(FUTEX_CMP_REQUEUE_PI),
                                       PROVOST_B(FUTEX_LOCK_PI2),
                                       PROVOST_B(FUTEX_WAIT_PRIVATE),
                                       PROVOST_B(FUTEX_WAKE_PRIVATE),
                                       PROVOST_B(FUTEX_REQUEUE_PRIVATE),
                                       PROVOST_B(FUTEX_CMP_REQUEUE_PRIVATE),
                                       PROVOST_B(FUTEX_WAKE_OP_PRIVATE),
                                       PROVOST_B(FUTEX_LOCK_PI_PRIVATE),
                                       PROVOST_B(FUTEX_LOCK_PI2_PRIVATE),
                                       PROVOST_B(FUTEX_UNLOCK_PI_PRIVATE),
                                       PROVOST_B(FUTEX_TRYLOCK_PI_PRIVATE),
                                       PROVOST_B(FUTEX_WAIT_BITSET_PRIVATE),
                                       PROVOST_B(FUTEX_WAKE_BITSET_PRIVATE),
                                       PROVOST_B(FUTEX_WAIT_REQUEUE_PI_PRIVATE),
                                       PROVOST_B(FUTEX_CMP_REQUEUE_PI_PRIVATE),
                                       PROVOST_B(FUTEX_PRIVATE_FLAG),
                                       PROVOST_B(FUTEX_CLOCK_REALTIME),
                                       PROVOST_B(FUTEX_CMD_MASK)};

constexpr Constant kFutex2FlagsTable[] = {
    PROVOST_B(FUTEX2_SIZE_U8),  PROVOST_B(FUTEX2_SIZE_U16),  PROVOST_B(FUTEX2_SIZE_U32),
    PROVOST_B(FUTEX2_SIZE_U64), PROVOST_B(FUTEX2_SIZE_MASK), PROVOST_B(FUTEX2_NUMA),
    PROVOST_B(FUTEX2_MPOL),     PROVOST_B(FUTEX2_PRIVATE),   PROVOST_B(FUTEX_32)};

}  // namespace

PROVOST_MASK(kProtection, "memory-protection", kProtectionTable);
PROVOST_MASK(kMapFlags, "map-flags", kMapFlagsTable);
PROVOST_MASK(kMremapFlags, "mremap-flags", kMremapFlagsTable);
PROVOST_MASK(kMsyncFlags, "msync-flags", kMsyncFlagsTable);
PROVOST_ENUMERATION(kMadvise, "madvise", kMadviseTable);
PROVOST_MASK(kMlockFlags, "mlock-flags", kMlockFlagsTable);
PROVOST_MASK(kMlockallFlags, "mlockall-flags", kMlockallFlagsTable);
PROVOST_MASK(kShadowStackFlags, "shadow-stack-flags", kShadowStackFlagsTable);
PROVOST_MASK(kPkeyRights, "pkey-rights", kPkeyRightsTable);
PROVOST_MASK(kMempolicyModes, "mempolicy-modes", kMempolicyModesTable);
PROVOST_MASK(kGetMempolicyFlags, "get-mempolicy-flags", kGetMempolicyFlagsTable);
PROVOST_MASK(kMbindFlags, "mbind-flags", kMbindFlagsTable);
PROVOST_MASK(kMemfdFlags, "memfd-flags", kMemfdFlagsTable);
PROVOST_MASK(kMemfdSecretFlags, "memfd-secret-flags", kMemfdSecretFlagsTable);
PROVOST_MASK(kUserfaultfdFlags, "userfaultfd-flags", kUserfaultfdFlagsTable);
PROVOST_ENUMERATION(kMembarrierCommands, "membarrier-commands", kMembarrierCommandsTable);
PROVOST_MASK(kMembarrierFlags, "membarrier-flags", kMembarrierFlagsTable);
PROVOST_MASK(kFutexOps, "futex-operations", kFutexOpsTable);
PROVOST_MASK(kFutex2Flags, "futex2-flags", kFutex2FlagsTable);

}  // namespace provost
