// Ids that the kernel does not give: programs believe that they have them, and what they change of
// files by them is remembered, as fakeroot(1) does it by a library in their place.

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/status_macros.h"
#include "base/unique_fd.h"
#include "emulate/builtin.h"
#include "emulate/ids_state.h"
#include "emulate/settings.h"
#include "tracee/task_status.h"

namespace provost {
namespace {

constexpr int64_t kMostId = 4294967294;
constexpr absl::string_view kFile = "file ";
constexpr absl::string_view kProcess = "process ";

const absl::flat_hash_map<absl::string_view, IdsCallHandler>& Calls() {
  static const auto* const calls = [] {
    auto* all = new absl::flat_hash_map<absl::string_view, IdsCallHandler>();
    for (const absl::Span<const IdsCall> some :
         {IdsCredentialCalls(), IdsStatCalls(), IdsFileCalls(), IdsAttributeCalls()}) {
      for (const IdsCall& call : some) all->emplace(call.name, call.handle);
    }
    return all;
  }();
  return *calls;
}

// What a rule tells.
struct Told {
  uint32_t uid = 0;
  uint32_t gid = 0;
  std::vector<uint32_t> groups;
  std::string save;  // empty: nowhere
  std::string load;
};

class Ids final : public Handler {
 public:
  Ids(const Told& told, FileMemory files)
      : save_(told.save),
        needs_owner_(told.uid != 0 || told.gid != 0),
        state_{.processes = ProcessStates(Credentials(told.uid, told.gid, told.groups)),
               .files = std::move(files),
               .complain = [this](const std::string& what) { Complain(what); }} {}

  Reaction OnCall(const EmulatedCall& call) override {
    const auto found = Calls().find(call.name());
    if (found == Calls().end()) return RunAsItIs(call);
    if (needs_owner_) FindOwner(call);
    return found->second(state_, call);
  }

  void OnTaskMade(pid_t creator, pid_t child) override {
    const absl::StatusOr<TaskStatus> made = ReadTaskStatus(child);
    if (!made.ok() || made->process != child) return;
    if (state_.processes.all().contains(creator)) {
      state_.processes.Made(creator, child);
      return;
    }
    const absl::StatusOr<TaskStatus> makes = ReadTaskStatus(creator);
    if (makes.ok()) state_.processes.Made(makes->process, child);
  }
  void OnExec(pid_t process) override { state_.processes.Of(process).Exec(); }
  void OnTaskEnded(pid_t tid) override { state_.processes.Ended(tid); }

  std::string Save() const override;
  absl::Status Restore(absl::string_view saved) override;
  absl::Status Finish() override;

 private:
  // The user that the tree runs as: its files are those of the ids that are told.
  void FindOwner(const EmulatedCall& call) {
    const absl::StatusOr<FileOwner> owner = ReadFileOwner(call.tid());
    if (!owner.ok()) return;
    state_.files.SetRealOwner(*owner);
    needs_owner_ = false;
  }

