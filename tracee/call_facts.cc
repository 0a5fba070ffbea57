#include "tracee/call_facts.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <linux/ptrace.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <fstream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/types/span.h"
#include "base/status_macros.h"
#include "syscalls/call_subjects.h"
#include "syscalls/structs.h"
#include "syscalls/sub_calls.h"
#include "syscalls/syscall_table.h"
#include "tracee/died.h"
#include "tracee/exec_facts.h"
#include "tracee/other_tasks.h"

namespace provost {
namespace {

using NameType = PathFact::NameType;
using Path = CallSubjects::Path;
using Role = Path::Role;

// RENAME_* of linux/fs.h, which does not go with sys/mount.h.
constexpr uint32_t kRenameNoReplace = 1;
constexpr uint32_t kRenameExchange = 2;
// UIO_MAXIOV: what sendmmsg is given beyond these it does not send (net/socket.c).
constexpr uint32_t kMaxMessages = 1024;
// Of sockets whose names are paths, the files of the first messages alone are looked up.
constexpr uint32_t kMaxMessagePaths = 16;

// A signature of the call and the request as its own, where it comes through socketcall.
struct Call {
  const Signature* signature = nullptr;  // null: unknown
  SyscallRequest request;
};

uint64_t Register(const SyscallRequest& request, int index) {
  const uint64_t value = request.args[index];
  return request.IsI386() ? static_cast<uint32_t>(value) : value;
}

Call FindCall(const SyscallRequest& request, ArgumentMemory& memory) {
  const Syscall* syscall = SyscallTable::Get().Find(request);
  if (syscall == nullptr) return {nullptr, request};
  if (syscall->signature->name != "socketcall") return {syscall->signature, request};
  for (const SubCall& sub_call : SubCalls()) {
    if (sub_call.multiplexer != syscall || sub_call.code != Register(request, 0)) continue;
    std::array<uint32_t, 6> words = {};
    const absl::Span<char> bytes(reinterpret_cast<char*>(words.data()),
                                 sub_call.array_words * sizeof(uint32_t));
    if (!memory.ReadBytes(Register(request, sub_call.array), bytes).ok()) break;
    Call call = {sub_call.syscall.signature, request};
    for (size_t i = 0; i < words.size(); ++i) {
      const bool is_passed = sub_call.arguments[i].from == SubCallArgument::From::kMemory;
      call.request.args[i] = is_passed ? words[sub_call.arguments[i].index] : 0;
    }
    return call;
  }
  return {nullptr, request};
}

// How much of a path is its directory, with the slash (parent_len in kernel/auditfilter.c).
size_t DirectoryLength(absl::string_view path) {
  const size_t last = path.find_last_not_of('/');
  if (last == absl::string_view::npos) return path.empty() ? 0 : 1;
  const size_t slash = path.rfind('/', last);
  return slash == absl::string_view::npos ? 0 : slash + 1;
}

// True for a file system that is on a device, as far as the kernel has it loaded
// (filesystems_proc_show in fs/filesystems.c). A type may have a subtype: fuseblk.ntfs.
bool MountsDevices(absl::string_view type) {
  std::ifstream file("/proc/filesystems");
  const absl::string_view name = type.substr(0, type.find('.'));
  for (std::string line; std::getline(file, line);) {
    absl::string_view entry = line;
    if (absl::ConsumePrefix(&entry, "\t") && entry == name) return true;
  }
  return false;
}

// One call's facts while they are gathered. A "place" is a path with the directory it starts from.
class Gatherer {
 public:
  Gatherer(pid_t tid, FileView& files, const Call& call, ArgumentMemory* memory, CallFacts& facts)
      : tid_(tid), files_(files), request_(call.request), memory_(memory), facts_(facts) {}

  absl::Status Gather(const CallSubjects& subjects) {
    PROVOST_RETURN_IF_ERROR(GatherPaths(subjects));
    PROVOST_RETURN_IF_ERROR(GatherAddress(subjects));
    if (subjects.file >= 0) PROVOST_RETURN_IF_ERROR(AddDescriptor(Int(subjects.file)));
    PROVOST_RETURN_IF_ERROR(GatherTasks(subjects));
    if (facts_.paths.empty()) return absl::OkStatus();
    absl::StatusOr<std::string> cwd = files_.WorkingDirectory();
    if (cwd.ok()) {
      facts_.cwd = *std::move(cwd);
      SetPathsInCwd();
    } else if (absl::IsResourceExhausted(cwd.status())) {
      return cwd.status();
    }
    return absl::OkStatus();
  }

