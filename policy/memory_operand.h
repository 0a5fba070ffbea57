#ifndef PROVOST_POLICY_MEMORY_OPERAND_H_
#define PROVOST_POLICY_MEMORY_OPERAND_H_

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "policy/ip_network.h"
#include "syscalls/path_lookup.h"
#include "syscalls/signature.h"
#include "syscalls/structs.h"

namespace provost {

// What a condition compares that is neither a register nor a string argument: `addr.port`,
// `how.flags`, `fd.path`, `realpath(path)`. Bound to one call of one architecture; immutable.
// predicate_memory.cc reads it.

// A structure, or each of an array of structures, that an argument points to.
struct StructReading {
  const StructType* type = nullptr;
  uint8_t pointer = 0;
  bool optional = false;                   // NULL is none
  int8_t extent = -1;                      // the argument with its size or their number
  ArgWidth extent_width = ArgWidth::kU64;  // as the kernel reads that
};

struct FieldReading {
  StructReading structure;
  const StructField* field = nullptr;
};

enum class AddressPart : uint8_t { kFamily, kPort, kIp, kPath };

// A struct sockaddr: what two arguments say, or of `message.type` its address and length.
struct AddressReading {
  AddressPart part = AddressPart::kFamily;
  StructReading message;  // type null: none
  uint8_t pointer = 0;
  uint8_t length = 0;
  bool optional = false;  // NULL is none
  // IPv4 sockets take AF_UNSPEC for AF_INET, but in connect(2), where it means to disconnect.
  bool unspecified_is_inet = false;
};

struct DescriptorReading {
  uint8_t descriptor = 0;
  bool may_be_cwd = false;  // AT_FDCWD is the working directory
};

struct RealPathReading {
  uint8_t path = 0;
  int8_t descriptor = -1;  // what a relative path is relative to; -1: the working directory
  PathLookup lookup;
};

struct MemoryOperand {
  std::string text;                 // as the language writes it
  uint8_t registers = 0;            // bit i: argument i has a part in it
  const Argument* value = nullptr;  // kind and constants of what is compared; never null
  std::variant<FieldReading, AddressReading, DescriptorReading, RealPathReading> reading;
};

// Any of these networks.
using IpNetworks = std::vector<IpNetwork>;

}  // namespace provost

#endif  // PROVOST_POLICY_MEMORY_OPERAND_H_
