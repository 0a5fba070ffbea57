// What is known of the memory behind arguments: structures, how paths are looked up, and the calls
// that i386 makes through socketcall and ipc.
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <linux/time_types.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <cstddef>
#include <set>
#include <string>

#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "syscalls/constants.h"
#include "syscalls/path_lookup.h"
#include "syscalls/request.h"
#include "syscalls/signature.h"
#include "syscalls/structs.h"
#include "syscalls/sub_calls.h"
#include "syscalls/syscall_table.h"

namespace provost {
namespace {

// ---- Structures ----

struct HeaderField {
  const StructType& type;
  const char* field;
  size_t offset;
  size_t size;
};

#define PROVOST_FIELD(table, type, name, member) \
  HeaderField { table, name, offsetof(type, member), sizeof(type::member) }

TEST(Structs, LieAsTheHeadersSay) {
  const HeaderField fields[] = {
      PROVOST_FIELD(kCloneArgs, clone_args, "flags", flags),
      PROVOST_FIELD(kCloneArgs, clone_args, "exit_signal", exit_signal),
      PROVOST_FIELD(kCloneArgs, clone_args, "stack_size", stack_size),
      PROVOST_FIELD(kCloneArgs, clone_args, "cgroup", cgroup),
      PROVOST_FIELD(kOpenHow, open_how, "flags", flags),
      PROVOST_FIELD(kOpenHow, open_how, "mode", mode),
      PROVOST_FIELD(kOpenHow, open_how, "resolve", resolve),
      PROVOST_FIELD(kMountAttr, mount_attr, "attr_set", attr_set),
      PROVOST_FIELD(kMountAttr, mount_attr, "userns_fd", userns_fd),
      PROVOST_FIELD(kTimespec, __kernel_timespec, "sec", tv_sec),
      PROVOST_FIELD(kTimespec, __kernel_timespec, "nsec", tv_nsec),
      PROVOST_FIELD(kItimerspec, __kernel_itimerspec, "value.sec", it_value.tv_sec),
      PROVOST_FIELD(kItimerspec, __kernel_itimerspec, "value.nsec", it_value.tv_nsec),
      PROVOST_FIELD(kRlimit, rlimit, "max", rlim_max),
      PROVOST_FIELD(kIoUringParams, io_uring_params, "cq_entries", cq_entries),
      PROVOST_FIELD(kIoUringParams, io_uring_params, "flags", flags),
      PROVOST_FIELD(kIoUringParams, io_uring_params, "wq_fd", wq_fd),
      PROVOST_FIELD(kBpfAttr, bpf_attr, "map_type", map_type),
      PROVOST_FIELD(kBpfAttr, bpf_attr, "map_flags", map_flags),
      PROVOST_FIELD(kBpfAttr, bpf_attr, "prog_type", prog_type),
      PROVOST_FIELD(kBpfAttr, bpf_attr, "prog_flags", prog_flags),
      PROVOST_FIELD(kBpfAttr, bpf_attr, "expected_attach_type", expected_attach_type),
      PROVOST_FIELD(kBpfAttr, bpf_attr, "attach_type", attach_type),
      PROVOST_FIELD(kBpfAttr, bpf_attr, "attach_flags", attach_flags),
      PROVOST_FIELD(kMsghdr, msghdr, "name", msg_name),
      PROVOST_FIELD(kMsghdr, msghdr, "namelen", msg_namelen),
      PROVOST_FIELD(kMsghdr, msghdr, "iovlen", msg_iovlen),
      PROVOST_FIELD(kMsghdr, msghdr, "controllen", msg_controllen),
  };
  for (const HeaderField& field : fields) {
    const StructField* known = field.type.Find(field.field);
    ASSERT_NE(known, nullptr) << field.field;
    EXPECT_EQ(known->x86_64.offset, field.offset) << field.type.name << "." << field.field;
    EXPECT_EQ(known->x86_64.size, field.size) << field.type.name << "." << field.field;
  }
  EXPECT_EQ(kCloneArgs.size_x86_64, sizeof(clone_args));
  EXPECT_EQ(kCloneArgs.smallest, CLONE_ARGS_SIZE_VER0);
  EXPECT_EQ(kOpenHow.smallest, sizeof(open_how));
  EXPECT_EQ(kMountAttr.smallest, MOUNT_ATTR_SIZE_VER0);
  EXPECT_EQ(kIoUringParams.size_x86_64, sizeof(io_uring_params));
  EXPECT_EQ(kMsghdr.size_x86_64, sizeof(msghdr));
  EXPECT_EQ(kMmsghdr.size_x86_64, sizeof(mmsghdr));
}

TEST(Structs, FieldsLieInsideOnEveryArchitectureThatHasThem) {
  size_t seen = 0;
  for (const Arch arch : kAllArches) {
    for (const Syscall& call : SyscallTable::Get().All(arch)) {
      for (const Argument& argument : call.signature->args) {
        if (argument.structure == nullptr) continue;
        ++seen;
        const StructType& type = *argument.structure;
        const std::string where = std::string(call.signature->name) + " " + std::string(type.name);
        EXPECT_TRUE(argument.kind == ArgKind::kStructIn || argument.kind == ArgKind::kStructInOut);
        const bool has_extent = type.extent != StructType::Extent::kFixed;
        EXPECT_EQ(has_extent, argument.companion >= 0) << where;
        EXPECT_TRUE(type.selector.empty() || call.signature->IndexOf(type.selector) >= 0) << where;
        for (const StructField& field : type.fields) {
          const FieldPlace& place = field.On(arch);
          EXPECT_LE(place.offset + place.size, type.SizeOn(arch)) << where << field.value.name;
          EXPECT_TRUE(place.size == 0 || place.size == 4 || place.size == 8) << where;
          EXPECT_EQ(type.Find(field.value.name), &field) << where;
        }
      }
    }
  }
  EXPECT_GT(seen, 20U);
}

TEST(Structs, WidthsAreTheArchitectures) {
  EXPECT_EQ(WidthOf(*kTimespec.Find("sec"), Arch::kX86_64), ArgWidth::kS64);
  EXPECT_EQ(WidthOf(*kTimespec.Find("sec"), Arch::kI386), ArgWidth::kS32);
  EXPECT_EQ(WidthOf(*kTimespec64.Find("sec"), Arch::kI386), ArgWidth::kS64);
  EXPECT_EQ(WidthOf(*kRlimit.Find("cur"), Arch::kI386), ArgWidth::kU32);
  EXPECT_EQ(WidthOf(*kBpfAttr.Find("map_type"), Arch::kX86_64), ArgWidth::kU32);
  EXPECT_EQ(kOpenHow.Find("flag"), nullptr);
}

// ---- Paths ----

PathLookup Lookup(absl::string_view call, absl::string_view path = "path") {
  const Syscall* found = SyscallTable::Get().Find(Arch::kX86_64, call);
  return LookupOf(*found->signature, found->signature->IndexOf(path));
}

TEST(PathLookup, Table) {
  using LastLink = PathLookup::LastLink;
  EXPECT_EQ(Lookup("stat").last_link, LastLink::kFollowed);
  EXPECT_EQ(Lookup("execve").last_link, LastLink::kFollowed);
  EXPECT_EQ(Lookup("lstat").last_link, LastLink::kNotFollowed);
  EXPECT_EQ(Lookup("unlinkat").last_link, LastLink::kNotFollowed);
  EXPECT_EQ(Lookup("rename", "oldpath").last_link, LastLink::kNotFollowed);
  EXPECT_EQ(Lookup("open").last_link, LastLink::kOpen);
  EXPECT_EQ(Lookup("open").flags, 1);
  EXPECT_EQ(Lookup("openat2").last_link, LastLink::kOpenHow);
  EXPECT_EQ(Lookup("openat2").flags, 2);
  EXPECT_EQ(Lookup("newfstatat").last_link, LastLink::kUnlessFlags);
  EXPECT_EQ(Lookup("newfstatat").flags, 3);
  EXPECT_EQ(Lookup("linkat", "oldpath").last_link, LastLink::kIfFlags);
  EXPECT_EQ(Lookup("linkat", "newpath").last_link, LastLink::kNotFollowed);
  EXPECT_EQ(Lookup("move_mount", "oldpath").mask, 1U);
  EXPECT_EQ(Lookup("move_mount", "newpath").mask, 0x10U);
  EXPECT_TRUE(Lookup("readlinkat").empty_always);
}

// A call that takes AT_SYMLINK_NOFOLLOW, by the constants of its flags, is in the table.
TEST(PathLookup, KnowsEveryCallWithTheFlag) {
  for (const Arch arch : kAllArches) {
    for (const Syscall& call : SyscallTable::Get().All(arch)) {
      const Signature& signature = *call.signature;
      bool has_flag = false;
      for (const Argument& argument : signature.args) {
        if (argument.constants == nullptr) continue;
        for (const Constant& constant : argument.constants->constants) {
          has_flag |= constant.name == "AT_SYMLINK_NOFOLLOW";
        }
      }
      for (size_t i = 0; i < signature.args.size(); ++i) {
        if (signature.args[i].kind != ArgKind::kPath || !has_flag) continue;
        const PathLookup lookup = LookupOf(signature, static_cast<int>(i));
        EXPECT_GE(lookup.flags, 0) << signature.name;
        EXPECT_EQ(lookup.last_link, PathLookup::LastLink::kUnlessFlags) << signature.name;
      }
    }
  }
}

TEST(PathLookup, FlagsAreArgumentsOfTheirCalls) {
  using LastLink = PathLookup::LastLink;
  for (const Arch arch : kAllArches) {
    for (const Syscall& call : SyscallTable::Get().All(arch)) {
      const Signature& signature = *call.signature;
      for (size_t i = 0; i < signature.args.size(); ++i) {
        if (signature.args[i].kind != ArgKind::kPath) continue;
        const PathLookup lookup = LookupOf(signature, static_cast<int>(i));
        const bool needs_flags =
            lookup.last_link != LastLink::kFollowed && lookup.last_link != LastLink::kNotFollowed;
        EXPECT_EQ(needs_flags, lookup.flags >= 0) << signature.name;
      }
    }
  }
}

// ---- Multiplexers ----

TEST(SubCalls, EveryOneIsACallOfI386OrOfX86_64) {
  std::set<std::string> without_number;
  for (const SubCall& call : SubCalls()) {
    ASSERT_NE(call.multiplexer, nullptr);
    EXPECT_EQ(call.syscall.arch, Arch::kI386);
    const absl::string_view name = call.syscall.signature->name;
    if (call.syscall.nr < 0) {
      without_number.insert(std::string(name));
      EXPECT_EQ(SyscallTable::Get().Find(Arch::kI386, name), nullptr) << name;
      EXPECT_EQ(FindSubCallOnly(name)->nr, call.syscall.nr) << name;
    } else {
      EXPECT_EQ(SyscallTable::Get().Find(Arch::kI386, name)->nr, call.syscall.nr) << name;
      EXPECT_EQ(FindSubCallOnly(name), nullptr) << name;
    }
    for (const SubCallArgument& argument : call.arguments) {
      if (argument.from == SubCallArgument::From::kMemory) {
        EXPECT_LT(argument.index, call.array_words) << name;
      }
    }
  }
  EXPECT_EQ(without_number, (std::set<std::string>{"accept", "semop", "semtimedop"}));
}

// Every constant of the multiplexers' `call` is there.
TEST(SubCalls, AreAllThatTheConstantsName) {
  for (const char* multiplexer : {"socketcall", "ipc"}) {
    const Syscall* call = SyscallTable::Get().Find(Arch::kI386, multiplexer);
    for (const Constant& constant : call->signature->args[0].constants->constants) {
      bool found = false;
      for (const SubCall& sub_call : SubCalls()) {
        found |= sub_call.multiplexer == call && sub_call.code == constant.value;
      }
      EXPECT_TRUE(found) << constant.name;
    }
  }
}

}  // namespace
}  // namespace provost
