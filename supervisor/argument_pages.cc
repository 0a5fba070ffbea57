#include "supervisor/argument_pages.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "base/status_macros.h"
#include "supervisor/call_return.h"
#include "tracee/address_space.h"
#include "tracee/died.h"
#include "tracee/memory.h"
#include "tracee/task_status.h"

namespace provost {

const std::array<absl::string_view, 9> kInjectedCalls = {"mmap",        "mmap2",    "socketpair",
                                                         "recvmsg",     "mprotect", "mseal",
                                                         "close_range", "close",    "munmap"};

namespace {

constexpr size_t kPage = 4096;
constexpr size_t kFirstRegion = 16 * kPage;
constexpr size_t kLargestRegion = 256 * kPage;
// What a space may have: enough for tens of thousands of paths at once.
constexpr size_t kMaxRegions = 32;
// How often a region is tried to be brought in for one call.
constexpr int kMaxFailures = 3;
// Whether a space is i386's.
constexpr std::array<bool, 2> kBothWidths = {false, true};

// Where things are on the scratch page.
constexpr uint64_t kSocketsAt = 0;
constexpr std::array<int32_t, 2> kNoSockets = {-1, -1};
constexpr uint64_t kMessageAt = 64;
constexpr uint64_t kVectorAt = 128;
constexpr uint64_t kByteAt = 160;
constexpr uint64_t kControlAt = 192;

// struct msghdr, iovec and cmsghdr with a descriptor as the kernel has them for tasks of either
// width (linux/socket.h, net/compat.h).
template <typename Word>
struct Receipt {
  struct Message {
    Word name;
    int32_t name_length;
    Word vector;
    Word vector_length;
    Word control;
    Word control_length;
    uint32_t flags;
  };
  struct Vector {
    Word base;
    Word length;
  };
  struct Control {
    Word length;
    int32_t level;
    int32_t type;
    int32_t descriptor;
  };
};
static_assert(sizeof(Receipt<uint64_t>::Message) == 56);
static_assert(sizeof(Receipt<uint32_t>::Message) == 28);

template <typename T>
absl::Status WriteValue(pid_t tid, uint64_t address, const T& value) {
  return TraceeMemory(tid).Write(
      RemotePtr<void>(address),
      absl::MakeConstSpan(reinterpret_cast<const char*>(&value), sizeof(value)));
}

template <typename T>
absl::Status ReadValue(pid_t tid, uint64_t address, T& value) {
  return TraceeMemory(tid).Read(RemotePtr<void>(address),
                                absl::MakeSpan(reinterpret_cast<char*>(&value), sizeof(value)));
}

template <typename Word>
absl::Status WriteReceipt(pid_t tid, uint64_t scratch) {
  using R = Receipt<Word>;
  const auto at = [&](uint64_t offset) { return static_cast<Word>(scratch + offset); };
  PROVOST_RETURN_IF_ERROR(
      WriteValue(tid, scratch + kMessageAt,
                 typename R::Message{.vector = at(kVectorAt),
                                     .vector_length = 1,
                                     .control = at(kControlAt),
                                     .control_length = sizeof(typename R::Control)}));
  return WriteValue(tid, scratch + kVectorAt, typename R::Vector{at(kByteAt), 1});
}

template <typename Word>
absl::StatusOr<int> ReadReceipt(pid_t tid, uint64_t scratch) {
  typename Receipt<Word>::Control control = {};
  PROVOST_RETURN_IF_ERROR(ReadValue(tid, scratch + kControlAt, control));
  if (control.level != SOL_SOCKET || control.type != SCM_RIGHTS || control.descriptor < 0) {
    return absl::FailedPreconditionError(absl::StrCat("task ", tid, " received no descriptor"));
  }
  return control.descriptor;
}

// Sends `descriptor` into `socket` without ever waiting.
absl::Status SendDescriptor(int socket, int descriptor) {
  char byte = 0;
  iovec vector = {&byte, 1};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message = {.msg_iov = &vector,
                    .msg_iovlen = 1,
                    .msg_control = control,
                    .msg_controllen = sizeof(control)};
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(header), &descriptor, sizeof(descriptor));
  if (sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
    return absl::ErrnoToStatus(errno, "sendmsg to a task's socket");
  }
  return absl::OkStatus();
}

absl::Status ResultError(pid_t tid, absl::string_view call, int64_t result) {
  std::string what = absl::StrCat(call, " by task ", tid, " for its supervisor");
  if (result >= 0) return absl::FailedPreconditionError(absl::StrCat(what, " gave ", result));
  return absl::ErrnoToStatus(static_cast<int>(-result), what);
}

bool IsError(int64_t result) { return result < 0 && result >= -4095; }

// The code of a region, and the slots behind it.
absl::Status CheckBothSealed(pid_t tid, uint64_t address) {
  PROVOST_RETURN_IF_ERROR(CheckSealed(tid, address));
  return CheckSealed(tid, address + CallReturn::kCodeSize);
}

// True if the descriptors are all there are between the lowest and the highest.
bool IsRange(const std::vector<int>& descriptors) {
  if (descriptors.size() < 2) return false;
  const auto [low, high] = std::minmax_element(descriptors.begin(), descriptors.end());
  return static_cast<size_t>(*high - *low) == descriptors.size() - 1 && *low >= 0;
}

}  // namespace

