#include "emulate/paths_exec.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "base/status_macros.h"
#include "emulate/paths_program.h"

namespace provost {
namespace {

// exec_binprm in the kernel's fs/exec.c.
constexpr int kMostInterpreters = 5;
// More would not fit where they are put.
constexpr size_t kMostWords = size_t{1} << 20;
constexpr uint64_t kPageSize = 4096;
// What a function may use below its stack pointer (the x86-64 ABI's red zone).
constexpr uint64_t kRedZone = 128;

// A word of the command line: one of the task's own, or another.
struct Word {
  uint64_t address = 0;
  std::optional<std::string> text;
};

bool IsExecutable(const std::string& path) {
  struct stat status = {};
  constexpr mode_t kAnyone = S_IXUSR | S_IXGRP | S_IXOTH;
  return stat(path.c_str(), &status) == 0 && (status.st_mode & kAnyone) != 0;
}

// True if the kernel finds that interpreter by itself.
bool FindsIt(const std::string& interpreter, const PathFound& found) {
  if (!found.changed) return true;
  struct stat kernels = {};
  struct stat ours = {};
  return absl::StartsWith(interpreter, "/") && stat(interpreter.c_str(), &kernels) == 0 &&
         stat(found.real.c_str(), &ours) == 0 && kernels.st_dev == ours.st_dev &&
         kernels.st_ino == ours.st_ino;
}

class Exec {
 public:
  Exec(PathMapper& mapper, const EmulatedCall& call) : mapper_(mapper), call_(call) {
    const bool is_at = call.name() == "execveat";
    directory_ = is_at ? call.number(0) : AT_FDCWD;
    path_argument_ = is_at ? 1 : 0;
    flags_ = is_at ? call.argument(4) : 0;
  }

  Reaction Run() {
    mapper_.Of(call_.process()).next_program.reset();
    const absl::StatusOr<absl::string_view> text = call_.ReadString(call_.argument(path_argument_));
    if (!text.ok() || !FindProgram(*text)) return RunAsItIs(call_);
    if (target_.error != 0) return Answer{-target_.error};
    const PathFound first = target_;
    for (int i = 0;; ++i) {
      if (i > kMostInterpreters) return Answer{-ELOOP};
      const ProgramFile file = ReadProgram(target_.real);
      if (file.interpreter.empty()) break;
      if (!IsExecutable(target_.real)) return Answer{-EACCES};
      const std::optional<PathFound> interpreter =
          mapper_.Find(call_, AT_FDCWD, {.path = file.interpreter});
      if (!interpreter.has_value() || interpreter->error != 0) break;
      if (file.kind == ProgramFile::Kind::kBinary) {
        if (FindsIt(file.interpreter, *interpreter)) break;
        if (const absl::Status read = LoadBy(*interpreter); !read.ok()) {
          return Answer{-ErrnoOf(read)};
        }
        break;
      }
      if (const absl::Status read = Interpret(file); !read.ok()) return Answer{-ErrnoOf(read)};
      changed_ |= !FindsIt(file.interpreter, *interpreter);
      target_ = *interpreter;
    }
    if (!loads_ && !(interprets_ && changed_)) return RunPath(first);
    return RunWords();
  }

 private:
  // False: the kernel says.
  bool FindProgram(absl::string_view text) {
    if (text.empty()) {
      if ((flags_ & AT_EMPTY_PATH) == 0) return false;
      std::optional<std::string> path = mapper_.DescriptorPath(call_, directory_);
      if (!path.has_value() || absl::EndsWith(*path, " (deleted)")) return false;
      target_.path = *std::move(path);
      target_.real = mapper_.layout().Real(target_.path);
      shown_ = target_.path;
      return true;
    }
    const bool follows = (flags_ & AT_SYMLINK_NOFOLLOW) == 0;
    std::optional<PathFound> found =
        mapper_.Find(call_, directory_, {.path = text, .follow_last = follows});
    if (!found.has_value()) return false;
    target_ = *std::move(found);
    changed_ = target_.changed;
    // As the kernel hands it to an interpreter.
    const bool is_plain = directory_ == AT_FDCWD || absl::StartsWith(text, "/");
    shown_ = is_plain ? std::string(text) : target_.path;
    return true;
  }