  void Complete(const CallSubjects& subjects) {
    int32_t directory = AT_FDCWD;
    for (const Path& path : subjects.paths) {
      const bool makes = path.role == Role::kCreated || path.role == Role::kOpened;
      if (makes && path.directory >= 0) directory = Int(path.directory);
    }
    for (PathFact& fact : facts_.paths) {
      if (fact.name_type != NameType::kCreate || fact.inode.has_value() || !fact.name) continue;
      const bool follows = !subjects.paths.empty() && subjects.paths[0].role == Role::kOpened;
      const absl::StatusOr<FileView::Sight> sight =
          files_.Look({.descriptor = directory, .path = *fact.name, .follow_last = follows});
      if (!sight.ok()) continue;
      fact.inode = sight->inode;
      fact.capabilities = sight->capabilities;
    }
  }

 private:
  using Sight = FileView::Sight;

  // A path argument as the kernel copies it, with where it starts.
  struct Place {
    const Path* path = nullptr;
    int32_t descriptor = AT_FDCWD;
    std::string name = {};
  };

  int32_t Int(int index) const { return static_cast<int32_t>(Register(request_, index)); }

  // Nothing where the kernel could not copy it: then it notes nothing.
  absl::StatusOr<std::optional<Place>> Read(const Path& path) {
    Place place{.path = &path};
    if (path.directory >= 0) place.descriptor = Int(path.directory);
    const absl::StatusOr<absl::string_view> name =
        memory_->ReadString(Register(request_, path.path));
    if (!name.ok()) {
      if (IsDied(name.status())) return name.status();
      return std::optional<Place>();
    }
    place.name.assign(name->data(), name->size());
    return std::optional<Place>(std::move(place));
  }

  absl::Status GatherPaths(const CallSubjects& subjects) {
    const Path* renamed_to = nullptr;
    for (const Path& path : subjects.paths) {
      const bool is_rename = path.role == Role::kRenamedTo;
      if (is_rename) renamed_to = &path;
      if (path.role == Role::kRenamedFrom || is_rename) continue;
      if (path.role == Role::kMountSource && !MountsFile(subjects)) continue;
      PROVOST_RETURN_IF_ERROR(GatherPath(path));
    }
    if (renamed_to != nullptr) return GatherRename(subjects);
    ForgetUnreached(subjects);
    // What is made comes last.
    std::stable_partition(facts_.paths.begin(), facts_.paths.end(),
                          [](const PathFact& fact) { return fact.name_type != NameType::kCreate; });
    return absl::OkStatus();
  }

  // A link to what is not there goes no further than to look for it.
  void ForgetUnreached(const CallSubjects& subjects) {
    const bool is_link = subjects.paths.size() == 2 && subjects.paths[0].role == Role::kCreated &&
                         subjects.paths[1].role == Role::kLookedUp;
    if (!is_link || facts_.paths.size() != 3 || facts_.paths[2].inode.has_value()) return;
    // PARENT, CREATE, what the link is to.
    PathFact unreached;
    unreached.name = facts_.paths[1].name;
    facts_.paths = {std::move(unreached), std::move(facts_.paths[2])};
    in_cwd_.clear();
  }

  // A bind mount, one that is moved, or what a file system looks up that is on a device: what else
  // is mounted has names of its own making.
  bool MountsFile(const CallSubjects& subjects) {
    const uint64_t flags = Register(request_, subjects.flags);
    if ((flags & (MS_BIND | MS_MOVE)) != 0 && (flags & MS_REMOUNT) == 0) return true;
    if ((flags & (MS_REMOUNT | MS_SHARED | MS_PRIVATE | MS_SLAVE | MS_UNBINDABLE)) != 0) {
      return false;
    }
    // The directory is looked up first.
    if (facts_.paths.empty() || !facts_.paths.back().inode.has_value()) return false;
    constexpr int kType = 2;
    const absl::StatusOr<absl::string_view> type = memory_->ReadString(Register(request_, kType));
    const bool is_on_device = type.ok() && MountsDevices(*type);
    const absl::StatusOr<absl::string_view> source =
        memory_->ReadString(Register(request_, subjects.paths.back().path));
    if (!source.ok() || source->empty()) return false;
    if (is_on_device) return true;
    const absl::StatusOr<Sight> sight =
        files_.Look({.descriptor = AT_FDCWD, .path = std::string(*source)});
    return sight.ok() && sight->inode.has_value() && S_ISBLK(sight->inode->mode);
  }

