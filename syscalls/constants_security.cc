// Constants of confinement, privileges, keys, and the kernel's own programs and modules.
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/kexec.h>
#include <linux/keyctl.h>
#include <linux/landlock.h>
#include <linux/module.h>
#include <linux/perf_event.h>
#include <linux/reboot.h>
#include <linux/seccomp.h>
#include <linux/securebits.h>

#include "syscalls/constant_macros.h"
#include "syscalls/constant_sets.h"

// Newer than the oldest headers this builds with, or in no header of the kernel.
#ifndef LANDLOCK_CREATE_RULESET_ERRATA
#define LANDLOCK_CREATE_RULESET_ERRATA (1U << 1)
#endif
#ifndef LANDLOCK_RESTRICT_SELF_LOG_SAME_EXEC_OFF
#define LANDLOCK_RESTRICT_SELF_LOG_SAME_EXEC_OFF (1U << 0)
#endif
#ifndef LANDLOCK_RESTRICT_SELF_LOG_NEW_EXEC_ON
#define LANDLOCK_RESTRICT_SELF_LOG_NEW_EXEC_ON (1U << 1)
#endif
#ifndef LANDLOCK_RESTRICT_SELF_LOG_SUBDOMAINS_OFF
#define LANDLOCK_RESTRICT_SELF_LOG_SUBDOMAINS_OFF (1U << 2)
#endif
#ifndef LANDLOCK_RULE_NET_PORT
#define LANDLOCK_RULE_NET_PORT 2
#endif
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif
#ifndef LANDLOCK_ACCESS_FS_IOCTL_DEV
#define LANDLOCK_ACCESS_FS_IOCTL_DEV (1ULL << 15)
#endif
#ifndef LANDLOCK_ACCESS_NET_BIND_TCP
#define LANDLOCK_ACCESS_NET_BIND_TCP (1ULL << 0)
#endif
#ifndef LANDLOCK_ACCESS_NET_CONNECT_TCP
#define LANDLOCK_ACCESS_NET_CONNECT_TCP (1ULL << 1)
#endif
#ifndef LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET
#define LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET (1ULL << 0)
#endif
#ifndef LANDLOCK_SCOPE_SIGNAL
#define LANDLOCK_SCOPE_SIGNAL (1ULL << 1)
#endif
#ifndef LSM_ATTR_UNDEF
#define LSM_ATTR_UNDEF 0
#endif
#ifndef LSM_ATTR_CURRENT
#define LSM_ATTR_CURRENT 100
#endif
#ifndef LSM_ATTR_EXEC
#define LSM_ATTR_EXEC 101
#endif
#ifndef LSM_ATTR_FSCREATE
#define LSM_ATTR_FSCREATE 102
#endif
#ifndef LSM_ATTR_KEYCREATE
#define LSM_ATTR_KEYCREATE 103
#endif
#ifndef LSM_ATTR_PREV
#define LSM_ATTR_PREV 104
#endif
#ifndef LSM_ATTR_SOCKCREATE
#define LSM_ATTR_SOCKCREATE 105
#endif
#ifndef LSM_FLAG_SINGLE
#define LSM_FLAG_SINGLE 0x0001
#endif
#ifndef SECBIT_EXEC_RESTRICT_FILE
#define SECBIT_EXEC_RESTRICT_FILE (1 << 8)
#endif
#ifndef SECBIT_EXEC_RESTRICT_FILE_LOCKED
#define SECBIT_EXEC_RESTRICT_FILE_LOCKED (1 << 9)
#endif
#ifndef SECBIT_EXEC_DENY_INTERACTIVE
#define SECBIT_EXEC_DENY_INTERACTIVE (1 << 10)
#endif
#ifndef SECBIT_EXEC_DENY_INTERACTIVE_LOCKED
#define SECBIT_EXEC_DENY_INTERACTIVE_LOCKED (1 << 11)
#endif
#ifndef BPF_TOKEN_CREATE
#define BPF_TOKEN_CREATE 36
#endif
#ifndef BPF_PROG_STREAM_READ_BY_FD
#define BPF_PROG_STREAM_READ_BY_FD 37
#endif
#ifndef O_NONBLOCK
#define O_NONBLOCK 04000
#endif
#ifndef O_TRUNC
#define O_TRUNC 01000
#endif
#ifndef KEXEC_UPDATE_ELFCOREHDR
#define KEXEC_UPDATE_ELFCOREHDR 0x00000004
#endif
#ifndef KEXEC_CRASH_HOTPLUG_SUPPORT
#define KEXEC_CRASH_HOTPLUG_SUPPORT 0x00000008
#endif
#ifndef KEXEC_FILE_DEBUG
#define KEXEC_FILE_DEBUG 0x00000008
#endif
#ifndef KEXEC_FILE_NO_CMA
#define KEXEC_FILE_NO_CMA 0x00000010
#endif
#ifndef KEXEC_FILE_FORCE_DTB
#define KEXEC_FILE_FORCE_DTB 0x00000020
#endif
#ifndef RB_AUTOBOOT
#define RB_AUTOBOOT LINUX_REBOOT_CMD_RESTART
#endif
#ifndef RB_HALT_SYSTEM
#define RB_HALT_SYSTEM LINUX_REBOOT_CMD_HALT
#endif
#ifndef RB_ENABLE_CAD
#define RB_ENABLE_CAD LINUX_REBOOT_CMD_CAD_ON
#endif
#ifndef RB_DISABLE_CAD
#define RB_DISABLE_CAD LINUX_REBOOT_CMD_CAD_OFF
#endif
#ifndef RB_POWER_OFF
#define RB_POWER_OFF LINUX_REBOOT_CMD_POWER_OFF
#endif
#ifndef RB_SW_SUSPEND
#define RB_SW_SUSPEND LINUX_REBOOT_CMD_SW_SUSPEND
#endif
#ifndef RB_KEXEC
#define RB_KEXEC LINUX_REBOOT_CMD_KEXEC
#endif
#ifndef SYSLOG_ACTION_CLOSE
#define SYSLOG_ACTION_CLOSE 0
#endif
#ifndef SYSLOG_ACTION_OPEN
#define SYSLOG_ACTION_OPEN 1
#endif
#ifndef SYSLOG_ACTION_READ
#define SYSLOG_ACTION_READ 2
#endif
#ifndef SYSLOG_ACTION_READ_ALL
#define SYSLOG_ACTION_READ_ALL 3
#endif
#ifndef SYSLOG_ACTION_READ_CLEAR
#define SYSLOG_ACTION_READ_CLEAR 4
#endif
#ifndef SYSLOG_ACTION_CLEAR
#define SYSLOG_ACTION_CLEAR 5
#endif
#ifndef SYSLOG_ACTION_CONSOLE_OFF
#define SYSLOG_ACTION_CONSOLE_OFF 6
#endif
#ifndef SYSLOG_ACTION_CONSOLE_ON
#define SYSLOG_ACTION_CONSOLE_ON 7
#endif
#ifndef SYSLOG_ACTION_CONSOLE_LEVEL
#define SYSLOG_ACTION_CONSOLE_LEVEL 8
#endif
#ifndef SYSLOG_ACTION_SIZE_UNREAD
#define SYSLOG_ACTION_SIZE_UNREAD 9
#endif
#ifndef SYSLOG_ACTION_SIZE_BUFFER
#define SYSLOG_ACTION_SIZE_BUFFER 10
#endif