absl::StatusOr<ArgumentPages::Answer> ArgumentPages::Reserve(pid_t tid, pid_t process,
                                                             const SyscallRequest& request,
                                                             size_t size) {
  Space& space = SpaceOf(tid, {process, request.IsI386()});
  if (space.caller != 0) {
    space.waiting.insert(tid);
    return Answer(Wait());
  }
  const bool under_way = space.installation != nullptr || space.checking.has_value();
  if (own_filters_ && !under_way) PROVOST_RETURN_IF_ERROR(TakeSealed(tid, space));
  if (!under_way) {
    if (std::optional<ArgumentSlot> slot = TakeSlot(space, size)) {
      space.waiting.clear();
      return Answer(*std::move(slot));
    }
    if (size > kLargestRegion) {
      return Answer(Unavailable{absl::ResourceExhaustedError(
          absl::StrCat("arguments of ", size, " bytes are too many to be kept"))});
    }
    if (!space.inherited.empty()) {
      space.checking = std::move(space.inherited.back());
      space.inherited.pop_back();
    } else if (space.failures >= kMaxFailures || space.mappings.size() >= kMaxRegions) {
      // All who have waited for it hear so; else each would have to wait for so many tries again.
      space.waiting.erase(tid);
      if (space.waiting.empty()) space.failures = 0;
      return Answer(Unavailable{space.failure});
    } else {
      const size_t shift = std::min<size_t>(space.mappings.size(), 4);
      const size_t wanted = std::max(kFirstRegion << shift, (size + kPage - 1) / kPage * kPage);
      absl::StatusOr<std::shared_ptr<ArgumentRegion>> region = ArgumentRegion::Make(wanted);
      if (!region.ok()) return Answer(Unavailable{region.status()});
      space.installation = std::make_unique<Installation>();
      space.installation->region = *std::move(region);
    }
  }
  space.caller = tid;
  return Answer(Inject{NextCall(space, request.IsI386())});
}

absl::StatusOr<std::optional<ArgumentPages::Inject>> ArgumentPages::Continue(
    pid_t tid, pid_t process, const SyscallRequest& request) {
  const auto found = spaces_.find({process, request.IsI386()});
  if (found == spaces_.end()) return std::nullopt;
  Space& space = found->second;
  if (space.caller != 0 || space.installation == nullptr) return std::nullopt;
  space.caller = tid;
  return Inject{NextCall(space, request.IsI386())};
}

absl::Status ArgumentPages::Done(pid_t tid, pid_t process, const SyscallRequest& request,
                                 int64_t result) {
  const auto found = spaces_.find({process, request.IsI386()});
  if (found == spaces_.end() || found->second.caller != tid) return absl::OkStatus();
  Space& space = found->second;
  space.caller = 0;
  if (space.checking.has_value()) {
    const Mapping mapping = *std::move(space.checking);
    space.checking.reset();
    absl::Status there = Check(tid, mapping, result);
    if (IsDied(there)) return there;
    if (there.ok()) space.mappings.push_back(mapping);
    return absl::OkStatus();
  }
  if (space.installation == nullptr) return absl::OkStatus();
  absl::Status advanced = Advance(tid, space, result, request.IsI386());
  if (IsDied(advanced)) return advanced;
  if (!advanced.ok()) {
    space.installation->failure = std::move(advanced);
    CleanUp(space);
  }
  return absl::OkStatus();
}