  // The task's own command line.
  absl::Status ReadWords() {
    if (has_words_) return absl::OkStatus();
    has_words_ = true;
    const size_t width = call_.is_i386() ? sizeof(uint32_t) : sizeof(uint64_t);
    uint64_t at = call_.argument(path_argument_ + 1);
    while (at != 0 && words_.size() < kMostWords) {
      const uint64_t size = std::max(width, (kPageSize - at % kPageSize) / width * width);
      std::string bytes(size, '\0');
      PROVOST_RETURN_IF_ERROR(call_.ReadBytes(at, absl::MakeSpan(bytes)));
      for (size_t i = 0; i < size; i += width) {
        uint64_t address = 0;
        memcpy(&address, bytes.data() + i, width);
        if (address == 0) return absl::OkStatus();
        words_.push_back({address, std::nullopt});
      }
      at += size;
    }
    return absl::OkStatus();
  }

  static Word Text(std::string text) { return {0, std::move(text)}; }

  absl::Status Interpret(const ProgramFile& file) {
    PROVOST_RETURN_IF_ERROR(ReadWords());
    interprets_ = true;
    std::vector<Word> words = {Text(file.interpreter)};
    if (!file.argument.empty()) words.push_back(Text(file.argument));
    words.push_back(Text(shown_));
    if (!words_.empty()) words.insert(words.end(), words_.begin() + 1, words_.end());
    words_ = std::move(words);
    shown_ = file.interpreter;
    return absl::OkStatus();
  }

  absl::Status LoadBy(const PathFound& loader) {
    PROVOST_RETURN_IF_ERROR(ReadWords());
    loads_ = true;
    const Word name = words_.empty() ? Text(shown_) : words_.front();
    std::vector<Word> words = {name};
    if (LoaderTakesArgv0(loader.real)) {
      words.push_back(Text("--argv0"));
      words.push_back(name);
    }
    words.push_back(Text(ShownInRoot(target_.path)));
    if (!words_.empty()) words.insert(words.end(), words_.begin() + 1, words_.end());
    words_ = std::move(words);
    mapper_.Of(call_.process()).next_program = target_.path;
    target_ = loader;
    return absl::OkStatus();
  }

  // As the task itself has to name it.
  std::string ShownInRoot(absl::string_view path) {
    const std::string& root = mapper_.Of(call_.process()).root;
    if (IsWithin(root, path)) path.remove_prefix(root.size());
    return ShownPath(path);
  }

  Reaction RunPath(const PathFound& program) {
    if (!program.changed) return RunAsItIs(call_);
    if (program.real.size() >= PATH_MAX) return Answer{-ENAMETOOLONG};
    RunCall run = {call_.request()};
    run.inputs.push_back({path_argument_, program.real + '\0'});
    return run;
  }

  // execve of the last interpreter with the command line that has come of it, which is put where a
  // function of the task would have its variables.
  Reaction RunWords() {
    if (target_.real.size() >= PATH_MAX) return Answer{-ENAMETOOLONG};
    const size_t width = call_.is_i386() ? sizeof(uint32_t) : sizeof(uint64_t);
    size_t size = (words_.size() + 1) * width;
    for (const Word& word : words_) size += word.text.has_value() ? word.text->size() + 1 : 0;
    constexpr uint64_t kAlignment = 16;
    const uint64_t base = (call_.request().sp - kRedZone - size) / kAlignment * kAlignment;
    // The stack grows no further by our writing there.
    char lowest = 0;
    if (!call_.ReadBytes(base, absl::MakeSpan(&lowest, 1)).ok()) return Answer{-E2BIG};
    std::string strings;
    std::string bytes;
    for (const Word& word : words_) {
      uint64_t address = word.address;
      if (word.text.has_value()) {
        address = base + (words_.size() + 1) * width + strings.size();
        strings.append(*word.text).push_back('\0');
      }
      bytes.append(reinterpret_cast<const char*>(&address), width);
    }
    bytes.append(width, '\0');
    bytes += strings;
    const uint64_t environment = call_.argument(path_argument_ + 2);
    const absl::StatusOr<SyscallRequest> execve =
        OtherCall(call_.request(), "execve", {0, base, environment, 0, 0, 0});
    if (!execve.ok()) return Answer{-ENOSYS};
    RunCall run = {*execve};
    run.inputs.push_back({0, target_.real + '\0'});
    run.writes.push_back({base, std::move(bytes)});
    return run;
  }

  PathMapper& mapper_;
  const EmulatedCall& call_;
  int32_t directory_;
  size_t path_argument_;
  uint64_t flags_;
  PathFound target_;   // what the kernel would run, so far
  std::string shown_;  // what it would call that to an interpreter
  std::vector<Word> words_;
  bool has_words_ = false;
  bool changed_ = false;
  bool interprets_ = false;
  bool loads_ = false;
};

}  // namespace

Reaction MapExec(PathMapper& mapper, const EmulatedCall& call) { return Exec(mapper, call).Run(); }

}  // namespace provost
