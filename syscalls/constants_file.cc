// Constants of files, directories and descriptors.
#include <linux/close_range.h>
#include <linux/fadvise.h>
#include <linux/falloc.h>
#include <linux/fanotify.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/inotify.h>
#include <linux/io_uring.h>
#include <linux/openat2.h>
#include <linux/stat.h>
#include <linux/xattr.h>
#include <unistd.h>

#include "syscalls/constant_macros.h"
#include "syscalls/constant_sets.h"

// Newer than the oldest headers this builds with, or in no header of the kernel.
#ifndef O_RSYNC
#define O_RSYNC O_SYNC
#endif
#ifndef O_ASYNC
#define O_ASYNC FASYNC
#endif
#ifndef O_NOTIFICATION_PIPE
#define O_NOTIFICATION_PIPE O_EXCL
#endif
#ifndef AT_EXECVE_CHECK
#define AT_EXECVE_CHECK 0x10000
#endif
#ifndef AT_HANDLE_MNT_ID_UNIQUE
#define AT_HANDLE_MNT_ID_UNIQUE 0x001
#endif
#ifndef AT_HANDLE_CONNECTABLE
#define AT_HANDLE_CONNECTABLE 0x002
#endif
#ifndef AT_HANDLE_FID
#define AT_HANDLE_FID 0x200
#endif
#ifndef STATX_DIOALIGN
#define STATX_DIOALIGN 0x2000
#endif
#ifndef STATX_MNT_ID_UNIQUE
#define STATX_MNT_ID_UNIQUE 0x4000
#endif
#ifndef STATX_SUBVOL
#define STATX_SUBVOL 0x8000
#endif
#ifndef STATX_WRITE_ATOMIC
#define STATX_WRITE_ATOMIC 0x10000
#endif
#ifndef STATX_DIO_READ_ALIGN
#define STATX_DIO_READ_ALIGN 0x20000
#endif
#ifndef F_GETLK64
#define F_GETLK64 12
#endif
#ifndef F_SETLK64
#define F_SETLK64 13
#endif
#ifndef F_SETLKW64
#define F_SETLKW64 14
#endif
#ifndef F_DUPFD_QUERY
#define F_DUPFD_QUERY 1027
#endif
#ifndef F_CREATED_QUERY
#define F_CREATED_QUERY 1028
#endif
#ifndef F_GETDELEG
#define F_GETDELEG 1039
#endif
#ifndef F_SETDELEG
#define F_SETDELEG 1040
#endif
#ifndef F_SEAL_EXEC
#define F_SEAL_EXEC 0x0020
#endif
#ifndef FALLOC_FL_ALLOCATE_RANGE
#define FALLOC_FL_ALLOCATE_RANGE 0x00
#endif
#ifndef FALLOC_FL_WRITE_ZEROES
#define FALLOC_FL_WRITE_ZEROES 0x80
#endif
#ifndef RWF_NOAPPEND
#define RWF_NOAPPEND 0x20
#endif
#ifndef RWF_ATOMIC
#define RWF_ATOMIC 0x40
#endif
#ifndef RWF_DONTCACHE
#define RWF_DONTCACHE 0x80
#endif
#ifndef RWF_NOSIGNAL
#define RWF_NOSIGNAL 0x100
#endif
#ifndef SPLICE_F_MOVE
#define SPLICE_F_MOVE 0x01
#endif
#ifndef SPLICE_F_NONBLOCK
#define SPLICE_F_NONBLOCK 0x02
#endif
#ifndef SPLICE_F_MORE
#define SPLICE_F_MORE 0x04
#endif
#ifndef SPLICE_F_GIFT
#define SPLICE_F_GIFT 0x08
#endif
#ifndef FAN_REPORT_FD_ERROR
#define FAN_REPORT_FD_ERROR 0x00002000
#endif
#ifndef FAN_REPORT_MNT
#define FAN_REPORT_MNT 0x00004000
#endif
#ifndef FAN_MARK_MNTNS
#define FAN_MARK_MNTNS 0x00000110
#endif
#ifndef FAN_PRE_ACCESS
#define FAN_PRE_ACCESS 0x00100000
#endif
#ifndef FAN_MNT_ATTACH
#define FAN_MNT_ATTACH 0x01000000
#endif
#ifndef FAN_MNT_DETACH
#define FAN_MNT_DETACH 0x02000000
#endif
#ifndef IORING_SETUP_NO_MMAP
#define IORING_SETUP_NO_MMAP (1U << 14)
#endif
#ifndef IORING_SETUP_REGISTERED_FD_ONLY
#define IORING_SETUP_REGISTERED_FD_ONLY (1U << 15)
#endif
#ifndef IORING_SETUP_NO_SQARRAY
#define IORING_SETUP_NO_SQARRAY (1U << 16)
#endif
#ifndef IORING_SETUP_HYBRID_IOPOLL
#define IORING_SETUP_HYBRID_IOPOLL (1U << 17)
#endif
#ifndef IORING_SETUP_CQE_MIXED
#define IORING_SETUP_CQE_MIXED (1U << 18)
#endif
#ifndef IORING_ENTER_ABS_TIMER
#define IORING_ENTER_ABS_TIMER (1U << 5)
#endif
#ifndef IORING_ENTER_EXT_ARG_REG
#define IORING_ENTER_EXT_ARG_REG (1U << 6)
#endif
#ifndef IORING_ENTER_NO_IOWAIT
#define IORING_ENTER_NO_IOWAIT (1U << 7)
#endif
#ifndef IORING_REGISTER_PBUF_STATUS
#define IORING_REGISTER_PBUF_STATUS 26
#endif
#ifndef IORING_REGISTER_NAPI
#define IORING_REGISTER_NAPI 27
#endif
#ifndef IORING_UNREGISTER_NAPI
#define IORING_UNREGISTER_NAPI 28
#endif
#ifndef IORING_REGISTER_CLOCK
#define IORING_REGISTER_CLOCK 29
#endif
#ifndef IORING_REGISTER_CLONE_BUFFERS
#define IORING_REGISTER_CLONE_BUFFERS 30
#endif
#ifndef IORING_REGISTER_SEND_MSG_RING
#define IORING_REGISTER_SEND_MSG_RING 31
#endif
#ifndef IORING_REGISTER_ZCRX_IFQ
#define IORING_REGISTER_ZCRX_IFQ 32
#endif
#ifndef IORING_REGISTER_RESIZE_RINGS
#define IORING_REGISTER_RESIZE_RINGS 33
#endif
#ifndef IORING_REGISTER_MEM_REGION
#define IORING_REGISTER_MEM_REGION 34
#endif
#ifndef IORING_REGISTER_QUERY
#define IORING_REGISTER_QUERY 35
#endif
#ifndef IORING_REGISTER_USE_REGISTERED_RING
#define IORING_REGISTER_USE_REGISTERED_RING (1U << 31)
#endif

