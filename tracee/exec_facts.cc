#include "tracee/exec_facts.h"

#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "base/unique_fd.h"
#include "tracee/memory.h"

namespace provost {
namespace {

// What one EXECVE record can hold; the kernel begins another there (MAX_EXECVE_AUDIT_LEN).
constexpr size_t kMostBytes = 7500;
// More program headers than the kernel takes (ELF_MIN_ALIGN of them in bytes, fs/binfmt_elf.c).
constexpr size_t kMostHeaders = 512;

// The arguments of a program that has made no call yet: each ends in a NUL.
ExecArguments ReadArguments(int task_directory) {
  ExecArguments arguments;
  const UniqueFd file(openat(task_directory, "cmdline", O_RDONLY | O_CLOEXEC));
  std::array<char, 65536> buffer;
  std::string word;
  size_t kept = 0;
  ssize_t got = 0;
  while ((got = read(file.get(), buffer.data(), buffer.size())) > 0) {
    for (const char byte : absl::MakeConstSpan(buffer.data(), static_cast<size_t>(got))) {
      const bool is_end = byte == '\0';
      if (!is_end && ++kept <= kMostBytes) word.push_back(byte);
      if (!is_end) continue;
      ++arguments.count;
      // A word that did not fit whole is the last.
      if (kept <= kMostBytes || !word.empty()) arguments.words.push_back(std::move(word));
      word.clear();
      ++kept;
    }
  }
  return arguments;
}

template <typename Auxiliary, typename Header>
struct ElfClass {
  static std::optional<std::string> Interpreter(pid_t tid, absl::Span<const char> vector) {
    uint64_t address = 0;
    uint64_t size = 0;
    uint64_t count = 0;
    for (size_t at = 0; at + sizeof(Auxiliary) <= vector.size(); at += sizeof(Auxiliary)) {
      Auxiliary entry;
      memcpy(&entry, vector.data() + at, sizeof(entry));
      if (entry.a_type == AT_NULL) break;
      if (entry.a_type == AT_PHDR) address = entry.a_un.a_val;
      if (entry.a_type == AT_PHENT) size = entry.a_un.a_val;
      if (entry.a_type == AT_PHNUM) count = entry.a_un.a_val;
    }
    if (size != sizeof(Header) || address == 0 || count == 0 || count > kMostHeaders) {
      return std::nullopt;
    }
    const TraceeMemory memory(tid);
    std::vector<Header> headers(count);
    const absl::Span<char> bytes(reinterpret_cast<char*>(headers.data()), count * sizeof(Header));
    if (!memory.Read(RemotePtr<void>(address), bytes).ok()) return std::nullopt;
    const auto of_type = [&](uint32_t type) {
      return std::find_if(headers.begin(), headers.end(),
                          [type](const Header& header) { return header.p_type == type; });
    };
    const auto self = of_type(PT_PHDR);
    const auto named = of_type(PT_INTERP);
    if (named == headers.end()) return std::nullopt;
    // Where the program was loaded; one without that header is at the addresses it says.
    const uint64_t base = self == headers.end() ? 0 : address - self->p_vaddr;
    std::string name;
    const RemotePtr<char> at(base + named->p_vaddr);
    if (!memory.ReadString(at, PATH_MAX, name).ok()) return std::nullopt;
    return name;
  }
};

std::optional<std::string> ElfInterpreter(pid_t tid, int task_directory) {
  const UniqueFd file(openat(task_directory, "auxv", O_RDONLY | O_CLOEXEC));
  std::array<char, 2048> buffer;
  const ssize_t got = read(file.get(), buffer.data(), buffer.size());
  if (got <= 0) return std::nullopt;
  const absl::Span<const char> vector(buffer.data(), static_cast<size_t>(got));
  auto name = ElfClass<Elf64_auxv_t, Elf64_Phdr>::Interpreter(tid, vector);
  if (!name) name = ElfClass<Elf32_auxv_t, Elf32_Phdr>::Interpreter(tid, vector);
  return name;
}

// Whether what runs is the file that the call named.
bool Runs(int task_directory, const PathFact::Inode& named) {
  struct statx status = {};
  if (statx(task_directory, "exe", AT_STATX_DONT_SYNC, STATX_INO, &status) != 0) return true;
  return status.stx_ino == named.number && status.stx_dev_major == named.device.major &&
         status.stx_dev_minor == named.device.minor;
}

void AddInterpreter(std::string name, FileView& files, CallFacts& facts) {
  PathFact fact;
  const absl::StatusOr<FileView::Sight> sight = files.Look({.descriptor = AT_FDCWD, .path = name});
  if (sight.ok() && sight->inode.has_value()) {
    fact.inode = sight->inode;
    fact.capabilities = sight->capabilities;
    fact.name_type = PathFact::NameType::kNormal;
  }
  fact.name = std::move(name);
  facts.paths.push_back(std::move(fact));
}

}  // namespace

void ReadExecFacts(pid_t tid, int task_directory, FileView& files, CallFacts& facts) {
  facts.exec = ReadArguments(task_directory);
  const bool is_interpreted = !facts.paths.empty() && facts.paths.front().inode.has_value() &&
                              !Runs(task_directory, *facts.paths.front().inode);
  // The kernel puts the interpreter before the arguments (fs/binfmt_script.c).
  if (is_interpreted && !facts.exec->words.empty()) {
    AddInterpreter(facts.exec->words.front(), files, facts);
  }
  if (std::optional<std::string> name = ElfInterpreter(tid, task_directory)) {
    AddInterpreter(*std::move(name), files, facts);
  }
}

}  // namespace provost
