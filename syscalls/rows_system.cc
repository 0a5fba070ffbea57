// Rows of the calls on System V and POSIX IPC, keys, time, polling, and the machine itself.
// Prototypes: ipc/*.c, security/keys/keyctl.c, kernel/time/*.c, fs/{select,eventpoll}.c,
// kernel/*.c.
#include "absl/types/span.h"
#include "syscalls/constant_sets.h"
#include "syscalls/rows.h"
#include "syscalls/structs.h"

namespace provost::rows {
namespace {

constexpr Row kRows[] = {
    // System V IPC. What msgsnd and msgrcv point to is a long longer than `msgsz` says.
    {"shmget", {Int("key", kS32), Length("size"), Flags("shmflg", kShmgetFlags, kS32)}},
    {"shmat", {Int("shmid", kS32), Address("shmaddr"), Flags("shmflg", kShmatFlags, kS32)}},
    {"shmdt", {Address("shmaddr")}},
    {"shmctl", {Int("shmid", kS32), Enum("cmd", kShmctlCommands, kS32), StructInOut("buf")}},
    {"semget", {Int("key", kS32), Int("nsems", kS32), Flags("semflg", kIpcGetFlags, kS32)}},
    {"semop", {Int("semid", kS32), StructIn("tsops", "nsops"), Length("nsops", kU32)}},
    {"semtimedop",
     {Int("semid", kS32), StructIn("tsops", "nsops"), Length("nsops", kU32), StructIn("timeout")}},
    {"semctl",
     {Int("semid", kS32), Int("semnum", kS32), Enum("cmd", kSemctlCommands, kS32),
      Int("arg", kU64)}},
    {"msgget", {Int("key", kS32), Flags("msgflg", kIpcGetFlags, kS32)}},
    {"msgsnd",
     {Int("msqid", kS32), StructIn("msgp"), Length("msgsz"), Flags("msgflg", kMsgrcvFlags, kS32)}},
    {"msgrcv",
     {Int("msqid", kS32), StructOut("msgp"), Length("msgsz"), Int("msgtyp", kS64),
      Flags("msgflg", kMsgrcvFlags, kS32)}},
    {"msgctl", {Int("msqid", kS32), Enum("cmd", kMsgctlCommands, kS32), StructInOut("buf")}},

    // POSIX message queues: their names are no paths of the file system.
    {"mq_open", {Str("name"), Flags("flags", kOpenFlags, kS32), Mode(), StructIn("u_attr")}},
    {"mq_unlink", {Str("name")}},
    {"mq_timedsend",
     {Fd("mqdes"), In("u_msg_ptr", "msg_len"), Length("msg_len"), Int("msg_prio", kU32),
      StructIn("u_abs_timeout")}},
    {"mq_timedreceive",
     {Fd("mqdes"), Out("u_msg_ptr", "msg_len"), Length("msg_len"), StructOut("u_msg_prio"),
      StructIn("u_abs_timeout")}},
    {"mq_notify", {Fd("mqdes"), StructIn("u_notification")}},
    {"mq_getsetattr", {Fd("mqdes"), StructIn("u_mqstat"), StructOut("u_omqstat")}},

    // Keys.
    {"add_key",
     {Str("type"), Str("description"), In("payload", "plen"), Length("plen"),
      Enum("ringid", kKeySpecials, kS32)}},
    {"request_key",
     {Str("type"), Str("description"), Str("callout_info"),
      Enum("destringid", kKeySpecials, kS32)}},
    {"keyctl",
     {Enum("option", kKeyctlCommands, kS32), Int("arg2", kU64), Int("arg3", kU64),
      Int("arg4", kU64), Int("arg5", kU64)}},

    // Time.
    {"time", {StructOut("tloc")}},
    {"gettimeofday", {StructOut("tv"), StructOut("tz")}},
    {"settimeofday", {StructIn("tv"), StructIn("tz")}},
    {"adjtimex", {StructInOut("txc_p")}},
    {"clock_gettime", {ClockId("clockid"), StructOut("tp")}},
    {"clock_settime", {ClockId("clockid"), Of(kTimespec, StructIn("tp"))}},
    {"clock_getres", {ClockId("clockid"), StructOut("tp")}},
    {"clock_adjtime", {ClockId("clockid"), StructInOut("utx")}},
    {"clock_nanosleep",
     {ClockId("clockid"), Flags("flags", kTimerFlags, kS32), Of(kTimespec, StructIn("rqtp")),
      StructOut("rmtp")}},
    {"nanosleep", {Of(kTimespec, StructIn("rqtp")), StructOut("rmtp")}},
    {"alarm", {Int("seconds", kU32)}},
    {"getitimer", {Enum("which", kItimers, kS32), StructOut("value")}},
    {"setitimer", {Enum("which", kItimers, kS32), StructIn("value"), StructOut("ovalue")}},
    {"timer_create",
     {ClockId("clockid"), StructIn("timer_event_spec"), StructOut("created_timer_id")}},
    {"timer_settime",
     {Int("timer_id", kS32), Flags("flags", kTimerFlags, kS32),
      Of(kItimerspec, StructIn("new_setting")), StructOut("old_setting")}},
    {"timer_gettime", {Int("timer_id", kS32), StructOut("setting")}},
    {"timer_getoverrun", {Int("timer_id", kS32)}},
    {"timer_delete", {Int("timer_id", kS32)}},
    {"timerfd_create", {ClockId("clockid"), Flags("flags", kTimerfdCreateFlags, kS32)}},
    {"timerfd_settime",
     {Fd("ufd"), Flags("flags", kTimerfdSettimeFlags, kS32), Of(kItimerspec, StructIn("utmr")),
      StructOut("otmr")}},
    {"timerfd_gettime", {Fd("ufd"), StructOut("otmr")}},

    // Waiting for descriptors. The sets of select() have `n` bits, which is no length in bytes.
    {"select",
     {Int("n", kS32), StructInOut("inp"), StructInOut("outp"), StructInOut("exp"),
      StructInOut("tvp")},
     On::kX86_64},
    {"pselect6",
     {Int("n", kS32), StructInOut("inp"), StructInOut("outp"), StructInOut("exp"),
      StructInOut("tsp"), StructIn("sig")}},
    {"poll", {StructInOut("ufds", "nfds"), Length("nfds", kU32), Int("timeout_msecs", kS32)}},
    {"ppoll",
     {StructInOut("ufds", "nfds"), Length("nfds", kU32), StructInOut("tsp"),
      StructIn("sigmask", "sigsetsize"), Length("sigsetsize")}},
    {"epoll_create", {Int("size", kS32)}},
    {"epoll_create1", {Flags("flags", kEpollCreateFlags, kS32)}},
    {"epoll_ctl", {Fd("epfd"), Enum("op", kEpollCtlOperations, kS32), Fd(), StructIn("event")}},
    {"epoll_wait",
     {Fd("epfd"), StructOut("events", "maxevents"), Length("maxevents", kS32),
      Int("timeout", kS32)}},
    {"epoll_pwait",
     {Fd("epfd"), StructOut("events", "maxevents"), Length("maxevents", kS32), Int("timeout", kS32),
      StructIn("sigmask", "sigsetsize"), Length("sigsetsize")}},
    {"epoll_pwait2",
     {Fd("epfd"), StructOut("events", "maxevents"), Length("maxevents", kS32), StructIn("timeout"),
      StructIn("sigmask", "sigsetsize"), Length("sigsetsize")}},
    {"eventfd", {Int("count", kU32)}},
    {"eventfd2", {Int("count", kU32), Flags("flags", kEventfdFlags, kS32)}},

    // The machine.
    {"uname", {StructOut("name")}},
    {"sysinfo", {StructOut("info")}},
    {"sethostname", {In("name", "len"), Length("len", kS32)}},
    {"setdomainname", {In("name", "len"), Length("len", kS32)}},
    {"getrandom", {Out("buf", "len"), Length("len"), Flags("flags", kGetrandomFlags, kU32)}},
    {"syslog", {Enum("type", kSyslogActions, kS32), Out("buf", "len"), Length("len", kS32)}},
    {"acct", {Path()}},
    {"vhangup", {}},
    {"reboot",
     {Enum("magic1", kRebootMagic1, kS32), Enum("magic2", kRebootMagic2, kS32),
      Enum("cmd", kRebootCommands, kU32), Str("arg")}},
    {"kexec_load",
     {Address("entry"), Length("nr_segments"), StructIn("segments", "nr_segments"),
      Flags("flags", kKexecFlags, kU64)}},
    {"kexec_file_load",
     {Fd("kernel_fd"), Fd("initrd_fd"), Length("cmdline_len"), In("cmdline", "cmdline_len"),
      Flags("flags", kKexecFileFlags, kU64)}},
    {"init_module", {In("umod", "len"), Length("len"), Str("uargs")}},
    {"finit_module", {Fd(), Str("uargs"), Flags("flags", kModuleInitFlags, kS32)}},
    {"delete_module", {Str("name_user"), Flags("flags", kModuleDeleteFlags, kU32)}},
    {"bpf",
     {Enum("cmd", kBpfCommands, kS32), Of(kBpfAttr, StructInOut("uattr", "size")),
      Length("size", kU32)}},
    {"perf_event_open",
     {StructIn("attr_uptr"), Pid(), Int("cpu", kS32), Fd("group_fd"),
      Flags("flags", kPerfEventOpenFlags, kU64)}},
};

}  // namespace

absl::Span<const Row> SystemRows() { return kRows; }

}  // namespace provost::rows