namespace provost {
namespace {

constexpr Constant kSeccompModesTable[] = {PROVOST_C(SECCOMP_MODE_DISABLED),
                                           PROVOST_C(SECCOMP_MODE_STRICT),
                                           PROVOST_C(SECCOMP_MODE_FILTER)};

constexpr Constant kSeccompOperationsTable[] = {
    PROVOST_C(SECCOMP_SET_MODE_STRICT), PROVOST_C(SECCOMP_SET_MODE_FILTER),
    PROVOST_C(SECCOMP_GET_ACTION_AVAIL), PROVOST_C(SECCOMP_GET_NOTIF_SIZES)};

constexpr Constant kSeccompFilterFlagsTable[] = {
    PROVOST_B(SECCOMP_FILTER_FLAG_TSYNC),       PROVOST_B(SECCOMP_FILTER_FLAG_LOG),
    PROVOST_B(SECCOMP_FILTER_FLAG_SPEC_ALLOW),  PROVOST_B(SECCOMP_FILTER_FLAG_NEW_LISTENER),
    PROVOST_B(SECCOMP_FILTER_FLAG_TSYNC_ESRCH), PROVOST_B(SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV)};

constexpr Constant kSeccompActionsTable[] = {
    PROVOST_C(SECCOMP_RET_KILL_PROCESS), PROVOST_C(SECCOMP_RET_KILL_THREAD),
    PROVOST_C(SECCOMP_RET_KILL),         PROVOST_C(SECCOMP_RET_TRAP),
    PROVOST_C(SECCOMP_RET_ERRNO),        PROVOST_C(SECCOMP_RET_USER_NOTIF),
    PROVOST_C(SECCOMP_RET_TRACE),        PROVOST_C(SECCOMP_RET_LOG),
    PROVOST_C(SECCOMP_RET_ALLOW)};

constexpr Constant kLandlockCreateFlagsTable[] = {PROVOST_B(LANDLOCK_CREATE_RULESET_VERSION),
                                                  PROVOST_B(LANDLOCK_CREATE_RULESET_ERRATA)};

constexpr Constant kLandlockRestrictFlagsTable[] = {
    PROVOST_B(LANDLOCK_RESTRICT_SELF_LOG_SAME_EXEC_OFF),
    PROVOST_B(LANDLOCK_RESTRICT_SELF_LOG_NEW_EXEC_ON),
    PROVOST_B(LANDLOCK_RESTRICT_SELF_LOG_SUBDOMAINS_OFF)};

constexpr Constant kLandlockRuleTypesTable[] = {PROVOST_C(LANDLOCK_RULE_PATH_BENEATH),
                                                PROVOST_C(LANDLOCK_RULE_NET_PORT)};

constexpr Constant kLandlockFsAccessTable[] = {
    PROVOST_B(LANDLOCK_ACCESS_FS_EXECUTE),    PROVOST_B(LANDLOCK_ACCESS_FS_WRITE_FILE),
    PROVOST_B(LANDLOCK_ACCESS_FS_READ_FILE),  PROVOST_B(LANDLOCK_ACCESS_FS_READ_DIR),
    PROVOST_B(LANDLOCK_ACCESS_FS_REMOVE_DIR), PROVOST_B(LANDLOCK_ACCESS_FS_REMOVE_FILE),
    PROVOST_B(LANDLOCK_ACCESS_FS_MAKE_CHAR),  PROVOST_B(LANDLOCK_ACCESS_FS_MAKE_DIR),
    PROVOST_B(LANDLOCK_ACCESS_FS_MAKE_REG),   PROVOST_B(LANDLOCK_ACCESS_FS_MAKE_SOCK),
    PROVOST_B(LANDLOCK_ACCESS_FS_MAKE_FIFO),  PROVOST_B(LANDLOCK_ACCESS_FS_MAKE_BLOCK),
    PROVOST_B(LANDLOCK_ACCESS_FS_MAKE_SYM),   PROVOST_B(LANDLOCK_ACCESS_FS_REFER),
    PROVOST_B(LANDLOCK_ACCESS_FS_TRUNCATE),   PROVOST_B(LANDLOCK_ACCESS_FS_IOCTL_DEV)};

constexpr Constant kLandlockNetAccessTable[] = {PROVOST_B(LANDLOCK_ACCESS_NET_BIND_TCP),
                                                PROVOST_B(LANDLOCK_ACCESS_NET_CONNECT_TCP)};

constexpr Constant kLandlockScopesTable[] = {PROVOST_B(LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET),
                                             PROVOST_B(LANDLOCK_SCOPE_SIGNAL)};

constexpr Constant kLsmAttributesTable[] = {
    PROVOST_C(LSM_ATTR_UNDEF),     PROVOST_C(LSM_ATTR_CURRENT),   PROVOST_C(LSM_ATTR_EXEC),
    PROVOST_C(LSM_ATTR_FSCREATE),  PROVOST_C(LSM_ATTR_KEYCREATE), PROVOST_C(LSM_ATTR_PREV),
    PROVOST_C(LSM_ATTR_SOCKCREATE)};

constexpr Constant kLsmFlagsTable[] = {PROVOST_B(LSM_FLAG_SINGLE)};

constexpr Constant kCapabilitiesTable[] = {PROVOST_C(CAP_CHOWN),
                                           PROVOST_C(CAP_DAC_OVERRIDE),
                                           PROVOST_C(CAP_DAC_READ_SEARCH),
                                           PROVOST_C(CAP_FOWNER),
                                           PROVOST_C(CAP_FSETID),
                                           PROVOST_C(CAP_KILL),
                                           PROVOST_C(CAP_SETGID),
                                           PROVOST_C(CAP_SETUID),
                                           PROVOST_C(CAP_SETPCAP),
                                           PROVOST_C(CAP_LINUX_IMMUTABLE),
                                           PROVOST_C(CAP_NET_BIND_SERVICE),
                                           PROVOST_C(CAP_NET_BROADCAST),
                                           PROVOST_C(CAP_NET_ADMIN),
                                           PROVOST_C(CAP_NET_RAW),
                                           PROVOST_C(CAP_IPC_LOCK),
                                           PROVOST_C(CAP_IPC_OWNER),
                                           PROVOST_C(CAP_SYS_MODULE),
                                           PROVOST_C(CAP_SYS_RAWIO),
                                           PROVOST_C(CAP_SYS_CHROOT),
                                           PROVOST_C(CAP_SYS_PTRACE),
                                           PROVOST_C(CAP_SYS_PACCT),
                                           PROVOST_C(CAP_SYS_ADMIN),
                                           PROVOST_C(CAP_SYS_BOOT),
                                           PROVOST_C(CAP_SYS_NICE),
                                           PROVOST_C(CAP_SYS_RESOURCE),
                                           PROVOST_C(CAP_SYS_TIME),
                                           PROVOST_C(CAP_SYS_TTY_CONFIG),
                                           PROVOST_C(CAP_MKNOD),
                                           PROVOST_C(CAP_LEASE),
                                           PROVOST_C(CAP_AUDIT_WRITE),
                                           PROVOST_C(CAP_AUDIT_CONTROL),
                                           PROVOST_C(CAP_SETFCAP),
                                           PROVOST_C(CAP_MAC_OVERRIDE),
                                           PROVOST_C(CAP_MAC_ADMIN),
                                           PROVOST_C(CAP_SYSLOG),
                                           PROVOST_C(CAP_WAKE_ALARM),
                                           PROVOST_C(CAP_BLOCK_SUSPEND),
                                           PROVOST_C(CAP_AUDIT_READ),
                                           PROVOST_C(CAP_PERFMON),
                                           PROVOST_C(CAP_BPF),
                                           PROVOST_C(CAP_CHECKPOINT_RESTORE)};

constexpr Constant kSecureBitsTable[] = {PROVOST_B(SECBIT_NOROOT),
                                         PROVOST_B(SECBIT_NOROOT_LOCKED),
                                         PROVOST_B(SECBIT_NO_SETUID_FIXUP),
                                         PROVOST_B(SECBIT_NO_SETUID_FIXUP_LOCKED),
                                         PROVOST_B(SECBIT_KEEP_CAPS),
                                         PROVOST_B(SECBIT_KEEP_CAPS_LOCKED),
                                         PROVOST_B(SECBIT_NO_CAP_AMBIENT_RAISE),
                                         PROVOST_B(SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED),
                                         PROVOST_B(SECBIT_EXEC_RESTRICT_FILE),
                                         PROVOST_B(SECBIT_EXEC_RESTRICT_FILE_LOCKED),
                                         PROVOST_B(SECBIT_EXEC_DENY_INTERACTIVE),
                                         PROVOST_B(SECBIT_EXEC_DENY_INTERACTIVE_LOCKED)};

constexpr Constant kKeyctlCommandsTable[] = {PROVOST_C(KEYCTL_GET_KEYRING_ID),
                                             PROVOST_C(KEYCTL_JOIN_SESSION_KEYRING),
                                             PROVOST_C(KEYCTL_UPDATE),
                                             PROVOST_C(KEYCTL_REVOKE),
                                             PROVOST_C(KEYCTL_CHOWN),
                                             PROVOST_C(KEYCTL_SETPERM),
                                             PROVOST_C(KEYCTL_DESCRIBE),
                                             PROVOST_C(KEYCTL_CLEAR),
                                             PROVOST_C(KEYCTL_LINK),
                                             PROVOST_C(KEYCTL_UNLINK),
                                             PROVOST_C(KEYCTL_SEARCH),
                                             PROVOST_C(KEYCTL_READ),
                                             PROVOST_C(KEYCTL_INSTANTIATE),
                                             PROVOST_C(KEYCTL_NEGATE),
                                             PROVOST_C(KEYCTL_SET_REQKEY_KEYRING),
                                             PROVOST_C(KEYCTL_SET_TIMEOUT),
                                             PROVOST_C(KEYCTL_ASSUME_AUTHORITY),
                                             PROVOST_C(KEYCTL_GET_SECURITY),
                                             PROVOST_C(KEYCTL_SESSION_TO_PARENT),
                                             PROVOST_C(KEYCTL_REJECT),
                                             PROVOST_C(KEYCTL_INSTANTIATE_IOV),
                                             PROVOST_C(KEYCTL_INVALIDATE),
                                             PROVOST_C(KEYCTL_GET_PERSISTENT),
                                             PROVOST_C(KEYCTL_DH_COMPUTE),
                                             PROVOST_C(KEYCTL_PKEY_QUERY),
                                             PROVOST_C(KEYCTL_PKEY_ENCRYPT),
                                             PROVOST_C(KEYCTL_PKEY_DECRYPT),
                                             PROVOST_C(KEYCTL_PKEY_SIGN),
                                             PROVOST_C(KEYCTL_PKEY_VERIFY),
                                             PROVOST_C(KEYCTL_RESTRICT_KEYRING),
                                             PROVOST_C(KEYCTL_MOVE),
                                             PROVOST_C(KEYCTL_CAPABILITIES),
                                             PROVOST_C(KEYCTL_WATCH_KEY)};

constexpr Constant kKeySpecialsTable[] = {
    PROVOST_C(KEY_SPEC_THREAD_KEYRING),       PROVOST_C(KEY_SPEC_PROCESS_KEYRING),
    PROVOST_C(KEY_SPEC_SESSION_KEYRING),      PROVOST_C(KEY_SPEC_USER_KEYRING),
    PROVOST_C(KEY_SPEC_USER_SESSION_KEYRING), PROVOST_C(KEY_SPEC_GROUP_KEYRING),
    PROVOST_C(KEY_SPEC_REQKEY_AUTH_KEY),      PROVOST_C(KEY_SPEC_REQUESTOR_KEYRING)};

constexpr Constant kBpfMapTypesTable[] = {PROVOST_C(BPF_MAP_TYPE_UNSPEC),
                                          PROVOST_C(BPF_MAP_TYPE_HASH),
                                          PROVOST_C(BPF_MAP_TYPE_ARRAY),
                                          PROVOST_C(BPF_MAP_TYPE_PROG_ARRAY),
                                          PROVOST_C(BPF_MAP_TYPE_PERF_EVENT_ARRAY),
                                          PROVOST_C(BPF_MAP_TYPE_PERCPU_HASH),
                                          PROVOST_C(BPF_MAP_TYPE_PERCPU_ARRAY),
                                          PROVOST_C(BPF_MAP_TYPE_STACK_TRACE),
                                          PROVOST_C(BPF_MAP_TYPE_CGROUP_ARRAY),
                                          PROVOST_C(BPF_MAP_TYPE_LRU_HASH),
                                          PROVOST_C(BPF_MAP_TYPE_LRU_PERCPU_HASH),
                                          PROVOST_C(BPF_MAP_TYPE_LPM_TRIE),
                                          PROVOST_C(BPF_MAP_TYPE_ARRAY_OF_MAPS),
                                          PROVOST_C(BPF_MAP_TYPE_HASH_OF_MAPS),
                                          PROVOST_C(BPF_MAP_TYPE_DEVMAP),
                                          PROVOST_C(BPF_MAP_TYPE_SOCKMAP),
                                          PROVOST_C(BPF_MAP_TYPE_CPUMAP),
                                          PROVOST_C(BPF_MAP_TYPE_XSKMAP),
                                          PROVOST_C(BPF_MAP_TYPE_SOCKHASH),
                                          PROVOST_C(BPF_MAP_TYPE_CGROUP_STORAGE),
                                          PROVOST_C(BPF_MAP_TYPE_REUSEPORT_SOCKARRAY),
                                          PROVOST_C(BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE),
                                          PROVOST_C(BPF_MAP_TYPE_QUEUE),
                                          PROVOST_C(BPF_MAP_TYPE_STACK),
                                          PROVOST_C(BPF_MAP_TYPE_SK_STORAGE),
                                          PROVOST_C(BPF_MAP_TYPE_DEVMAP_HASH),
                                          PROVOST_C(BPF_MAP_TYPE_STRUCT_OPS),
                                          PROVOST_C(BPF_MAP_TYPE_RINGBUF),
                                          PROVOST_C(BPF_MAP_TYPE_INODE_STORAGE),
                                          PROVOST_C(BPF_MAP_TYPE_TASK_STORAGE),
                                          PROVOST_C(BPF_MAP_TYPE_BLOOM_FILTER),
                                          PROVOST_C(BPF_MAP_TYPE_USER_RINGBUF)};

constexpr Constant kBpfProgramTypesTable[] = {PROVOST_C(BPF_PROG_TYPE_UNSPEC),
                                              PROVOST_C(BPF_PROG_TYPE_SOCKET_FILTER),
                                              PROVOST_C(BPF_PROG_TYPE_KPROBE),
                                              PROVOST_C(BPF_PROG_TYPE_SCHED_CLS),
                                              PROVOST_C(BPF_PROG_TYPE_SCHED_ACT),
                                              PROVOST_C(BPF_PROG_TYPE_TRACEPOINT),
                                              PROVOST_C(BPF_PROG_TYPE_XDP),
                                              PROVOST_C(BPF_PROG_TYPE_PERF_EVENT),
                                              PROVOST_C(BPF_PROG_TYPE_CGROUP_SKB),
                                              PROVOST_C(BPF_PROG_TYPE_CGROUP_SOCK),
                                              PROVOST_C(BPF_PROG_TYPE_LWT_IN),
                                              PROVOST_C(BPF_PROG_TYPE_LWT_OUT),
                                              PROVOST_C(BPF_PROG_TYPE_LWT_XMIT),
                                              PROVOST_C(BPF_PROG_TYPE_SOCK_OPS),
                                              PROVOST_C(BPF_PROG_TYPE_SK_SKB),
                                              PROVOST_C(BPF_PROG_TYPE_CGROUP_DEVICE),
                                              PROVOST_C(BPF_PROG_TYPE_SK_MSG),
                                              PROVOST_C(BPF_PROG_TYPE_RAW_TRACEPOINT),
                                              PROVOST_C(BPF_PROG_TYPE_CGROUP_SOCK_ADDR),
                                              PROVOST_C(BPF_PROG_TYPE_LWT_SEG6LOCAL),
                                              PROVOST_C(BPF_PROG_TYPE_LIRC_MODE2),
                                              PROVOST_C(BPF_PROG_TYPE_SK_REUSEPORT),
                                              PROVOST_C(BPF_PROG_TYPE_FLOW_DISSECTOR),
                                              PROVOST_C(BPF_PROG_TYPE_CGROUP_SYSCTL),
                                              PROVOST_C(BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE),
                                              PROVOST_C(BPF_PROG_TYPE_CGROUP_SOCKOPT),
                                              PROVOST_C(BPF_PROG_TYPE_TRACING),
                                              PROVOST_C(BPF_PROG_TYPE_STRUCT_OPS),
                                              PROVOST_C(BPF_PROG_TYPE_EXT),
                                              PROVOST_C(BPF_PROG_TYPE_LSM),
                                              PROVOST_C(BPF_PROG_TYPE_SK_LOOKUP),
                                              PROVOST_C(BPF_PROG_TYPE_SYSCALL)};

constexpr Constant kBpfCommandsTable[] = {PROVOST_C(BPF_MAP_CREATE),
                                          PROVOST_C(BPF_MAP_LOOKUP_ELEM),
                                          PROVOST_C(BPF_MAP_UPDATE_ELEM),
                                          PROVOST_C(BPF_MAP_DELETE_ELEM),
                                          PROVOST_C(BPF_MAP_GET_NEXT_KEY),
                                          PROVOST_C(BPF_PROG_LOAD),
                                          PROVOST_C(BPF_OBJ_PIN),
                                          PROVOST_C(BPF_OBJ_GET),
                                          PROVOST_C(BPF_PROG_ATTACH),
                                          PROVOST_C(BPF_PROG_DETACH),
                                          PROVOST_C(BPF_PROG_TEST_RUN),
                                          PROVOST_C(BPF_PROG_RUN),
                                          PROVOST_C(BPF_PROG_GET_NEXT_ID),
                                          PROVOST_C(BPF_MAP_GET_NEXT_ID),
                                          PROVOST_C(BPF_PROG_GET_FD_BY_ID),
                                          PROVOST_C(BPF_MAP_GET_FD_BY_ID),
                                          PROVOST_C(BPF_OBJ_GET_INFO_BY_FD),
                                          PROVOST_C(BPF_PROG_QUERY),
                                          PROVOST_C(BPF_RAW_TRACEPOINT_OPEN),
                                          PROVOST_C(BPF_BTF_LOAD),
                                          PROVOST_C(BPF_BTF_GET_FD_BY_ID),
                                          PROVOST_C(BPF_TASK_FD_QUERY),
                                          PROVOST_C(BPF_MAP_LOOKUP_AND_DELETE_ELEM),
                                          PROVOST_C(BPF_MAP_FREEZE),
                                          PROVOST_C(BPF_BTF_GET_NEXT_ID),
                                          PROVOST_C(BPF_MAP_LOOKUP_BATCH),
                                          PROVOST_C(BPF_MAP_LOOKUP_AND_DELETE_BATCH),
                                          PROVOST_C(BPF_MAP_UPDATE_BATCH),
                                          PROVOST_C(BPF_MAP_DELETE_BATCH),
                                          PROVOST_C(BPF_LINK_CREATE),
                                          PROVOST_C(BPF_LINK_UPDATE),
                                          PROVOST_C(BPF_LINK_GET_FD_BY_ID),
                                          PROVOST_C(BPF_LINK_GET_NEXT_ID),
                                          PROVOST_C(BPF_ENABLE_STATS),
                                          PROVOST_C(BPF_ITER_CREATE),
                                          PROVOST_C(BPF_LINK_DETACH),
                                          PROVOST_C(BPF_PROG_BIND_MAP),
                                          PROVOST_C(BPF_TOKEN_CREATE),
                                          PROVOST_C(BPF_PROG_STREAM_READ_BY_FD)};

constexpr Constant kPerfEventOpenFlagsTable[] = {
    PROVOST_B(PERF_FLAG_FD_NO_GROUP), PROVOST_B(PERF_FLAG_FD_OUTPUT),
    PROVOST_B(PERF_FLAG_PID_CGROUP), PROVOST_B(PERF_FLAG_FD_CLOEXEC)};

constexpr Constant kModuleInitFlagsTable[] = {PROVOST_B(MODULE_INIT_IGNORE_MODVERSIONS),
                                              PROVOST_B(MODULE_INIT_IGNORE_VERMAGIC),
                                              PROVOST_B(MODULE_INIT_COMPRESSED_FILE)};

constexpr Constant kModuleDeleteFlagsTable[] = {PROVOST_B(O_NONBLOCK), PROVOST_B(O_TRUNC)};

constexpr Constant kKexecFlagsTable[] = {
    PROVOST_B(KEXEC_ARCH_DEFAULT),          PROVOST_B(KEXEC_ON_CRASH),
    PROVOST_B(KEXEC_PRESERVE_CONTEXT),      PROVOST_B(KEXEC_UPDATE_ELFCOREHDR),
    PROVOST_B(KEXEC_CRASH_HOTPLUG_SUPPORT), PROVOST_B(KEXEC_ARCH_386),
    PROVOST_B(KEXEC_ARCH_X86_64),           PROVOST_B(KEXEC_ARCH_MASK)};

constexpr Constant kKexecFileFlagsTable[] = {
    PROVOST_B(KEXEC_FILE_UNLOAD),       PROVOST_B(KEXEC_FILE_ON_CRASH),
    PROVOST_B(KEXEC_FILE_NO_INITRAMFS), PROVOST_B(KEXEC_FILE_DEBUG),
    PROVOST_B(KEXEC_FILE_NO_CMA),       PROVOST_B(KEXEC_FILE_FORCE_DTB)};

constexpr Constant kRebootMagic1Table[] = {PROVOST_C(LINUX_REBOOT_MAGIC1)};

constexpr Constant kRebootMagic2Table[] = {
    PROVOST_C(LINUX_REBOOT_MAGIC2), PROVOST_C(LINUX_REBOOT_MAGIC2A),
    PROVOST_C(LINUX_REBOOT_MAGIC2B), PROVOST_C(LINUX_REBOOT_MAGIC2C)};

constexpr Constant kRebootCommandsTable[] = {PROVOST_C(LINUX_REBOOT_CMD_RESTART),
                                             PROVOST_C(LINUX_REBOOT_CMD_HALT),
                                             PROVOST_C(LINUX_REBOOT_CMD_CAD_ON),
                                             PROVOST_C(LINUX_REBOOT_CMD_CAD_OFF),
                                             PROVOST_C(LINUX_REBOOT_CMD_POWER_OFF),
                                             PROVOST_C(LINUX_REBOOT_CMD_RESTART2),
                                             PROVOST_C(LINUX_REBOOT_CMD_SW_SUSPEND),
                                             PROVOST_C(LINUX_REBOOT_CMD_KEXEC),
                                             PROVOST_C(RB_AUTOBOOT),
                                             PROVOST_C(RB_HALT_SYSTEM),
                                             PROVOST_C(RB_ENABLE_CAD),
                                             PROVOST_C(RB_DISABLE_CAD),
                                             PROVOST_C(RB_POWER_OFF),
                                             PROVOST_C(RB_SW_SUSPEND),
                                             PROVOST_C(RB_KEXEC)};

constexpr Constant kSyslogActionsTable[] = {
    PROVOST_C(SYSLOG_ACTION_CLOSE),         PROVOST_C(SYSLOG_ACTION_OPEN),
    PROVOST_C(SYSLOG_ACTION_READ),          PROVOST_C(SYSLOG_ACTION_READ_ALL),
    PROVOST_C(SYSLOG_ACTION_READ_CLEAR),    PROVOST_C(SYSLOG_ACTION_CLEAR),
    PROVOST_C(SYSLOG_ACTION_CONSOLE_OFF),   PROVOST_C(SYSLOG_ACTION_CONSOLE_ON),
    PROVOST_C(SYSLOG_ACTION_CONSOLE_LEVEL), PROVOST_C(SYSLOG_ACTION_SIZE_UNREAD),
    PROVOST_C(SYSLOG_ACTION_SIZE_BUFFER)};

constexpr Constant kPerfTypesTable[] = {
    PROVOST_C(PERF_TYPE_HARDWARE), PROVOST_C(PERF_TYPE_SOFTWARE), PROVOST_C(PERF_TYPE_TRACEPOINT),
    PROVOST_C(PERF_TYPE_HW_CACHE), PROVOST_C(PERF_TYPE_RAW),      PROVOST_C(PERF_TYPE_BREAKPOINT)};

}  // namespace

PROVOST_ENUMERATION(kSeccompModes, "seccomp-modes", kSeccompModesTable);
PROVOST_ENUMERATION(kSeccompOperations, "seccomp-operations", kSeccompOperationsTable);
PROVOST_MASK(kSeccompFilterFlags, "seccomp-filter-flags", kSeccompFilterFlagsTable);
PROVOST_ENUMERATION(kSeccompActions, "seccomp-actions", kSeccompActionsTable);
PROVOST_MASK(kLandlockCreateFlags, "landlock-create-flags", kLandlockCreateFlagsTable);
PROVOST_MASK(kLandlockRestrictFlags, "landlock-restrict-flags", kLandlockRestrictFlagsTable);
PROVOST_ENUMERATION(kLandlockRuleTypes, "landlock-rule-types", kLandlockRuleTypesTable);
PROVOST_MASK(kLandlockFsAccess, "landlock-fs-access", kLandlockFsAccessTable);
PROVOST_MASK(kLandlockNetAccess, "landlock-net-access", kLandlockNetAccessTable);
PROVOST_MASK(kLandlockScopes, "landlock-scopes", kLandlockScopesTable);
PROVOST_ENUMERATION(kLsmAttributes, "lsm-attributes", kLsmAttributesTable);
PROVOST_MASK(kLsmFlags, "lsm-flags", kLsmFlagsTable);
PROVOST_ENUMERATION(kCapabilities, "capabilities", kCapabilitiesTable);
PROVOST_MASK(kSecureBits, "secure-bits", kSecureBitsTable);
PROVOST_ENUMERATION(kKeyctlCommands, "keyctl-commands", kKeyctlCommandsTable);
PROVOST_ENUMERATION(kKeySpecials, "key-specials", kKeySpecialsTable);
PROVOST_ENUMERATION(kBpfCommands, "bpf-commands", kBpfCommandsTable);
PROVOST_ENUMERATION(kBpfMapTypes, "bpf-map-types", kBpfMapTypesTable);
PROVOST_ENUMERATION(kBpfProgramTypes, "bpf-program-types", kBpfProgramTypesTable);
PROVOST_MASK(kPerfEventOpenFlags, "perf-event-open-flags", kPerfEventOpenFlagsTable);
PROVOST_MASK(kModuleInitFlags, "module-init-flags", kModuleInitFlagsTable);
PROVOST_MASK(kModuleDeleteFlags, "module-delete-flags", kModuleDeleteFlagsTable);
PROVOST_MASK(kKexecFlags, "kexec-flags", kKexecFlagsTable);
PROVOST_MASK(kKexecFileFlags, "kexec-file-flags", kKexecFileFlagsTable);
PROVOST_ENUMERATION(kRebootMagic1, "reboot-magic1", kRebootMagic1Table);
PROVOST_ENUMERATION(kRebootMagic2, "reboot-magic2", kRebootMagic2Table);
PROVOST_ENUMERATION(kRebootCommands, "reboot-commands", kRebootCommandsTable);
PROVOST_ENUMERATION(kSyslogActions, "syslog-actions", kSyslogActionsTable);
PROVOST_ENUMERATION(kPerfTypes, "perf-types", kPerfTypesTable);

}  // namespace provost
