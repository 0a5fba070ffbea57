#include "emulate/paths_program.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstring>
#include <tuple>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "base/unique_fd.h"

namespace provost {
namespace {

// BINPRM_BUF_SIZE in the kernel's linux/binfmts.h: what it looks at of a script.
constexpr size_t kScriptLine = 256;
// More are no program headers that the kernel takes (ELF_MIN_ALIGN in fs/binfmt_elf.c).
constexpr size_t kMostHeaderBytes = 65536;

std::string ReadAt(const UniqueFd& file, uint64_t offset, size_t size) {
  std::string bytes(size, '\0');
  const ssize_t got = pread(file.get(), bytes.data(), size, static_cast<off_t>(offset));
  bytes.resize(std::max<ssize_t>(got, 0));
  return bytes;
}

template <typename Header, typename Segment>
ProgramFile ReadElf(const UniqueFd& file, const std::string& start) {
  Header header;
  if (start.size() < sizeof(header)) return {};
  memcpy(&header, start.data(), sizeof(header));
  const size_t size = size_t{header.e_phnum} * sizeof(Segment);
  if (header.e_phentsize != sizeof(Segment) || size > kMostHeaderBytes) return {};
  const std::string table = ReadAt(file, header.e_phoff, size);
  if (table.size() != size) return {};
  ProgramFile program = {.kind = ProgramFile::Kind::kBinary};
  for (size_t at = 0; at < size; at += sizeof(Segment)) {
    Segment segment;
    memcpy(&segment, table.data() + at, sizeof(segment));
    if (segment.p_type != PT_INTERP || segment.p_filesz > PATH_MAX) continue;
    const std::string path = ReadAt(file, segment.p_offset, segment.p_filesz);
    program.interpreter = path.substr(0, path.find('\0'));
    break;
  }
  return program;
}

// As load_script in the kernel's fs/binfmt_script.c.
ProgramFile ReadScript(absl::string_view start) {
  absl::string_view line = start.substr(2, start.find_first_of(absl::string_view("\n\0", 2)) - 2);
  line = absl::StripAsciiWhitespace(line);
  const size_t end = std::min(line.find_first_of(" \t"), line.size());
  ProgramFile program = {.kind = ProgramFile::Kind::kScript};
  program.interpreter = std::string(line.substr(0, end));
  program.argument = std::string(absl::StripAsciiWhitespace(line.substr(end)));
  if (program.interpreter.empty()) return {};
  return program;
}

}  // namespace

ProgramFile ReadProgram(const std::string& path) {
  // Neither devices nor FIFOs wait for somebody.
  const UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat status = {};
  if (!file.valid() || fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return {};
  const std::string start = ReadAt(file, 0, kScriptLine);
  if (absl::StartsWith(start, "#!")) return ReadScript(start);
  if (start.size() <= EI_CLASS || !absl::StartsWith(start, ELFMAG)) return {};
  if (start[EI_CLASS] == ELFCLASS64) return ReadElf<Elf64_Ehdr, Elf64_Phdr>(file, start);
  if (start[EI_CLASS] == ELFCLASS32) return ReadElf<Elf32_Ehdr, Elf32_Phdr>(file, start);
  return {};
}

bool LoaderTakesArgv0(const std::string& path) {
  // What makes the file the same: nobody changes one without its ctime.
  using Key = std::tuple<dev_t, ino_t, off_t, time_t, long>;
  constexpr size_t kMostKept = 64;
  thread_local absl::flat_hash_map<Key, bool> known;
  const UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat status = {};
  if (!file.valid() || fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return false;
  const Key key = {status.st_dev, status.st_ino, status.st_size, status.st_ctim.tv_sec,
                   status.st_ctim.tv_nsec};
  if (const auto found = known.find(key); found != known.end()) return found->second;
  constexpr size_t kMostRead = size_t{4} << 20;
  const std::string text = ReadAt(file, 0, std::min<size_t>(status.st_size, kMostRead));
  const bool takes = absl::StrContains(text, absl::string_view("--argv0", 7));
  if (known.size() >= kMostKept) known.clear();
  known.emplace(key, takes);
  return takes;
}

}  // namespace provost
