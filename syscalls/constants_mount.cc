// Constants of mounts, swap and quotas.
#include <linux/fcntl.h>
#include <linux/mount.h>
#include <linux/quota.h>

#include "syscalls/constant_macros.h"
#include "syscalls/constant_sets.h"

// Newer than the oldest headers this builds with, or in no header of the kernel.
#ifndef MS_NOUSER
#define MS_NOUSER (1U << 31)
#endif
#ifndef MNT_FORCE
#define MNT_FORCE 0x1
#endif
#ifndef MNT_DETACH
#define MNT_DETACH 0x2
#endif
#ifndef MNT_EXPIRE
#define MNT_EXPIRE 0x4
#endif
#ifndef UMOUNT_NOFOLLOW
#define UMOUNT_NOFOLLOW 0x8
#endif
#ifndef MOVE_MOUNT_BENEATH
#define MOVE_MOUNT_BENEATH 0x00000200
#endif
#ifndef FSCONFIG_CMD_CREATE_EXCL
#define FSCONFIG_CMD_CREATE_EXCL 8
#endif
#ifndef LISTMOUNT_REVERSE
#define LISTMOUNT_REVERSE (1 << 0)
#endif
#ifndef SWAP_FLAG_PREFER
#define SWAP_FLAG_PREFER 0x8000
#endif
#ifndef SWAP_FLAG_PRIO_MASK
#define SWAP_FLAG_PRIO_MASK 0x7fff
#endif
#ifndef SWAP_FLAG_DISCARD
#define SWAP_FLAG_DISCARD 0x10000
#endif
#ifndef SWAP_FLAG_DISCARD_ONCE
#define SWAP_FLAG_DISCARD_ONCE 0x20000
#endif
#ifndef SWAP_FLAG_DISCARD_PAGES
#define SWAP_FLAG_DISCARD_PAGES 0x40000
#endif