void ArgumentPages::Born(pid_t child, pid_t parent, pid_t creator) {
  Birth birth = {parent, {}};
  for (const bool is_i386 : kBothWidths) {
    const auto found = spaces_.find({creator, is_i386});
    if (found != spaces_.end()) birth.mappings[is_i386] = found->second.mappings;
  }
  if (!birth.mappings[0].empty() || !birth.mappings[1].empty()) births_[child] = std::move(birth);
}

void ArgumentPages::Execed(pid_t process) {
  births_.erase(process);
  spaces_.erase({process, false});
  spaces_.erase({process, true});
}

bool ArgumentPages::Ended(pid_t tid) {
  births_.erase(tid);
  // Its number may become another's.
  for (auto& [child, birth] : births_) {
    if (birth.parent == tid) birth.parent = 0;
  }
  spaces_.erase({tid, false});
  spaces_.erase({tid, true});
  bool was_caller = false;
  for (auto& [key, space] : spaces_) {
    space.waiting.erase(tid);
    if (space.caller != tid) continue;
    // What it has done of it is not known.
    space.caller = 0;
    space.checking.reset();
    space.installation = nullptr;
    was_caller = true;
  }
  return was_caller;
}

ArgumentPages::Space& ArgumentPages::SpaceOf(pid_t tid, const Key& key) {
  const auto [entry, is_new] = spaces_.try_emplace(key);
  Space& space = entry->second;
  if (!is_new) return space;
  const auto birth = births_.find(key.first);
  if (birth == births_.end()) {
    InheritFromParent(key, space);
    return space;
  }
  std::vector<Mapping>& mappings = birth->second.mappings[key.second];
  // What is sealed stays for as long as the memory does.
  const pid_t parent = birth->second.parent;
  auto& known = parent != 0 && ShareMemory(tid, parent) ? space.mappings : space.inherited;
  known = std::move(mappings);
  mappings.clear();
  return space;
}

// Its creator's event may be yet to come; a filter that it began with may refuse to bring anything
// in anew. What is not there after all is found out.
void ArgumentPages::InheritFromParent(const Key& key, Space& space) const {
  const absl::StatusOr<TaskStatus> status = ReadTaskStatus(key.first);
  if (!status.ok()) return;
  const auto parent = spaces_.find({status->parent, key.second});
  if (parent != spaces_.end()) space.inherited = parent->second.mappings;
}

std::optional<ArgumentSlot> ArgumentPages::TakeSlot(const Space& space, size_t size) {
  for (const Mapping& mapping : space.mappings) {
    if (const std::optional<size_t> offset = mapping.region->Take(size)) {
      return ArgumentSlot(mapping.region, *offset, size, mapping.address,
                          mapping.has_code ? mapping.address : 0);
    }
  }
  return std::nullopt;
}