namespace provost {
namespace {

constexpr Constant kOpenFlagsTable[] = {
    PROVOST_B(O_RDONLY),   PROVOST_B(O_WRONLY),    PROVOST_B(O_RDWR),    PROVOST_B(O_ACCMODE),
    PROVOST_B(O_CREAT),    PROVOST_B(O_EXCL),      PROVOST_B(O_NOCTTY),  PROVOST_B(O_TRUNC),
    PROVOST_B(O_APPEND),   PROVOST_B(O_NONBLOCK),  PROVOST_B(O_NDELAY),  PROVOST_B(O_SYNC),
    PROVOST_B(O_DSYNC),    PROVOST_B(O_RSYNC),     PROVOST_B(FASYNC),    PROVOST_B(O_ASYNC),
    PROVOST_B(O_DIRECT),   PROVOST_B(O_LARGEFILE), PROVOST_B(O_TMPFILE), PROVOST_B(O_DIRECTORY),
    PROVOST_B(O_NOFOLLOW), PROVOST_B(O_NOATIME),   PROVOST_B(O_CLOEXEC), PROVOST_B(O_PATH)};

constexpr Constant kResolveFlagsTable[] = {
    PROVOST_B(RESOLVE_NO_XDEV), PROVOST_B(RESOLVE_NO_MAGICLINKS), PROVOST_B(RESOLVE_NO_SYMLINKS),
    PROVOST_B(RESOLVE_BENEATH), PROVOST_B(RESOLVE_IN_ROOT),       PROVOST_B(RESOLVE_CACHED)};

constexpr Constant kDupFlagsTable[] = {PROVOST_B(O_CLOEXEC)};

constexpr Constant kPipeFlagsTable[] = {PROVOST_B(O_CLOEXEC), PROVOST_B(O_NONBLOCK),
                                        PROVOST_B(O_DIRECT), PROVOST_B(O_NOTIFICATION_PIPE)};

constexpr Constant kCloseRangeFlagsTable[] = {PROVOST_B(CLOSE_RANGE_UNSHARE),
                                              PROVOST_B(CLOSE_RANGE_CLOEXEC)};

constexpr Constant kPathAtFlagsTable[] = {PROVOST_B(AT_SYMLINK_NOFOLLOW),
                                          PROVOST_B(AT_NO_AUTOMOUNT), PROVOST_B(AT_EMPTY_PATH)};

constexpr Constant kStatAtFlagsTable[] = {
    PROVOST_B(AT_STATX_SYNC_AS_STAT), PROVOST_B(AT_SYMLINK_NOFOLLOW), PROVOST_B(AT_NO_AUTOMOUNT),
    PROVOST_B(AT_EMPTY_PATH),         PROVOST_B(AT_STATX_FORCE_SYNC), PROVOST_B(AT_STATX_DONT_SYNC),
    PROVOST_B(AT_STATX_SYNC_TYPE)};

constexpr Constant kUnlinkatFlagsTable[] = {PROVOST_B(AT_REMOVEDIR)};

constexpr Constant kLinkatFlagsTable[] = {PROVOST_B(AT_SYMLINK_FOLLOW), PROVOST_B(AT_EMPTY_PATH)};

constexpr Constant kFaccessatFlagsTable[] = {PROVOST_B(AT_EACCESS), PROVOST_B(AT_SYMLINK_NOFOLLOW),
                                             PROVOST_B(AT_EMPTY_PATH)};

constexpr Constant kExecveatFlagsTable[] = {
    PROVOST_B(AT_EMPTY_PATH), PROVOST_B(AT_SYMLINK_NOFOLLOW), PROVOST_B(AT_EXECVE_CHECK)};

constexpr Constant kNameToHandleFlagsTable[] = {
    PROVOST_B(AT_HANDLE_MNT_ID_UNIQUE), PROVOST_B(AT_HANDLE_CONNECTABLE), PROVOST_B(AT_HANDLE_FID),
    PROVOST_B(AT_SYMLINK_FOLLOW), PROVOST_B(AT_EMPTY_PATH)};

constexpr Constant kAtSpecialsTable[] = {PROVOST_C(AT_FDCWD)};

constexpr Constant kStatxMaskTable[] = {
    PROVOST_B(STATX_TYPE),         PROVOST_B(STATX_MODE),          PROVOST_B(STATX_NLINK),
    PROVOST_B(STATX_UID),          PROVOST_B(STATX_GID),           PROVOST_B(STATX_ATIME),
    PROVOST_B(STATX_MTIME),        PROVOST_B(STATX_CTIME),         PROVOST_B(STATX_INO),
    PROVOST_B(STATX_SIZE),         PROVOST_B(STATX_BLOCKS),        PROVOST_B(STATX_BASIC_STATS),
    PROVOST_B(STATX_BTIME),        PROVOST_B(STATX_ALL),           PROVOST_B(STATX_MNT_ID),
    PROVOST_B(STATX_DIOALIGN),     PROVOST_B(STATX_MNT_ID_UNIQUE), PROVOST_B(STATX_SUBVOL),
    PROVOST_B(STATX_WRITE_ATOMIC), PROVOST_B(STATX_DIO_READ_ALIGN)};

constexpr Constant kAccessModesTable[] = {PROVOST_B(F_OK), PROVOST_B(R_OK), PROVOST_B(W_OK),
                                          PROVOST_B(X_OK)};

constexpr Constant kFileModesTable[] = {
    PROVOST_B(S_IFMT),  PROVOST_B(S_IFSOCK), PROVOST_B(S_IFLNK), PROVOST_B(S_IFREG),
    PROVOST_B(S_IFBLK), PROVOST_B(S_IFDIR),  PROVOST_B(S_IFCHR), PROVOST_B(S_IFIFO),
    PROVOST_B(S_ISUID), PROVOST_B(S_ISGID),  PROVOST_B(S_ISVTX), PROVOST_B(S_IRWXU),
    PROVOST_B(S_IRUSR), PROVOST_B(S_IWUSR),  PROVOST_B(S_IXUSR), PROVOST_B(S_IRWXG),
    PROVOST_B(S_IRGRP), PROVOST_B(S_IWGRP),  PROVOST_B(S_IXGRP), PROVOST_B(S_IRWXO),
    PROVOST_B(S_IROTH), PROVOST_B(S_IWOTH),  PROVOST_B(S_IXOTH)};

constexpr Constant kSeekWhenceTable[] = {PROVOST_C(SEEK_SET), PROVOST_C(SEEK_CUR),
                                         PROVOST_C(SEEK_END), PROVOST_C(SEEK_DATA),
                                         PROVOST_C(SEEK_HOLE)};

constexpr Constant kFcntlCommandsTable[] = {PROVOST_C(F_DUPFD),
                                            PROVOST_C(F_GETFD),
                                            PROVOST_C(F_SETFD),
                                            PROVOST_C(F_GETFL),
                                            PROVOST_C(F_SETFL),
                                            PROVOST_C(F_GETLK),
                                            PROVOST_C(F_SETLK),
                                            PROVOST_C(F_SETLKW),
                                            PROVOST_C(F_SETOWN),
                                            PROVOST_C(F_GETOWN),
                                            PROVOST_C(F_SETSIG),
                                            PROVOST_C(F_GETSIG),
                                            PROVOST_C(F_GETLK64),
                                            PROVOST_C(F_SETLK64),
                                            PROVOST_C(F_SETLKW64),
                                            PROVOST_C(F_SETOWN_EX),
                                            PROVOST_C(F_GETOWN_EX),
                                            PROVOST_C(F_GETOWNER_UIDS),
                                            PROVOST_C(F_OFD_GETLK),
                                            PROVOST_C(F_OFD_SETLK),
                                            PROVOST_C(F_OFD_SETLKW),
                                            PROVOST_C(F_SETLEASE),
                                            PROVOST_C(F_GETLEASE),
                                            PROVOST_C(F_CANCELLK),
                                            PROVOST_C(F_DUPFD_CLOEXEC),
                                            PROVOST_C(F_NOTIFY),
                                            PROVOST_C(F_SETPIPE_SZ),
                                            PROVOST_C(F_GETPIPE_SZ),
                                            PROVOST_C(F_ADD_SEALS),
                                            PROVOST_C(F_GET_SEALS),
                                            PROVOST_C(F_GET_RW_HINT),
                                            PROVOST_C(F_SET_RW_HINT),
                                            PROVOST_C(F_GET_FILE_RW_HINT),
                                            PROVOST_C(F_SET_FILE_RW_HINT),
                                            PROVOST_C(F_DUPFD_QUERY),
                                            PROVOST_C(F_CREATED_QUERY),
                                            PROVOST_C(F_GETDELEG),
                                            PROVOST_C(F_SETDELEG)};

constexpr Constant kDescriptorFlagsTable[] = {PROVOST_B(FD_CLOEXEC)};

constexpr Constant kLockTypesTable[] = {PROVOST_C(F_RDLCK), PROVOST_C(F_WRLCK), PROVOST_C(F_UNLCK)};

constexpr Constant kSealsTable[] = {PROVOST_B(F_SEAL_SEAL),         PROVOST_B(F_SEAL_SHRINK),
                                    PROVOST_B(F_SEAL_GROW),         PROVOST_B(F_SEAL_WRITE),
                                    PROVOST_B(F_SEAL_FUTURE_WRITE), PROVOST_B(F_SEAL_EXEC)};

constexpr Constant kDnotifyFlagsTable[] = {
    PROVOST_B(DN_ACCESS), PROVOST_B(DN_MODIFY), PROVOST_B(DN_CREATE),   PROVOST_B(DN_DELETE),
    PROVOST_B(DN_RENAME), PROVOST_B(DN_ATTRIB), PROVOST_B(DN_MULTISHOT)};

constexpr Constant kFlockOperationsTable[] = {
    PROVOST_B(LOCK_SH),   PROVOST_B(LOCK_EX),   PROVOST_B(LOCK_NB),    PROVOST_B(LOCK_UN),
    PROVOST_B(LOCK_MAND), PROVOST_B(LOCK_READ), PROVOST_B(LOCK_WRITE), PROVOST_B(LOCK_RW)};

constexpr Constant kFallocateFlagsTable[] = {
    PROVOST_B(FALLOC_FL_ALLOCATE_RANGE), PROVOST_B(FALLOC_FL_KEEP_SIZE),
    PROVOST_B(FALLOC_FL_PUNCH_HOLE),     PROVOST_B(FALLOC_FL_NO_HIDE_STALE),
    PROVOST_B(FALLOC_FL_COLLAPSE_RANGE), PROVOST_B(FALLOC_FL_ZERO_RANGE),
    PROVOST_B(FALLOC_FL_INSERT_RANGE),   PROVOST_B(FALLOC_FL_UNSHARE_RANGE),
    PROVOST_B(FALLOC_FL_WRITE_ZEROES)};

constexpr Constant kFadviseTable[] = {
    PROVOST_C(POSIX_FADV_NORMAL),     PROVOST_C(POSIX_FADV_RANDOM),
    PROVOST_C(POSIX_FADV_SEQUENTIAL), PROVOST_C(POSIX_FADV_WILLNEED),
    PROVOST_C(POSIX_FADV_DONTNEED),   PROVOST_C(POSIX_FADV_NOREUSE)};

constexpr Constant kRenameFlagsTable[] = {PROVOST_B(RENAME_NOREPLACE), PROVOST_B(RENAME_EXCHANGE),
                                          PROVOST_B(RENAME_WHITEOUT)};

constexpr Constant kReadWriteFlagsTable[] = {
    PROVOST_B(RWF_HIPRI),  PROVOST_B(RWF_DSYNC),     PROVOST_B(RWF_SYNC),
    PROVOST_B(RWF_NOWAIT), PROVOST_B(RWF_APPEND),    PROVOST_B(RWF_NOAPPEND),
    PROVOST_B(RWF_ATOMIC), PROVOST_B(RWF_DONTCACHE), PROVOST_B(RWF_NOSIGNAL)};

constexpr Constant kSpliceFlagsTable[] = {PROVOST_B(SPLICE_F_MOVE), PROVOST_B(SPLICE_F_NONBLOCK),
                                          PROVOST_B(SPLICE_F_MORE), PROVOST_B(SPLICE_F_GIFT)};

constexpr Constant kSyncFileRangeFlagsTable[] = {
    PROVOST_B(SYNC_FILE_RANGE_WAIT_BEFORE), PROVOST_B(SYNC_FILE_RANGE_WRITE),
    PROVOST_B(SYNC_FILE_RANGE_WAIT_AFTER), PROVOST_B(SYNC_FILE_RANGE_WRITE_AND_WAIT)};

constexpr Constant kXattrFlagsTable[] = {PROVOST_B(XATTR_CREATE), PROVOST_B(XATTR_REPLACE)};

constexpr Constant kInotifyInitFlagsTable[] = {PROVOST_B(IN_CLOEXEC), PROVOST_B(IN_NONBLOCK)};

constexpr Constant kInotifyMaskTable[] = {
    PROVOST_B(IN_ACCESS),      PROVOST_B(IN_MODIFY),        PROVOST_B(IN_ATTRIB),
    PROVOST_B(IN_CLOSE_WRITE), PROVOST_B(IN_CLOSE_NOWRITE), PROVOST_B(IN_OPEN),
    PROVOST_B(IN_MOVED_FROM),  PROVOST_B(IN_MOVED_TO),      PROVOST_B(IN_CREATE),
    PROVOST_B(IN_DELETE),      PROVOST_B(IN_DELETE_SELF),   PROVOST_B(IN_MOVE_SELF),
    PROVOST_B(IN_UNMOUNT),     PROVOST_B(IN_Q_OVERFLOW),    PROVOST_B(IN_IGNORED),
    PROVOST_B(IN_CLOSE),       PROVOST_B(IN_MOVE),          PROVOST_B(IN_ALL_EVENTS),
    PROVOST_B(IN_ONLYDIR),     PROVOST_B(IN_DONT_FOLLOW),   PROVOST_B(IN_EXCL_UNLINK),
    PROVOST_B(IN_MASK_CREATE), PROVOST_B(IN_MASK_ADD),      PROVOST_B(IN_ISDIR),
    PROVOST_B(IN_ONESHOT)};

constexpr Constant kFanotifyInitFlagsTable[] = {
    PROVOST_B(FAN_CLASS_NOTIF),       PROVOST_B(FAN_CLOEXEC),
    PROVOST_B(FAN_NONBLOCK),          PROVOST_B(FAN_CLASS_CONTENT),
    PROVOST_B(FAN_CLASS_PRE_CONTENT), PROVOST_B(FAN_UNLIMITED_QUEUE),
    PROVOST_B(FAN_UNLIMITED_MARKS),   PROVOST_B(FAN_ENABLE_AUDIT),
    PROVOST_B(FAN_REPORT_PIDFD),      PROVOST_B(FAN_REPORT_TID),
    PROVOST_B(FAN_REPORT_FID),        PROVOST_B(FAN_REPORT_DIR_FID),
    PROVOST_B(FAN_REPORT_NAME),       PROVOST_B(FAN_REPORT_TARGET_FID),
    PROVOST_B(FAN_REPORT_FD_ERROR),   PROVOST_B(FAN_REPORT_MNT),
    PROVOST_B(FAN_REPORT_DFID_NAME),  PROVOST_B(FAN_REPORT_DFID_NAME_TARGET)};

constexpr Constant kFanotifyMarkFlagsTable[] = {
    PROVOST_B(FAN_MARK_INODE),        PROVOST_B(FAN_MARK_ADD),
    PROVOST_B(FAN_MARK_REMOVE),       PROVOST_B(FAN_MARK_DONT_FOLLOW),
    PROVOST_B(FAN_MARK_ONLYDIR),      PROVOST_B(FAN_MARK_MOUNT),
    PROVOST_B(FAN_MARK_IGNORED_MASK), PROVOST_B(FAN_MARK_IGNORED_SURV_MODIFY),
    PROVOST_B(FAN_MARK_FLUSH),        PROVOST_B(FAN_MARK_FILESYSTEM),
    PROVOST_B(FAN_MARK_EVICTABLE),    PROVOST_B(FAN_MARK_IGNORE),
    PROVOST_B(FAN_MARK_IGNORE_SURV),  PROVOST_B(FAN_MARK_MNTNS)};

constexpr Constant kFanotifyMaskTable[] = {
    PROVOST_B(FAN_ACCESS),         PROVOST_B(FAN_MODIFY),        PROVOST_B(FAN_ATTRIB),
    PROVOST_B(FAN_CLOSE_WRITE),    PROVOST_B(FAN_CLOSE_NOWRITE), PROVOST_B(FAN_OPEN),
    PROVOST_B(FAN_MOVED_FROM),     PROVOST_B(FAN_MOVED_TO),      PROVOST_B(FAN_CREATE),
    PROVOST_B(FAN_DELETE),         PROVOST_B(FAN_DELETE_SELF),   PROVOST_B(FAN_MOVE_SELF),
    PROVOST_B(FAN_OPEN_EXEC),      PROVOST_B(FAN_Q_OVERFLOW),    PROVOST_B(FAN_FS_ERROR),
    PROVOST_B(FAN_OPEN_PERM),      PROVOST_B(FAN_ACCESS_PERM),   PROVOST_B(FAN_OPEN_EXEC_PERM),
    PROVOST_B(FAN_PRE_ACCESS),     PROVOST_B(FAN_MNT_ATTACH),    PROVOST_B(FAN_MNT_DETACH),
    PROVOST_B(FAN_EVENT_ON_CHILD), PROVOST_B(FAN_RENAME),        PROVOST_B(FAN_ONDIR),
    PROVOST_B(FAN_CLOSE),          PROVOST_B(FAN_MOVE)};

constexpr Constant kIoUringSetupFlagsTable[] = {
    PROVOST_B(IORING_SETUP_IOPOLL),        PROVOST_B(IORING_SETUP_SQPOLL),
    PROVOST_B(IORING_SETUP_SQ_AFF),        PROVOST_B(IORING_SETUP_CQSIZE),
    PROVOST_B(IORING_SETUP_CLAMP),         PROVOST_B(IORING_SETUP_ATTACH_WQ),
    PROVOST_B(IORING_SETUP_R_DISABLED),    PROVOST_B(IORING_SETUP_SUBMIT_ALL),
    PROVOST_B(IORING_SETUP_COOP_TASKRUN),  PROVOST_B(IORING_SETUP_TASKRUN_FLAG),
    PROVOST_B(IORING_SETUP_SQE128),        PROVOST_B(IORING_SETUP_CQE32),
    PROVOST_B(IORING_SETUP_SINGLE_ISSUER), PROVOST_B(IORING_SETUP_DEFER_TASKRUN),
    PROVOST_B(IORING_SETUP_NO_MMAP),       PROVOST_B(IORING_SETUP_REGISTERED_FD_ONLY),
    PROVOST_B(IORING_SETUP_NO_SQARRAY),    PROVOST_B(IORING_SETUP_HYBRID_IOPOLL),
    PROVOST_B(IORING_SETUP_CQE_MIXED)};

constexpr Constant kIoUringEnterFlagsTable[] = {
    PROVOST_B(IORING_ENTER_GETEVENTS),       PROVOST_B(IORING_ENTER_SQ_WAKEUP),
    PROVOST_B(IORING_ENTER_SQ_WAIT),         PROVOST_B(IORING_ENTER_EXT_ARG),
    PROVOST_B(IORING_ENTER_REGISTERED_RING), PROVOST_B(IORING_ENTER_ABS_TIMER),
    PROVOST_B(IORING_ENTER_EXT_ARG_REG),     PROVOST_B(IORING_ENTER_NO_IOWAIT)};

constexpr Constant kIoUringRegisterOpsTable[] = {PROVOST_B(IORING_REGISTER_BUFFERS),
                                                 PROVOST_B(IORING_UNREGISTER_BUFFERS),
                                                 PROVOST_B(IORING_REGISTER_FILES),
                                                 PROVOST_B(IORING_UNREGISTER_FILES),
                                                 PROVOST_B(IORING_REGISTER_EVENTFD),
                                                 PROVOST_B(IORING_UNREGISTER_EVENTFD),
                                                 PROVOST_B(IORING_REGISTER_FILES_UPDATE),
                                                 PROVOST_B(IORING_REGISTER_EVENTFD_ASYNC),
                                                 PROVOST_B(IORING_REGISTER_PROBE),
                                                 PROVOST_B(IORING_REGISTER_PERSONALITY),
                                                 PROVOST_B(IORING_UNREGISTER_PERSONALITY),
                                                 PROVOST_B(IORING_REGISTER_RESTRICTIONS),
                                                 PROVOST_B(IORING_REGISTER_ENABLE_RINGS),
                                                 PROVOST_B(IORING_REGISTER_FILES2),
                                                 PROVOST_B(IORING_REGISTER_FILES_UPDATE2),
                                                 PROVOST_B(IORING_REGISTER_BUFFERS2),
                                                 PROVOST_B(IORING_REGISTER_BUFFERS_UPDATE),
                                                 PROVOST_B(IORING_REGISTER_IOWQ_AFF),
                                                 PROVOST_B(IORING_UNREGISTER_IOWQ_AFF),
                                                 PROVOST_B(IORING_REGISTER_IOWQ_MAX_WORKERS),
                                                 PROVOST_B(IORING_REGISTER_RING_FDS),
                                                 PROVOST_B(IORING_UNREGISTER_RING_FDS),
                                                 PROVOST_B(IORING_REGISTER_PBUF_RING),
                                                 PROVOST_B(IORING_UNREGISTER_PBUF_RING),
                                                 PROVOST_B(IORING_REGISTER_SYNC_CANCEL),
                                                 PROVOST_B(IORING_REGISTER_FILE_ALLOC_RANGE),
                                                 PROVOST_B(IORING_REGISTER_PBUF_STATUS),
                                                 PROVOST_B(IORING_REGISTER_NAPI),
                                                 PROVOST_B(IORING_UNREGISTER_NAPI),
                                                 PROVOST_B(IORING_REGISTER_CLOCK),
                                                 PROVOST_B(IORING_REGISTER_CLONE_BUFFERS),
                                                 PROVOST_B(IORING_REGISTER_SEND_MSG_RING),
                                                 PROVOST_B(IORING_REGISTER_ZCRX_IFQ),
                                                 PROVOST_B(IORING_REGISTER_RESIZE_RINGS),
                                                 PROVOST_B(IORING_REGISTER_MEM_REGION),
                                                 PROVOST_B(IORING_REGISTER_QUERY),
                                                 PROVOST_B(IORING_REGISTER_USE_REGISTERED_RING)};

constexpr Constant kIoUringOpsTable[] = {PROVOST_C(IORING_OP_NOP),
                                         PROVOST_C(IORING_OP_READV),
                                         PROVOST_C(IORING_OP_WRITEV),
                                         PROVOST_C(IORING_OP_FSYNC),
                                         PROVOST_C(IORING_OP_READ_FIXED),
                                         PROVOST_C(IORING_OP_WRITE_FIXED),
                                         PROVOST_C(IORING_OP_POLL_ADD),
                                         PROVOST_C(IORING_OP_POLL_REMOVE),
                                         PROVOST_C(IORING_OP_SYNC_FILE_RANGE),
                                         PROVOST_C(IORING_OP_SENDMSG),
                                         PROVOST_C(IORING_OP_RECVMSG),
                                         PROVOST_C(IORING_OP_TIMEOUT),
                                         PROVOST_C(IORING_OP_TIMEOUT_REMOVE),
                                         PROVOST_C(IORING_OP_ACCEPT),
                                         PROVOST_C(IORING_OP_ASYNC_CANCEL),
                                         PROVOST_C(IORING_OP_LINK_TIMEOUT),
                                         PROVOST_C(IORING_OP_CONNECT),
                                         PROVOST_C(IORING_OP_FALLOCATE),
                                         PROVOST_C(IORING_OP_OPENAT),
                                         PROVOST_C(IORING_OP_CLOSE),
                                         PROVOST_C(IORING_OP_FILES_UPDATE),
                                         PROVOST_C(IORING_OP_STATX),
                                         PROVOST_C(IORING_OP_READ),
                                         PROVOST_C(IORING_OP_WRITE),
                                         PROVOST_C(IORING_OP_FADVISE),
                                         PROVOST_C(IORING_OP_MADVISE),
                                         PROVOST_C(IORING_OP_SEND),
                                         PROVOST_C(IORING_OP_RECV),
                                         PROVOST_C(IORING_OP_OPENAT2),
                                         PROVOST_C(IORING_OP_EPOLL_CTL),
                                         PROVOST_C(IORING_OP_SPLICE),
                                         PROVOST_C(IORING_OP_PROVIDE_BUFFERS),
                                         PROVOST_C(IORING_OP_REMOVE_BUFFERS),
                                         PROVOST_C(IORING_OP_TEE),
                                         PROVOST_C(IORING_OP_SHUTDOWN),
                                         PROVOST_C(IORING_OP_RENAMEAT),
                                         PROVOST_C(IORING_OP_UNLINKAT),
                                         PROVOST_C(IORING_OP_MKDIRAT),
                                         PROVOST_C(IORING_OP_SYMLINKAT),
                                         PROVOST_C(IORING_OP_LINKAT),
                                         PROVOST_C(IORING_OP_MSG_RING),
                                         PROVOST_C(IORING_OP_FSETXATTR),
                                         PROVOST_C(IORING_OP_SETXATTR),
                                         PROVOST_C(IORING_OP_FGETXATTR),
                                         PROVOST_C(IORING_OP_GETXATTR),
                                         PROVOST_C(IORING_OP_SOCKET),
                                         PROVOST_C(IORING_OP_URING_CMD),
                                         PROVOST_C(IORING_OP_SEND_ZC),
                                         PROVOST_C(IORING_OP_SENDMSG_ZC)};

}  // namespace

PROVOST_MASK(kOpenFlags, "open-flags", kOpenFlagsTable);
PROVOST_MASK(kResolveFlags, "resolve-flags", kResolveFlagsTable);
PROVOST_MASK(kDupFlags, "dup-flags", kDupFlagsTable);
PROVOST_MASK(kPipeFlags, "pipe-flags", kPipeFlagsTable);
PROVOST_MASK(kCloseRangeFlags, "close-range-flags", kCloseRangeFlagsTable);
PROVOST_MASK(kPathAtFlags, "at-flags", kPathAtFlagsTable);
PROVOST_MASK(kStatAtFlags, "stat-at-flags", kStatAtFlagsTable);
PROVOST_MASK(kUnlinkatFlags, "unlinkat-flags", kUnlinkatFlagsTable);
PROVOST_MASK(kLinkatFlags, "linkat-flags", kLinkatFlagsTable);
PROVOST_MASK(kFaccessatFlags, "faccessat-flags", kFaccessatFlagsTable);
PROVOST_MASK(kExecveatFlags, "execveat-flags", kExecveatFlagsTable);
PROVOST_MASK(kNameToHandleFlags, "name-to-handle-flags", kNameToHandleFlagsTable);
PROVOST_ENUMERATION(kAtSpecials, "at-descriptors", kAtSpecialsTable);
PROVOST_MASK(kStatxMask, "statx-mask", kStatxMaskTable);
PROVOST_MASK(kAccessModes, "access-modes", kAccessModesTable);
PROVOST_MASK(kFileModes, "file-modes", kFileModesTable);
PROVOST_ENUMERATION(kSeekWhence, "seek-whence", kSeekWhenceTable);
PROVOST_ENUMERATION(kFcntlCommands, "fcntl-commands", kFcntlCommandsTable);
PROVOST_MASK(kDescriptorFlags, "descriptor-flags", kDescriptorFlagsTable);
PROVOST_ENUMERATION(kLockTypes, "lock-types", kLockTypesTable);
PROVOST_MASK(kSeals, "seals", kSealsTable);
PROVOST_MASK(kDnotifyFlags, "dnotify-flags", kDnotifyFlagsTable);
PROVOST_MASK(kFlockOperations, "flock-operations", kFlockOperationsTable);
PROVOST_MASK(kFallocateFlags, "fallocate-flags", kFallocateFlagsTable);
PROVOST_ENUMERATION(kFadvise, "fadvise", kFadviseTable);
PROVOST_MASK(kRenameFlags, "rename-flags", kRenameFlagsTable);
PROVOST_MASK(kReadWriteFlags, "read-write-flags", kReadWriteFlagsTable);
PROVOST_MASK(kSpliceFlags, "splice-flags", kSpliceFlagsTable);
PROVOST_MASK(kSyncFileRangeFlags, "sync-file-range-flags", kSyncFileRangeFlagsTable);
PROVOST_MASK(kXattrFlags, "xattr-flags", kXattrFlagsTable);
PROVOST_MASK(kInotifyInitFlags, "inotify-init-flags", kInotifyInitFlagsTable);
PROVOST_MASK(kInotifyMask, "inotify-mask", kInotifyMaskTable);
PROVOST_MASK(kFanotifyInitFlags, "fanotify-init-flags", kFanotifyInitFlagsTable);
PROVOST_MASK(kFanotifyMarkFlags, "fanotify-mark-flags", kFanotifyMarkFlagsTable);
PROVOST_MASK(kFanotifyMask, "fanotify-mask", kFanotifyMaskTable);
PROVOST_MASK(kIoUringSetupFlags, "io-uring-setup-flags", kIoUringSetupFlagsTable);
PROVOST_MASK(kIoUringEnterFlags, "io-uring-enter-flags", kIoUringEnterFlagsTable);
PROVOST_MASK(kIoUringRegisterOps, "io-uring-register-operations", kIoUringRegisterOpsTable);
PROVOST_ENUMERATION(kIoUringOps, "io-uring-operations", kIoUringOpsTable);

}  // namespace provost
