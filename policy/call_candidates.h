#ifndef PROVOST_POLICY_CALL_CANDIDATES_H_
#define PROVOST_POLICY_CALL_CANDIDATES_H_

#include <array>
#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/types/span.h"
#include "policy/call_text.h"
#include "policy/ip_network.h"
#include "policy/memory_operand.h"
#include "policy/policy.h"
#include "policy/predicate.h"
#include "policy/task_field.h"
#include "syscalls/syscall_table.h"

namespace provost {

// A value of one argument, and where it takes another argument's to mean something (the length of
// an address), that one.
struct CandidateValue {
  uint64_t value = 0;
  int8_t companion = -1;  // an argument's index, or -1
  uint64_t companion_value = 0;
};

// What is worth trying.
struct CandidateCalls {
  std::array<std::vector<CandidateValue>, 6> arguments;  // of each at least 0
  std::vector<std::map<TaskField, TaskValue>> tasks;     // at least one, who may be nobody
};

// Finds what is worth trying for the arguments of one call: what conditions name. Numbers with
// their neighbours, their bits flipped, their sign and their upper half changed; strings made from
// each pattern; structures and socket addresses with such fields, alone and in seeded combinations;
// descriptors with such names; tasks.
class CallCandidates {
 public:
  explicit CallCandidates(const Syscall& syscall);

  void Collect(absl::Span<const BoundRule> rules);

  // Makes the values: numbers as they are, all else in `memory`.
  CandidateCalls Make(CallMemory& memory, std::mt19937_64& random) const;

 private:
  // A structure, and of a message the address that it names.
  struct StructValues {
    StructReading reading;
    std::map<const StructField*, std::set<uint64_t>> fields;
  };
  struct AddressValues {
    AddressReading reading;
    std::set<uint64_t> families;
    std::set<uint64_t> ports;
    std::vector<IpAddress> ips;
    std::set<std::string> paths;
  };
  // A sockaddr's bytes.
  using Address = std::string;

  void Collect(const Predicate& predicate);
  void CollectNumbers(const Compare& compare);
  void CollectMemory(const MemoryTest& test);
  void CollectAddress(const AddressReading& reading, const MemoryTest& test);
  void AddNumber(int arg, uint64_t number);
  void AddString(int arg, const std::string& text);
  uint64_t Canonical(int arg, uint64_t number) const;
  std::string StructBytes(const StructValues& values,
                          const std::map<const StructField*, uint64_t>& chosen) const;
  std::vector<std::string> MakeStructs(const StructValues& values, std::mt19937_64& random) const;
  std::vector<std::map<TaskField, TaskValue>> MakeTasks(std::mt19937_64& random) const;
  CandidateValue PlaceStruct(const StructReading& reading, std::string bytes,
                             CallMemory& memory) const;
  CandidateValue PlaceAddress(const AddressReading& reading, Address address,
                              CallMemory& memory) const;

  const Syscall& syscall_;
  std::array<std::set<uint64_t>, 6> numbers_;
  std::array<std::set<std::string>, 6> strings_;
  std::array<std::set<std::string>, 6> descriptors_;
  // By the argument that points there.
  std::map<int, StructValues> structs_;
  std::map<int, AddressValues> addresses_;
  std::map<TaskField, std::set<uint64_t>> task_numbers_;
  std::map<TaskField, std::set<std::string>> task_texts_;
};

}  // namespace provost

#endif  // PROVOST_POLICY_CALL_CANDIDATES_H_
