#include "syscalls/structs.h"

#include <linux/bpf.h>

#include "syscalls/constant_sets.h"

namespace provost {
namespace {

constexpr ArgWidth kSigned = ArgWidth::kS64;
constexpr ArgWidth kUnsigned = ArgWidth::kU64;

constexpr StructField Field(absl::string_view name, ArgKind kind, ArgWidth sign, FieldPlace x86_64,
                            FieldPlace i386, const ConstantSet* constants = nullptr) {
  return {{name, kind, sign, constants, -1}, x86_64, i386, {}};
}
// A field that lies alike on both architectures.
constexpr StructField Same(absl::string_view name, FieldPlace place,
                           ArgKind kind = ArgKind::kInteger, const ConstantSet* constants = nullptr,
                           ArgWidth sign = kUnsigned) {
  return Field(name, kind, sign, place, place, constants);
}
constexpr StructField Flags(absl::string_view name, FieldPlace place, const ConstantSet& set) {
  return Same(name, place, ArgKind::kFlags, &set);
}
constexpr StructField Fd(absl::string_view name, FieldPlace place) {
  return Same(name, place, ArgKind::kInteger, nullptr, kSigned);
}

// linux/sched.h
constexpr StructField kCloneArgsFields[] = {
    Flags("flags", {0, 8}, kClone3Flags),
    Same("pidfd", {8, 8}, ArgKind::kAddress),
    Same("child_tid", {16, 8}, ArgKind::kAddress),
    Same("parent_tid", {24, 8}, ArgKind::kAddress),
    Same("exit_signal", {32, 8}, ArgKind::kSignal, &kSignals),
    Same("stack", {40, 8}, ArgKind::kAddress),
    Same("stack_size", {48, 8}),
    Same("tls", {56, 8}, ArgKind::kAddress),
    Same("set_tid", {64, 8}, ArgKind::kAddress),
    Same("set_tid_size", {72, 8}),
    Same("cgroup", {80, 8}),
};

// linux/openat2.h
constexpr StructField kOpenHowFields[] = {
    Flags("flags", {0, 8}, kOpenFlags),
    Flags("mode", {8, 8}, kFileModes),
    Flags("resolve", {16, 8}, kResolveFlags),
};

// linux/mount.h
constexpr StructField kMountAttrFields[] = {
    Flags("attr_set", {0, 8}, kMountAttributes),
    Flags("attr_clr", {8, 8}, kMountAttributes),
    Flags("propagation", {16, 8}, kMountFlags),
    Same("userns_fd", {24, 8}),
};

// struct kernel_sigaction and compat_sigaction (linux/signal_types.h, linux/compat.h). The mask is
// bit N-1 for signal N.
constexpr StructField kSigactionFields[] = {
    Field("handler", ArgKind::kEnum, kUnsigned, {0, 8}, {0, 4}, &kSignalActions),
    Field("flags", ArgKind::kFlags, kUnsigned, {8, 8}, {4, 4}, &kSigactionFlags),
    Field("mask", ArgKind::kInteger, kUnsigned, {24, 8}, {12, 8}),
};

// struct compat_old_sigaction (linux/compat.h)
constexpr StructField kOldSigactionFields[] = {
    Field("handler", ArgKind::kEnum, kUnsigned, {}, {0, 4}, &kSignalActions),
    Field("flags", ArgKind::kFlags, kUnsigned, {}, {8, 4}, &kSigactionFlags),
    Field("mask", ArgKind::kInteger, kUnsigned, {}, {4, 4}),
};

constexpr StructField kTimespecFields[] = {
    Field("sec", ArgKind::kInteger, kSigned, {0, 8}, {0, 4}),
    Field("nsec", ArgKind::kInteger, kSigned, {8, 8}, {4, 4}),
};
// The kernel takes 32 bits of a 32-bit task's nanoseconds (get_timespec64 in kernel/time/time.c).
constexpr StructField kTimespec64Fields[] = {
    Field("sec", ArgKind::kInteger, kSigned, {0, 8}, {0, 8}),
    Field("nsec", ArgKind::kInteger, kUnsigned, {8, 8}, {8, 4}),
};
constexpr StructField kItimerspecFields[] = {
    Field("interval.sec", ArgKind::kInteger, kSigned, {0, 8}, {0, 4}),
    Field("interval.nsec", ArgKind::kInteger, kSigned, {8, 8}, {4, 4}),
    Field("value.sec", ArgKind::kInteger, kSigned, {16, 8}, {8, 4}),
    Field("value.nsec", ArgKind::kInteger, kSigned, {24, 8}, {12, 4}),
};
constexpr StructField kItimerspec64Fields[] = {
    Field("interval.sec", ArgKind::kInteger, kSigned, {0, 8}, {0, 8}),
    Field("interval.nsec", ArgKind::kInteger, kUnsigned, {8, 8}, {8, 4}),
    Field("value.sec", ArgKind::kInteger, kSigned, {16, 8}, {16, 8}),
    Field("value.nsec", ArgKind::kInteger, kUnsigned, {24, 8}, {24, 4}),
};

constexpr StructField kRlimitFields[] = {
    Field("cur", ArgKind::kEnum, kUnsigned, {0, 8}, {0, 4}, &kLimits),
    Field("max", ArgKind::kEnum, kUnsigned, {8, 8}, {4, 4}, &kLimits),
};
constexpr StructField kRlimit64Fields[] = {
    Same("cur", {0, 8}, ArgKind::kEnum, &kLimits),
    Same("max", {8, 8}, ArgKind::kEnum, &kLimits),
};

// linux/io_uring.h. sq_entries, features and the offsets are the kernel's to fill in.
constexpr StructField kIoUringParamsFields[] = {
    Same("cq_entries", {4, 4}),     Flags("flags", {8, 4}, kIoUringSetupFlags),
    Same("sq_thread_cpu", {12, 4}), Same("sq_thread_idle", {16, 4}),
    Fd("wq_fd", {24, 4}),
};

constexpr uint32_t kMapCreate[] = {BPF_MAP_CREATE};
constexpr uint32_t kProgLoad[] = {BPF_PROG_LOAD};
constexpr uint32_t kProgAttach[] = {BPF_PROG_ATTACH};
constexpr uint32_t kAttach[] = {BPF_PROG_ATTACH, BPF_PROG_DETACH, BPF_LINK_CREATE};

constexpr StructField Selected(absl::Span<const uint32_t> by, StructField field) {
  field.selected_by = by;
  return field;
}

// union bpf_attr (linux/bpf.h)
constexpr StructField kBpfAttrFields[] = {
    Selected(kMapCreate, Same("map_type", {0, 4}, ArgKind::kEnum, &kBpfMapTypes)),
    Selected(kMapCreate, Same("key_size", {4, 4})),
    Selected(kMapCreate, Same("value_size", {8, 4})),
    Selected(kMapCreate, Same("max_entries", {12, 4})),
    Selected(kMapCreate, Same("map_flags", {16, 4})),
    Selected(kProgLoad, Same("prog_type", {0, 4}, ArgKind::kEnum, &kBpfProgramTypes)),
    Selected(kProgLoad, Same("insn_cnt", {4, 4})),
    Selected(kProgLoad, Same("prog_flags", {44, 4})),
    Selected(kProgLoad, Same("expected_attach_type", {68, 4})),
    Selected(kAttach, Same("attach_type", {8, 4})),
    Selected(kProgAttach, Same("attach_flags", {12, 4})),
};

// linux/socket.h, net/compat.h
constexpr StructField kMsghdrFields[] = {
    Field("name", ArgKind::kSockaddr, kUnsigned, {0, 8}, {0, 4}),
    Field("namelen", ArgKind::kLength, kSigned, {8, 4}, {4, 4}),
    Field("iovlen", ArgKind::kLength, kUnsigned, {24, 8}, {12, 4}),
    Field("controllen", ArgKind::kLength, kUnsigned, {40, 8}, {20, 4}),
};

constexpr StructType Fixed(absl::string_view name, absl::Span<const StructField> fields,
                           uint16_t size_x86_64, uint16_t size_i386) {
  return {.name = name, .fields = fields, .size_x86_64 = size_x86_64, .size_i386 = size_i386};
}
constexpr StructType Sized(absl::string_view name, absl::Span<const StructField> fields,
                           uint16_t size, uint16_t smallest, absl::string_view selector = {}) {
  return {.name = name,
          .fields = fields,
          .extent = StructType::Extent::kSized,
          .size_x86_64 = size,
          .size_i386 = size,
          .smallest = smallest,
          .selector = selector};
}

}  // namespace

constinit const StructType kCloneArgs = Sized("clone_args", kCloneArgsFields, 88, 64);
constinit const StructType kOpenHow = Sized("open_how", kOpenHowFields, 24, 24);
constinit const StructType kMountAttr = Sized("mount_attr", kMountAttrFields, 32, 32);
constinit const StructType kSigaction = Fixed("sigaction", kSigactionFields, 32, 20);
constinit const StructType kOldSigaction = Fixed("old_sigaction", kOldSigactionFields, 0, 16);
constinit const StructType kTimespec = Fixed("timespec", kTimespecFields, 16, 8);
constinit const StructType kTimespec64 = Fixed("timespec", kTimespec64Fields, 16, 16);
constinit const StructType kItimerspec = Fixed("itimerspec", kItimerspecFields, 32, 16);
constinit const StructType kItimerspec64 = Fixed("itimerspec", kItimerspec64Fields, 32, 32);
constinit const StructType kRlimit = Fixed("rlimit", kRlimitFields, 16, 8);
constinit const StructType kRlimit64 = Fixed("rlimit", kRlimit64Fields, 16, 16);
constinit const StructType kIoUringParams =
    Fixed("io_uring_params", kIoUringParamsFields, 120, 120);
constinit const StructType kBpfAttr = Sized("bpf_attr", kBpfAttrFields, 72, 0, "cmd");
constinit const StructType kMsghdr = {.name = "msghdr",
                                      .fields = kMsghdrFields,
                                      .size_x86_64 = 56,
                                      .size_i386 = 28,
                                      .address = 0,
                                      .address_length = 1};
constinit const StructType kMmsghdr = {.name = "mmsghdr",
                                       .fields = kMsghdrFields,
                                       .extent = StructType::Extent::kArray,
                                       .size_x86_64 = 64,
                                       .size_i386 = 32,
                                       .address = 0,
                                       .address_length = 1};

const StructField* StructType::Find(absl::string_view field) const {
  for (const StructField& candidate : fields) {
    if (candidate.value.name == field) return &candidate;
  }
  return nullptr;
}

ArgWidth WidthOf(const StructField& field, Arch arch) {
  const bool is_signed = field.value.width == kSigned;
  if (field.On(arch).size == 8) return is_signed ? ArgWidth::kS64 : ArgWidth::kU64;
  return is_signed ? ArgWidth::kS32 : ArgWidth::kU32;
}

}  // namespace provost
