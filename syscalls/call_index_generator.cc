// Writes, while provost is built, the calls of one architecture (call_index_*.inc of
// syscall_table.cc): `numbers` in order of number, each with its row's place among AllRows();
// `names`, the places of these in order of name.
//
//   call_index_generator x86_64|i386 numbers|names
#include <seccomp.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "syscalls/rows.h"

namespace provost {
namespace {

// Past every number of every architecture for a good while.
constexpr int kEndOfNumbers = 1024;

struct Call {
  int32_t number;
  size_t row;
  std::string name;
};

// What libseccomp calls each number. It is asked by number because, asked by name, it gives i386's
// own socket calls the pseudo numbers that stand for socketcall's sub-calls.
std::map<std::string, int32_t> LibseccompNumbers(bool is_x86_64) {
  std::map<std::string, int32_t> numbers;
  for (int number = 0; number < kEndOfNumbers; ++number) {
    char* name =
        seccomp_syscall_resolve_num_arch(is_x86_64 ? SCMP_ARCH_X86_64 : SCMP_ARCH_X86, number);
    if (name == nullptr) continue;
    numbers.emplace(name, number);
    free(name);  // the caller's, seccomp_syscall_resolve_name(3)
  }
  return numbers;
}

// libseccomp's number where it knows the call, the row's own otherwise; -1 if there is none.
int32_t NumberOf(bool is_x86_64, const rows::Row& row,
                 const std::map<std::string, int32_t>& libseccomp) {
  if (row.on == (is_x86_64 ? rows::On::kI386 : rows::On::kX86_64)) return -1;
  const auto found = libseccomp.find(std::string(row.name));
  if (found != libseccomp.end()) return found->second;
  return is_x86_64 ? row.newer.x86_64 : row.newer.i386;
}

std::vector<Call> CallsByNumber(bool is_x86_64) {
  const std::map<std::string, int32_t> libseccomp = LibseccompNumbers(is_x86_64);
  std::vector<Call> calls;
  size_t place = 0;
  for (const auto& rows : rows::AllRows()) {
    for (const rows::Row& row : rows) {
      const int32_t number = NumberOf(is_x86_64, row, libseccomp);
      if (number >= 0) calls.push_back({number, place, std::string(row.name)});
      ++place;
    }
  }
  std::sort(calls.begin(), calls.end(),
            [](const Call& a, const Call& b) { return a.number < b.number; });
  return calls;
}

void WriteNumbers(const std::vector<Call>& calls) {
  for (const Call& call : calls) {
    printf("{%d, %zu},  // %s\n", call.number, call.row, call.name.c_str());
  }
}

void WriteNames(const std::vector<Call>& calls) {
  std::vector<size_t> places(calls.size());
  for (size_t i = 0; i < places.size(); ++i) places[i] = i;
  std::sort(places.begin(), places.end(),
            [&](size_t a, size_t b) { return calls[a].name < calls[b].name; });
  for (const size_t place : places) printf("%zu,  // %s\n", place, calls[place].name.c_str());
}

}  // namespace
}  // namespace provost

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const std::vector<provost::Call> calls = provost::CallsByNumber(std::string(argv[1]) == "x86_64");
  std::string(argv[2]) == "names" ? provost::WriteNames(calls) : provost::WriteNumbers(calls);
  return fflush(stdout) == 0 ? 0 : 1;
}