  absl::Status GatherPath(const Path& path) {
    if (path.may_be_null && Register(request_, path.path) == 0) {
      return path.directory >= 0 ? AddDescriptor(Int(path.directory)) : absl::OkStatus();
    }
    PROVOST_ASSIGN_OR_RETURN(const std::optional<Place> place, Read(path));
    if (!place.has_value()) return absl::OkStatus();
    if (place->name.empty()) return AddEmpty(*place);
    switch (path.role) {
      case Role::kText:
        Add(place->name, NameType::kUnknown, Sight());
        return absl::OkStatus();
      case Role::kOpened:
        return AddOpened(*place);
      case Role::kCreated:
      case Role::kRemoved:
        return AddEntry(*place, path.role);
      default:
        return AddLookedUp(*place, path.lookup);
    }
  }

  void Add(std::optional<std::string> name, NameType type, Sight sight) {
    facts_.paths.push_back({.name = std::move(name),
                            .inode = sight.inode,
                            .capabilities = sight.capabilities,
                            .name_type = type});
  }

  void AddNormal(std::optional<std::string> name, Sight sight) {
    const NameType type = sight.inode.has_value() ? NameType::kNormal : NameType::kUnknown;
    Add(std::move(name), type, sight);
  }

  // A descriptor's file, which no name stands for.
  absl::Status AddDescriptor(int32_t descriptor) {
    PROVOST_ASSIGN_OR_RETURN(const Sight sight, files_.LookAtDescriptor(descriptor));
    if (sight.inode.has_value()) Add(std::nullopt, NameType::kNormal, sight);
    return absl::OkStatus();
  }

  // An empty path: the descriptor itself where the call says so, else nothing.
  absl::Status AddEmpty(const Place& place) {
    const PathLookup& lookup = place.path->lookup;
    const uint64_t flags = lookup.flags < 0 ? 0 : Register(request_, lookup.flags);
    if (!lookup.empty_always && (flags & lookup.empty_mask) == 0) return absl::OkStatus();
    PROVOST_ASSIGN_OR_RETURN(std::optional<std::string> name,
                             files_.DescriptorName(place.descriptor));
    PROVOST_ASSIGN_OR_RETURN(const Sight sight, files_.LookAtDescriptor(place.descriptor));
    if (!name.has_value()) name = "";
    AddNormal(std::move(name), sight);
    return absl::OkStatus();
  }

  static bool OpenFollows(uint64_t flags) {
    constexpr uint64_t kNew = O_CREAT | O_EXCL;
    return (flags & O_NOFOLLOW) == 0 && (flags & kNew) != kNew;
  }

  // An openat2's structure; zeros if it cannot be read.
  open_how ReadHow(uint64_t address) {
    open_how how = {};
    const absl::Span<char> bytes(reinterpret_cast<char*>(&how), sizeof(how));
    if (!memory_->ReadBytes(address, bytes).ok()) return {};
    return how;
  }

  bool Follows(const PathLookup& lookup) const {
    const uint64_t flags = lookup.flags < 0 ? 0 : Register(request_, lookup.flags);
    switch (lookup.last_link) {
      case PathLookup::LastLink::kNotFollowed:
        return false;
      case PathLookup::LastLink::kUnlessFlags:
        return (flags & lookup.mask) == 0;
      case PathLookup::LastLink::kIfFlags:
        return (flags & lookup.mask) != 0;
      default:
        return true;
    }
  }

  absl::Status AddLookedUp(const Place& place, const PathLookup& lookup) {
    TaskPath path = {
        .descriptor = place.descriptor, .path = place.name, .follow_last = Follows(lookup)};
    PROVOST_ASSIGN_OR_RETURN(const Sight sight, files_.Look(path));
    AddNormal(std::move(path.path), sight);
    return absl::OkStatus();
  }

