#ifndef PROVOST_SYSCALLS_STRUCTS_H_
#define PROVOST_SYSCALLS_STRUCTS_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "syscalls/request.h"
#include "syscalls/signature.h"

namespace provost {

// Where a field lies in its structure, in bytes.
struct FieldPlace {
  uint16_t offset = 0;
  uint8_t size = 0;  // 4 or 8; 0: this architecture's structure has no such field
};

// A field of a structure behind a pointer. Little-endian, as x86 is.
struct StructField {
  // Its name (with dots for what lies in an inner structure), kind and constants; the width says
  // whether it is signed, WidthOf how wide it is.
  Argument value;
  FieldPlace x86_64;
  FieldPlace i386;
  // Of a union: the values of the argument StructType::selector for which it is there. Empty: all.
  absl::Span<const uint32_t> selected_by;

  const FieldPlace& On(Arch arch) const { return arch == Arch::kX86_64 ? x86_64 : i386; }
};

// A structure that the kernel reads from the task, as uapi headers lay it out for x86_64 and as the
// kernel's compat code does for i386. Only fields on which a decision may turn are listed.
struct StructType {
  enum class Extent : uint8_t {
    kFixed,  // the kernel reads all of it
    kSized,  // another argument says how many bytes of it there are; beyond, it is zeros
             // (copy_struct_from_user in linux/uaccess.h)
    kArray,  // another argument says how many of them there are
  };

  absl::string_view name;  // "open_how"
  absl::Span<const StructField> fields;
  Extent extent = Extent::kFixed;
  // The bytes the kernel reads (kFixed, kArray), or of which fields are listed (kSized).
  uint16_t size_x86_64 = 0;
  uint16_t size_i386 = 0;
  uint16_t smallest = 0;       // of kSized: less is refused with EINVAL
  absl::string_view selector;  // see StructField::selected_by
  int8_t address = -1;         // index of the field that points to a sockaddr, or -1
  int8_t address_length = -1;  // and of the one that says how long that is

  uint16_t SizeOn(Arch arch) const { return arch == Arch::kX86_64 ? size_x86_64 : size_i386; }
  const StructField* Find(absl::string_view field) const;
};

// A sized structure of more bytes than a page is refused with E2BIG.
inline constexpr uint32_t kLargestSizedStruct = 4096;

// How wide and whether signed a field is on `arch`, which has it.
ArgWidth WidthOf(const StructField& field, Arch arch);

extern const StructType kCloneArgs;     // clone3
extern const StructType kOpenHow;       // openat2
extern const StructType kMountAttr;     // mount_setattr
extern const StructType kSigaction;     // rt_sigaction
extern const StructType kOldSigaction;  // sigaction of i386
extern const StructType kTimespec;      // of the task's own width
extern const StructType kTimespec64;    // of the calls with 64-bit seconds
extern const StructType kItimerspec;
extern const StructType kItimerspec64;
extern const StructType kRlimit;         // of the task's own width
extern const StructType kRlimit64;       // prlimit64
extern const StructType kIoUringParams;  // what io_uring_setup reads of them
extern const StructType kBpfAttr;
extern const StructType kMsghdr;
extern const StructType kMmsghdr;

}  // namespace provost

#endif  // PROVOST_SYSCALLS_STRUCTS_H_