  const std::string save_;
  bool needs_owner_;
  IdsState state_;
};

std::string Ids::Save() const {
  std::string saved;
  for (const absl::string_view line :
       absl::StrSplit(state_.files.Save(), '\n', absl::SkipEmpty())) {
    absl::StrAppend(&saved, kFile, line, "\n");
  }
  for (const auto& [process, credentials] : state_.processes.all()) {
    absl::StrAppend(&saved, kProcess, process, " ", credentials.ToText(), "\n");
  }
  return saved;
}

absl::Status Ids::Restore(absl::string_view saved) {
  // What is loaded when the handler is made is old by now.
  state_.files.Clear();
  for (absl::string_view line : absl::StrSplit(saved, '\n', absl::SkipEmpty())) {
    if (absl::ConsumePrefix(&line, kFile)) {
      PROVOST_RETURN_IF_ERROR(state_.files.RestoreLine(line));
      continue;
    }
    const std::pair<absl::string_view, absl::string_view> both = absl::StrSplit(
        line.substr(std::min(kProcess.size(), line.size())), absl::MaxSplits(' ', 1));
    pid_t process = 0;
    if (!absl::StartsWith(line, kProcess) || !absl::SimpleAtoi(both.first, &process)) {
      return absl::InvalidArgumentError("no state of `emulate ids`");
    }
    PROVOST_ASSIGN_OR_RETURN(Credentials credentials, Credentials::FromText(both.second));
    state_.processes.Set(process, std::move(credentials));
  }
  return absl::OkStatus();
}

absl::Status WriteAll(const UniqueFd& file, absl::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(file.get(), text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return absl::ErrnoToStatus(errno, "write");
    text.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

// Whoever reads `path` meanwhile reads the former file or this one.
absl::Status Replace(const std::string& path, absl::string_view text) {
  std::string name = absl::StrCat(path, ".XXXXXX");
  const UniqueFd file(mkostemp(name.data(), O_CLOEXEC));
  if (!file.valid()) return absl::ErrnoToStatus(errno, name);
  absl::Status status = WriteAll(file, text);
  if (status.ok() && fchmod(file.get(), 0644) != 0) status = absl::ErrnoToStatus(errno, name);
  if (status.ok() && fsync(file.get()) != 0) status = absl::ErrnoToStatus(errno, name);
  if (status.ok() && rename(name.c_str(), path.c_str()) != 0) {
    status = absl::ErrnoToStatus(errno, path);
  }
  if (!status.ok()) unlink(name.c_str());
  return status;
}

absl::Status Ids::Finish() {
  if (save_.empty()) return absl::OkStatus();
  absl::Status status = Replace(save_, state_.files.ToText());
  if (status.ok()) return status;
  return absl::Status(
      status.code(), absl::StrCat("what `emulate ids` remembers is not saved: ", status.message()));
}

absl::StatusOr<uint32_t> ReadId(const Emulation& told, absl::string_view key) {
  const int64_t id = NumberTold(told, key).value_or(0);
  if (id < 0 || id > kMostId) {
    return absl::InvalidArgumentError(
        absl::StrCat("`", key, " = ", id, "` is no id: they are 0 to ", kMostId));
  }
  return static_cast<uint32_t>(id);
}

absl::StatusOr<std::vector<uint32_t>> ReadGroups(const std::string& text) {
  std::vector<uint32_t> groups;
  for (const absl::string_view word : absl::StrSplit(text, ',', absl::SkipWhitespace())) {
    uint32_t& group = groups.emplace_back();
    if (!absl::SimpleAtoi(word, &group) || group > kMostId) {
      return absl::InvalidArgumentError(
          absl::StrCat("`", word, "` in `groups` is no id: numbers of 0 to ", kMostId,
                       " with commas between, as in \"0,4,27\""));
    }
  }
  return groups;
}

absl::Status LoadFile(const std::string& path, FileMemory& files) {
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!file.is_open() || file.bad()) {
    return absl::InvalidArgumentError(
        absl::StrCat("`load = \"", path, "\"` cannot be read: ", strerror(errno)));
  }
  absl::Status loaded = files.FromText(text);
  if (loaded.ok()) return loaded;
  return absl::InvalidArgumentError(absl::StrCat(path, ":", loaded.message()));
}

absl::StatusOr<Told> ReadTold(const Emulation& emulation) {
  Told told;
  PROVOST_ASSIGN_OR_RETURN(told.uid, ReadId(emulation, "uid"));
  PROVOST_ASSIGN_OR_RETURN(told.gid, ReadId(emulation, "gid"));
  const std::optional<std::string> groups = TextTold(emulation, "groups");
  told.groups = {told.gid};
  if (groups.has_value()) {
    PROVOST_ASSIGN_OR_RETURN(told.groups, ReadGroups(*groups));
  }
  told.save = TextTold(emulation, "save").value_or("");
  told.load = TextTold(emulation, "load").value_or("");
  return told;
}

}  // namespace

EmulatorSpec IdsSpec() {
  EmulatorSpec spec = {
      .name = "ids",
      .keys = {{"uid", EmulatorKey::Kind::kInteger, "the user; 0 if it is not told"},
               {"gid", EmulatorKey::Kind::kInteger, "the group; 0 if it is not told"},
               {"groups", EmulatorKey::Kind::kText,
                "the supplementary groups, as in \"0,4,27\"; `gid` alone if they are not told"},
               {"save", EmulatorKey::Kind::kString,
                "a file for what is remembered of files, at the end, as `fakeroot -s` writes it"},
               {"load", EmulatorKey::Kind::kString, "such a file, read at the start"}},
      .calls = {},
      .what =
          "other ids than the kernel's, and owners, modes and devices as root makes them; "
          "fakeroot's job"};
  for (const absl::Span<const IdsCall> calls :
       {IdsCredentialCalls(), IdsStatCalls(), IdsFileCalls(), IdsAttributeCalls()}) {
    for (const IdsCall& call : calls) spec.calls.emplace_back(call.name);
  }
  return spec;
}

absl::StatusOr<std::unique_ptr<Handler>> MakeIds(const Emulation& emulation) {
  PROVOST_ASSIGN_OR_RETURN(const Told told, ReadTold(emulation));
  FileMemory files({told.uid, told.gid}, {told.uid, told.gid});
  if (!told.load.empty()) PROVOST_RETURN_IF_ERROR(LoadFile(told.load, files));
  return std::make_unique<Ids>(told, std::move(files));
}

}  // namespace provost