  absl::Status AddOpened(const Place& place) {
    const PathLookup& lookup = place.path->lookup;
    const bool is_creat = lookup.flags < 0;
    uint64_t flags = is_creat ? O_CREAT : Register(request_, lookup.flags);
    bool in_root = false;
    if (lookup.last_link == PathLookup::LastLink::kOpenHow) {
      const open_how how = ReadHow(flags);
      flags = how.flags;
      in_root = (how.resolve & RESOLVE_IN_ROOT) != 0;
    }
    TaskPath path = {.descriptor = place.descriptor,
                     .path = place.name,
                     .follow_last = OpenFollows(flags),
                     .in_root = in_root};
    PROVOST_ASSIGN_OR_RETURN(const Sight sight, files_.Look(path));
    const bool may_make = (flags & O_CREAT) != 0 && !sight.inode.has_value();
    if (!may_make) {
      AddNormal(std::move(path.path), sight);
      return absl::OkStatus();
    }
    // Through a dangling link it is made where that leads.
    if (path.follow_last && !in_root) {
      const absl::StatusOr<std::string> target = ResolveTaskPath(tid_, path);
      path.follow_last = false;
      PROVOST_ASSIGN_OR_RETURN(const Sight link, files_.Look(path));
      if (link.inode.has_value() && target.ok()) return AddMade(place, *target);
    }
    return AddEntry(place, Role::kOpened);
  }

  // A name that leads by a link to `target`, which is not there yet.
  absl::Status AddMade(const Place& place, const std::string& target) {
    const std::string directory = target.substr(0, DirectoryLength(target));
    PROVOST_ASSIGN_OR_RETURN(const Sight sight,
                             files_.Look({.descriptor = AT_FDCWD, .path = directory}));
    Add(directory, NameType::kParent, sight);
    Add(place.name, NameType::kCreate, Sight());
    return absl::OkStatus();
  }

  struct Entry {
    Sight parent;
    Sight child;
  };
  absl::StatusOr<Entry> LookAtEntry(const Place& place) {
    Entry entry;
    const size_t length = DirectoryLength(place.name);
    PROVOST_ASSIGN_OR_RETURN(entry.parent,
                             length == 0 ? files_.LookAtDescriptor(place.descriptor)
                                         : files_.Look({.descriptor = place.descriptor,
                                                        .path = place.name.substr(0, length)}));
    if (!entry.parent.inode.has_value() || !S_ISDIR(entry.parent.inode->mode)) {
      return Entry();
    }
    // What ends in a slash is still the entry itself.
    std::string name = place.name;
    while (name.size() > length + 1 && name.back() == '/') name.pop_back();
    PROVOST_ASSIGN_OR_RETURN(entry.child, files_.Look({.descriptor = place.descriptor,
                                                       .path = std::move(name),
                                                       .follow_last = false}));
    return entry;
  }

  absl::Status AddParent(const Place& place, const Sight& sight) {
    const size_t length = DirectoryLength(place.name);
    if (length > 0) {
      Add(place.name.substr(0, length), NameType::kParent, sight);
      return absl::OkStatus();
    }
    std::optional<std::string> name;
    if (place.descriptor != AT_FDCWD) {
      PROVOST_ASSIGN_OR_RETURN(name, files_.DescriptorName(place.descriptor));
    } else {
      in_cwd_.push_back(facts_.paths.size());
    }
    Add(std::move(name), NameType::kParent, sight);
    return absl::OkStatus();
  }

  // The working directory's name is read once, for CWD and for these.
  void SetPathsInCwd() {
    for (const size_t index : in_cwd_) facts_.paths[index].name = facts_.cwd;
  }

  // An entry that is made or removed, with the directory it is in.
  absl::Status AddEntry(const Place& place, Role role) {
    PROVOST_ASSIGN_OR_RETURN(const Entry entry, LookAtEntry(place));
    if (!entry.parent.inode.has_value()) {
      Add(place.name, NameType::kUnknown, Sight());
      return absl::OkStatus();
    }
    PROVOST_RETURN_IF_ERROR(AddParent(place, entry.parent));
    const bool exists = entry.child.inode.has_value();
    if (role == Role::kRemoved && exists) Add(place.name, NameType::kDelete, entry.child);
    if (role != Role::kRemoved && !exists) Add(place.name, NameType::kCreate, Sight());
    return absl::OkStatus();
  }