RemoteCall ArgumentPages::NextCall(const Space& space, bool is_i386) {
  using Step = Installation::Step;
  if (space.checking.has_value()) {
    return {"mseal", {space.checking->address, space.checking->region->size()}};
  }
  // i386's mmap takes its arguments from memory.
  const absl::string_view mmap_name = is_i386 ? "mmap2" : "mmap";
  constexpr uint64_t kNone = static_cast<uint32_t>(-1);
  const Installation& installation = *space.installation;
  const uint64_t scratch = installation.scratch;
  switch (installation.step) {
    case Step::kScratch:
      return {mmap_name,
              {0, installation.region->size(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
               kNone, 0}};
    case Step::kSocketPair:
      return {"socketpair",
              {AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, scratch + kSocketsAt}};
    case Step::kReceive:
      return {"recvmsg",
              {static_cast<uint32_t>(installation.descriptors[1]), scratch + kMessageAt,
               MSG_DONTWAIT | MSG_CMSG_CLOEXEC}};
    case Step::kMap:
      return {mmap_name,
              {scratch, installation.region->size(), PROT_READ, MAP_SHARED | MAP_FIXED,
               static_cast<uint32_t>(installation.received), 0}};
    case Step::kProtect:
      return {"mprotect", {installation.address, CallReturn::kCodeSize, PROT_READ | PROT_EXEC}};
    case Step::kSeal:
      return {"mseal", {installation.address, installation.region->size()}};
    case Step::kUnmap:
      return {"munmap", {installation.address, installation.region->size()}};
    case Step::kCloseRange: {
      const auto [low, high] =
          std::minmax_element(installation.descriptors.begin(), installation.descriptors.end());
      return {"close_range", {static_cast<uint32_t>(*low), static_cast<uint32_t>(*high)}};
    }
    case Step::kClose:
      return {"close", {static_cast<uint32_t>(installation.descriptors.back())}};
    case Step::kFreeScratch:
      return {"munmap", {scratch, installation.region->size()}};
  }
  return {};
}

absl::Status ArgumentPages::TakeSealed(pid_t tid, Space& space) {
  std::vector<Mapping> unknown;
  for (const Mapping& mapping : space.inherited) {
    absl::Status there = CheckBothSealed(tid, mapping.address);
    if (there.ok()) there = CheckMapped(tid, mapping);
    if (IsDied(there)) return there;
    (there.ok() ? space.mappings : unknown).push_back(mapping);
  }
  space.inherited = std::move(unknown);
  return absl::OkStatus();
}

absl::Status ArgumentPages::Check(pid_t tid, const Mapping& mapping, int64_t result) const {
  if (result != 0) return ResultError(tid, "mseal", result);
  // Sealed first: what is found now can never be anything else. A filter of the task's own can say
  // 0 for a call that it did not let run; filters never go.
  const absl::StatusOr<int> filters = CountFilters(tid);
  if (!filters.ok() || *filters != filters_) {
    PROVOST_RETURN_IF_ERROR(CheckBothSealed(tid, mapping.address));
  }
  return CheckMapped(tid, mapping);
}

absl::Status ArgumentPages::CheckMapped(pid_t tid, const Mapping& mapping) {
  FileMapping code = {
      .address = mapping.address, .size = mapping.region->size(), .file = mapping.region->file()};
  if (!mapping.has_code) return CheckSharedReadOnly(tid, code);
  FileMapping slots = code;
  slots.address += CallReturn::kCodeSize;
  slots.offset += CallReturn::kCodeSize;
  slots.size -= CallReturn::kCodeSize;
  code.size = CallReturn::kCodeSize;
  code.executable = true;
  PROVOST_RETURN_IF_ERROR(CheckSharedReadOnly(tid, code));
  return CheckSharedReadOnly(tid, slots);
}

absl::Status ArgumentPages::Advance(pid_t tid, Space& space, int64_t result, bool is_i386) const {
  using Step = Installation::Step;
  Installation& installation = *space.installation;
  const Step step = installation.step;
  const bool may_fail = step >= Step::kUnmap || step == Step::kProtect;
  if (IsError(result) && !may_fail) {
    return ResultError(tid, NextCall(space, is_i386).name, result);
  }
  switch (step) {
    case Step::kScratch:
      installation.scratch = static_cast<uint64_t>(result);
      if (is_i386) installation.scratch &= UINT32_MAX;
      installation.step = Step::kSocketPair;
      return WriteValue(tid, installation.scratch + kSocketsAt, kNoSockets);
    case Step::kSocketPair:
      if (result != 0) return ResultError(tid, "socketpair", result);
      installation.step = Step::kReceive;
      return SendRegion(tid, installation, is_i386);
    case Step::kReceive:
      installation.step = Step::kMap;
      return TakeReceipt(tid, installation, is_i386);
    case Step::kMap:
      if ((is_i386 ? result & UINT32_MAX : result) != static_cast<int64_t>(installation.scratch)) {
        return ResultError(tid, "mmap", result);
      }
      installation.address = std::exchange(installation.scratch, 0);
      installation.step = is_i386 ? Step::kSeal : Step::kProtect;
      return absl::OkStatus();
    case Step::kProtect:
      // What refuses it (a filter, a security module) costs us a stop each call, and no more.
      installation.has_code = result == 0;
      installation.step = Step::kSeal;
      return absl::OkStatus();
    case Step::kSeal: {
      Mapping mapping = {installation.region, installation.address, installation.has_code};
      absl::Status there = Check(tid, mapping, result);
      if (absl::IsFailedPrecondition(there) && std::exchange(mapping.has_code, false)) {
        // A filter of the task's own can say 0 for mprotect, too.
        there = Check(tid, mapping, result);
      }
      PROVOST_RETURN_IF_ERROR(there);
      space.mappings.push_back(mapping);
      CleanUp(space);
      return absl::OkStatus();
    }
    case Step::kUnmap:
      break;
    case Step::kCloseRange:
      if (result == 0) installation.descriptors.clear();
      installation.step = Step::kClose;
      break;
    case Step::kClose:
      installation.descriptors.pop_back();
      break;
    case Step::kFreeScratch:
      installation.scratch = 0;
      break;
  }
  CleanUp(space);
  return absl::OkStatus();
}

absl::Status ArgumentPages::SendRegion(pid_t tid, Installation& installation, bool is_i386) {
  std::array<int32_t, 2> sockets = kNoSockets;
  PROVOST_RETURN_IF_ERROR(ReadValue(tid, installation.scratch + kSocketsAt, sockets));
  // A filter of the task's own can say 0 for a call that it did not let run.
  if (sockets[0] < 0 || sockets[1] < 0) {
    return absl::FailedPreconditionError(absl::StrCat("task ", tid, " has made no sockets"));
  }
  installation.descriptors.assign(sockets.begin(), sockets.end());
  PROVOST_ASSIGN_OR_RETURN(const UniqueFd socket, CopyDescriptor(tid, sockets[0]));
  PROVOST_RETURN_IF_ERROR(SendDescriptor(socket.get(), installation.region->descriptor()));
  return is_i386 ? WriteReceipt<uint32_t>(tid, installation.scratch)
                 : WriteReceipt<uint64_t>(tid, installation.scratch);
}

absl::Status ArgumentPages::TakeReceipt(pid_t tid, Installation& installation, bool is_i386) {
  PROVOST_ASSIGN_OR_RETURN(installation.received,
                           is_i386 ? ReadReceipt<uint32_t>(tid, installation.scratch)
                                   : ReadReceipt<uint64_t>(tid, installation.scratch));
  installation.descriptors.push_back(installation.received);
  return absl::OkStatus();
}

void ArgumentPages::CleanUp(Space& space) {
  using Step = Installation::Step;
  Installation& installation = *space.installation;
  installation.region->CloseDescriptor();
  const bool is_unused = !installation.failure.ok() && installation.address != 0;
  if (installation.step < Step::kUnmap && is_unused) {
    installation.step = Step::kUnmap;
  } else if (installation.step < Step::kCloseRange && IsRange(installation.descriptors)) {
    installation.step = Step::kCloseRange;
  } else if (!installation.descriptors.empty()) {
    installation.step = Step::kClose;
  } else if (installation.scratch != 0) {
    installation.step = Step::kFreeScratch;
  } else {
    space.failures = installation.failure.ok() ? 0 : space.failures + 1;
    if (!installation.failure.ok()) space.failure = installation.failure;
    space.installation = nullptr;
  }
}

bool ArgumentPages::IsCalling(pid_t process) const {
  return std::any_of(kBothWidths.begin(), kBothWidths.end(), [&](bool is_i386) {
    const auto space = spaces_.find({process, is_i386});
    return space != spaces_.end() && space->second.caller != 0;
  });
}

bool ArgumentPages::IsInstalling() const {
  return std::any_of(spaces_.begin(), spaces_.end(),
                     [](const auto& space) { return IsUnderWay(space.second); });
}

bool ArgumentPages::IsInstalling(pid_t process) const {
  return std::any_of(kBothWidths.begin(), kBothWidths.end(), [&](bool is_i386) {
    const auto space = spaces_.find({process, is_i386});
    return space != spaces_.end() && IsUnderWay(space->second);
  });
}

}  // namespace provost