namespace provost {
namespace {

constexpr Constant kMountFlagsTable[] = {
    PROVOST_B(MS_RDONLY),    PROVOST_B(MS_NOSUID),      PROVOST_B(MS_NODEV),
    PROVOST_B(MS_NOEXEC),    PROVOST_B(MS_SYNCHRONOUS), PROVOST_B(MS_REMOUNT),
    PROVOST_B(MS_MANDLOCK),  PROVOST_B(MS_DIRSYNC),     PROVOST_B(MS_NOSYMFOLLOW),
    PROVOST_B(MS_NOATIME),   PROVOST_B(MS_NODIRATIME),  PROVOST_B(MS_BIND),
    PROVOST_B(MS_MOVE),      PROVOST_B(MS_REC),         PROVOST_B(MS_SILENT),
    PROVOST_B(MS_POSIXACL),  PROVOST_B(MS_UNBINDABLE),  PROVOST_B(MS_PRIVATE),
    PROVOST_B(MS_SLAVE),     PROVOST_B(MS_SHARED),      PROVOST_B(MS_RELATIME),
    PROVOST_B(MS_KERNMOUNT), PROVOST_B(MS_I_VERSION),   PROVOST_B(MS_STRICTATIME),
    PROVOST_B(MS_LAZYTIME),  PROVOST_B(MS_NOUSER),      PROVOST_B(MS_MGC_VAL)};

constexpr Constant kUmountFlagsTable[] = {PROVOST_B(MNT_FORCE), PROVOST_B(MNT_DETACH),
                                          PROVOST_B(MNT_EXPIRE), PROVOST_B(UMOUNT_NOFOLLOW)};

constexpr Constant kOpenTreeFlagsTable[] = {
    PROVOST_B(OPEN_TREE_CLONE), PROVOST_B(OPEN_TREE_CLOEXEC), PROVOST_B(AT_SYMLINK_NOFOLLOW),
    PROVOST_B(AT_NO_AUTOMOUNT), PROVOST_B(AT_EMPTY_PATH),     PROVOST_B(AT_RECURSIVE)};

constexpr Constant kMoveMountFlagsTable[] = {
    PROVOST_B(MOVE_MOUNT_F_SYMLINKS),   PROVOST_B(MOVE_MOUNT_F_AUTOMOUNTS),
    PROVOST_B(MOVE_MOUNT_F_EMPTY_PATH), PROVOST_B(MOVE_MOUNT_T_SYMLINKS),
    PROVOST_B(MOVE_MOUNT_T_AUTOMOUNTS), PROVOST_B(MOVE_MOUNT_T_EMPTY_PATH),
    PROVOST_B(MOVE_MOUNT_SET_GROUP),    PROVOST_B(MOVE_MOUNT_BENEATH)};

constexpr Constant kMountSetattrFlagsTable[] = {PROVOST_B(AT_SYMLINK_NOFOLLOW),
                                                PROVOST_B(AT_NO_AUTOMOUNT),
                                                PROVOST_B(AT_EMPTY_PATH), PROVOST_B(AT_RECURSIVE)};

constexpr Constant kMountAttributesTable[] = {
    PROVOST_B(MOUNT_ATTR_RELATIME),   PROVOST_B(MOUNT_ATTR_RDONLY),
    PROVOST_B(MOUNT_ATTR_NOSUID),     PROVOST_B(MOUNT_ATTR_NODEV),
    PROVOST_B(MOUNT_ATTR_NOEXEC),     PROVOST_B(MOUNT_ATTR__ATIME),
    PROVOST_B(MOUNT_ATTR_NOATIME),    PROVOST_B(MOUNT_ATTR_STRICTATIME),
    PROVOST_B(MOUNT_ATTR_NODIRATIME), PROVOST_B(MOUNT_ATTR_IDMAP),
    PROVOST_B(MOUNT_ATTR_NOSYMFOLLOW)};

constexpr Constant kFsopenFlagsTable[] = {PROVOST_B(FSOPEN_CLOEXEC)};

constexpr Constant kFspickFlagsTable[] = {
    PROVOST_B(FSPICK_CLOEXEC), PROVOST_B(FSPICK_SYMLINK_NOFOLLOW), PROVOST_B(FSPICK_NO_AUTOMOUNT),
    PROVOST_B(FSPICK_EMPTY_PATH)};

constexpr Constant kFsmountFlagsTable[] = {PROVOST_B(FSMOUNT_CLOEXEC)};

constexpr Constant kFsconfigCommandsTable[] = {
    PROVOST_C(FSCONFIG_SET_FLAG),       PROVOST_C(FSCONFIG_SET_STRING),
    PROVOST_C(FSCONFIG_SET_BINARY),     PROVOST_C(FSCONFIG_SET_PATH),
    PROVOST_C(FSCONFIG_SET_PATH_EMPTY), PROVOST_C(FSCONFIG_SET_FD),
    PROVOST_C(FSCONFIG_CMD_CREATE),     PROVOST_C(FSCONFIG_CMD_RECONFIGURE),
    PROVOST_C(FSCONFIG_CMD_CREATE_EXCL)};

constexpr Constant kListmountFlagsTable[] = {PROVOST_B(LISTMOUNT_REVERSE)};

constexpr Constant kSwapFlagsTable[] = {
    PROVOST_B(SWAP_FLAG_PREFER), PROVOST_B(SWAP_FLAG_PRIO_MASK), PROVOST_B(SWAP_FLAG_DISCARD),
    PROVOST_B(SWAP_FLAG_DISCARD_ONCE), PROVOST_B(SWAP_FLAG_DISCARD_PAGES)};

constexpr Constant kQuotaCommandsTable[] = {
    PROVOST_C(Q_SYNC),     PROVOST_C(Q_QUOTAON),  PROVOST_C(Q_QUOTAOFF),
    PROVOST_C(Q_GETFMT),   PROVOST_C(Q_GETINFO),  PROVOST_C(Q_SETINFO),
    PROVOST_C(Q_GETQUOTA), PROVOST_C(Q_SETQUOTA), PROVOST_C(Q_GETNEXTQUOTA)};

constexpr Constant kQuotaTypesTable[] = {PROVOST_C(USRQUOTA), PROVOST_C(GRPQUOTA),
                                         PROVOST_C(PRJQUOTA)};

}  // namespace

PROVOST_MASK(kMountFlags, "mount-flags", kMountFlagsTable);
PROVOST_MASK(kUmountFlags, "umount-flags", kUmountFlagsTable);
PROVOST_MASK(kOpenTreeFlags, "open-tree-flags", kOpenTreeFlagsTable);
PROVOST_MASK(kMoveMountFlags, "move-mount-flags", kMoveMountFlagsTable);
PROVOST_MASK(kMountSetattrFlags, "mount-setattr-flags", kMountSetattrFlagsTable);
PROVOST_MASK(kMountAttributes, "mount-attributes", kMountAttributesTable);
PROVOST_MASK(kFsopenFlags, "fsopen-flags", kFsopenFlagsTable);
PROVOST_MASK(kFspickFlags, "fspick-flags", kFspickFlagsTable);
PROVOST_MASK(kFsmountFlags, "fsmount-flags", kFsmountFlagsTable);
PROVOST_ENUMERATION(kFsconfigCommands, "fsconfig-commands", kFsconfigCommandsTable);
PROVOST_MASK(kListmountFlags, "listmount-flags", kListmountFlagsTable);
PROVOST_MASK(kSwapFlags, "swap-flags", kSwapFlagsTable);
PROVOST_ENUMERATION(kQuotaCommands, "quota-commands", kQuotaCommandsTable);
PROVOST_ENUMERATION(kQuotaTypes, "quota-types", kQuotaTypesTable);

}  // namespace provost