  absl::Status GatherRename(const CallSubjects& subjects) {
    PROVOST_ASSIGN_OR_RETURN(const std::optional<Place> to, Read(subjects.paths[0]));
    PROVOST_ASSIGN_OR_RETURN(const std::optional<Place> from, Read(subjects.paths[1]));
    if (!to || !from || to->name.empty() || from->name.empty()) return absl::OkStatus();
    PROVOST_ASSIGN_OR_RETURN(const Entry target, LookAtEntry(*to));
    PROVOST_ASSIGN_OR_RETURN(const Entry source, LookAtEntry(*from));
    const bool has_both = target.parent.inode.has_value() && source.parent.inode.has_value();
    for (const auto& [place, entry] : {std::pair(&*to, &target), std::pair(&*from, &source)}) {
      // The kernel looks the source up first and goes no further without it.
      const bool is_reached = entry->parent.inode && (has_both || entry == &source);
      if (!is_reached) {
        Add(place->name, NameType::kUnknown, Sight());
      } else {
        PROVOST_RETURN_IF_ERROR(AddParent(*place, entry->parent));
      }
    }
    const uint32_t flags = subjects.flags < 0 ? 0 : Int(subjects.flags);
    const bool replaces = target.child.inode.has_value();
    const bool exchanges = (flags & kRenameExchange) != 0;
    if (!has_both || !source.child.inode || (replaces && (flags & kRenameNoReplace) != 0) ||
        (exchanges && !replaces)) {
      return absl::OkStatus();
    }
    Add(from->name, NameType::kDelete, source.child);
    if (replaces) Add(to->name, NameType::kDelete, target.child);
    Add(to->name, NameType::kCreate, source.child);
    if (exchanges) Add(from->name, NameType::kCreate, target.child);
    return absl::OkStatus();
  }

  // ---- Addresses ----

  absl::Status GatherAddress(const CallSubjects& subjects) {
    if (subjects.address >= 0) {
      return AddAddress(Register(request_, subjects.address), Int(subjects.address_length),
                        subjects.is_bind);
    }
    if (subjects.message < 0) return absl::OkStatus();
    const bool is_array = subjects.message_count >= 0;
    const uint32_t count = is_array ? static_cast<uint32_t>(Int(subjects.message_count)) : 1;
    const StructType& type = is_array ? kMmsghdr : kMsghdr;
    const Arch arch = request_.IsI386() ? Arch::kI386 : Arch::kX86_64;
    for (uint32_t i = 0; i < std::min(count, kMaxMessages); ++i) {
      looks_up_names_ = i < kMaxMessagePaths;
      std::array<char, 64> header = {};
      const absl::Span<char> bytes(header.data(), type.SizeOn(arch));
      absl::Status status = memory_->ReadBytes(
          Register(request_, subjects.message) + uint64_t{i} * bytes.size(), bytes);
      if (IsDied(status)) return status;
      if (!status.ok()) break;
      const uint64_t name = Number(header, type.fields[type.address].On(arch));
      const auto length =
          static_cast<int32_t>(Number(header, type.fields[type.address_length].On(arch)));
      if (name == 0) continue;
      // __copy_msghdr in net/socket.c takes what is too long as far as it goes.
      constexpr int32_t kLongest = sizeof(sockaddr_storage);
      facts_.sockaddr.clear();
      PROVOST_RETURN_IF_ERROR(AddAddress(name, std::min(length, kLongest), false));
      if (is_array && !facts_.sockaddr.empty()) facts_.messages.push_back({i, facts_.sockaddr});
    }
    if (!facts_.messages.empty()) facts_.sockaddr = facts_.messages.back().sockaddr;
    return absl::OkStatus();
  }

  static uint64_t Number(const std::array<char, 64>& bytes, const FieldPlace& place) {
    uint64_t number = 0;  // x86 is little-endian
    memcpy(&number, bytes.data() + place.offset, place.size);
    return number;
  }

  // move_addr_to_kernel in net/socket.c: what is empty, too long or unreadable is not noted.
  absl::Status AddAddress(uint64_t address, int32_t length, bool is_bind) {
    if (address == 0 || length <= 0 || length > static_cast<int32_t>(sizeof(sockaddr_storage))) {
      return absl::OkStatus();
    }
    std::string bytes(length, '\0');
    absl::Status status = memory_->ReadBytes(address, absl::MakeSpan(bytes.data(), bytes.size()));
    if (IsDied(status)) return status;
    if (!status.ok()) return absl::OkStatus();
    if (looks_up_names_) PROVOST_RETURN_IF_ERROR(AddUnixPath(bytes, is_bind));
    facts_.sockaddr = std::move(bytes);
    return absl::OkStatus();
  }

