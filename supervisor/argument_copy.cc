#include "supervisor/argument_copy.h"

#include <sys/socket.h>

#include <algorithm>
#include <climits>
#include <cstring>
#include <utility>

#include "absl/types/span.h"
#include "syscalls/structs.h"
#include "syscalls/sub_calls.h"
#include "tracee/memory.h"

namespace provost {
namespace {

// Structures' fields lie as the compiler would align them.
constexpr size_t kAlignment = 16;
size_t Aligned(size_t size) { return (size + kAlignment - 1) / kAlignment * kAlignment; }

// Addresses that hold nothing for a task: of the kernel's half, and the last of 32 bits.
constexpr uint64_t kNowhere64 = 0xffff800000000000;
constexpr uint64_t kNowhere32 = 0xffffffff;

// copy_mount_options in fs/namespace.c takes a page, whatever its first NUL.
constexpr size_t kMountData = 4096;

uint64_t NumberAt(const std::string& bytes, const FieldPlace& place) {
  uint64_t number = 0;  // x86 is little-endian
  memcpy(&number, bytes.data() + place.offset, place.size);
  return number;
}

// True if the sub-call is the one that the multiplexer's first argument asks for.
bool IsAskedFor(const SubCall& call, const SyscallRequest& request) {
  if (call.multiplexer == nullptr || call.multiplexer->nr != request.nr) return false;
  const auto asked = static_cast<uint32_t>(request.args[0]);
  if (call.multiplexer->signature->name == "socketcall") return asked == call.code;
  const bool has_version = (asked >> 16) != 0;
  return (asked & 0xffff) == call.code &&
         (call.version == SubCall::Version::kAny ||
          (call.version == SubCall::Version::kNotZero) == has_version);
}

}  // namespace

ArgumentCopy::ArgumentCopy(const SyscallRequest& runs, TraceeArguments& arguments)
    : runs_(runs), arguments_(arguments), read_(arguments.MemoryRead()) {
  View view = ViewOf(runs);
  if (view.syscall == nullptr) return;
  TakeSubCall(view);
  for (size_t i = 0; i < view.syscall->signature->args.size(); ++i) TakeArgument(view, i);
  NoteRest(view);
}

ArgumentCopy::View ArgumentCopy::ViewOf(const SyscallRequest& runs) {
  View view = {.syscall = SyscallTable::Get().Find(runs), .values = runs.args};
  for (size_t i = 0; i < view.places.size(); ++i) view.places[i] = {std::nullopt, i};
  return view;
}

// Looks through socketcall and ipc at the call that they make, if anybody has.
void ArgumentCopy::TakeSubCall(View& view) {
  if (!runs_.IsI386()) return;
  const absl::Span<const SubCall> calls = SubCalls();
  const auto call = std::find_if(calls.begin(), calls.end(), [&](const SubCall& candidate) {
    return IsAskedFor(candidate, runs_);
  });
  if (call == calls.end()) return;
  std::optional<size_t> words;
  if (call->array_words > 0) {
    const uint64_t array = runs_.args[call->array];
    if (!arguments_.HasReadBytesAt(array)) return;
    words = TakeBytes(array, call->array_words * sizeof(uint32_t), view.places[call->array]);
    if (!words.has_value()) return;
  }
  view.syscall = &call->syscall;
  for (size_t i = 0; i < call->arguments.size(); ++i) {
    const SubCallArgument& argument = call->arguments[i];
    view.places[i] = {std::nullopt, argument.index};
    view.values[i] = 0;
    if (argument.from == SubCallArgument::From::kMemory) {
      view.places[i] = {words, argument.index * sizeof(uint32_t)};
      const FieldPlace word = {static_cast<uint16_t>(argument.index * sizeof(uint32_t)),
                               sizeof(uint32_t)};
      view.values[i] = NumberAt(pieces_[*words].bytes, word);
    } else if (argument.from != SubCallArgument::From::kZero) {
      view.values[i] = runs_.args[argument.index];
    }
  }
}

void ArgumentCopy::TakeArgument(const View& view, size_t index) {
  const Argument& argument = view.syscall->signature->args[index];
  const uint64_t address = view.values[index];
  const bool leads_on = argument.kind == ArgKind::kStructIn && argument.structure != nullptr &&
                        argument.structure->address >= 0;
  const std::optional<size_t> provided = arguments_.ProvidedSize(address);
  if (provided.has_value() && !leads_on) {
    TakeBytes(address, *provided, view.places[index]);
  } else if (argument.IsPathOrString()) {
    TakeString(view, index);
  } else if (argument.kind == ArgKind::kStructIn && argument.structure != nullptr) {
    TakeStruct(view, index);
  } else if (argument.kind == ArgKind::kSockaddr && argument.companion >= 0 &&
             arguments_.HasReadBytesAt(address)) {
    const auto length = static_cast<int32_t>(view.values[argument.companion]);
    if (length > 0) TakeBytes(address, length, view.places[index]);
  }
}

void ArgumentCopy::TakeString(const View& view, size_t index) {
  const Argument& argument = view.syscall->signature->args[index];
  const uint64_t address = view.values[index];
  const auto read = arguments_.StringRead(address);
  if (!read.has_value()) return;
  if (!read->ok()) {
    // NULL is "none" to some. What only we may not read, the kernel may.
    const bool too_long = absl::IsResourceExhausted(read->status());
    const bool has_no_memory = absl::IsOutOfRange(read->status()) && address != 0;
    if (argument.kind != ArgKind::kPath || !(too_long || has_no_memory)) return;
    pointers_.push_back({view.places[index], std::nullopt});
    if (!too_long) return;
    pointers_.back().piece = pieces_.size();
    pieces_.push_back({address, std::string(PATH_MAX, 'x')});
    return;
  }
  std::string text(**read);
  text.push_back('\0');
  if (view.syscall->signature->name == "mount" && argument.name == "data") {
    // What can be read behind it is the kernel's to read, too.
    const size_t known = text.size();
    text.resize(std::max(known, kMountData));
    const uint64_t page_end = (address / kMountData + 1) * kMountData;
    for (const uint64_t end : {address + kMountData, page_end}) {
      if (end <= address + known) continue;
      const size_t more = std::min(end - address, kMountData) - known;
      const absl::Span<char> rest = absl::MakeSpan(text).subspan(known, more);
      if (arguments_.ReadBytes(address + known, rest).ok()) break;
    }
  }
  pointers_.push_back({view.places[index], pieces_.size()});
  pieces_.push_back({address, std::move(text)});
}

void ArgumentCopy::TakeStruct(const View& view, size_t index) {
  const Argument& argument = view.syscall->signature->args[index];
  const StructType& type = *argument.structure;
  const uint64_t address = view.values[index];
  if (!arguments_.HasReadBytesAt(address)) return;
  uint64_t size = type.SizeOn(arch());
  if (type.extent == StructType::Extent::kSized) {
    size = view.values[argument.companion];
    // The kernel refuses more.
    if (size > kLargestSizedStruct) return;
  }
  const std::optional<size_t> piece = TakeBytes(address, size, view.places[index]);
  if (piece.has_value() && type.address >= 0) TakeAddressOf(argument, *piece);
}

// The sockaddr that a msghdr points to.
void ArgumentCopy::TakeAddressOf(const Argument& argument, size_t message) {
  const StructType& type = *argument.structure;
  const FieldPlace& name = type.fields[type.address].On(arch());
  const FieldPlace& name_length = type.fields[type.address_length].On(arch());
  const uint64_t address = NumberAt(pieces_[message].bytes, name);
  const auto length = static_cast<int32_t>(NumberAt(pieces_[message].bytes, name_length));
  if (address == 0 || length <= 0 || !arguments_.HasReadBytesAt(address)) return;
  TakeBytes(address, std::min<size_t>(length, sizeof(sockaddr_storage)), {message, name.offset});
}

std::optional<size_t> ArgumentCopy::TakeBytes(uint64_t address, size_t size,
                                              const Location& place) {
  std::string bytes(size, '\0');
  if (!arguments_.ReadBytes(address, absl::MakeSpan(bytes.data(), bytes.size())).ok()) {
    return std::nullopt;
  }
  pointers_.push_back({place, pieces_.size()});
  pieces_.push_back({address, std::move(bytes)});
  return pieces_.size() - 1;
}

void ArgumentCopy::NoteRest(const View& view) {
  const auto is_taken = [&](const std::pair<uint64_t, size_t>& read) {
    return std::any_of(pieces_.begin(), pieces_.end(), [&](const Piece& piece) {
      return read.first >= piece.source &&
             read.first + read.second <= piece.source + piece.bytes.size();
    });
  };
  if (std::all_of(read_.begin(), read_.end(), is_taken)) return;
  const absl::Span<const Argument> arguments = view.syscall->signature->args;
  const bool written = std::any_of(arguments.begin(), arguments.end(), [](const Argument& each) {
    return each.kind == ArgKind::kStructInOut && each.structure != nullptr;
  });
  rest_ = written ? Rest::kWritten : Rest::kUnplaced;
}

size_t ArgumentCopy::size() const {
  size_t size = 0;
  for (const Piece& piece : pieces_) size += Aligned(piece.bytes.size());
  return size;
}

std::optional<size_t> ArgumentCopy::Base() const {
  for (const Pointer& pointer : pointers_) {
    if (pointer.piece == size_t{0} && !pointer.place.piece.has_value()) return pointer.place.at;
  }
  return std::nullopt;
}

SyscallRequest ArgumentCopy::Place(char* bytes, uint64_t address) const {
  SyscallRequest placed = runs_;
  std::vector<size_t> offsets;
  size_t offset = 0;
  for (const Piece& piece : pieces_) {
    piece.bytes.copy(bytes + offset, piece.bytes.size());
    offsets.push_back(offset);
    offset += Aligned(piece.bytes.size());
  }
  for (const Pointer& pointer : pointers_) {
    const uint64_t nowhere = runs_.IsI386() ? kNowhere32 : kNowhere64;
    const uint64_t target = pointer.piece.has_value() ? address + offsets[*pointer.piece] : nowhere;
    if (pointer.place.piece.has_value()) {
      memcpy(bytes + offsets[*pointer.place.piece] + pointer.place.at, &target, PointerSize());
    } else {
      placed.args[pointer.place.at] = target;
    }
  }
  return placed;
}

}  // namespace provost