  // A unix socket's address is a path unless it is empty or begins with NUL (unix(7)).
  absl::Status AddUnixPath(absl::string_view bytes, bool is_bind) {
    constexpr size_t kStart = offsetof(sockaddr_un, sun_path);
    if (bytes.size() <= kStart || bytes.size() > sizeof(sockaddr_un)) return absl::OkStatus();
    sa_family_t family = AF_UNSPEC;
    memcpy(&family, bytes.data(), sizeof(family));
    if (family != AF_UNIX || bytes[kStart] == '\0') return absl::OkStatus();
    absl::string_view name = bytes.substr(kStart);
    name = name.substr(0, name.find('\0'));
    static constexpr Path kPath;
    const Place place{.path = &kPath, .name = std::string(name)};
    return is_bind ? AddEntry(place, Role::kCreated) : AddLookedUp(place, kPath.lookup);
  }

  // ---- Tasks ----

  absl::Status GatherTasks(const CallSubjects& subjects) {
    const bool is_ptrace = subjects.flags >= 0 && !subjects.tasks.empty();
    if (is_ptrace && Int(subjects.flags) == PTRACE_TRACEME) return absl::OkStatus();
    for (const CallSubjects::Task& task : subjects.tasks) {
      // PIDFD_SIGNAL_PROCESS_GROUP of linux/pidfd.h, since Linux 6.9; here it may be older.
      constexpr int32_t kProcessGroup = 4;
      const bool is_group = task.flags >= 0 && (Int(task.flags) & kProcessGroup) != 0;
      PROVOST_RETURN_IF_ERROR(
          ReadOtherTasks(tid_, task, Register(request_, task.argument), is_group, facts_.objects));
    }
    return absl::OkStatus();
  }

  const pid_t tid_;
  FileView& files_;
  const SyscallRequest& request_;
  ArgumentMemory* const memory_;
  CallFacts& facts_;
  bool looks_up_names_ = true;
  std::vector<size_t> in_cwd_;  // of facts_.paths: those that are the working directory
};

}  // namespace

absl::Status CallFactsReader::Read(pid_t tid, const TaskDirectory& task,
                                   const SyscallRequest& request, ArgumentMemory& memory,
                                   CallFacts& facts) {
  const Call call = FindCall(request, memory);
  if (call.signature == nullptr) return absl::OkStatus();
  const CallSubjects& subjects = SubjectsOf(*call.signature);
  if (subjects.IsEmpty()) return absl::OkStatus();
  FileView files(tid, task, own_root_, capabilities_);
  return Gatherer(tid, files, call, &memory, facts).Gather(subjects);
}

void CallFactsReader::Complete(pid_t tid, const TaskDirectory& task, const SyscallRequest& request,
                               CallFacts& facts) {
  const bool has_made =
      std::any_of(facts.paths.begin(), facts.paths.end(), [](const PathFact& fact) {
        return fact.name_type == NameType::kCreate && !fact.inode.has_value();
      });
  const Syscall* syscall = SyscallTable::Get().Find(request);
  if (!has_made || syscall == nullptr) return;
  FileView files(tid, task, own_root_, capabilities_);
  // A socket's name (bind, perhaps by socketcall) starts from the working directory.
  const Call call = {syscall->signature, request};
  Gatherer(tid, files, call, nullptr, facts).Complete(SubjectsOf(*call.signature));
}

void CallFactsReader::KeepSent(int64_t result, CallFacts& facts) {
  if (facts.messages.empty()) return;
  facts.sockaddr.clear();
  for (const MessageAddress& message : facts.messages) {
    if (message.index < std::max<int64_t>(result, 1)) facts.sockaddr = message.sockaddr;
  }
}

void CallFactsReader::CompleteExec(pid_t tid, const TaskDirectory& task, CallFacts& facts) {
  FileView files(tid, task, own_root_, capabilities_);
  ReadExecFacts(tid, task.proc, files, facts);
}

}  // namespace provost
